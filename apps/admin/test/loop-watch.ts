/** Watches how long the event loop is held, by the processor's time: the machine may be busy with something else. */
export class LoopWatch {
  longestMs = 0;
  private before = process.cpuUsage();
  private readonly timer = setInterval(() => this.look(), 1);

  /** Begins a new measure. @returns the longest until now. */
  next(): number {
    this.look();
    const { longestMs } = this;
    this.longestMs = 0;
    return longestMs;
  }

  /**
   * Asks again, at most nine times, while the loop was held too long: the measure also has garbage collections, other
   * threads of the process and a machine that is slow for a while in it, which do not come each time.
   * @returns the first answer, and the shortest.
   */
  async during<T>(ask: () => Promise<T>, longestMs: number): Promise<{ answer: T; ms: number }> {
    this.next();
    const answer = await ask();
    let ms = this.next();
    for (let again = 0; again < 9 && ms >= longestMs; again++) {
      await new Promise((resume) => setTimeout(resume, 100));
      this.next();
      await ask();
      ms = Math.min(ms, this.next());
    }
    return { answer, ms };
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const { user, system } = process.cpuUsage(this.before);
    this.before = process.cpuUsage();
    this.longestMs = Math.max(this.longestMs, (user + system) / 1_000);
  }
}
