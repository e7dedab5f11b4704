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

/** What a sync that was asked for at `askedAt` has to do. */
export type Turn = 'mine' | 'taken' | 'read-since';

/**
 * Takes the merchant's turn for the sync that this journal item asks for, until `until`; a sync that is run again after
 * a crash has it already. One that began after it was asked for has read all that this one would.
 */
export async function takeTurn(
  tx: EntityManager,
  merchantId: string,
  sync: { mode: 'full' | 'incremental'; itemId: string; askedAt: Date },
  now: Date,
  until: Date,
): Promise<Turn> {
  const read = sync.mode === 'full' ? 'full_at' : 'confirmed_at';
  const [row] = (await tx.query(
    `INSERT INTO catalog.sync_cursors AS c (merchant_id, turn_of, turn_until) VALUES ($1, $2, $5)
     ON CONFLICT (merchant_id) DO UPDATE SET
       turn_of = CASE WHEN c.turn_of = $2 OR c.turn_until IS NULL OR c.turn_until <= $4 THEN $2 ELSE c.turn_of END,
       turn_until = CASE WHEN c.turn_of = $2 OR c.turn_until IS NULL OR c.turn_until <= $4 THEN $5 ELSE c.turn_until END
     RETURNING turn_of = $2 AS mine, coalesce(${read} >= $3, false) AS read`,
    [merchantId, sync.itemId, sync.askedAt, now, until],
  )) as { mine: boolean; read: boolean }[];
  if (!row!.mine) return 'taken';
  return row!.read ? 'read-since' : 'mine';
}

/** Lets the next sync begin. */
export async function endTurn(tx: EntityManager, itemId: string): Promise<void> {
  await tx.query(`UPDATE catalog.sync_cursors SET turn_of = NULL, turn_until = NULL WHERE turn_of = $1`, [
    itemId,
  ]);
}

export async function isBeingRead(tx: EntityManager, now: Date): Promise<boolean> {
  const rows = (await tx.query(`SELECT FROM catalog.sync_cursors WHERE turn_until > $1`, [now])) as unknown[];
  return rows.length > 0;
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
