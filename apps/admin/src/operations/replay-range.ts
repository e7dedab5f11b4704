import type { EntityManager } from 'typeorm';
import {
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
import type { NewItem } from '#persistence';
import { toItem } from '#queue';

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
const READERS: Readonly<Record<string, readonly JobContract[]>> = {
  whatsapp: [receiveMessage, changeIdentity, recordStatus, recordTemplateStatus],
  stripe: [recordPayment],
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
     FROM journal.items WHERE ${IN_RANGE} AND source <> 'job'`,
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
  const rows = (await tx.query(
    `SELECT id::text, source, external_id AS "externalId", payload, occurred_at AS "occurredAt" FROM journal.items
     WHERE ${IN_RANGE} AND source <> 'job' AND outcome = 'ignored'
     ORDER BY items.id LIMIT ${MOST_REPLAYED + 1} FOR UPDATE`,
    rangeOf(merchantId, range),
  )) as IgnoredItem[];
  const queued: Queued[] = [];
  for (const row of rows) {
    const item = readable(row, merchantId, now);
    if (!item) continue;
    // In place, so that the item's own key still keeps a second delivery of it out.
    await tx.query(
      `UPDATE journal.items SET service = $2, queue = $3, stream = $4, name = $5, settled_at = NULL, outcome = NULL,
         reason = NULL, due_at = $6, expedited = $7, redrives = redrives + 1 WHERE id = $1`,
      [row.id, item.service, item.queue, item.stream, item.name, now, item.expedited ?? false],
    );
    queued.push(item);
  }
  return { queued, left: rows.length - queued.length };
}

interface IgnoredItem {
  id: string;
  source: string;
  externalId: string;
  payload: object;
  occurredAt: Date;
}

function readable(row: IgnoredItem, merchantId: string, now: Date): NewItem | undefined {
  const { source, externalId, occurredAt } = row;
  const items = (READERS[source] ?? []).flatMap((contract) => {
    try {
      return [toItem(contract, row.payload, merchantId, now, { source, externalId, occurredAt })];
    } catch {
      return []; // not what this contract is about
    }
  });
  return items.length === 1 ? items[0] : undefined;
}
