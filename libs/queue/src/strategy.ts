import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { DelayedError, UnrecoverableError, type Worker } from 'bullmq';
import { lastValueFrom } from 'rxjs';
import type { JobContract, JobOutcome } from '#contracts';
import type { QueueBackend, WakeJob, WakeUp } from './backend.js';
import type { Stream } from '#persistence';
import { lanesOf, type Lane } from './lanes.js';
import {
  OrderedProcessor,
  TaskProcessor,
  type Again,
  type Handler,
  type ProcessorDeps,
} from './processor.js';
import { Turnstile } from './turnstile.js';

export const JOBS = Symbol('JOBS');

/**
 * BullMQ as a Nest transport: a job handler is an ordinary `@EventPattern` method. A BullMQ job says only "this
 * stream has work"; the journal says what.
 */
export class JobsStrategy extends Server implements CustomTransportStrategy {
  override transportId = JOBS;
  private workers: Worker<WakeUp>[] = [];

  constructor(
    private readonly backend: QueueBackend,
    private readonly contracts: readonly JobContract[],
    private readonly deps: Omit<ProcessorDeps, 'contracts' | 'handlers'>,
    /** Size of this process's database pool. */
    private readonly connections: number,
  ) {
    super();
  }

  /** @throws Error when a contract has no handler here, or a handler no contract: before any work is taken. */
  listen(callback: (error?: unknown) => void): void {
    try {
      this.checkHandlers();
      const deps: ProcessorDeps = {
        ...this.deps,
        contracts: new Map(this.contracts.map((c) => [c.name, c])),
        handlers: new Map([...this.messageHandlers.keys()].map((name) => [name, this.handler(name)])),
      };
      const queues = new Map(this.contracts.map((c) => [c.queue.name, c.queue]));
      this.workers = [...queues.values()].flatMap(lanesOf).map((lane) => this.work(lane, deps));
      callback();
    } catch (error) {
      callback(error);
    }
  }

  /** Lets running jobs finish, then stops. */
  async close(): Promise<void> {
    await Promise.allSettled(this.workers.map((w) => w.close()));
  }

  on(): void {
    throw new Error('workers report through metrics and logs');
  }

  unwrap<T>(): T {
    return this.workers as T;
  }

  private checkHandlers(): void {
    const known = new Set(this.contracts.map((c) => c.name));
    const missing = [...known].filter((name) => !this.messageHandlers.has(name));
    const unknown = [...this.messageHandlers.keys()].filter((name) => !known.has(name));
    const twice = [...this.messageHandlers].filter(([, h]) => h.next).map(([name]) => name);
    const problems = [
      ...missing.map((n) => `no handler for ${n}`),
      ...unknown.map((n) => `a handler for ${n}, which this service does not own`),
      ...twice.map((n) => `two handlers for ${n}`),
    ];
    if (problems.length > 0) throw new Error(`job handlers: ${problems.join('; ')}`);
  }

  private handler(name: string): Handler {
    const handler = this.messageHandlers.get(name)!;
    return async (payload, context) => {
      const result = this.transformToObservable(await handler(payload, context));
      return lastValueFrom(result) as Promise<JobOutcome>;
    };
  }

  /**
   * An ordered handler holds a connection and may need a second one for a moment (a merchant's settings): if such
   * handlers could take them all, each would wait for the others.
   */
  private concurrency({ queue, crowd }: Lane): number {
    const wanted = crowd ? queue.crowd! : queue.concurrency;
    if (queue.kind === 'task') return wanted;
    const all = queue.concurrency + (queue.crowd ?? 0);
    return Math.max(1, Math.min(wanted, Math.floor((this.connections * 0.8 * wanted) / all)));
  }

  private work(lane: Lane, deps: ProcessorDeps): Worker<WakeUp> {
    const { queue } = lane;
    const processor = queue.kind === 'ordered' ? new OrderedProcessor(deps) : new TaskProcessor(deps);
    const concurrency = this.concurrency(lane);
    const turnstile = new Turnstile(concurrency);
    // One at a time: should the process die once more, only the item that it was at has been counted.
    const alone = new Turnstile(1);
    /** Resolves with when to look at the stream again. */
    const run = (stream: Stream, careful: boolean): Promise<Again> =>
      (careful ? alone : turnstile).pass(() =>
        processor.run(stream, careful).catch((error: Error) => {
          // No item's fault: the database is away, or broke a deadlock. The sweep brings the stream again.
          deps.log({ event: 'job.interrupted', ...stream, reason: error.message });
          throw error;
        }),
      );
    const lineOf = (merchantId: string, stream: string): Stream => ({
      merchantId,
      queue: queue.name,
      stream,
    });
    const lookAgain = (stream: Stream, again: Again): Promise<void> =>
      again
        ? deps.waker.wake([{ ...stream, name: 'again', delayMs: Math.max(1, again.afterMs) }])
        : Promise.resolve();
    /** Streams that share a job; one that is to be looked at again gets a job of its own. */
    const runAll = async (streams: readonly Stream[], careful: boolean): Promise<void> => {
      const runOne = async (stream: Stream): Promise<void> => lookAgain(stream, await run(stream, careful));
      if (careful) {
        // One after the other: the attempts of those behind the one that kills are not counted.
        for (const stream of streams) await runOne(stream);
        return;
      }
      const found =
        processor instanceof OrderedProcessor
          ? await turnstile.pass(() => processor.runTogether(streams))
          : streams.map(() => 'more' as const);
      const rest = streams.map((stream, i) =>
        found[i] === 'more' ? runOne(stream) : lookAgain(stream, found[i]),
      );
      throwFirst(await Promise.allSettled(rest));
    };
    const process = async (job: WakeJob, token?: string): Promise<void> => {
      const { merchantId, stream, others, parked } = job.data;
      if (parked) {
        // A dead letter fails at once, to stand among the failed jobs. Retried by a person, it is a redrive.
        if (job.attemptsMade === 0) throw new UnrecoverableError(parked.reason);
        await deps.tenants.transaction(merchantId, (tx) =>
          deps.journal.unpark(tx, parked.itemId, deps.clock.now()),
        );
        deps.log({ event: 'job.redriven', queue: queue.name, itemId: parked.itemId, merchantId });
      }
      // A process died with this job: of what it was doing, one item may be the cause.
      const careful = job.stalledCounter > 0;
      const streams = [stream, ...(others ?? [])].map((name) => lineOf(merchantId, name));
      if (others) return runAll(streams, careful);
      const again = await run(streams[0]!, careful);
      if (!again) return;
      await job.moveToDelayed(Date.now() + Math.max(1, again.afterMs), token);
      throw new DelayedError();
    };
    return this.backend.worker(lane.name, process, concurrency);
  }
}

function throwFirst(results: readonly PromiseSettledResult<void>[]): void {
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
