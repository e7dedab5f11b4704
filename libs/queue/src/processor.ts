import type { JobContract, JobOutcome } from '#contracts';
import type { EntityManager } from 'typeorm';
import {
  isRefusal,
  isSettledBefore,
  type Journal,
  type PendingItem,
  type Settled,
  type Stream,
  type Tenants,
} from '#persistence';
import type { Clock } from '#platform';
import { Counter, Histogram } from '#platform';
import { Outbox, OrderedContext, parsePayload, TaskContext } from './context.js';
import type { Wake, Waker } from './waker.js';

/** Items of a stream applied in one transaction at most: bounds how long its lock is held. */
const BATCH = 16;
/** The same of several streams together. */
const TOGETHER = 128;
/** A stream that another worker holds is looked at again after this long. */
const CONTENDED_MS = 40;
const MAX_BACKOFF_MS = 300_000;
/**
 * An item whose process ended so often while it was applied is a dead letter. Ordered ones run alone and are short: three
 * times is no coincidence. A task may be a call that takes long, and be there when something else ends the process.
 */
const ENDINGS = { ordered: 3, task: 10 } as const;

const jobs = new Counter({
  name: 'waco_jobs_total',
  help: 'Journal items by what became of them',
  labelNames: ['queue', 'name', 'outcome'],
});
const duration = new Histogram({
  name: 'waco_job_seconds',
  help: 'Time to apply one journal item',
  labelNames: ['queue', 'name'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
});

export type Handler = (payload: object, context: OrderedContext | TaskContext) => Promise<JobOutcome>;

export interface ProcessorDeps {
  journal: Journal;
  tenants: Tenants;
  waker: Waker;
  clock: Clock;
  contracts: ReadonlyMap<string, JobContract>;
  handlers: ReadonlyMap<string, Handler>;
  log: (line: { event: string; [field: string]: unknown }) => void;
}

/** When to look at the stream again; undefined: no need, a later item brings its own wake-up. */
export type Again = { afterMs: number } | undefined;

/** Carries the item that failed out of a rolled-back transaction. */
class ItemFailure extends Error {
  constructor(
    readonly item: PendingItem,
    readonly fatal: boolean,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

/** The item's process ended before: it is run with care, or not at all. */
export class CareNeeded extends Error {}

/** A batch failed when it was to be stored: which item's fault it is shows when each is alone. */
class OneByOne extends Error {}

/** What one transaction applies. */
interface Batch {
  tx: EntityManager;
  now: Date;
  careful: boolean;
  outbox: Outbox;
  ends: Map<string, () => Promise<void>>;
  begun: PendingItem[];
  applied: Settled[];
  finished: { item: PendingItem; outcome: string; startedAt: number }[];
}

/** `more`: perhaps something due is left, so that the stream is to be run at once. */
export type Found = Again | 'more';

/** Applies the items of a stream in order, each batch in one transaction, until nothing due is left. */
export class OrderedProcessor {
  constructor(private readonly deps: ProcessorDeps) {}

  /**
   * `careful`: a process may have died at this stream; each run of an item counts before it begins, until it is survived.
   * @throws CareNeeded
   */
  async run(stream: Stream, careful: boolean): Promise<Again> {
    for (let limit = careful ? 1 : BATCH; ;) {
      const now = this.deps.clock.now();
      const counted = careful ? await countAhead(this.deps, stream, now, ENDINGS.ordered) : undefined;
      try {
        const [again] = await this.batch([stream], now, limit, careful);
        if (again !== 'more') return again;
        limit = careful ? 1 : BATCH;
      } catch (error) {
        // What was rolled back with it is applied again, up to the item that failed.
        if (error instanceof OneByOne) limit = 1;
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
    return this.batch(streams, this.deps.clock.now(), limit).catch(() => streams.map(() => 'more'));
  }

  private async batch(
    streams: readonly Stream[],
    now: Date,
    limit: number,
    careful = false,
  ): Promise<Found[]> {
    const { journal, tenants, waker } = this.deps;
    const { merchantId, queue } = streams[0]!;
    const outbox = new Outbox(merchantId, now);
    const begun: Batch['begun'] = [];
    const finished: Batch['finished'] = [];
    const work = async (tx: EntityManager): Promise<Found[]> => {
      const batch: Batch = { tx, now, careful, outbox, ends: new Map(), begun, applied: [], finished };
      const pending = await journal.lock(tx, streams, now, limit);
      const found: Found[] = [];
      for (const { stream } of streams) {
        const items = pending.get(stream);
        found.push(items ? await this.applyAll(batch, merchantId, items, limit) : { afterMs: CONTENDED_MS });
      }
      for (const end of batch.ends.values()) await end();
      // What went before an item that stands still is applied, and its effects are stored with it.
      journal.settle(tx, batch.applied, now);
      journal.appendLater(outbox.items, now, tx);
      return found;
    };
    // Nothing has left the database: what a crash of it forgets, it forgets with all that followed, and is done again.
    const stored = tenants.transaction(merchantId, work, { durable: false });
    const found = await stored.catch((error: unknown) => {
      // What is refused before any item is begun is none's fault either, and would be refused again.
      if (error instanceof ItemFailure || !isRefusal(error) || begun.length === 0) throw error;
      if (begun.length > 1) throw new OneByOne();
      throw new ItemFailure(begun[0]!, false, reasonOf(error), { cause: error });
    });
    await waker.wake(outbox.wakes());
    for (const f of finished) report(this.deps, { merchantId, queue }, f.item, f.outcome, f.startedAt);
    return found;
  }

  private async applyAll(
    batch: Batch,
    merchantId: string,
    items: readonly PendingItem[],
    limit: number,
  ): Promise<Found> {
    const { tx, now, careful, outbox, ends, begun, applied, finished } = batch;
    for (const item of items) {
      if (item.dueAt > now) return { afterMs: item.dueAt.getTime() - now.getTime() };
      if (item.endings > 0 && !careful) throw new CareNeeded();
      begun.push(item);
      const startedAt = performance.now();
      const result = await this.apply(new OrderedContext(merchantId, item, now, tx, outbox, ends));
      if (result.outcome === 'waiting') return undefined;
      finished.push({ item, outcome: result.outcome, startedAt });
      if (result.outcome === 'deferred') {
        this.deps.journal.defer(tx, item.id, result.until);
        return { afterMs: Math.max(0, result.until.getTime() - now.getTime()) };
      }
      applied.push({ id: item.id, ...result });
    }
    return items.length === limit ? 'more' : undefined;
  }

  private async apply(
    context: OrderedContext,
  ): Promise<Omit<Settled, 'id'> | { outcome: 'deferred'; until: Date } | { outcome: 'waiting' }> {
    const { item } = context;
    let outcome: JobOutcome;
    try {
      outcome = await handle(this.deps, item, context);
    } catch (error) {
      throw new ItemFailure(item, false, reasonOf(error), { cause: error });
    }
    if (outcome.outcome === 'rejected') throw new ItemFailure(item, true, outcome.reason);
    return outcome.outcome === 'done' ? { outcome: 'done', reason: null } : outcome;
  }
}

/** Runs one task outside any transaction and stores its result once. */
export class TaskProcessor {
  constructor(private readonly deps: ProcessorDeps) {}

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
    const { journal, tenants, clock, waker } = this.deps;
    const now = clock.now();
    const [item] = await journal.pending(tenants, stream, now, 1);
    if (!item) return undefined;
    if (item.dueAt > now) return { afterMs: item.dueAt.getTime() - now.getTime() };
    if (item.endings > 0 && !careful) throw new CareNeeded();

    const startedAt = performance.now();
    const wakes: Wake[] = [];
    const settle = async (
      outcome: 'done' | 'skipped',
      reason: string | null,
      work?: (c: { tx: never; emit: never }) => Promise<void>,
    ): Promise<boolean> => {
      const outbox = new Outbox(stream.merchantId, clock.now());
      try {
        const store = async (tx: EntityManager): Promise<void> => {
          journal.settle(tx, [{ id: item.id, outcome, reason }], clock.now());
          await work?.({ tx: tx as never, emit: outbox.emit.bind(outbox) as never });
          journal.appendLater(outbox.items, clock.now(), tx);
        };
        const durable = !this.deps.contracts.get(item.name)?.queue.inside;
        await tenants.transaction(stream.merchantId, store, { durable });
      } catch (error) {
        if (isSettledBefore(error)) return false;
        throw error;
      }
      await waker.wake([...outbox.wakes(), ...wakes]);
      return true;
    };

    let committed = false;
    const retry = this.deps.contracts.get(item.name)?.retry;
    const context = new TaskContext(
      stream.merchantId,
      item,
      now,
      item.attempts + 1 >= (retry?.attempts ?? 1),
      async (work) => {
        committed = true;
        return settle('done', null, work as never);
      },
      (contract, target) =>
        wakes.push({
          queue: contract.queue.name,
          merchantId: stream.merchantId,
          stream: target,
          name: contract.name,
        }),
    );
    try {
      const outcome = await handle(this.deps, item, context);
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
        case 'waiting':
          throw new Error('a task cannot wait: defer it');
      }
    } catch (error) {
      const failure =
        error instanceof ItemFailure
          ? error
          : new ItemFailure(item, false, reasonOf(error), { cause: error });
      return recordFailure(this.deps, stream, failure, clock.now());
    }
  }
}

async function handle(
  deps: ProcessorDeps,
  item: PendingItem,
  context: OrderedContext | TaskContext,
): Promise<JobOutcome> {
  const contract = deps.contracts.get(item.name);
  const handler = deps.handlers.get(item.name);
  if (!contract || !handler) return { outcome: 'rejected', reason: `nobody handles ${item.name}` };
  let payload: object;
  try {
    payload = parsePayload(contract, item.payload);
  } catch (error) {
    return { outcome: 'rejected', reason: reasonOf(error) };
  }
  return handler(payload, context);
}

/**
 * Counts the run of the next item before it begins: should it end the process once more, that is how it gets into the
 * dead letters in the end. Returns the item; undefined when nothing is due.
 */
async function countAhead(
  deps: ProcessorDeps,
  stream: Stream,
  now: Date,
  endings: number,
): Promise<PendingItem | undefined> {
  const { journal, tenants } = deps;
  const [item] = await journal.pending(tenants, stream, now, 1);
  if (!item || item.dueAt > now) return undefined;
  if (item.endings >= endings) {
    const reason = `the process ended ${item.endings} times while it was applied`;
    await recordFailure(deps, stream, new ItemFailure(item, true, reason), now);
    return countAhead(deps, stream, now, endings);
  }
  await countEnding(deps, stream, item, 1);
  return item;
}

/** The process lives, whatever became of the item. Should the database be away, it is run with care once more. */
async function survived(deps: ProcessorDeps, stream: Stream, item: PendingItem): Promise<void> {
  await countEnding(deps, stream, item, -1).catch(() => undefined);
}

/** It has to outlive this process, not the database. */
function countEnding(deps: ProcessorDeps, stream: Stream, { id }: PendingItem, by: 1 | -1): Promise<void> {
  const { journal, tenants } = deps;
  return tenants.transaction(stream.merchantId, (tx) => journal.countEnding(tx, id, by), { durable: false });
}

async function recordFailure(
  deps: ProcessorDeps,
  stream: Stream,
  failure: ItemFailure,
  now: Date,
): Promise<Again> {
  const { item } = failure;
  const retry = deps.contracts.get(item.name)?.retry;
  const attempt = item.attempts + 1;
  const parked = failure.fatal || !retry || attempt >= retry.attempts;
  const backoffMs = retry ? backoff(retry.delayMs, retry.backoff, attempt) : 0;
  const nextAt = parked ? null : new Date(now.getTime() + backoffMs);
  const counted = await deps.tenants.transaction(stream.merchantId, (tx) =>
    deps.journal.recordFailure(tx, item, failure.message, nextAt, now),
  );
  if (!counted) return undefined;
  jobs.inc({ queue: stream.queue, name: item.name, outcome: parked ? 'parked' : 'failed' });
  deps.log({
    event: parked ? 'job.parked' : 'job.failed',
    queue: stream.queue,
    name: item.name,
    itemId: item.id,
    merchantId: stream.merchantId,
    attempt,
    reason: failure.message,
    stack: failure.cause instanceof Error ? failure.cause.stack : undefined,
  });
  if (parked) await deps.waker.bury(stream, item.name, item.id, failure.message);
  return parked ? undefined : { afterMs: backoffMs };
}

function backoff(delayMs: number, kind: 'exponential' | 'fixed', attempt: number): number {
  const full = kind === 'fixed' ? delayMs : delayMs * 2 ** (attempt - 1);
  return Math.min(full, MAX_BACKOFF_MS);
}

function report(
  deps: ProcessorDeps,
  stream: Pick<Stream, 'merchantId' | 'queue'>,
  item: PendingItem,
  outcome: string,
  startedAt: number,
): void {
  const ms = performance.now() - startedAt;
  jobs.inc({ queue: stream.queue, name: item.name, outcome });
  duration.observe({ queue: stream.queue, name: item.name }, ms / 1_000);
  deps.log({
    event: 'job.finished',
    queue: stream.queue,
    name: item.name,
    itemId: item.id,
    merchantId: stream.merchantId,
    outcome,
    attempt: item.attempts + 1,
    ms: Math.round(ms * 10) / 10,
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
