import { removeRows } from '../remove-rows.js';
import type { Tenants } from '../tenants.js';

/** Rows removed in one transaction at most. */
const AT_ONCE = 1_000;

/** Removes all rows of a merchant from tables of the connected role, in this order. Killed, it is simply run again. */
export async function eraseTables(
  tenants: Tenants,
  merchantId: string,
  tables: readonly string[],
): Promise<void> {
  for (const table of tables) {
    for (;;) {
      const some = `SELECT ctid FROM ${table} WHERE merchant_id = $1 LIMIT ${AT_ONCE} FOR UPDATE`;
      const removed = await tenants.transaction(merchantId, (tx) =>
        removeRows(tx, table, some, [merchantId]),
      );
      if (removed < AT_ONCE) break;
    }
  }
}
