import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from './settings.mjs';

/**
 * Makes this process the only one that runs a stack on `dataDir`, with `run` (its ports and address) beside it. Returns how to let go, and whether an earlier one
 * ended without doing so. @throws Problem when another process has it.
 */
export function claim(dataDir, run) {
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, 'run.json');
  const running = holder(dataDir);
  if (running) {
    throw new Problem(
      `Waco already runs on ${dataDir} (process ${running.pid}, ports from ${running.portBase}). ` +
        `Stop it first, or run a second one with its own WACO_DATA_DIR and WACO_PORT_BASE.`,
    );
  }
  const unclean = existsSync(file);
  rmSync(file, { force: true });
  try {
    writeFileSync(file, JSON.stringify({ pid: process.pid, ...run }), { flag: 'wx' });
  } catch {
    throw new Problem(`Waco is just being started on ${dataDir} by another process.`);
  }
  return { unclean, release: () => rmSync(file, { force: true }) };
}

/** The living process that runs a stack on `dataDir`, if any. */
export function holder(dataDir) {
  try {
    const run = JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8'));
    return isRunning(run.pid, 'node') ? run : undefined;
  } catch {
    return undefined; // no file, or one that was being written when its process died
  }
}

/** Whether `pid` lives and, where the system can tell, is the `program`: process ids are reused. */
export function isRunning(pid, program) {
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return false;
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0].includes(program);
  } catch {
    return process.platform !== 'linux'; // elsewhere a living process must do as the answer
  }
}
