import { createHash } from 'node:crypto';
import type { JobsOptions } from 'bullmq';
import { LANES, type Lane, type QueueDefinition, type TaskQueue } from '#contracts';
import { WHOLE_QUEUE, type Stream } from '#persistence';
import { Counter } from '#platform';
import { DEAD_LETTER_OPTIONS, type QueueBackend, type WakeQueue, type WakeUp } from './backend.js';
import { PER_SECOND, Shares } from './shares.js';

/** One stream to be woken. */
export interface Wake {
  queue: string;
  merchantId: string;
  /** Of a bulk queue, that of any item: all that the merchant has there is woken. */
  stream: string;
  /** Shown as the job's name on dashboards. */
  name: string;
  /** Milliseconds from now. */
  delayMs?: number;
  /** A second look: stands behind what is woken for the first time. */
  behind?: boolean;
  /** A process may have crashed with it: its runs are counted ahead. */
  counted?: boolean;
  /** Of a crowd, it stands before what is not begun: it frees what waits in its stream. */
  expedited?: boolean;
}

/** A job for one lane. `gathers` names the merchant's bulk queue whose wake-ups fold into it. */
interface Job {
  lane: string;
  gathers?: string;
  name: string;
  data: WakeUp;
  opts: JobsOptions;
}

/** Runs streams at once, in this process; says whether it does. */
type Shortcut = (streams: readonly Stream[]) => boolean;

const failures = new Counter({
  name: 'waco_wake_ups_failed_total',
  help: 'Wake-ups that did not reach the queue; the sweep brings the work later',
  labelNames: ['queue'],
});

/** Added to the end of a stretch: clocks of machines differ, and a job that has begun gathers nothing more. */
const SLACK_MS = 100;

/** So many jobs that gather are remembered. Then all are forgotten, and some are added once more, which BullMQ ignores. */
const GATHERING_AT_MOST = 10_000;

/** Streams that one job wakes at most: few enough to spread a burst over the processes of a service. */
export const STREAMS_A_JOB = 16;

/** A sweep that brings no more streams than this has their runs counted as crashes ahead, one after the other. */
const COUNTED_UP_TO = 64;

/** Tells queues that streams have work. Best effort by design: the journal has the work, and the sweep repeats. */
export class Waker {
  private readonly queues = new Map<string, WakeQueue>();
  private readonly shortcuts = new Map<string, Shortcut>();
  private readonly shares = new Shares();
  /** By what is gathered: the job of the stretch that this process added last. */
  private readonly gathering = new Map<string, string>();

  constructor(private readonly backend: QueueBackend) {}

  /** What is woken in `queue` by this process itself, and neither late nor behind, is offered to `take` first. */
  shortcut(queue: string, take: Shortcut): void {
    this.shortcuts.set(queue, take);
  }

  queue(name: string): WakeQueue {
    let queue = this.queues.get(name);
    if (!queue) this.queues.set(name, (queue = this.backend.queue(name)));
    return queue;
  }

  /** Adds jobs for streams, in bulk per queue. Never throws and never waits for a queue server that is away. */
  async wake(wakes: readonly Wake[]): Promise<void> {
    const now = performance.now();
    const jobs = inJobs(distinct(wakes.map(asWoken))).flatMap((streams) => this.jobOf(streams, now) ?? []);
    await Promise.all(
      [...groupBy(jobs, (job) => job.lane)].map(async ([lane, group]) => {
        try {
          // One by itself costs half as much as a bulk of one.
          const [{ name, data, opts }] = group as [Job];
          await (group.length === 1
            ? this.queue(lane).add(name, data, opts)
            : this.queue(lane).addBulk(group));
          for (const { gathers, opts } of group) if (gathers) this.noteGathering(gathers, opts.jobId!);
        } catch {
          failures.inc({ queue: lane }, group.length); // the sweep will find the streams
        }
      }),
    );
  }

  /** A task held a place for so long: a merchant whose tasks hold more than their share stands behind others. */
  charge({ name, share }: TaskQueue, merchantId: string, heldMs: number): void {
    this.shares.charge(name, merchantId, performance.now(), ((heldMs / 1_000) * PER_SECOND) / share);
  }

  /** Undefined when no job is needed. */
  private jobOf(streams: Wake[], now: number): Job | undefined {
    const [wake, ...others] = streams;
    const { queue, merchantId, stream, name, delayMs: askedMs = 0, behind, counted, expedited } = wake!;
    const { jobId, delayMs, gathers } = folded(wake!, askedMs);
    const share = this.shares.place(queue, merchantId, now, streams.length);
    // This process has added the job. It begins after the stretch, unless clocks differ much; the sweep sees to it then.
    if (gathers && delayMs > 2 * SLACK_MS && this.gathering.get(gathers) === jobId) return undefined;
    const place = Math.max(behind ? 1 : 0, expedited ? Math.min(share, 1) : share);
    if (place === 0 && !counted && !(delayMs > 0) && this.shortcuts.get(queue)?.(streams.map(streamOf)))
      return undefined;
    return {
      lane: (place > 0 && lanesNamed(queue).find((lane) => lane.crowd)?.name) || queue,
      gathers,
      name,
      data: {
        merchantId,
        stream,
        ...(others.length > 0 ? { others: others.map((other) => other.stream) } : {}),
        ...(counted ? { counted: true as const } : {}),
      },
      opts: {
        ...(delayMs > 0 ? { delay: delayMs } : {}),
        ...(jobId ? { jobId } : {}),
        ...(place > 0 ? { priority: place } : {}),
      },
    };
  }

  private noteGathering(gathers: string, jobId: string): void {
    if (this.gathering.size >= GATHERING_AT_MOST) this.gathering.clear();
    this.gathering.set(gathers, jobId);
  }

  /**
   * Wakes streams whose due work nobody took up. A task that has a wake-up gets no second one, in whichever lane it is:
   * it may be running. Is that one delayed, it is brought forward: the clock jumped, or something more urgent came.
   */
  async rouse(streams: readonly Stream[]): Promise<void> {
    const known = streams.filter(({ queue }) => lanesNamed(queue).length > 0);
    const have = await Promise.all(
      known.map(async (s) => definitionOf(s)?.kind === 'task' && this.promote(s)),
    );
    const asleep = known.filter((_, i) => !have[i]);
    // Many have lost their wake-ups with the queue server. A few were perhaps being applied when their process died, and
    // one of them may be why: not until BullMQ finds its job stalled would that be known.
    const counted = asleep.length <= COUNTED_UP_TO;
    await this.wake(asleep.map((s) => ({ ...s, name: 'sweep', behind: true, counted })));
  }

  /** Jobs that wait in the lanes of a queue; undefined when the queue server is away. */
  async waiting(queue: string): Promise<number | undefined> {
    try {
      const states = ['wait', 'prioritized', 'active'] as const;
      const counts = await Promise.all(
        lanesNamed(queue).map((lane) => this.queue(lane.name).getJobCountByTypes(...states)),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    } catch {
      return undefined;
    }
  }

  /** Whether the task has a wake-up. */
  private async promote(task: Stream): Promise<boolean> {
    try {
      const jobs = await Promise.all(
        lanesNamed(task.queue).map((lane) => this.queue(lane.name).getJob(foldId(task))),
      );
      const job = jobs.find((found) => found !== undefined);
      if (job && job.delay > 0) await job.promote().catch(() => undefined); // it runs by now
      return job !== undefined;
    } catch {
      return false; // the queue server is away: the next sweep looks again
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

const streamOf = ({ merchantId, queue, stream }: Wake): Stream => ({ merchantId, queue, stream });

/** None of a queue that is no more: an item of an earlier version may name one. */
const lanesNamed = (queue: string): Lane[] => LANES.filter((lane) => lane.queue.name === queue);

const definitionOf = ({ queue }: Pick<Stream, 'queue'>): QueueDefinition | undefined =>
  lanesNamed(queue)[0]?.queue;

/** What is woken for a stream: in a bulk queue, all that the merchant has. */
export function asWoken<S extends Stream>(stream: S): S {
  return definitionOf(stream)?.kind === 'bulk' ? { ...stream, stream: WHOLE_QUEUE } : stream;
}

/**
 * A task, which is its own stream, has one job whenever it is woken. A bulk queue has one job for each stretch of time in
 * which it gathers, at the end of that.
 */
function folded(wake: Wake, delayMs: number): { jobId?: string; delayMs: number; gathers?: string } {
  const queue = definitionOf(wake);
  if (queue?.kind === 'task') return { jobId: foldId(wake), delayMs };
  if (queue?.kind !== 'bulk') return { delayMs };
  const now = Date.now();
  const stretch = Math.floor((now + Math.max(0, delayMs)) / queue.gatherMs) + 1;
  const gathers = `${foldId(wake)}${wake.counted ? '_counted' : ''}`;
  const jobId = `${gathers}_${stretch}`;
  return { jobId, delayMs: stretch * queue.gatherMs - now + SLACK_MS, gathers };
}

function groupBy<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups;
}

/** Wake-ups of one merchant share jobs, but for those that are told apart by a delay or an id of their own. */
function inJobs(wakes: readonly Wake[]): Wake[][] {
  const goesAlone = (w: Wake): boolean =>
    ['task', 'bulk'].includes(definitionOf(w)?.kind ?? 'ordered') || (w.delayMs ?? 0) > 0;
  const alone = wakes.filter(goesAlone).map((w) => [w]);
  const together = wakes.filter((w) => !goesAlone(w));
  const alike = groupBy(together, (w) => [w.queue, w.merchantId, w.expedited, w.counted].join('/'));
  const shared = [...alike.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / STREAMS_A_JOB) }, (_, i) =>
      group.slice(i * STREAMS_A_JOB, (i + 1) * STREAMS_A_JOB),
    ),
  );
  return [...alone, ...shared];
}

function distinct(wakes: readonly Wake[]): Wake[] {
  const seen = new Map(wakes.map((w) => [`${w.queue}/${w.merchantId}/${w.stream}/${w.delayMs ?? 0}`, w]));
  return [...seen.values()];
}
