import { isRefusal, sqlState } from './tenants.js';

export interface GroupCommitOptions {
  /** A batch takes whole requests until it holds this many items. */
  batchItems: number;
  /** More than this many items in wait are refused at once: memory is bounded whatever the database does. */
  waitingItems: number;
  /** An insert that takes longer no longer holds up the next one, in milliseconds. */
  patienceMs: number;
  /** Inserts that have outrun the patience; beyond this many, nothing is accepted until one comes back. */
  stuckInserts: number;
}

export const GROUP_COMMIT: GroupCommitOptions = {
  batchItems: 500,
  waitingItems: 50_000,
  patienceMs: 5_000,
  stuckInserts: 4,
};

/** Requests that wait for company are written at the latest when there are so many items. */
const GATHERED = 32;

/** Says whether the sender has been sent away; an AbortSignal fits, and costs too much to make for each request. */
export interface GivenUp {
  readonly aborted: boolean;
}

/** The journal takes nothing now. The sender keeps its webhook and tries again. */
export class JournalBusy extends Error {}

interface Request<T> {
  items: readonly T[];
  signal: GivenUp | undefined;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Lets concurrent requests share one write (an insert, a transaction): what arrives while a write runs goes into the next
 * one; when none runs, it goes at once, or within `gatherMs` if it may wait. A request's promise resolves when its items
 * are written. Items keep the order in which they came.
 */
export class GroupCommit<T> {
  private waiting: Request<T>[] = [];
  private waitingItems = 0;
  private running = false;
  private gathering: NodeJS.Timeout | undefined;
  private stuck = 0;

  constructor(
    /** Stores all items or none. Throws what the database throws. */
    private readonly write: (items: readonly T[]) => Promise<void>,
    private readonly options: GroupCommitOptions = GROUP_COMMIT,
    /** An error of `write` that may be the fault of one request: then each is written alone. */
    private readonly mayBeOfOne: (error: unknown) => boolean = isRefusal,
  ) {}

  /**
   * @param signal when aborted while the items still wait, they are not written.
   * @param gatherMs how long it may wait for others, in milliseconds, when no write is under way.
   * @throws JournalBusy, or what `write` threw.
   */
  store(items: readonly T[], signal?: GivenUp, gatherMs = 0): Promise<void> {
    if (items.length === 0) return Promise.resolve();
    if (this.stuck >= this.options.stuckInserts || this.waitingItems >= this.options.waitingItems) {
      return Promise.reject(new JournalBusy('the journal does not keep up'));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ items, signal, resolve, reject });
      this.waitingItems += items.length;
      if (this.running) return;
      if (gatherMs === 0 || this.waitingItems >= GATHERED) return void this.run();
      this.gathering ??= setTimeout(() => void this.run(), gatherMs);
    });
  }

  private async run(): Promise<void> {
    this.running = true;
    clearTimeout(this.gathering);
    this.gathering = undefined;
    await Promise.resolve(); // what comes in the same moment goes together
    while (this.waiting.length > 0) {
      const batch = this.take();
      if (batch.length === 0) continue;
      await this.withPatience(this.flush(batch));
    }
    this.running = false;
  }

  private take(): Request<T>[] {
    const batch: Request<T>[] = [];
    let items = 0;
    let taken = 0;
    for (const request of this.waiting) {
      const fits = items === 0 || items + request.items.length <= this.options.batchItems;
      if (!fits) break;
      taken += 1;
      this.waitingItems -= request.items.length;
      if (request.signal?.aborted) {
        request.reject(new JournalBusy('given up before the journal got to it'));
        continue;
      }
      batch.push(request);
      items += request.items.length;
    }
    this.waiting = this.waiting.slice(taken);
    return batch;
  }

  /** Resolves when the batch is settled, or when the patience with it is over. */
  private withPatience(flush: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        this.stuck += 1;
        resolve();
      }, this.options.patienceMs);
      timer.unref(); // does not keep a process alive that is done
      void flush.then(() => {
        clearTimeout(timer);
        if (late) this.stuck -= 1;
        resolve();
      });
    });
  }

  /** Settles every request of the batch; never throws. */
  private async flush(batch: readonly Request<T>[]): Promise<void> {
    try {
      await this.writeAgain(batch.flatMap((r) => r.items));
      for (const request of batch) request.resolve();
    } catch (error) {
      if (batch.length === 1 || !this.mayBeOfOne(error)) {
        for (const request of batch) request.reject(error);
        return;
      }
      // The database refuses something in the batch: who sent it must not fail the others.
      for (const request of batch) await this.flush([request]);
    }
  }

  /** Two gateways that insert the same items in different orders may deadlock; one of them goes again. */
  private async writeAgain(items: readonly T[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.write(items);
      } catch (error) {
        if (attempt === 3 || !['40P01', '40001'].includes(sqlState(error) ?? '')) throw error;
      }
    }
  }
}
