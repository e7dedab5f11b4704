import { setTimeout as sleep } from 'node:timers/promises';
import { LANES } from '#contracts';
import type { Waker, WakeUp } from '#queue';

const PAGE = 500;
const STATES = ['failed', 'delayed', 'waiting', 'prioritized', 'active'] as const;
/** One that runs ends by itself; if its process dies, BullMQ gives it to another within some seconds. */
const LOOK_AGAIN_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/** Takes wake-ups out of all queues, as they name a stream, and a stream may be named after a person. */
export async function dropWakeUps(waker: Waker, isGone: (wakeUp: WakeUp) => boolean): Promise<void> {
  const until = performance.now() + LONGEST_WAIT_MS;
  for (const { name, queue } of LANES) {
    while ((await dropFrom(waker, name, isGone)) > 0) {
      // Of this service's own, whoever calls this is one.
      if (queue.owner === 'admin' || performance.now() > until) break;
      await sleep(LOOK_AGAIN_MS);
    }
  }
}

/** Resolves with how many are left, as they run just now. */
async function dropFrom(waker: Waker, lane: string, isGone: (wakeUp: WakeUp) => boolean): Promise<number> {
  const queue = waker.queue(lane);
  let left = 0;
  for (const state of STATES) {
    const gone = [];
    for (let from = 0; ; from += PAGE) {
      const jobs = await queue.getJobs([state], from, from + PAGE - 1);
      gone.push(...jobs.filter((job) => job?.data !== undefined && isGone(job.data)));
      if (jobs.length < PAGE) break;
    }
    for (const job of gone) await job.remove().catch(() => left++);
  }
  return left;
}
