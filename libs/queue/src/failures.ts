import { WHOLE_QUEUE, type PendingItem, type Stream } from '#persistence';
import { jobs, type Again, type ProcessorDeps } from './handling.js';

const MAX_BACKOFF_MS = 300_000;
/**
 * An item whose process crashed so often while it was applied is a dead letter. Ordered ones run alone and are short: three
 * times is no coincidence. A task may be a call that takes long, and be there when something else ends the process.
 */
export const CRASHES = { ordered: 3, task: 10 } as const;
/** Of a bulk queue, by crash count: how many run together. The third time, one does. */
const TOGETHER_AFTER_CRASHES = [500, 22, 1] as const;

/** Carries the item that failed out of a rolled-back transaction. */
export class ItemFailure extends Error {
  constructor(
    readonly item: PendingItem,
    readonly fatal: boolean,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

/** The item has a crash count: it is run with a count, or not at all. */
export class CountNeeded extends Error {}

/**
 * Counts a crash of the next items before they are run: should they end the process once more, that is how one gets into
 * the dead letters in the end. What ends a stream's run is its next item, and of a bulk queue one of those that ran
 * together. Returns those counted, `most` at most; none when nothing is due.
 */
export async function countCrash(
  deps: ProcessorDeps,
  stream: Stream,
  now: Date,
  { crashes, most = 1, only }: { crashes: number; most?: number; only?: readonly string[] },
): Promise<PendingItem[]> {
  const { journal, tenants } = deps;
  const pending = await journal.pending(tenants, stream, now, most, only);
  const [first] = pending.filter((item) => item.due).toSorted((a, b) => b.crashes - a.crashes);
  if (!first) return [];
  if (first.crashes >= crashes) {
    const reason = `the process ended ${first.crashes} times while it was applied`;
    await recordFailure(deps, stream, new ItemFailure(first, true, reason), now);
    return countCrash(deps, stream, now, { crashes, most, only });
  }
  const together = stream.stream === WHOLE_QUEUE ? TOGETHER_AFTER_CRASHES[first.crashes]! : 1;
  const counted = pending.filter((item) => item.crashes === first.crashes).slice(0, together);
  await store(deps, stream, counted, 1);
  return counted;
}

/** The process lives, whatever became of the items. Should the database be away, they are counted once more. */
export async function takeBack(
  deps: ProcessorDeps,
  stream: Stream,
  items: readonly PendingItem[],
): Promise<void> {
  if (items.length > 0) await store(deps, stream, items, -1).catch(() => undefined);
}

/** It has to outlive this process, not the database. */
function store(
  { journal, tenants }: ProcessorDeps,
  { merchantId }: Stream,
  items: readonly PendingItem[],
  by: 1 | -1,
): Promise<void> {
  const ids = items.map((item) => item.id);
  return tenants.transaction(merchantId, (tx) => journal.countCrash(tx, ids, by), { durable: false });
}

/** Counts a failed run: again after the contract's backoff, or into the dead letters. */
export async function recordFailure(
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
  const blocking = stream.stream !== WHOLE_QUEUE;
  const counted = await deps.tenants.transaction(stream.merchantId, (tx) =>
    deps.journal.recordFailure(tx, item, failure.message, { nextAt, blocking }, now),
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
