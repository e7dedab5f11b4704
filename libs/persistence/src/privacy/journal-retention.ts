import type { EntityManager } from 'typeorm';
import { removeRows } from '../remove-rows.js';

/** Rows removed in one transaction at most: short locks, and little to do again when it is killed. */
export const REMOVED_AT_ONCE = 1_000;

/**
 * Removes up to {@link REMOVED_AT_ONCE} of the merchant's items that were settled before `before`, oldest first, and
 * returns how many. What is pending or parked stays, however old: the database refuses to delete it.
 */
export function removeSettled(tx: EntityManager, merchantId: string, before: Date): Promise<number> {
  return remove(tx, `merchant_id = $1 AND settled_at < $2`, [merchantId, before]);
}

/** Of items that were emptied, only the keys are left, to keep late redeliveries out. They go sooner. */
export function removeErased(tx: EntityManager, merchantId: string, before: Date): Promise<number> {
  return remove(tx, `merchant_id = $1 AND outcome = 'erased' AND settled_at < $2`, [merchantId, before]);
}

/** What belongs to no merchant, in a transaction that is open for the quarantine. */
export function removeQuarantined(tx: EntityManager, before: Date): Promise<number> {
  return remove(tx, `merchant_id IS NULL AND settled_at < $1`, [before]);
}

/**
 * Row-level security offers two ways to see an item (the merchant's, the quarantine), which the planner takes for a
 * condition that nearly nothing fulfils: it would then read everything that is old enough and sort it, for each batch.
 * Held to the index, it reads as many rows as it removes.
 */
export async function inOrderOfIndex(tx: EntityManager): Promise<void> {
  await tx.query(
    `SELECT set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true)`,
  );
}

async function remove(tx: EntityManager, condition: string, parameters: unknown[]): Promise<number> {
  await inOrderOfIndex(tx);
  // Two that remove at the same time take different rows.
  const oldest = `SELECT ctid FROM journal.items WHERE settled_at IS NOT NULL AND ${condition}
    ORDER BY merchant_id, settled_at LIMIT ${REMOVED_AT_ONCE} FOR UPDATE SKIP LOCKED`;
  return removeRows(tx, 'journal.items', oldest, parameters);
}
