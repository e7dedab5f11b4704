import { setImmediate } from 'node:timers/promises';

/** Long work on one thing lets others go first so often, in milliseconds. */
const HOLD_MS = 10;

/** Lets long work on one thing be interrupted by everything else that waits for the event loop. */
export class Breath {
  private since = performance.now();

  /** Returns at once, unless the event loop has been held for 10 ms since the last breath. */
  take(): Promise<void> | undefined {
    return performance.now() - this.since < HOLD_MS ? undefined : this.deep();
  }

  /** Lets the others go first in any case. */
  async deep(): Promise<void> {
    await setImmediate();
    this.since = performance.now();
  }
}
