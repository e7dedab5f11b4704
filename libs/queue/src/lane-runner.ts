import { DelayedError, UnrecoverableError } from 'bullmq';
import type { Lane } from '#contracts';
import type { Stream } from '#persistence';
import type { Semaphore } from '#platform';
import type { WakeJob } from './backend.js';
import type { Place } from './context.js';
import { CountNeeded } from './failures.js';
import type { Again, ProcessorDeps } from './handling.js';
import { OrderedProcessor, type InPlace } from './ordered-processor.js';
import { TaskProcessor } from './task-processor.js';

/** Streams that this process is at: who is woken for one of them meanwhile has it looked at once more. */
export class InHand {
  private readonly streams = new Map<string, 'woken' | 'begun'>();

  /** False when it is in hand already. */
  begin(stream: string): boolean {
    const known = this.streams.has(stream);
    this.streams.set(stream, known ? 'woken' : 'begun');
    return !known;
  }

  /** False when somebody was woken for it meanwhile: then it begins again. */
  end(stream: string): boolean {
    if (this.streams.get(stream) === 'woken') return !this.streams.set(stream, 'begun');
    return this.streams.delete(stream);
  }

  letGo(stream: string): void {
    this.streams.delete(stream);
  }
}

interface Places {
  /** Of work that holds a connection. */
  semaphore: Semaphore;
  inHand: InHand;
  /** Streams at a time, those that wait for something outside the database included. */
  atOnce: number;
  /**
   * Of runs that are counted ahead, one at a time in all lanes of a queue: should the process crash once more, only the
   * item that it was at has been counted. A task that takes long is joined by the next one.
   */
  alone: Semaphore;
}

/** Runs the streams that wake-ups of one lane name, so many at a time. */
export class LaneRunner {
  private readonly processor: OrderedProcessor | TaskProcessor;
  private readonly direct = new Set<Promise<void>>();
  private closing = false;

  constructor(
    private readonly lane: Lane,
    private readonly places: Places,
    private readonly deps: ProcessorDeps,
    /** Called when there is something to do. */
    private readonly begin: () => void = () => undefined,
  ) {
    const { queue } = lane;
    const inPlace: InPlace = (work) => this.places.semaphore.pass(work);
    this.processor =
      queue.kind === 'task' ? new TaskProcessor(deps, queue) : new OrderedProcessor(deps, inPlace);
  }

  /** Does what a job of the lane says. */
  async work(job: WakeJob, token?: string): Promise<void> {
    this.begin();
    const { merchantId, stream, others, parked } = job.data;
    if (parked) {
      // A dead letter fails at once, to stand among the failed jobs. Retried by a person, it is a redrive.
      if (job.attemptsMade === 0) throw new UnrecoverableError(parked.reason);
      await this.redrive(merchantId, parked.itemId);
    }
    // A process died with this job, or with the one before it: of what it was doing, one item may be the cause.
    const counted = job.stalledCounter > 0 || job.data.counted === true;
    const { name: queue } = this.lane.queue;
    const streams = [stream, ...(others ?? [])].map((name) => ({ merchantId, queue, stream: name }));
    if (others) return this.runAll(streams, counted);
    const again = await this.run(streams[0]!, counted);
    if (!again) return;
    await job.moveToDelayed(Date.now() + Math.max(1, again.afterMs), token);
    throw new DelayedError();
  }

  /**
   * Runs streams at once, without a job, when there is a place; says whether there is. Should the process die with
   * them, the sweep brings them. Not for calls to others: the sweep might bring one that is still under way.
   */
  offer(streams: readonly Stream[]): boolean {
    if (this.closing || this.direct.size >= this.places.atOnce) return false;
    this.begin();
    const running = this.runAll(streams, false).catch(() => undefined); // logged; the sweep brings them again
    this.direct.add(running);
    void running.then(() => this.direct.delete(running));
    return true;
  }

  /** A place for one task that begins without a job; undefined when there is none. */
  place(): Place | undefined {
    const { processor } = this;
    if (!(processor instanceof TaskProcessor)) return undefined;
    if (this.closing || this.direct.size >= this.places.atOnce) return undefined;
    let giveBack = (): void => undefined;
    const taken = new Promise<void>((resolve) => (giveBack = resolve));
    this.direct.add(taken);
    void taken.then(() => this.direct.delete(taken));
    return {
      giveBack,
      begin: (merchantId, item, known) => {
        const stream = { merchantId, queue: this.lane.queue.name, stream: item.stream };
        const run = this.charged(stream, () => processor.runItem(stream, item, known));
        void run
          .then((again) => this.lookAgain(stream, again))
          .catch((error: unknown) => this.interrupted(stream, error)) // others take it up when it is due
          .finally(giveBack);
      },
    };
  }

  /** Takes nothing more without a job, and resolves when what runs without one is done. */
  async drain(): Promise<void> {
    this.closing = true;
    await Promise.all(this.direct);
  }

  /** Streams that share a job; one that is to be looked at again gets a job of its own. */
  private async runAll(streams: readonly Stream[], counted: boolean): Promise<void> {
    if (!counted) return throwFirst(await Promise.allSettled(streams.map((s) => this.runOne(s, counted))));
    // One after the other: no crash is counted of those behind the one that crashes.
    for (const stream of streams) await this.runOne(stream, counted);
  }

  private async runOne(stream: Stream, counted: boolean): Promise<void> {
    await this.lookAgain(stream, await this.run(stream, counted));
  }

  /** Resolves with when to look at the stream again. */
  private async run(stream: Stream, counted: boolean): Promise<Again> {
    try {
      return await (this.lane.queue.kind === 'task'
        ? this.runTask(stream, counted)
        : this.runInHand(stream, counted));
    } catch (error) {
      if (error instanceof CountNeeded) return this.run(stream, true);
      this.interrupted(stream, error);
      throw error;
    }
  }

  /** No item's fault: the database is away, or broke a deadlock. The sweep brings the stream again. */
  private interrupted(stream: Stream, error: unknown): void {
    this.deps.log({ event: 'job.interrupted', ...stream, reason: (error as Error).message });
  }

  private async runInHand(stream: Stream, counted: boolean): Promise<Again> {
    const { inHand, alone } = this.places;
    const name = nameOf(stream);
    if (!inHand.begin(name)) return undefined;
    try {
      for (;;) {
        const work = (): Promise<Again> => this.processor.run(stream, counted);
        const again = await (counted ? alone.pass(work) : work());
        if (inHand.end(name)) return again;
      }
    } finally {
      inHand.letGo(name);
    }
  }

  private async runTask(stream: Stream, counted: boolean): Promise<Again> {
    const work = (): Promise<Again> => this.charged(stream, () => this.processor.run(stream, counted));
    return counted ? passBriefly(this.places.alone, work) : this.places.semaphore.pass(work);
  }

  /** Counts the time for which a task holds its place. */
  private async charged(stream: Stream, work: () => Promise<Again>): Promise<Again> {
    const { queue } = this.lane;
    const beganAt = performance.now();
    const again = await work();
    if (queue.kind === 'task') {
      this.deps.waker.charge(queue, stream.merchantId, performance.now() - beganAt);
    }
    return again;
  }

  private async lookAgain(stream: Stream, again: Again): Promise<void> {
    if (!again) return;
    await this.deps.waker.wake([{ ...stream, name: 'again', delayMs: Math.max(1, again.afterMs) }]);
  }

  private async redrive(merchantId: string, itemId: string): Promise<void> {
    const { tenants, journal, clock, log } = this.deps;
    await tenants.transaction(merchantId, (tx) => journal.unpark(tx, itemId, clock.now()));
    log({ event: 'job.redriven', queue: this.lane.queue.name, itemId, merchantId });
  }
}

/** What kills a process mostly does so at once: a shop that is slow shall not hold up those of others for as long. */
const ALONE_FOR_MS = 3_000;

/** Does the work, of which no more than the beginning is within the semaphore. */
async function passBriefly<T>(semaphore: Semaphore, work: () => Promise<T>): Promise<T> {
  const begun = semaphore.pass(async () => {
    const working = work();
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise((resolve) => (timer = setTimeout(resolve, ALONE_FOR_MS)));
    await Promise.race([working, enough]).finally(() => clearTimeout(timer));
    return { working };
  });
  return (await begun).working;
}

const nameOf = ({ merchantId, stream }: Stream): string => `${merchantId}/${stream}`;

function throwFirst(results: readonly PromiseSettledResult<void>[]): void {
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
