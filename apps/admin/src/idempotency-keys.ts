import type { EntityManager } from 'typeorm';

/** How long a key is remembered at least, in milliseconds. The next creation, or the next day, forgets it. */
const KEPT_MS = 24 * 3_600_000;

/** Keys whose time is over go, of the transaction's merchant; without one, those of calls that concern none. */
export async function forgetKeys(tx: EntityManager, now: Date): Promise<void> {
  await tx.query(`DELETE FROM tenancy.idempotency_keys WHERE created_at < $1`, [
    new Date(now.getTime() - KEPT_MS),
  ]);
}
