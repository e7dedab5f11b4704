#!/usr/bin/env node
import { run } from './cli/program.js';

/** `npm run waco -- <command>`: the admin API from a terminal. */
await run(process.argv);
