import type { Journal } from '#persistence';
import { Counter, Gauge, type Clock } from '#platform';
import { foldId, type Waker } from './waker.js';

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
/** Due work that nobody has taken up for this long is woken again. */
const OVERDUE_MS = 2_000;
/** Streams woken in one sweep. */
const SWEEP_LIMIT = 10_000;
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
      this.running = this.sweep().catch((error: Error) =>
        this.log({ event: 'sweep.failed', reason: error.message }),
      );
      void this.running.then(() => {
        if (this.timer) this.timer = setTimeout(tick, SWEEP_EVERY_MS);
      });
    };
    this.timer = setTimeout(tick, SWEEP_EVERY_MS);
  }

  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.running;
  }

  async sweep(): Promise<void> {
    // So many more as were woken before and may still stand among them.
    const limit = SWEEP_LIMIT + this.woken.size;
    const streams = await this.journal.overdue(this.clock.now(), OVERDUE_MS, limit);
    await this.forget();
    const asleep = streams
      .map((stream) => ({ stream, key: foldId(stream) }))
      .filter(({ key }) => !this.woken.has(key))
      .slice(0, SWEEP_LIMIT);
    const at = performance.now();
    for (const { stream, key } of asleep) {
      this.woken.set(key, { queue: stream.queue, at });
      swept.inc({ queue: stream.queue });
    }
    await this.waker.rouse(asleep.map(({ stream }) => stream));
    if (this.ticks++ % 10 === 0) await this.measure();
  }

  /** Who was woken long ago, or in a queue that has nothing to do by now, may have lost that wake-up as well. */
  private async forget(): Promise<void> {
    const queues = [...new Set([...this.woken.values()].map(({ queue }) => queue))];
    const idle = new Set<string>();
    for (const queue of queues) if ((await this.waker.waiting(queue)) === 0) idle.add(queue);
    const now = performance.now();
    for (const [key, { queue, at }] of this.woken) {
      if (now - at > (idle.has(queue) ? PATIENCE_MS : PATIENCE_IN_LINE_MS)) this.woken.delete(key);
    }
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
