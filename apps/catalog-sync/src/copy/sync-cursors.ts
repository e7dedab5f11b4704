import type { DataSource, EntityManager } from 'typeorm';
import { syncStore } from '#contracts';
import { nextSyncAt } from '#core/catalog';

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
export type Turn = 'mine' | 'taken' | 'asked-again' | 'read-since';

export interface AskedSync {
  mode: 'full' | 'incremental';
  /** Of the journal: what asks for it. */
  itemId: string;
  askedAt: Date;
}

/**
 * Takes the merchant's turn for one run of a sync, until `until`; a sync that is run again, after a crash for example, takes
 * over its own. One that began after it was asked for has read all that this one would, and so will one that was asked
 * for later and waits.
 * @param run of this run alone: `<item id>/<anything>`
 */
export async function takeTurn(
  tx: EntityManager,
  merchantId: string,
  { mode, itemId, askedAt }: AskedSync,
  run: string,
  now: Date,
  until: Date,
): Promise<Turn> {
  const turn = await takeFreeTurn(tx, merchantId, run, now, until);
  if (turn) {
    const readAt = mode === 'full' ? turn.fullAt : turn.confirmedAt;
    return readAt && readAt >= askedAt ? 'read-since' : 'mine';
  }
  const later = (await tx.query(
    `SELECT FROM journal.items WHERE settled_at IS NULL AND parked_at IS NULL AND queue = $1 AND name = $2 AND id > $3
       AND payload ->> 'mode' = $4 LIMIT 1`,
    [syncStore.queue.name, syncStore.name, itemId, mode],
  )) as unknown[];
  return later.length > 0 ? 'asked-again' : 'taken';
}

/** The turn, if no other sync has it: when the shop was last read. */
export async function takeFreeTurn(
  tx: EntityManager,
  merchantId: string,
  run: string,
  now: Date,
  until: Date,
): Promise<{ fullAt: Date | null; confirmedAt: Date | null } | undefined> {
  const [row] = (await tx.query(
    `INSERT INTO catalog.sync_cursors AS c (merchant_id, turn_of, turn_until) VALUES ($1, $2, $4)
     ON CONFLICT (merchant_id) DO UPDATE SET turn_of = $2, turn_until = $4
       WHERE c.turn_until IS NULL OR c.turn_until <= $3 OR split_part(c.turn_of, '/', 1) = split_part($2, '/', 1)
     RETURNING full_at AS "fullAt", confirmed_at AS "confirmedAt"`,
    [merchantId, run, now, until],
  )) as { fullAt: Date | null; confirmedAt: Date | null }[];
  return row;
}

/** What the copy was when a sync began. */
export interface CopyState {
  /** It was of another shop. */
  ofAnother: boolean;
  /** All of this shop has been read. */
  readInFull: boolean;
}

/**
 * Says that the copy is of this shop from now on. Of another shop no progress counts. A copy from before shops were told apart
 * is taken for one of this shop. The caller has the merchant's turn, so that there is a row.
 */
export async function takeShop(tx: EntityManager, shop: string): Promise<CopyState> {
  const [rows] = (await tx.query(
    `WITH known AS (SELECT merchant_id, shop FROM catalog.sync_cursors FOR UPDATE)
     UPDATE catalog.sync_cursors c SET shop = $1,
       full_at = CASE WHEN known.shop <> $1 THEN NULL ELSE c.full_at END,
       confirmed_at = CASE WHEN known.shop <> $1 THEN NULL ELSE c.confirmed_at END,
       updated_since = CASE WHEN known.shop <> $1 THEN NULL ELSE c.updated_since END
     FROM known WHERE c.merchant_id = known.merchant_id
     RETURNING known.shop <> $1 IS TRUE AS "ofAnother", c.full_at IS NOT NULL AS "readInFull"`,
    [shop],
  )) as [CopyState[], number];
  return rows[0]!;
}

/** Lets the next sync begin, if it is still this run's turn. */
export async function endTurn(tx: EntityManager, run: string): Promise<void> {
  await tx.query(`UPDATE catalog.sync_cursors SET turn_of = NULL, turn_until = NULL WHERE turn_of = $1`, [
    run,
  ]);
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
       last_error = NULL, last_error_at = NULL, failures = 0`,
    [merchantId, run.lastChange ?? null, run.startedAt, run.mode === 'full' ? run.startedAt : null],
  );
}

/** A shop that fails is read by itself less and less often, and not before `retryAfterMs`. */
export async function noteFailure(
  tx: EntityManager,
  merchantId: string,
  reason: string,
  now: Date,
  retryAfterMs = 0,
): Promise<void> {
  const [row] = (await tx.query(
    `INSERT INTO catalog.sync_cursors AS c (merchant_id, last_error, last_error_at, failures) VALUES ($1, $2, $3, 1)
     ON CONFLICT (merchant_id) DO UPDATE SET last_error = excluded.last_error, last_error_at = excluded.last_error_at,
       failures = least(c.failures, 1000) + 1
     RETURNING failures`,
    [merchantId, reason.slice(0, 1_000), now],
  )) as { failures: number }[];
  await scheduleNext(tx, now, row!.failures, retryAfterMs);
}

/** When the merchant's shop is read by itself next, after so many failures. */
export async function scheduleNext(
  tx: EntityManager,
  now: Date,
  failures: number,
  retryAfterMs = 0,
): Promise<void> {
  const next = nextSyncAt(now, failures, Math.random());
  const earliest = now.getTime() + retryAfterMs;
  await tx.query(`UPDATE catalog.sync_cursors SET next_sync_at = $1`, [
    new Date(Math.max(next.getTime(), earliest)),
  ]);
}

/** An incremental sync of the merchant's shop waits in the journal. */
export async function isAskedFor(tx: EntityManager): Promise<boolean> {
  const rows = (await tx.query(
    `SELECT FROM journal.items WHERE settled_at IS NULL AND parked_at IS NULL AND queue = $1 AND name = $2
       AND payload ->> 'mode' = 'incremental' LIMIT 1`,
    [syncStore.queue.name, syncStore.name],
  )) as unknown[];
  return rows.length > 0;
}

/**
 * Merchants whose shops are due to be read, up to `limit`: nobody else gets them before `until`, when whoever claimed
 * them is taken for dead. Across merchants, outside any merchant's transaction.
 */
export async function claimDueSyncs(
  database: DataSource,
  now: Date,
  until: Date,
  limit: number,
): Promise<string[]> {
  const rows = (await database.query(
    `SELECT merchant_id AS "merchantId" FROM catalog.claim_due_syncs($1, $2, $3)`,
    [now, until, limit],
  )) as { merchantId: string }[];
  return rows.map((row) => row.merchantId);
}
