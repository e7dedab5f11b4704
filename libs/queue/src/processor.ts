import type { EntityManager } from 'typeorm';
import type { JobOutcome, TaskQueue } from '#contracts';
import { isRefusal, isSettledBefore, type PendingItem, type Settled, type Stream } from '#persistence';
import { Outbox, OrderedContext, TaskContext, type Commit, type Ends } from './context.js';
import { CareNeeded, countAhead, ENDINGS, ItemFailure, recordFailure, survived } from './failures.js';
import { handle, reasonOf, report, Unprepared, type Again, type ProcessorDeps } from './handling.js';

/** Items of a stream applied in one transaction at most: bounds how long its lock is held. */
const BATCH = 16;
/** The same of several streams together. */
const TOGETHER = 128;
/** A stream that another worker holds is looked at again after this long. */
const CONTENDED_MS = 40;
/** A batch failed when it was to be stored: which item's fault it is shows when each is alone. */
class OneByOne extends Error {}

const NOTHING: ReadonlyMap<string, unknown> = new Map();

/** What one transaction applies. */
interface Batch {
  tx: EntityManager;
  now: Date;
  careful: boolean;
  outbox: Outbox;
  ends: Ends;
  /** By stream: what was found out before. */
  known: ReadonlyMap<string, unknown>;
  begun: PendingItem[];
  applied: Settled[];
  finished: { item: PendingItem; outcome: string; startedAt: number }[];
}

/** `more`: perhaps something due is left, so that the stream is to be run at once. */
export type Found = Again | 'more';

/** Runs work that holds a connection, when there is a place for it. */
export type InPlace = <T>(work: () => Promise<T>) => Promise<T>;

/** Applies the items of a stream in order, each batch in one transaction, until nothing due is left. */
export class OrderedProcessor {
  constructor(
    private readonly deps: ProcessorDeps,
    private readonly inPlace: InPlace = (work) => work(),
  ) {}

  /**
   * `careful`: a process may have died at this stream; each run of an item counts before it begins, until it is survived.
   * @throws CareNeeded
   */
  async run(stream: Stream, careful: boolean): Promise<Again> {
    let known: ReadonlyMap<string, unknown> | undefined;
    for (let limit = careful ? 1 : BATCH; ;) {
      const now = this.deps.clock.now();
      const counted = careful ? await countAhead(this.deps, stream, now, ENDINGS.ordered) : undefined;
      try {
        known ??= await this.prepare([stream], now);
        const found = known;
        const [again] = await this.inPlace(() => this.batch([stream], now, limit, found, careful));
        if (again !== 'more') return again;
        limit = careful ? 1 : BATCH;
        known = undefined;
      } catch (error) {
        if (error instanceof Unprepared) await error.learn();
        // What was rolled back with it is applied again, up to the item that failed.
        else if (error instanceof OneByOne) limit = 1;
        else if (error instanceof ItemFailure) await recordFailure(this.deps, stream, error, now);
        else throw error;
      } finally {
        if (counted) await survived(this.deps, stream, counted);
      }
    }
  }

  /**
   * Streams of one merchant in one transaction, which costs little more than that of one. It is a try: when something
   * fails, nothing is applied, and whose fault it is shows when each is run alone.
   */
  async runTogether(streams: readonly Stream[]): Promise<Found[]> {
    const limit = Math.max(1, Math.min(BATCH, Math.floor(TOGETHER / streams.length)));
    const now = this.deps.clock.now();
    try {
      const known = await this.prepare(streams, now);
      return await this.inPlace(() => this.batch(streams, this.deps.clock.now(), limit, known));
    } catch {
      return streams.map(() => 'more');
    }
  }

  private async prepare(streams: readonly Stream[], now: Date): Promise<ReadonlyMap<string, unknown>> {
    const prepare = this.deps.prepare[streams[0]!.queue];
    if (!prepare) return NOTHING;
    return new Map(await Promise.all(streams.map(async (s) => [s.stream, await prepare(s, now)] as const)));
  }

  private async batch(
    streams: readonly Stream[],
    now: Date,
    limit: number,
    known: ReadonlyMap<string, unknown>,
    careful = false,
  ): Promise<Found[]> {
    const { journal, tenants, waker } = this.deps;
    const { merchantId, queue } = streams[0]!;
    // After a death each run is counted; one that begins by itself would not be.
    const outbox = new Outbox(merchantId, now, careful ? undefined : this.deps.takePlace);
    const begun: Batch['begun'] = [];
    const finished: Batch['finished'] = [];
    const work = async (tx: EntityManager): Promise<Found[]> => {
      const batch: Batch = { tx, now, careful, outbox, ends: new Map(), known, begun, applied: [], finished };
      const pending = await journal.lock(tx, streams, now, limit);
      const found: Found[] = [];
      for (const { stream } of streams) {
        const items = pending.get(stream);
        found.push(items ? await this.applyAll(batch, merchantId, items, limit) : { afterMs: CONTENDED_MS });
      }
      for (const { item, work: end } of batch.ends.values()) {
        await end().catch((error: unknown) => {
          throw begun.length > 1 ? new OneByOne() : failureOf(item, error);
        });
      }
      // What went before an item that stands still is applied, and its effects are stored with it.
      journal.settle(tx, batch.applied, now);
      outbox.store(tx, journal, now);
      return found;
    };
    // Nothing has left the database: what a crash of it forgets, it forgets with all that followed, and is done again.
    const stored = tenants.transaction(merchantId, work, { durable: false });
    const found = await stored.catch((error: unknown) => {
      outbox.discard();
      // What is refused before any item is begun is none's fault either, and would be refused again.
      if (error instanceof ItemFailure || error instanceof OneByOne || error instanceof Unprepared)
        throw error;
      if (!isRefusal(error) || begun.length === 0) throw error;
      if (begun.length > 1) throw new OneByOne();
      throw new ItemFailure(begun[0]!, false, reasonOf(error), { cause: error });
    });
    await outbox.release(waker);
    for (const f of finished) report(this.deps, { merchantId, queue }, f.item, f.outcome, f.startedAt);
    return found;
  }

  private async applyAll(
    batch: Batch,
    merchantId: string,
    items: readonly PendingItem[],
    limit: number,
  ): Promise<Found> {
    const { tx, now, careful, outbox, ends, known, begun, applied, finished } = batch;
    for (const item of items) {
      if (!item.due) return { afterMs: item.dueAt.getTime() - now.getTime() };
      if (item.endings > 0 && !careful) throw new CareNeeded();
      begun.push(item);
      const startedAt = performance.now();
      const context = new OrderedContext(merchantId, item, now, tx, outbox, ends, known.get(item.stream));
      const result = await this.apply(context);
      finished.push({ item, outcome: result.outcome, startedAt });
      if (result.outcome === 'deferred') {
        this.deps.journal.defer(tx, item.id, result.until);
        return { afterMs: Math.max(0, result.until.getTime() - now.getTime()) };
      }
      applied.push({ id: item.id, ...result, evidence: context.evidence });
    }
    return items.length === limit ? 'more' : undefined;
  }

  private async apply(
    context: OrderedContext,
  ): Promise<Omit<Settled, 'id'> | { outcome: 'deferred'; until: Date }> {
    const { item } = context;
    let outcome: JobOutcome;
    try {
      outcome = await handle(this.deps, item, context);
    } catch (error) {
      throw error instanceof Unprepared ? error : failureOf(item, error);
    }
    if (outcome.outcome === 'rejected') throw new ItemFailure(item, true, outcome.reason);
    return outcome.outcome === 'done' ? { outcome: 'done', reason: null } : outcome;
  }
}

const failureOf = (item: PendingItem, error: unknown): ItemFailure =>
  new ItemFailure(item, false, reasonOf(error), { cause: error });

/** Runs one task outside any transaction and stores its result once. */
export class TaskProcessor {
  constructor(
    private readonly deps: ProcessorDeps,
    private readonly queue: TaskQueue,
  ) {}

  /**
   * `careful`: a process may have died at this task; the run counts before it begins, until it is survived.
   * @throws CareNeeded
   */
  async run(stream: Stream, careful: boolean): Promise<Again> {
    const now = this.deps.clock.now();
    const counted = careful ? await countAhead(this.deps, stream, now, ENDINGS.task) : undefined;
    try {
      return await this.runOnce(stream, careful);
    } finally {
      if (counted) await survived(this.deps, stream, counted);
    }
  }

  private async runOnce(stream: Stream, careful: boolean): Promise<Again> {
    const { journal, tenants, clock } = this.deps;
    const now = clock.now();
    const [item] = await journal.pending(tenants, stream, now, 1);
    if (!item) return undefined;
    if (!item.due) return { afterMs: item.dueAt.getTime() - now.getTime() };
    if (item.endings > 0 && !careful) throw new CareNeeded();
    return this.runItem(stream, item);
  }

  /** `begunWith`: see `TaskContext`. */
  async runItem(stream: Stream, item: PendingItem, begunWith?: object): Promise<Again> {
    const { journal, tenants, clock, waker } = this.deps;
    const startedAt = performance.now();
    const settle = async (
      outcome: 'done' | 'skipped',
      reason: string | null,
      work?: (c: Commit) => Promise<void>,
    ): Promise<boolean> => {
      const outbox = new Outbox(stream.merchantId, clock.now());
      try {
        const store = async (tx: EntityManager): Promise<void> => {
          journal.settle(tx, [{ id: item.id, outcome, reason }], clock.now());
          await work?.({ tx, emit: outbox.emit.bind(outbox) });
          outbox.store(tx, journal, clock.now());
        };
        const durable = !this.queue.inside;
        await tenants.transaction(stream.merchantId, store, { durable });
      } catch (error) {
        if (isSettledBefore(error)) return false;
        throw error;
      }
      await outbox.release(waker);
      return true;
    };

    let committed = false;
    const late = new AbortController();
    const retry = this.deps.contracts.get(item.name)?.retry;
    const context = new TaskContext(
      stream.merchantId,
      item,
      clock.now(),
      item.attempts + 1 >= (retry?.attempts ?? 1),
      late.signal,
      async (work) => {
        committed = true;
        return settle('done', null, work);
      },
      begunWith,
    );
    try {
      const outcome = await this.withinLimit(handle(this.deps, item, context), late);
      switch (outcome.outcome) {
        case 'done':
        case 'skipped': {
          const reason = outcome.outcome === 'skipped' ? outcome.reason : null;
          if (!committed) await settle(outcome.outcome, reason);
          report(this.deps, stream, item, outcome.outcome, startedAt);
          return undefined;
        }
        case 'deferred':
          await tenants.transaction(stream.merchantId, async (tx) =>
            journal.defer(tx, item.id, outcome.until),
          );
          report(this.deps, stream, item, 'deferred', startedAt);
          return { afterMs: Math.max(0, outcome.until.getTime() - clock.now().getTime()) };
        case 'rejected':
          throw new ItemFailure(item, true, outcome.reason);
      }
    } catch (error) {
      const failure =
        error instanceof ItemFailure
          ? error
          : new ItemFailure(item, false, reasonOf(error), { cause: error });
      return recordFailure(this.deps, stream, failure, clock.now());
    }
  }

  /**
   * What a run waits for may never come: after its time it has failed, and its place is free. Should it end after all,
   * what it commits counts, unless another run was first.
   */
  private async withinLimit<T>(work: Promise<T>, late: AbortController): Promise<T> {
    const { limitSeconds } = this.queue;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        late.abort();
        reject(new Error(`not done within ${limitSeconds} seconds`));
      }, limitSeconds * 1_000);
    });
    work.catch(() => undefined); // nobody waits for it when it is late
    try {
      return await Promise.race([work, limit]);
    } finally {
      clearTimeout(timer);
    }
  }
}
