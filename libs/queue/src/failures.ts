import type { PendingItem, Stream } from '#persistence';
import { jobs, type Again, type ProcessorDeps } from './handling.js';

const MAX_BACKOFF_MS = 300_000;
/**
 * An item whose process ended so often while it was applied is a dead letter. Ordered ones run alone and are short: three
 * times is no coincidence. A task may be a call that takes long, and be there when something else ends the process.
 */
export const ENDINGS = { ordered: 3, task: 10 } as const;

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

/** The item's process ended before: it is run with care, or not at all. */
export class CareNeeded extends Error {}

/**
 * Counts the run of the next item before it begins: should it end the process once more, that is how it gets into the
 * dead letters in the end. Returns the item; undefined when nothing is due.
 */
export async function countAhead(
  deps: ProcessorDeps,
  stream: Stream,
  now: Date,
  endings: number,
): Promise<PendingItem | undefined> {
  const { journal, tenants } = deps;
  const [item] = await journal.pending(tenants, stream, now, 1);
  if (!item?.due) return undefined;
  if (item.endings >= endings) {
    const reason = `the process ended ${item.endings} times while it was applied`;
    await recordFailure(deps, stream, new ItemFailure(item, true, reason), now);
    return countAhead(deps, stream, now, endings);
  }
  await countEnding(deps, stream, item, 1);
  return item;
}

/** The process lives, whatever became of the item. Should the database be away, it is run with care once more. */
export async function survived(deps: ProcessorDeps, stream: Stream, item: PendingItem): Promise<void> {
  await countEnding(deps, stream, item, -1).catch(() => undefined);
}

/** It has to outlive this process, not the database. */
function countEnding(deps: ProcessorDeps, stream: Stream, { id }: PendingItem, by: 1 | -1): Promise<void> {
  const { journal, tenants } = deps;
  return tenants.transaction(stream.merchantId, (tx) => journal.countEnding(tx, id, by), { durable: false });
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
