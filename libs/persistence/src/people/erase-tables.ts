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
      const removed = await tenants.transaction(merchantId, async (tx) => {
        const result = (await tx.queryRunner!.query(
          `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM ${table} WHERE merchant_id = $1 LIMIT ${AT_ONCE}))`,
          [merchantId],
          true,
        )) as { affected?: number };
        return result.affected ?? 0;
      });
      if (removed < AT_ONCE) break;
    }
  }
}
