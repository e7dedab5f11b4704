import { Semaphore } from '#platform';

export interface MemoOptions {
  /** How long something is remembered, in milliseconds. */
  ttlMs: number;
  /** How much is remembered; what has been known for longest goes first. */
  most: number;
  /** Look-ups at a time: each holds a connection of the pool. */
  atOnce: number;
  /** Look-ups that may wait for their turn; more fail with TooManyWaiting. */
  mayWait?: number;
}

/** Remembers what was looked up, for a short time. Whoever asks for the same meanwhile gets the same answer. */
export class Memo {
  private readonly known = new Map<string, { at: number; value: Promise<unknown> }>();
  private readonly semaphore: Semaphore;

  constructor(private readonly options: MemoOptions) {
    this.semaphore = new Semaphore(options.atOnce, options.mayWait);
  }

  /** @throws TooManyWaiting, or what `load` throws; a look-up that failed is not remembered. */
  get<T>(key: string, load: () => Promise<T>): Promise<T> {
    const { known, options } = this;
    const found = known.get(key);
    if (found && performance.now() - found.at < options.ttlMs) return found.value as Promise<T>;
    known.delete(key);
    if (known.size >= options.most) known.delete(known.keys().next().value!);
    const value = this.semaphore.pass(load);
    const entry = { at: performance.now(), value };
    known.set(key, entry);
    value.catch(() => {
      if (known.get(key) === entry) known.delete(key);
    });
    return value;
  }
}
