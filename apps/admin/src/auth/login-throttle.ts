/** Wrong keys within this time make the next wrong one slower. */
const WINDOW_MS = 60_000;
const STEP_MS = 500;
const MAX_DELAY_MS = 4_000;
/** Wrong answers that may be waiting at once: beyond it they are refused at once instead of held. */
const MAX_WAITING = 100;

/**
 * Slows wrong keys down, whoever sends them: a guesser has many addresses. A right key never waits,
 * so nobody can lock the operators out.
 */
export class LoginThrottle {
  private failures: number[] = [];
  private waiting = 0;

  /** How long to hold the answer to a wrong key, in milliseconds; undefined: too many, refuse at once. */
  fail(now: Date): number | undefined {
    const at = now.getTime();
    this.failures = this.failures.filter((t) => at - t < WINDOW_MS).slice(-MAX_WAITING);
    this.failures.push(at);
    if (this.waiting >= MAX_WAITING) return undefined;
    return Math.min(STEP_MS * this.failures.length, MAX_DELAY_MS);
  }

  async hold(delayMs: number): Promise<void> {
    this.waiting++;
    await new Promise((resume) => setTimeout(resume, delayMs));
    this.waiting--;
  }
}
