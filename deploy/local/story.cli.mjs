import './node-version.mjs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand, say } from './console.mjs';
import { urlsOf } from './environment.mjs';
import { holder } from './run-file.mjs';
import { portsFrom, Problem, readSettings } from './settings.mjs';
import { playStory } from './story.mjs';

/** `npm run story`: plays the purchase against the running stack, a line each step. `--chaos` for a rough network. */
runCommand(async () => {
  const { dataDir } = readSettings();
  const running = holder(dataDir);
  if (!running) throw new Problem(`Nothing runs on ${dataDir}: npm start first, in another terminal.`);
  const { merchant } = JSON.parse(readFileSync(join(dataDir, 'demo.json'), 'utf8'));
  const chaos = { copies: [1, 3], shuffle: true, maxDelayMs: 2_000 };
  const urls = urlsOf(portsFrom(running.portBase), running.host);
  const told = await playStory(
    { urls, merchant },
    { tell: say, ...(process.argv.includes('--chaos') ? { chaos, patienceMs: 40_000 } : {}) },
  );
  say('\nThe clock of this stack has moved on by a day; npm run reset puts it back.');
  say(`The whole story holds. Look at it: ${urls.phone}#${told.customerId}/${merchant.phoneNumberId}`);
});
