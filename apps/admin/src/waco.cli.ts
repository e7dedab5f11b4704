#!/usr/bin/env node
import { run } from './cli/program.js';

/** `npm run waco -- <command>`: the admin API from a terminal. */
// Whoever reads the answer may have seen enough: `waco … | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
await run(process.argv);
