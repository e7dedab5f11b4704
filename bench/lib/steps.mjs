// Preloaded into services whose event loop is watched: writes down each step that held it for long. A step's length is
// the time that passed, or the processor time that the loop's thread got meanwhile when that is less: what a slow or busy
// machine adds is not the step's.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const LOOK_EVERY_MS = 5;
const NOTED_MS = 25;
/** On Linux, what the loop's thread has had of a processor, in nanoseconds, and other figures. */
const THREAD = `/proc/self/task/${process.pid}/schedstat`;

const folder = process.env.BENCH_STEPS;
const service = basename(dirname(process.argv[1] ?? ''));
const usedMs = existsSync(THREAD)
  ? () => Number(readFileSync(THREAD, 'latin1').split(' ')[0]) / 1e6
  : () => process.cpuUsage().user / 1_000;

if (folder) {
  let at = performance.now();
  let used = usedMs();
  setInterval(() => {
    const [now, usedNow] = [performance.now(), usedMs()];
    const ms = Math.min(now - at - LOOK_EVERY_MS, usedNow - used);
    if (ms >= NOTED_MS) {
      const step = { service, ms, at: Date.now() };
      appendFileSync(join(folder, 'steps.jsonl'), `${JSON.stringify(step)}\n`);
    }
    [at, used] = [now, usedNow];
  }, LOOK_EVERY_MS).unref();
}
