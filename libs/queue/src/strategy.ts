import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { Worker } from 'bullmq';
import { lastValueFrom } from 'rxjs';
import { lanesOf, type JobContract, type Lane, type QueueDefinition } from '#contracts';
import { Semaphore } from '#platform';
import type { QueueBackend, WakeJob, WakeUp } from './backend.js';
import { CrowdLimit } from './crowd.js';
import { InHand, LaneRunner } from './lane-runner.js';
import type { Handler, ProcessorDeps } from './handling.js';

export const JOBS = Symbol('JOBS');

/**
 * BullMQ as a Nest transport: a job handler is an ordinary `@EventPattern` method. A BullMQ job says only "this
 * stream has work"; the journal says what.
 */
export class JobsStrategy extends Server implements CustomTransportStrategy {
  override transportId = JOBS;
  private workers: Worker<WakeUp>[] = [];
  private readonly runners: LaneRunner[] = [];
  /** By queue: of the lane that is not a crowd's. */
  private readonly usual = new Map<string, LaneRunner>();
  /**
   * Places of all work that holds a connection: it may need a second one for a moment (a merchant's settings, a slot), and
   * if such work could take them all, each would wait for the others.
   */
  private readonly connected: Semaphore;

  constructor(
    private readonly backend: QueueBackend,
    private readonly contracts: readonly JobContract[],
    private readonly deps: Omit<ProcessorDeps, 'contracts' | 'handlers' | 'takePlace'>,
    /** Size of this process's database pool. */
    connections: number,
  ) {
    super();
    this.connected = new Semaphore(Math.max(1, Math.floor(connections * 0.8)));
  }

  /** @throws Error when a contract has no handler here, or a handler no contract: before any work is taken. */
  listen(callback: (error?: unknown) => void): void {
    try {
      this.checkHandlers();
      const deps: ProcessorDeps = {
        ...this.deps,
        contracts: new Map(this.contracts.map((c) => [c.name, c])),
        handlers: new Map([...this.messageHandlers.keys()].map((name) => [name, this.handler(name)])),
        takePlace: (queue) => this.usual.get(queue)?.place(),
      };
      const queues = new Map(this.contracts.map((c) => [c.queue.name, c.queue]));
      this.workers = [...queues.values()].flatMap((queue) => this.work(queue, deps));
      callback();
    } catch (error) {
      callback(error);
    }
  }

  /** Lets running jobs finish, then stops. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.workers.map((w) => w.close()), ...this.runners.map((r) => r.drain())]);
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
      return lastValueFrom(result) as Promise<unknown>;
    };
  }

  private work(queue: QueueDefinition, deps: ProcessorDeps): Worker<WakeUp>[] {
    const { concurrency } = queue;
    // What holds connections shares the places for them; a task that waits for others takes nobody's place.
    const shared = queue.kind === 'task' ? undefined : this.connected;
    const alone = new Semaphore(1);
    const inHand = new InHand();
    // What waits for an answer from outside holds no connection.
    const atOnce = deps.prepare?.[queue.name] ? concurrency * 4 : concurrency;
    const [usual, crowd] = lanesOf(queue);
    const limit = new CrowdLimit(queue.crowd, atOnce);
    const open = (lane: Lane, begin?: () => void): Worker<WakeUp> => {
      const runner = new LaneRunner(
        lane,
        { semaphore: shared ?? new Semaphore(concurrency), alone, inHand, atOnce },
        deps,
        begin,
      );
      this.runners.push(runner);
      if (!lane.crowd) this.usual.set(queue.name, runner);
      if (!lane.crowd && queue.kind === 'ordered') {
        deps.waker.shortcut(queue.name, (streams) => runner.offer(streams));
      }
      const work = (job: WakeJob, token?: string): Promise<void> => runner.work(job, token);
      const rested = (job: WakeJob, token?: string): Promise<void> => limit.job(() => work(job, token));
      return this.backend.worker(lane.name, lane.crowd ? rested : work, atOnce);
    };
    const ofCrowd = open(crowd);
    limit.limits(ofCrowd);
    return [open(usual, () => limit.othersCame()), ofCrowd];
  }
}
