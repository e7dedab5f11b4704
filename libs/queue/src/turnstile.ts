/** Lets so many pass at a time; the others wait, in the order in which they came. */
export class Turnstile {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.free = atOnce;
  }

  get isFree(): boolean {
    return this.free > 0;
  }

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--;
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
