import type { Journal, Stream } from '#persistence';
import { Counter, Gauge, type Clock } from '#platform';
import { asWoken, foldId, STREAMS_A_JOB, type Waker } from './waker.js';

const pending = new Gauge({
  name: 'waco_journal_pending',
  help: 'Due journal items that are not applied yet',
  labelNames: ['queue'],
});
const dead = new Gauge({
  name: 'waco_dead_letters',
  help: 'Parked journal items: they failed for good and wait for a person',
  labelNames: ['queue'],
});
const oldest = new Gauge({
  name: 'waco_journal_oldest_seconds',
  help: 'Age of the oldest due journal item; alarm on this',
  labelNames: ['queue'],
});
const swept = new Counter({
  name: 'waco_journal_swept_total',
  help: 'Streams that a sweep had to wake, because their wake-up was lost or is late',
  labelNames: ['queue'],
});

const SWEEP_EVERY_MS = 1_000;
/** When more waits in line than a sweep looks at: to look costs the database about a second. */
const BACKLOG_EVERY_MS = 10_000;
/** Due work that nobody has taken up for this long is woken again. */
const OVERDUE_MS = 2_000;
/** Streams woken in one sweep. */
const SWEEP_LIMIT = 10_000;
/** And of one merchant's in a queue in which all that is overdue may be waiting already. */
const MOST_OF_ONE_IN_LINE = 100;
/** One that was woken is left alone for this long; and for longer while its queue has jobs: it waits there like others. */
const PATIENCE_MS = 4_000;
const PATIENCE_IN_LINE_MS = 15_000;

/**
 * The relay's safety net, in every service: finds due work whose wake-up was lost (a crash between commit and
 * enqueue, an emptied Redis) and wakes it. Waking twice is harmless.
 */
export class Sweeper {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private ticks = 0;
  /** By stream: when it was woken. */
  private readonly woken = new Map<string, { queue: string; at: number }>();

  constructor(
    private readonly journal: Journal,
    private readonly waker: Waker,
    private readonly clock: Clock,
    private readonly log: (line: { event: string; [field: string]: unknown }) => void,
  ) {}

  start(): void {
    const tick = (): void => {
      let everyMs = SWEEP_EVERY_MS;
      this.running = this.sweep().then(
        ({ woken, more }) => void (everyMs = more && woken < SWEEP_LIMIT ? BACKLOG_EVERY_MS : SWEEP_EVERY_MS),
        (error: Error) => this.log({ event: 'sweep.failed', reason: error.message }),
      );
      void this.running.then(() => {
        if (this.timer) this.timer = setTimeout(tick, everyMs);
      });
    };
    this.timer = setTimeout(tick, SWEEP_EVERY_MS);
  }

  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.running;
  }

  /** Returns how many streams were woken, and whether there may be more than it looked at. */
  async sweep(): Promise<{ woken: number; more: boolean }> {
    // So many more as were woken before and may still stand among them.
    const limit = SWEEP_LIMIT + this.woken.size;
    const overdue = await this.journal.overdue(this.clock.now(), OVERDUE_MS, limit);
    const streams = [...new Map(overdue.map(asWoken).map((stream) => [foldId(stream), stream])).values()];
    const queues = new Set([...streams, ...this.woken.values()].map(({ queue }) => queue));
    const waiting = new Map<string, number | undefined>();
    for (const queue of queues) waiting.set(queue, await this.waker.waiting(queue));
    this.forget(waiting);
    const asleep = this.asleepOf(streams, waiting).slice(0, SWEEP_LIMIT);
    const at = performance.now();
    for (const stream of asleep) {
      this.woken.set(foldId(stream), { queue: stream.queue, at });
      swept.inc({ queue: stream.queue });
    }
    await this.waker.rouse(asleep);
    if (this.ticks++ % 10 === 0) await this.measure();
    return { woken: asleep.length, more: overdue.length === limit };
  }

  /** Who was woken long ago, or in a queue that has nothing to do by now, may have lost that wake-up as well. */
  private forget(waiting: ReadonlyMap<string, number | undefined>): void {
    const now = performance.now();
    for (const [key, { queue, at }] of this.woken) {
      if (now - at > (waiting.get(queue) === 0 ? PATIENCE_MS : PATIENCE_IN_LINE_MS)) this.woken.delete(key);
    }
  }

  /**
   * Those whose wake-up may be lost. When a queue's jobs can be those of all that is overdue there, they most likely
   * are: waking a backlog again would only make it longer. Then a few of each merchant are woken, so that whoever has
   * little to do is found at once.
   */
  private asleepOf<S extends Stream>(
    streams: readonly S[],
    waiting: ReadonlyMap<string, number | undefined>,
  ): S[] {
    const overdue = new Map<string, number>();
    for (const { queue } of streams) overdue.set(queue, (overdue.get(queue) ?? 0) + 1);
    const taken = new Map<string, number>();
    return streams.filter((stream) => {
      if (this.woken.has(foldId(stream))) return false;
      const { queue, merchantId } = stream;
      if ((waiting.get(queue) ?? 0) * STREAMS_A_JOB < overdue.get(queue)!) return true;
      const of = `${queue}/${merchantId}`;
      taken.set(of, (taken.get(of) ?? 0) + 1);
      return taken.get(of)! <= MOST_OF_ONE_IN_LINE;
    });
  }

  private async measure(): Promise<void> {
    const rows = await this.journal.backlog(this.clock.now());
    for (const gauge of [pending, dead, oldest]) gauge.reset(); // a queue that is done with has no row
    for (const row of rows) {
      pending.set({ queue: row.queue }, row.pending);
      dead.set({ queue: row.queue }, row.parked);
      oldest.set({ queue: row.queue }, row.oldestSeconds);
    }
  }
}
