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

  othersCame(): void {
    this.worker.concurrency = this.few;
    this.timer ??= setTimeout(() => (this.worker.concurrency = this.many), THERE_FOR_MS).unref();
    this.timer.refresh();
  }
}
