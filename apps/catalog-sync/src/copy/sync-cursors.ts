import type { EntityManager } from 'typeorm';

/** A shop may give a change an earlier time than one that it showed before; so much is read again, in milliseconds. */
const OVERLAP_MS = 10_000;

/** Where the next incremental sync begins (ISO 8601, by the store's clock); undefined: at the beginning. */
export async function updatedSince(tx: EntityManager): Promise<string | undefined> {
  const rows = (await tx.query(`SELECT updated_since AS "since" FROM catalog.sync_cursors`)) as {
    since: Date | null;
  }[];
  const since = rows[0]?.since;
  return since ? new Date(since.getTime() - OVERLAP_MS).toISOString() : undefined;
}

/** A sync that began at `startedAt` is through: the copy was complete then. Runs that overlap only move it forward. */
export async function saveProgress(
  tx: EntityManager,
  merchantId: string,
  run: { mode: 'full' | 'incremental'; lastChange: string | undefined; startedAt: Date },
): Promise<void> {
  await tx.query(
    `INSERT INTO catalog.sync_cursors AS c (merchant_id, updated_since, confirmed_at, full_at)
     VALUES ($1, $2, $3, $4)
     ON CONFLICT (merchant_id) DO UPDATE SET
       updated_since = greatest(c.updated_since, excluded.updated_since),
       confirmed_at = greatest(c.confirmed_at, excluded.confirmed_at),
       full_at = greatest(c.full_at, excluded.full_at),
       last_error = NULL, last_error_at = NULL`,
    [merchantId, run.lastChange ?? null, run.startedAt, run.mode === 'full' ? run.startedAt : null],
  );
}

export async function noteFailure(
  tx: EntityManager,
  merchantId: string,
  reason: string,
  now: Date,
): Promise<void> {
  await tx.query(
    `INSERT INTO catalog.sync_cursors (merchant_id, last_error, last_error_at) VALUES ($1, $2, $3)
     ON CONFLICT (merchant_id) DO UPDATE SET last_error = excluded.last_error, last_error_at = excluded.last_error_at`,
    [merchantId, reason.slice(0, 1_000), now],
  );
}
