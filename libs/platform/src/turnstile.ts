/** More wait than may: whoever comes now is told at once. */
export class TooManyWaiting extends Error {}

/** Lets so many pass at a time; the others wait, in the order in which they came. */
export class Turnstile {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(
    atOnce: number,
    private readonly mayWait = Number.POSITIVE_INFINITY,
  ) {
    this.free = atOnce;
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

/** A turnstile for each name, for as long as somebody is at it. */
export class Turnstiles {
  private readonly inUse = new Map<string, { turnstile: Turnstile; there: number }>();

  constructor(
    private readonly atOnce: number,
    private readonly mayWait?: number,
  ) {}

  /** @throws TooManyWaiting, or what `work` throws. */
  async pass<T>(name: string, work: () => Promise<T>): Promise<T> {
    const known = this.inUse.get(name) ?? { turnstile: new Turnstile(this.atOnce, this.mayWait), there: 0 };
    this.inUse.set(name, known);
    known.there++;
    try {
      return await known.turnstile.pass(work);
    } finally {
      if (--known.there === 0) this.inUse.delete(name);
    }
  }
}
