import { DelayedError, UnrecoverableError } from 'bullmq';
import type { Lane } from '#contracts';
import type { Stream } from '#persistence';
import type { Turnstile } from '#platform';
import type { WakeJob } from './backend.js';
import { CareNeeded } from './failures.js';
import type { Again, ProcessorDeps } from './handling.js';
import { OrderedProcessor, TaskProcessor } from './processor.js';

interface Places {
  turnstile: Turnstile;
  /**
   * Of what is run with care, one at a time in all lanes of a queue: should the process die once more, only the item
   * that it was at has been counted. A task that takes long is joined by the next one.
   */
  alone: Turnstile;
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
    this.processor = queue.kind === 'ordered' ? new OrderedProcessor(deps) : new TaskProcessor(deps, queue);
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
    const careful = job.stalledCounter > 0 || job.data.careful === true;
    const { name: queue } = this.lane.queue;
    const streams = [stream, ...(others ?? [])].map((name) => ({ merchantId, queue, stream: name }));
    if (others) return this.runAll(streams, careful);
    const again = await this.run(streams[0]!, careful);
    if (!again) return;
    await job.moveToDelayed(Date.now() + Math.max(1, again.afterMs), token);
    throw new DelayedError();
  }

  /**
   * Runs streams at once, without a job, when there is a place; says whether there is. Should the process die with
   * them, the sweep brings them. Not for calls to others: the sweep might bring one that is still under way.
   */
  offer(streams: readonly Stream[]): boolean {
    if (this.closing || !this.places.turnstile.isFree) return false;
    this.begin();
    const running = this.runAll(streams, false).catch(() => undefined); // logged; the sweep brings them again
    this.direct.add(running);
    void running.then(() => this.direct.delete(running));
    return true;
  }

  /** Takes nothing more without a job, and resolves when what runs without one is done. */
  async drain(): Promise<void> {
    this.closing = true;
    await Promise.all(this.direct);
  }

  /** Streams that share a job; one that is to be looked at again gets a job of its own. */
  private async runAll(streams: readonly Stream[], careful: boolean): Promise<void> {
    if (careful) {
      // One after the other: the attempts of those behind the one that kills are not counted.
      for (const stream of streams) await this.runOne(stream, careful);
      return;
    }
    const { processor } = this;
    const found =
      streams.length > 1 && processor instanceof OrderedProcessor
        ? await this.places.turnstile.pass(() => processor.runTogether(streams))
        : streams.map(() => 'more' as const);
    const rest = streams.map(async (stream, i) =>
      found[i] === 'more' ? this.runOne(stream, careful) : this.lookAgain(stream, found[i]),
    );
    throwFirst(await Promise.allSettled(rest));
  }

  private async runOne(stream: Stream, careful: boolean): Promise<void> {
    await this.lookAgain(stream, await this.run(stream, careful));
  }

  /** Resolves with when to look at the stream again. */
  private async run(stream: Stream, careful: boolean): Promise<Again> {
    const places = careful ? this.places.alone : this.places.turnstile;
    const { queue } = this.lane;
    const work = async (): Promise<Again> => {
      const beganAt = performance.now();
      const again = await this.processor.run(stream, careful);
      if (queue.kind === 'task')
        this.deps.waker.charge(queue, stream.merchantId, performance.now() - beganAt);
      return again;
    };
    try {
      return await (careful && queue.kind === 'task' ? passBriefly(places, work) : places.pass(work));
    } catch (error) {
      if (error instanceof CareNeeded) return this.run(stream, true);
      // No item's fault: the database is away, or broke a deadlock. The sweep brings the stream again.
      this.deps.log({ event: 'job.interrupted', ...stream, reason: (error as Error).message });
      throw error;
    }
  }

  private async lookAgain(stream: Stream, again: Again): Promise<void> {
    if (!again) return;
    const fold = this.lane.queue.kind === 'task';
    await this.deps.waker.wake([{ ...stream, name: 'again', fold, delayMs: Math.max(1, again.afterMs) }]);
  }

  private async redrive(merchantId: string, itemId: string): Promise<void> {
    const { tenants, journal, clock, log } = this.deps;
    await tenants.transaction(merchantId, (tx) => journal.unpark(tx, itemId, clock.now()));
    log({ event: 'job.redriven', queue: this.lane.queue.name, itemId, merchantId });
  }
}

/** What kills a process mostly does so at once: a shop that is slow shall not hold up those of others for as long. */
const ALONE_FOR_MS = 3_000;

/** Does the work, of which no more than the beginning is within the turnstile. */
async function passBriefly<T>(turnstile: Turnstile, work: () => Promise<T>): Promise<T> {
  const begun = turnstile.pass(async () => {
    const working = work();
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise((resolve) => (timer = setTimeout(resolve, ALONE_FOR_MS)));
    await Promise.race([working, enough]).finally(() => clearTimeout(timer));
    return { working };
  });
  return (await begun).working;
}

function throwFirst(results: readonly PromiseSettledResult<void>[]): void {
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
