/** Others are there for so long after something of theirs came. */
const THERE_FOR_MS = 1_000;
/** A place of the crowd is empty for so many times as long as it was held, while others are there. */
const REST = 3;
const LONGEST_REST_MS = 1_000;

/** A crowd may fill all places while nobody else is there, and few of them, now and then, while somebody is. */
export class CrowdLimit {
  private timer: NodeJS.Timeout | undefined;
  private othersAreThere = false;
  private worker: { concurrency: number } | undefined;

  constructor(
    private readonly few: number,
    private readonly many: number,
  ) {}

  /** `worker`: does what the crowd has to do. */
  limits(worker: { concurrency: number }): void {
    this.worker = worker;
  }

  othersCame(): void {
    this.are(true);
    this.timer ??= setTimeout(() => this.are(false), THERE_FOR_MS).unref();
    this.timer.refresh();
  }

  /** Does a job of the crowd in one of its places. */
  async job(work: () => Promise<void>): Promise<void> {
    const beganAt = performance.now();
    try {
      await work();
    } finally {
      const tookMs = performance.now() - beganAt;
      if (this.othersAreThere) {
        const restMs = Math.min(tookMs * REST, LONGEST_REST_MS);
        await new Promise<void>((resolve) => setTimeout(resolve, restMs).unref());
      }
    }
  }

  private are(there: boolean): void {
    this.othersAreThere = there;
    if (this.worker) this.worker.concurrency = there ? this.few : this.many;
  }
}
