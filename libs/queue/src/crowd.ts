import { setTimeout as sleep } from 'node:timers/promises';

const REST = Number(process.env.XREST ?? 2);
/** Others are there for so long after something of theirs came. */
const THERE_FOR_MS = 1_000;

/** A crowd may fill all places while nobody else is there, and few of them while somebody is. */
export class CrowdLimit {
  private timer: NodeJS.Timeout | undefined;

  /** `worker`: does what the crowd has to do. */
  constructor(
    private readonly worker: { concurrency: number },
    private readonly few: number,
    private readonly many: number,
  ) {}

  get othersAreThere(): boolean {
    return this.worker.concurrency === this.few;
  }

  othersCame(): void {
    this.worker.concurrency = this.few;
    this.timer ??= setTimeout(() => (this.worker.concurrency = this.many), THERE_FOR_MS).unref();
    this.timer.refresh();
  }

  /** Does a job of the crowd; while others are there, its place is then empty for longer than the job took. */
  async job(work: () => Promise<void>): Promise<void> {
    const beganAt = performance.now();
    try {
      await work();
    } finally {
      const tookMs = performance.now() - beganAt;
      if (this.othersAreThere) await sleep(Math.min(tookMs * REST, 1_000), undefined, { ref: false });
    }
  }
}
