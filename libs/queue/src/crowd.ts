import type { QueueDefinition } from '#contracts';
import { Turnstile } from './turnstile.js';

/** The share of its slots that a worker fills with a crowd. */
const FILLED = 1 / 4;
/** A crowd is over when nothing of one has come for so long. */
const OVER_MS = 1_000;

/**
 * Jobs of a crowd are taken when all that goes before them is done. A worker then takes fewer jobs, and runs fewer of
 * their streams, at a time: a few are enough to keep the processors busy, and what comes meanwhile shares them with a
 * few and not with a crowd. Calls that wait for somebody outside need all slots, and keep them.
 */
export class CrowdLimit {
  private readonly most: number;
  private readonly turnstile: Turnstile;
  private timer: NodeJS.Timeout | undefined;
  private serving = 0;

  constructor(
    private readonly slots: number,
    queue: QueueDefinition,
  ) {
    const limited = queue.kind === 'ordered' || queue.inside;
    this.most = limited ? Math.max(1, Math.floor(slots * FILLED)) : slots;
    this.turnstile = new Turnstile(this.most);
  }

  /** Does a job of a crowd, which this worker took. */
  async serve<T>(worker: { concurrency: number }, work: () => Promise<T>): Promise<T> {
    worker.concurrency = this.most;
    clearTimeout(this.timer);
    this.serving += 1;
    try {
      return await work();
    } finally {
      this.serving -= 1;
      if (this.serving === 0) {
        this.timer = setTimeout(() => (worker.concurrency = this.slots), OVER_MS);
        this.timer.unref();
      }
    }
  }

  /** Runs what a stream of a crowd has to do, when it is its turn. */
  pass<T>(work: () => Promise<T>): Promise<T> {
    return this.turnstile.pass(work);
  }
}
