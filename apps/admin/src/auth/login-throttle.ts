/** Wrong keys within this time, in milliseconds, make the next wrong one slower. */
export const WINDOW_MS = 60_000;
const STEP_MS = 500;
const MAX_DELAY_MS = 4_000;
/** Wrong answers that may be waiting at once: beyond it they are refused at once instead of held. */
const MAX_WAITING = 100;

/** How long the answer to a wrong key is held, in milliseconds, when it is the `wrong`th within {@link WINDOW_MS}. */
export function delayOf(wrong: number): number {
  return Math.min(STEP_MS * wrong, MAX_DELAY_MS);
}

/**
 * Holds answers to wrong keys, whoever sends them: a guesser has many addresses. A right key never waits, so nobody can
 * lock the operators out.
 */
export class LoginThrottle {
  private failures: number[] = [];
  private waiting = 0;

  /** `counted`: how many wrong ones there were, on all replicas. False: too many wait here already. */
  async hold(now: Date, counted: () => Promise<number>): Promise<boolean> {
    const here = this.fail(now);
    if (this.waiting >= MAX_WAITING) return false;
    this.waiting++;
    try {
      const started = performance.now();
      // While they cannot be counted together, each process slows by its own.
      const everywhere = await counted().catch(() => 0);
      const delayMs = delayOf(Math.max(here, everywhere)) - (performance.now() - started);
      await new Promise((resume) => setTimeout(resume, delayMs));
    } finally {
      this.waiting--;
    }
    return true;
  }

  private fail(now: Date): number {
    const at = now.getTime();
    this.failures = this.failures.filter((t) => at - t < WINDOW_MS).slice(-MAX_WAITING);
    this.failures.push(at);
    return this.failures.length;
  }
}
