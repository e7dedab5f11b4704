import { createHash } from 'node:crypto';
import { DEAD_LETTER_OPTIONS, type QueueBackend, type WakeQueue } from './backend.js';
import type { Stream } from '#persistence';
import { Counter } from '#platform';
import { Shares } from './shares.js';

/** One stream to be woken. */
export interface Wake {
  queue: string;
  merchantId: string;
  stream: string;
  /** Shown as the job's name on dashboards. */
  name: string;
  /** Milliseconds from now. */
  delayMs?: number;
  /** Fold into a waiting or running job of the same stream: tasks, and sweeps. */
  fold?: boolean;
  /** A second look: stands behind what is woken for the first time. */
  behind?: boolean;
}

const failures = new Counter({
  name: 'waco_wake_ups_failed_total',
  help: 'Wake-ups that did not reach the queue; the sweep brings the work later',
  labelNames: ['queue'],
});

/** Streams that one job wakes at most: few enough to spread a burst over the processes of a service. */
const STREAMS_A_JOB = 16;

/** Streams whose delay is looked at in one sweep; which they are is left to chance, so that each has its turn. */
const ROUSED_AT_ONCE = 100;

/** Tells queues that streams have work. Best effort by design: the journal has the work, and the sweep repeats. */
export class Waker {
  private readonly queues = new Map<string, WakeQueue>();
  private readonly shares = new Shares();

  constructor(private readonly backend: QueueBackend) {}

  queue(name: string): WakeQueue {
    let queue = this.queues.get(name);
    if (!queue) this.queues.set(name, (queue = this.backend.queue(name)));
    return queue;
  }

  /** Adds jobs for streams, in bulk per queue. Never throws and never waits for a queue server that is away. */
  async wake(wakes: readonly Wake[]): Promise<void> {
    const byQueue = groupBy(wakes, (w) => w.queue);
    await Promise.all(
      [...byQueue].map(async ([name, group]) => {
        const now = performance.now();
        const jobs = inOneJob(distinct(group)).map(([w, ...others]) => {
          const share = this.shares.place(name, w!.merchantId, now, 1 + others.length);
          const place = Math.max(w!.behind ? 1 : 0, share);
          return {
            name: w!.name,
            data: {
              ...{ merchantId: w!.merchantId, stream: w!.stream },
              ...(others.length > 0 ? { others: others.map((other) => other.stream) } : {}),
            },
            opts: {
              ...(w!.delayMs && w!.delayMs > 0 ? { delay: w!.delayMs } : {}),
              ...(w!.fold ? { jobId: foldId(w!) } : {}),
              ...(place > 0 ? { priority: place } : {}),
            },
          };
        });
        try {
          await this.queue(name).addBulk(jobs);
        } catch {
          failures.inc({ queue: name }, jobs.length); // the sweep will find the streams
        }
      }),
    );
  }

  /**
   * Wakes streams whose due work nobody took up. A wake-up of such a stream may stand there with a delay that no
   * longer holds (the clock jumped, or something more urgent came): it is brought forward.
   */
  async rouse(streams: readonly Stream[]): Promise<void> {
    await this.wake(streams.map((s) => ({ ...s, name: 'sweep', fold: true, behind: true })));
    for (const s of streams.slice(0, ROUSED_AT_ONCE)) {
      try {
        const job = await this.queue(s.queue).getJob(foldId(s));
        if (job && job.delay > 0) await job.promote();
      } catch {
        // It runs by now, or the queue server is away: the next sweep looks again.
      }
    }
  }

  /** Shows a parked item among its queue's failed jobs; retrying that job redrives the item. */
  async bury(
    { queue, merchantId, stream }: { queue: string; merchantId: string; stream: string },
    name: string,
    itemId: string,
    reason: string,
  ): Promise<void> {
    try {
      await this.queue(queue).add(
        name,
        { merchantId, stream, parked: { itemId, reason } },
        DEAD_LETTER_OPTIONS,
      );
    } catch {
      failures.inc({ queue }); // the journal lists it as parked all the same
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.queues.values()].map((q) => q.close()));
  }
}

/** Same stream, same id: BullMQ ignores an add while a job with this id exists. */
export function foldId(w: { queue: string; merchantId: string; stream: string }): string {
  return `s_${createHash('sha1').update(`${w.queue}/${w.merchantId}/${w.stream}`).digest('hex')}`;
}

function groupBy(wakes: readonly Wake[], keyOf: (wake: Wake) => string): Map<string, Wake[]> {
  const groups = new Map<string, Wake[]>();
  for (const wake of wakes) {
    const key = keyOf(wake);
    const group = groups.get(key);
    if (group) group.push(wake);
    else groups.set(key, [wake]);
  }
  return groups;
}

/** Wake-ups of one merchant share jobs, but for those that are told apart by a delay or an id of their own. */
function inOneJob(wakes: readonly Wake[]): Wake[][] {
  const alone = wakes.filter((w) => w.fold || (w.delayMs ?? 0) > 0).map((w) => [w]);
  const together = wakes.filter((w) => !w.fold && !((w.delayMs ?? 0) > 0));
  const shared = [...groupBy(together, (w) => w.merchantId).values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / STREAMS_A_JOB) }, (_, i) =>
      group.slice(i * STREAMS_A_JOB, (i + 1) * STREAMS_A_JOB),
    ),
  );
  return [...alone, ...shared];
}

function distinct(wakes: readonly Wake[]): Wake[] {
  const seen = new Map(wakes.map((w) => [`${w.merchantId}/${w.stream}/${w.delayMs ?? 0}`, w]));
  return [...seen.values()];
}
