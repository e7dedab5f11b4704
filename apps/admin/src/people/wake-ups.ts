import { LANES } from '#contracts';
import type { Waker, WakeUp } from '#queue';

const PAGE = 500;
const STATES = ['failed', 'delayed', 'waiting', 'prioritized'] as const;

/**
 * Takes wake-ups out of all queues: they name a stream, and a stream may be named after a person. One that runs just
 * now is left: it ends by itself and leaves nothing.
 */
export async function dropWakeUps(waker: Waker, isGone: (wakeUp: WakeUp) => boolean): Promise<void> {
  for (const { name } of LANES) {
    const queue = waker.queue(name);
    for (const state of STATES) {
      const gone = [];
      for (let from = 0; ; from += PAGE) {
        const jobs = await queue.getJobs([state], from, from + PAGE - 1);
        gone.push(...jobs.filter((job) => job?.data !== undefined && isGone(job.data)));
        if (jobs.length < PAGE) break;
      }
      for (const job of gone) await job.remove().catch(() => undefined); // taken up meanwhile
    }
  }
}
