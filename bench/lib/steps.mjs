// Preloaded into services whose event loop is watched: writes down each step that held it for long. A step's length is
// the time that passed, or the processor time that the loop's thread got meanwhile when that is less: what a slow or busy
// machine adds is not the step's. Nor is what a processor adds that others have slowed down: a long step is followed by
// a known piece of work, and counts for less by as much as that takes longer than in the service's first seconds.
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

/** What a known piece of work takes now, in milliseconds: about one on a quiet machine. */
function pace() {
  const before = usedMs();
  let sum = 0;
  for (let i = 0; i < 1_000_000; i++) sum = (sum * 31 + i) | 0;
  return sum === 1 ? 0 : usedMs() - before;
}

if (folder) {
  const paces = Array.from({ length: 50 }, pace).toSorted((a, b) => a - b);
  const usual = paces[25];
  let at = performance.now();
  let used = usedMs();
  setInterval(() => {
    const [now, usedNow] = [performance.now(), usedMs()];
    let ms = Math.min(now - at - LOOK_EVERY_MS, usedNow - used);
    if (ms >= NOTED_MS) {
      ms /= Math.max(1, Math.min(pace(), pace(), pace()) / usual);
      const step = { service, ms, at: Date.now() };
      appendFileSync(join(folder, 'steps.jsonl'), `${JSON.stringify(step)}\n`);
    }
    [at, used] = [performance.now(), usedMs()];
  }, LOOK_EVERY_MS).unref();
}
