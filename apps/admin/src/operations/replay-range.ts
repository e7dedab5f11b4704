import type { EntityManager } from 'typeorm';
import {
  brokenRules,
  changeIdentity,
  receiveMessage,
  recordChange,
  recordFulfilment,
  recordPayment,
  recordStatus,
  recordStoreOrder,
  recordTemplateStatus,
  type JobContract,
} from '#contracts';
import { CUT } from '#core/messaging';
import { itemsSeen } from '#evidence';
import type { NewItem } from '#persistence';
import { toItem } from '#queue';
import { webhookSources } from '#vendors';
import { READ_PAYLOAD } from './payloads.js';

/** Times of receipt. `source`: one sender, or `job` for what the services made of it themselves. */
export interface ReplayRange {
  from: string;
  to: string;
  source?: string;
  dryRun: boolean;
}

/** More items than this are not queued in one call. */
export const MOST_REPLAYED = 10_000;

/** What the gateway may have wanted to say with an item that an earlier version could not read. */
const READERS = {
  channel: [receiveMessage, changeIdentity, recordStatus, recordTemplateStatus],
  payment: [recordPayment],
  store: [recordChange, recordFulfilment, recordStoreOrder],
};

export interface Queued {
  queue: string;
  stream: string;
  name: string;
}

/** Takes the values that {@link rangeOf} gives. */
const IN_RANGE = `merchant_id = $1 AND created_at >= $2 AND created_at < $3 AND ($4::text IS NULL OR source = $4)`;

function rangeOf(merchantId: string, { from, to, source }: ReplayRange): unknown[] {
  return [merchantId, from, to, source ?? null];
}

/** How many are left alone because they are done, or in line already. */
export async function leftAlone(
  tx: EntityManager,
  merchantId: string,
  range: ReplayRange,
): Promise<{ done: number; pending: number }> {
  const [row] = (await tx.query(
    `SELECT count(*) FILTER (WHERE outcome = 'done')::int AS done,
       count(*) FILTER (WHERE settled_at IS NULL AND parked_at IS NULL)::int AS pending
     FROM ${itemsSeen.name} WHERE ${IN_RANGE} AND source <> 'job'`,
    rangeOf(merchantId, range),
  )) as { done: number; pending: number }[];
  return row!;
}

/** As a redrive does. Nothing of a dead letter was ever stored. */
export function unpark(
  tx: EntityManager,
  merchantId: string,
  range: ReplayRange,
  now: Date,
): Promise<Queued[]> {
  const parked = 'settled_at IS NULL AND parked_at IS NOT NULL';
  return putBack(tx, merchantId, range, now, parked, 'parked_at = NULL');
}

/**
 * What a handler looked at and had no use for, from outside: it looks again. A service's own work is not: it follows
 * from something that is judged anew by itself.
 */
export function unsettle(
  tx: EntityManager,
  merchantId: string,
  range: ReplayRange,
  now: Date,
): Promise<Queued[]> {
  const skipped = `source <> 'job' AND outcome = 'skipped'`;
  const unsettled = 'settled_at = NULL, outcome = NULL, reason = NULL, blocking = false';
  return putBack(tx, merchantId, range, now, skipped, unsettled);
}

/** Queues again those `which` are so, with all their attempts, after the `change` that makes them pending. */
async function putBack(
  tx: EntityManager,
  merchantId: string,
  range: ReplayRange,
  now: Date,
  which: string,
  change: string,
): Promise<Queued[]> {
  const result = (await tx.queryRunner!.query(
    `UPDATE journal.items SET ${change}, attempts = 0, due_at = $5, redrives = redrives + 1
     WHERE id IN (SELECT id FROM journal.items WHERE ${IN_RANGE} AND ${which}
       ORDER BY id LIMIT ${MOST_REPLAYED + 1} FOR UPDATE)
     RETURNING queue, stream, name`,
    [...rangeOf(merchantId, range), now],
    true,
  )) as { records: Queued[] };
  return result.records;
}

/** What an earlier version could not read, this one may: only what exactly one contract accepts is queued. */
export async function readAgain(
  tx: EntityManager,
  merchantId: string,
  range: ReplayRange,
  now: Date,
): Promise<{ queued: Queued[]; left: number }> {
  const next = async (after: string): Promise<IgnoredItem[]> =>
    (await tx.query(
      `SELECT id::text, source, external_id AS "externalId", ${READ_PAYLOAD} AS payload, occurred_at AS "occurredAt"
       FROM journal.items WHERE ${IN_RANGE} AND source <> 'job' AND outcome = 'ignored' AND id > $5
       ORDER BY items.id LIMIT ${READ_AT_ONCE} FOR UPDATE`,
      [...rangeOf(merchantId, range), after],
    )) as IgnoredItem[];
  const queued: Queued[] = [];
  let left = 0;
  for await (const row of inBatches(next)) {
    const item = readable(row, merchantId, now);
    if (!item) {
      left++;
      continue;
    }
    // In place, so that the item's own key still keeps a second delivery of it out.
    await tx.query(
      `UPDATE journal.items SET service = $2, queue = $3, stream = $4, name = $5, settled_at = NULL, outcome = NULL,
         reason = NULL, due_at = $6, expedited = $7, redrives = redrives + 1 WHERE id = $1`,
      [row.id, item.service, item.queue, item.stream, item.name, now, item.expedited ?? false],
    );
    queued.push(item);
  }
  return { queued, left };
}

/** Items that are in memory at the same time: each may be large. */
export const READ_AT_ONCE = 50;

/** Up to one more than may be replayed, batch by batch. `next`: those after this id, in its order. */
export async function* inBatches<T extends { id: string }>(
  next: (after: string) => Promise<T[]>,
): AsyncGenerator<T> {
  let after = '0';
  for (let seen = 0, more = true; more && seen <= MOST_REPLAYED;) {
    const batch = await next(after);
    yield* batch;
    seen += batch.length;
    more = batch.length === READ_AT_ONCE;
    after = batch.at(-1)?.id ?? after;
  }
}

interface IgnoredItem {
  id: string;
  source: string;
  externalId: string;
  /** Null: too large to be read. */
  payload: object | null;
  occurredAt: Date;
}

function readable(row: IgnoredItem, merchantId: string, now: Date): NewItem | undefined {
  const { source, externalId, occurredAt, payload } = row;
  if (payload === null || JSON.stringify(payload).includes(CUT)) return undefined; // not all of it is there
  if (!payload) return undefined;
  const [contract, ...others] = readersOf(source).filter((one) => brokenRules(one, payload) === undefined);
  if (!contract || others.length > 0) return undefined;
  try {
    return toItem(contract, payload, merchantId, now, { source, externalId, occurredAt });
  } catch {
    return undefined; // it names no line to stand in
  }
}

function readersOf(source: string): readonly JobContract[] {
  const port = webhookSources().get(source);
  return port ? READERS[port] : [];
}
