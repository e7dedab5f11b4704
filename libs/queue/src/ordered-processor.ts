import type { EntityManager } from 'typeorm';
import {
  GroupCommit,
  hadToGiveWay,
  isOvertaken,
  sqlState,
  WHOLE_QUEUE,
  type PendingItem,
  type Settled,
  type Stream,
} from '#persistence';
import { Semaphores } from '#platform';
import { BulkContext, Outbox, OrderedContext, type Ends } from './context.js';
import { countCrash, CountNeeded, CRASHES, ItemFailure, recordFailure, takeBack } from './failures.js';
import { handle, handleTogether, isBulk, reasonOf, report, Unprepared } from './handling.js';
import type { Again, Prepared, ProcessorDeps } from './handling.js';

/** Items of a stream applied in one transaction at most: bounds how long its lock is held. */
const OF_A_STREAM = 16;
/** The same of all streams that share a transaction, and how many streams do. */
const OF_ALL_STREAMS = 128;
const STREAMS_TOGETHER = 16;
/** Items of a bulk queue applied in one transaction at most. */
const OF_A_BULK = 500;
/** Transactions after which a merchant that has more stands behind the others: it may have more for ever. */
const BULKS_IN_A_ROW = 8;
/** Streams of a merchant for which something is found out at a time: those of others are not to wait for all of them. */
const PREPARED_AT_ONCE = 8;
/** A stream that another worker holds is looked at again after this long. */
const CONTENDED_MS = 40;
/** What was seen longer ago may have got company that goes before it. */
const SEEN_FOR_MS = 250;
/** A transaction that takes longer does not keep its merchant's next one waiting. */
const PATIENCE_MS = 250;

/** Several items failed together. Whose fault it is shows when fewer are tried. */
class FailedTogether extends Error {
  constructor(readonly items: number) {
    super('failed together with others');
  }
}

/** `more`: perhaps something due is left, so that the stream is to be run at once. */
type Rest = Again | 'more';

/** What a stream has in a transaction. */
interface Part {
  stream: Stream;
  known: Prepared | undefined;
  /** Until when the item that `known` has seen may be applied as it was seen. By `performance.now()`. */
  seenUntil: number;
  /** A crash was counted ahead. */
  counted: boolean;
  /** Items at most; of a bulk queue, those of `only` if it is set. */
  limit: number;
  only?: readonly string[];
  rest: Rest;
  /** Items of a bulk queue that are to be applied one by one. */
  alone: string[];
}

/** What a transaction applies. */
interface Batch {
  tx: EntityManager;
  now: Date;
  /** What was asked for its only item, and whether that is applied as it was seen. */
  ahead?: unknown;
  isAsSeen: boolean;
  outbox: Outbox;
  ends: Ends;
  begun: PendingItem[];
  applied: Settled[];
  finished: { item: PendingItem; outcome: string; startedAt: number }[];
}

/** Runs work that holds a connection, when there is a place for it. */
export type InPlace = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Applies the items of a stream in order, and those of a bulk queue together, each batch in one transaction, until nothing
 * due is left. Streams of a merchant that are ready in the same moment share a transaction. When something fails in it,
 * each goes again by itself, with fewer and fewer items, until it shows whose fault it is.
 */
export class OrderedProcessor {
  /** By merchant: while one transaction is under way, who becomes ready waits for the next. */
  private readonly groups = new Map<string, GroupCommit<Part>>();
  private readonly preparing = new Semaphores(PREPARED_AT_ONCE);

  constructor(
    private readonly deps: ProcessorDeps,
    private readonly inPlace: InPlace = (work) => work(),
  ) {}

  /**
   * `counted`: a process may have crashed with this stream. Each run counts as a crash before it begins, until it is over.
   * @throws CountNeeded
   */
  async run(stream: Stream, counted: boolean): Promise<Again> {
    const isWhole = stream.stream === WHOLE_QUEUE;
    const most = isWhole ? OF_A_BULK : OF_A_STREAM;
    const alone: string[] = [];
    let known: Prepared | undefined;
    let seenUntil = 0;
    for (let limit = most, run = 1; ; run++) {
      const now = this.deps.clock.now();
      let only = alone.length > 0 ? alone.splice(0, 1) : undefined;
      const isAlone = only !== undefined;
      const counts = counted
        ? await countCrash(this.deps, stream, now, {
            crashes: CRASHES.ordered,
            most: isWhole ? limit : 1,
            only,
          })
        : [];
      if (counted && isWhole) only = counts.map((item) => item.id);
      try {
        if (!known) {
          seenUntil = performance.now() + SEEN_FOR_MS;
          known = await this.prepare(stream, now);
        }
        const part: Part = { stream, known, seenUntil, counted, limit, only, rest: 'more', alone: [] };
        if (counted && !isWhole) part.limit = 1;
        await this.store(part);
        alone.push(...part.alone);
        known = undefined;
        limit = Math.min(limit * 2, most);
        if (typeof part.rest === 'object') return part.rest;
        if (part.rest !== 'more' && !isAlone && !counts.length && alone.length === 0) return undefined;
        if (isWhole && run >= BULKS_IN_A_ROW && alone.length === 0) return { afterMs: 1 };
      } catch (error) {
        if (error instanceof Unprepared) {
          await this.preparing.pass(stream.merchantId, () => error.learn());
          continue;
        }
        const isOldNews = isOvertaken(error) && known !== undefined && seenUntil > 0;
        seenUntil = 0; // it is not as it was
        if (isOldNews) continue;
        if (error instanceof FailedTogether) limit = Math.max(1, error.items >> 1);
        else if (error instanceof ItemFailure) await this.recordFailure(stream, error, now);
        else throw error;
      } finally {
        await takeBack(this.deps, stream, counts);
      }
    }
  }

  private async prepare(stream: Stream, now: Date): Promise<Prepared | undefined> {
    const prepare = this.deps.prepare?.[stream.queue];
    return prepare && this.preparing.pass(stream.merchantId, () => prepare(stream, now));
  }

  /** A stream waits with its item; what else a bulk queue has goes on, and the item is woken for. */
  private async recordFailure(stream: Stream, failure: ItemFailure, now: Date): Promise<void> {
    const again = await recordFailure(this.deps, stream, failure, now);
    if (!again || stream.stream !== WHOLE_QUEUE) return;
    await this.deps.waker.wake([{ ...stream, name: 'again', delayMs: again.afterMs }]);
  }

  /** Applies what the part may hold, with parts of other streams if it is an ordinary one. */
  private async store(part: Part): Promise<void> {
    if (!isOrdinary(part)) return this.inPlace(() => this.batch([part]));
    const { merchantId } = part.stream;
    let group = this.groups.get(merchantId);
    if (!group) {
      const write = (parts: readonly Part[]): Promise<void> => this.inPlace(() => this.batch(parts));
      const limits = { batchItems: STREAMS_TOGETHER, waitingItems: Infinity, stuckInserts: Infinity };
      group = new GroupCommit(write, { ...limits, patienceMs: PATIENCE_MS }, mayBeOfOne);
      this.groups.set(merchantId, group);
    }
    await group.store([part]);
  }

  private async batch(unsorted: readonly Part[]): Promise<void> {
    const { journal, tenants, waker, clock, readAhead } = this.deps;
    // In one order everywhere, so that handlers of two transactions do not wait for each other's locks.
    const parts = unsorted.toSorted((a, b) => (a.stream.stream < b.stream.stream ? -1 : 1));
    const { stream: first, limit: ofOne, only, counted } = parts[0]!;
    const { merchantId, queue } = first;
    const seen = parts[1] ? undefined : seenBy(parts[0]!);
    const limit = parts.length === 1 ? ofOne : Math.min(OF_A_STREAM, OF_ALL_STREAMS / parts.length) | 0;
    const now = clock.now();
    // After a crash each run is counted; one that begins by itself would not be.
    const outbox = new Outbox(merchantId, now, counted ? undefined : this.deps.takePlace);
    const begun: Batch['begun'] = [];
    const finished: Batch['finished'] = [];
    const work = async (tx: EntityManager): Promise<void> => {
      const isAsSeen = seen !== undefined;
      const batch: Batch = { tx, now, isAsSeen, outbox, ends: new Map(), begun, applied: [], finished };
      let pending: Map<string, PendingItem[]>;
      if (seen) {
        journal.lockLater(tx, first);
        pending = new Map([[first.stream, [seen]]]);
      } else {
        const streams = parts.map((part) => part.stream);
        const locking = journal.lock(tx, streams, now, limit, only);
        const ahead = parts[1] ? undefined : readAhead?.[queue]?.(tx, first);
        pending = await locking;
        // Another item of the same transaction might change what was read.
        if (pending.get(first.stream)?.length === 1) batch.ahead = ahead;
      }
      // One after the other: what handlers lock, their transaction holds, and no lock keeps it from itself.
      for (const part of parts) {
        const items = pending.get(part.stream.stream);
        part.rest = items ? await this.applyAll(batch, part, items, limit) : { afterMs: CONTENDED_MS };
      }
      for (const { item, work: end } of batch.ends.values()) {
        await end().catch((error: unknown) => {
          throw failureOf(begun.length > 1 ? begun : [item], error);
        });
      }
      // What went before an item that stands still is applied, and its effects are stored with it.
      journal.settle(tx, batch.applied, now);
      outbox.store(tx, journal, now);
    };
    // Nothing has left the database: what a crash of it forgets, it forgets with all that followed, and is done again.
    await tenants.transaction(merchantId, work, { durable: false }).catch((error: unknown) => {
      outbox.discard();
      // What the database refuses before any item was begun is no item's fault. Nor is what another has settled.
      const isOfOne = sqlState(error) !== undefined && !isOvertaken(error) && begun.length > 0;
      throw isOfOne ? failureOf(begun, error) : error;
    });
    await outbox.release(waker);
    for (const f of finished) report(this.deps, { merchantId, queue }, f.item, f.outcome, f.startedAt);
  }

  private async applyAll(
    batch: Batch,
    part: Part,
    items: readonly PendingItem[],
    limit: number,
  ): Promise<Rest> {
    if (!part.counted && items.some((item) => item.due && item.crashes > 0)) throw new CountNeeded();
    if (part.stream.stream === WHOLE_QUEUE) await this.applyTogether(batch, part, items);
    else {
      for (const item of items) {
        if (!item.due) return { afterMs: item.dueAt.getTime() - batch.now.getTime() };
        const until = isBulk(this.deps, item)
          ? await this.applyTogether(batch, part, [item])
          : await this.apply(batch, part, item);
        if (until) return { afterMs: Math.max(0, until.getTime() - batch.now.getTime()) };
      }
    }
    return items.length === limit ? 'more' : undefined;
  }

  /** Resolves with the time until which the item is put off, if it is. */
  private async apply(batch: Batch, part: Part, item: PendingItem): Promise<Date | void> {
    const { tx, now, outbox, ends } = batch;
    const { merchantId } = part.stream;
    batch.begun.push(item);
    const startedAt = performance.now();
    const found = { known: part.known, ahead: batch.ahead, isAsSeen: batch.isAsSeen };
    const context = new OrderedContext(merchantId, item, now, tx, outbox, ends, found);
    const outcome = await handle(this.deps, item, context).catch((error: unknown) => {
      throw error instanceof Unprepared ? error : failureOf([item], error);
    });
    if (outcome.outcome === 'rejected') throw new ItemFailure(item, true, outcome.reason);
    batch.finished.push({ item, outcome: outcome.outcome, startedAt });
    if (outcome.outcome === 'deferred') {
      this.deps.journal.defer(tx, item.id, outcome.until);
      return outcome.until;
    }
    batch.applied.push({ id: item.id, reason: null, ...outcome, evidence: context.evidence });
  }

  /** What is rejected among others goes alone, to be rejected without them. */
  private async applyTogether(batch: Batch, part: Part, items: readonly PendingItem[]): Promise<void> {
    const { tx, now, outbox } = batch;
    if (items.length === 0) return;
    batch.begun.push(...items);
    const startedAt = performance.now();
    const contextOf = (sound: readonly PendingItem[]): BulkContext =>
      new BulkContext(part.stream.merchantId, sound, now, tx, outbox);
    const outcomes = await handleTogether(this.deps, items, contextOf).catch((error: unknown) => {
      throw failureOf(items, error);
    });
    for (const [i, item] of items.entries()) {
      const outcome = outcomes[i]!;
      if (outcome.outcome === 'done' || outcome.outcome === 'skipped') {
        batch.finished.push({ item, outcome: outcome.outcome, startedAt });
        batch.applied.push({ id: item.id, reason: null, ...outcome });
      } else if (items.length > 1) part.alone.push(item.id);
      else throw new ItemFailure(item, true, outcome.outcome === 'rejected' ? outcome.reason : ALONE_AGAIN);
    }
  }
}

/** Nothing has happened that calls for fewer items than usual. */
function isOrdinary({ counted, limit }: Part): boolean {
  return !counted && limit === OF_A_STREAM;
}

/** The item that a part may apply as it was seen. */
function seenBy(part: Part): PendingItem | undefined {
  return isOrdinary(part) && performance.now() < part.seenUntil ? part.known?.only : undefined;
}

const ALONE_AGAIN = 'its handler wants it alone, and it was';

/** Whose fault it is shows when an item is alone; none's when the transaction had to give way. */
function failureOf(items: readonly PendingItem[], error: unknown): unknown {
  if (hadToGiveWay(error)) return error;
  if (items.length > 1) return new FailedTogether(items.length);
  return new ItemFailure(items[0]!, false, reasonOf(error), { cause: error });
}

/** A failure of one of the parts of a transaction, of which the others are to know nothing. */
function mayBeOfOne(error: unknown): boolean {
  return [Unprepared, FailedTogether, ItemFailure, CountNeeded].some((kind) => error instanceof kind);
}
