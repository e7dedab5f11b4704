/** More wait than may: whoever comes now is told at once. */
export class TooManyWaiting extends Error {}

/** Lets so many pass at a time; the others wait, in the order in which they came. */
export class Semaphore {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(
    atOnce: number,
    private readonly mayWait = Number.POSITIVE_INFINITY,
  ) {
    this.free = atOnce;
  }

  get isAwaited(): boolean {
    return this.waiting.length > 0;
  }

  get isFree(): boolean {
    return this.free > 0;
  }

  /** @throws TooManyWaiting, or what `work` throws. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--;
    else if (this.waiting.length >= this.mayWait) throw new TooManyWaiting('too many wait for the same');
    else await new Promise<void>((resume) => this.waiting.push(resume));
    try {
      return await work();
    } finally {
      // Who waits takes the place over; it is never free in between.
      const next = this.waiting.shift();
      if (next) next();
      else this.free++;
    }
  }
}

/** A place that others of the same name wait for stays empty for no longer than this, in milliseconds. */
const LONGEST_REST_MS = 500;

/** A semaphore for each name, for as long as somebody is at it. */
export class Semaphores {
  private readonly inUse = new Map<string, { semaphore: Semaphore; there: number }>();

  constructor(
    private readonly atOnce: number,
    private readonly mayWait?: number,
    /**
     * While others of the same name wait, a place stays empty for so many times as long as it was held: names that have
     * much to do leave the processor to those that have little.
     */
    private readonly rest = 0,
  ) {}

  /** @throws TooManyWaiting, or what `work` throws. */
  pass<T>(name: string, work: () => Promise<T>): Promise<T> {
    const known = this.inUse.get(name) ?? { semaphore: new Semaphore(this.atOnce, this.mayWait), there: 0 };
    this.inUse.set(name, known);
    known.there++;
    const { semaphore } = known;
    return new Promise<T>((resolve, reject) => {
      const held = async (): Promise<void> => {
        const beganAt = performance.now();
        await work().then(resolve, reject);
        const restMs = Math.min((performance.now() - beganAt) * this.rest, LONGEST_REST_MS);
        if (semaphore.isAwaited && restMs > 0) await new Promise((over) => setTimeout(over, restMs));
      };
      const leave = (): void => {
        if (--known.there === 0) this.inUse.delete(name);
      };
      semaphore.pass(held).catch(reject).finally(leave);
    });
  }
}
