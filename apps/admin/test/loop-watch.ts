/** Watches how long the event loop is held, by the processor's time: the machine may be busy with something else. */
export class LoopWatch {
  longestMs = 0;
  private before = process.cpuUsage();
  private readonly timer = setInterval(() => this.look(), 1);

  /** What follows is somebody else's. @returns the longest until now. */
  next(): number {
    this.look();
    const { longestMs } = this;
    this.longestMs = 0;
    return longestMs;
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
