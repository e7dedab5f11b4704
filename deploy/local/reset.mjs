import './node-version.mjs';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { say, runCommand } from './console.mjs';
import { dataFolder, stopLeftBehind } from './postgres.mjs';
import { holder } from './run-file.mjs';
import { Problem, readSettings, ROOT } from './settings.mjs';

/** What a stack keeps in its data folder. A folder that holds anything else is not ours to delete. */
const OURS = [
  'postgres',
  'logs',
  'secrets.json',
  'secrets.json.new',
  'clock.json',
  'clock.json.new',
  'demo.json',
  'run.json',
];

/** `npm run reset`: forgets everything that a local stack has stored. */
runCommand(async () => {
  const { dataDir } = readSettings();
  const running = holder(dataDir);
  if (running) throw new Problem(`Waco runs on ${dataDir} (process ${running.pid}): stop it before a reset.`);
  if (!existsSync(dataDir)) return say(`Nothing to clear: there is no ${dataDir}.`);
  if (ROOT.startsWith(dataDir))
    throw new Problem(`WACO_DATA_DIR is ${dataDir}, which holds this clone: not cleared.`);
  const postgres = dataFolder(join(dataDir, 'postgres'));
  await stopLeftBehind(postgres);
  for (const name of OURS) rmSync(join(dataDir, name), { recursive: true, force: true });
  if (postgres !== join(dataDir, 'postgres')) rmSync(dirname(postgres), { recursive: true, force: true });
  const kept = readdirSync(dataDir);
  if (kept.length === 0) rmSync(dataDir, { recursive: true });
  say(
    kept.length === 0
      ? `Cleared ${dataDir}.`
      : `Cleared ${dataDir}, except what Waco did not put there: ${kept.join(', ')}.`,
  );
});
