import type { Journal } from '#persistence';
import { Counter, Gauge, type Clock } from '#platform';
import type { Waker } from './waker.js';

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
const SWEEP_LIMIT = 5_000;

/**
 * The relay's safety net, in every service: finds due work whose wake-up was lost (a crash between commit and
 * enqueue, an emptied Redis) and wakes it. Waking twice is harmless.
 */
export class Sweeper {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private ticks = 0;

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
    const streams = await this.journal.overdue(this.clock.now(), OVERDUE_MS, SWEEP_LIMIT);
    for (const { queue } of streams) swept.inc({ queue });
    await this.waker.wake(streams.map((s) => ({ ...s, name: 'sweep', fold: true })));
    if (this.ticks++ % 10 === 0) await this.measure();
  }

  private async measure(): Promise<void> {
    for (const row of await this.journal.backlog(this.clock.now())) {
      pending.set({ queue: row.queue }, row.pending);
      dead.set({ queue: row.queue }, row.parked);
      oldest.set({ queue: row.queue }, row.oldestSeconds);
    }
  }
}
