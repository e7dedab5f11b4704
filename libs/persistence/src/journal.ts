import { Injectable } from '@nestjs/common';
import pg from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { cleared, type Cleared } from '#core/messaging';
import { lockNamesOrFail, lockSlot, tryLockNames } from './locks.js';
import { later, laterRows, query, type Tenants } from './tenants.js';

/** What is written to the journal: one piece of work for one service, stored once. */
export interface NewItem {
  /** Null only for what could not be led to a merchant (`service` is then `quarantine`). */
  merchantId: string | null;
  service: string;
  queue: string;
  stream: string;
  name: string;
  /** Who says so: the source of a webhook, or `job` for what a service itself emits. */
  source: string;
  /** Unique within merchant and source: the second item with it is not stored. */
  externalId: string;
  payload: Cleared<object>;
  occurredAt: Date;
  /** Not before this time (platform clock). Default: at once. */
  dueAt?: Date;
  expedited?: boolean;
  /** Set for what needs no work: it is kept, counted, and never applied. */
  settled?: { outcome: 'ignored' | 'quarantined'; reason: string };
}

export interface PendingItem {
  id: string;
  name: string;
  stream: string;
  payload: unknown;
  occurredAt: Date;
  dueAt: Date;
  /** It is to be applied now: by the reader's clock, or by the database's. */
  due: boolean;
  attempts: number;
  /** How often a person took it out of the dead letters. */
  redrives: number;
  /** Counted runs in which the process crashed, the one that is under way included. */
  crashes: number;
  /** Deferred or failed before: while it is not due, its stream stands still. */
  blocking: boolean;
}

/** What became of an item. */
export interface Settled {
  id: string;
  outcome: 'done' | 'skipped';
  reason: string | null;
  /** What was asked and answered for it. */
  evidence?: Cleared<object>;
}

export interface Stream {
  merchantId: string;
  queue: string;
  stream: string;
}

/** In place of a stream: all that a merchant has in a bulk queue. */
export const WHOLE_QUEUE = '*';

/** The name under which a stream is locked while somebody works on it. */
export function streamLock({ merchantId, queue, stream }: Stream): string {
  return `${merchantId}/${queue}/${stream}`;
}

/** The error of a transaction that was to settle an item which another had settled. */
export function isSettledBefore(error: unknown): boolean {
  return codeOf(error) === 'WA409';
}

/**
 * The error of a transaction that another was ahead of: it had settled the item that this one was to settle, held the stream
 * that this one was to lock, or changed what this one had seen.
 */
export function isOvertaken(error: unknown): boolean {
  return isSettledBefore(error) || codeOf(error) === 'WA412';
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

const COLUMNS = `merchant_id, service, queue, stream, name, source, external_id, payload, occurred_at, due_at,
  expedited, outcome, reason, settled_at`;
/**
 * Clocks of machines differ. What is due at once is due by the database's clock at the latest, also where the clock of
 * whoever reads it is behind that of whoever wrote it: it would find nothing, and the item wait for the sweep.
 */
const DUE_BY = 'greatest($3::timestamptz, clock_timestamp())';
// The column of the crash count is called `endings`.
const PENDING_COLUMNS = `item.id::text, item.name, item.stream, item.payload, item.occurred_at AS "occurredAt",
    item.due_at AS "dueAt", item.due_at <= ${DUE_BY} AS due, item.redrives, item.attempts, item.endings AS crashes, item.blocking`;
/** Of each stream apart: an index answers what one stream waits for, and no more than that. */
const PENDING_OF_STREAMS = `
  SELECT ${PENDING_COLUMNS}
  FROM unnest($2::text[]) AS s(stream) CROSS JOIN LATERAL (
    SELECT * FROM journal.items
    WHERE settled_at IS NULL AND parked_at IS NULL AND queue = $1 AND items.stream = s.stream
      AND (due_at <= ${DUE_BY} OR blocking)
    ORDER BY NOT expedited, occurred_at, items.id LIMIT $4
  ) item ORDER BY NOT item.expedited, item.occurred_at, item.id`;
/**
 * Any of them, in their order; of those named only, if any are. An index is for this, which a parameter for the queue would
 * not find.
 */
const pendingInBulk = (queue: string): string => `
  SELECT ${PENDING_COLUMNS} FROM (
    SELECT * FROM journal.items
    WHERE settled_at IS NULL AND parked_at IS NULL AND queue = ${pg.escapeLiteral(queue)} AND due_at <= ${DUE_BY}
      AND ($1::bigint[] IS NULL OR id = ANY ($1))
    LIMIT $2
  ) item ORDER BY item.occurred_at, item.id`;

/**
 * The journal: every webhook item and every effect of a service, once, in Postgres. It is inbox, outbox and
 * idempotency guard in one table; queues carry only "this stream has work".
 */
@Injectable()
export class Journal {
  constructor(private readonly database: DataSource) {}

  /**
   * Stores items in one multi-row insert and returns how many were new. Inside `tx` they are stored with
   * everything else of that transaction; without it, when the promise resolves they are durable.
   */
  async append(items: readonly NewItem[], now: Date, tx?: EntityManager): Promise<number> {
    if (items.length === 0) return 0;
    const [sql, parameters] = insertOf(items, now);
    const runner = tx?.queryRunner ?? this.database.createQueryRunner();
    try {
      const result = (await runner.query(sql, parameters, true)) as { affected?: number };
      return result.affected ?? 0;
    } finally {
      if (!tx) await runner.release();
    }
  }

  /** Stores items with everything else of `tx`. */
  appendLater(items: readonly NewItem[], now: Date, tx: EntityManager): void {
    if (items.length > 0) later(tx, ...insertOf(items, now));
  }

  /**
   * The same for items of one merchant and source. When any of them is new, what the transaction commits is on the disk,
   * though it was begun as one that may be forgotten. Resolves after the commit with the ids of the new ones, by external id.
   */
  async appendDurably(items: readonly NewItem[], now: Date, tx: EntityManager): Promise<Map<string, string>> {
    const [sql, parameters] = insertOf(items, now);
    // NULL sets the default of the session.
    const returning = `${sql} RETURNING id::text, external_id AS "externalId", set_config('synchronous_commit', NULL, true)`;
    const rows = await laterRows<{ id: string; externalId: string }>(tx, returning, parameters);
    return new Map(rows.map(({ id, externalId }) => [externalId, id]));
  }

  /**
   * Takes the locks of streams of one merchant and queue for the length of `tx` and reads what is pending in each, in
   * the order in which it is to be applied. A stream that another worker holds is missing in the answer: whoever wants
   * it looks again a little later, so that nothing which arrived meanwhile is left lying.
   * @param limit items of each stream.
   * @param only items of a bulk queue with these ids.
   */
  async lock(
    tx: EntityManager,
    streams: readonly Stream[],
    now: Date,
    limit: number,
    only?: readonly string[],
  ): Promise<Map<string, PendingItem[]>> {
    // Two statements, as the second must see what the last holder has committed.
    const [locks, items] = await Promise.all([
      query<{ slot: number }>(tx, ...tryLockNames('stream', streams.map(streamLock))),
      query<PendingItem>(tx, ...pendingOf(streams, now, limit, only)),
    ]);
    const slots = new Set(locks.map(({ slot }) => slot));
    const held = new Map<string, PendingItem[]>();
    for (const s of streams) if (slots.has(lockSlot('stream', streamLock(s)))) held.set(s.stream, []);
    for (const item of items) (held.get(item.stream) ?? held.get(WHOLE_QUEUE))?.push(item);
    return held;
  }

  /** Takes the lock of a stream of which all is known; the transaction fails as overtaken when another worker holds it. */
  lockLater(tx: EntityManager, stream: Stream): void {
    later(tx, ...lockNamesOrFail('stream', [streamLock(stream)]));
  }

  /**
   * Two things in one statement: the items that `pending` gives, and the answer to a query of the caller's.
   * @param beside that query, of one value; `$5` is the stream.
   */
  async look<T>(
    tenants: Tenants,
    stream: Stream,
    now: Date,
    limit: number,
    beside: string,
  ): Promise<{ items: PendingItem[]; beside: T | null }> {
    const [pending, parameters] = pendingOf([stream], now, limit);
    const sql = `SELECT (SELECT json_agg(i) FROM (${pending}) i) AS items, (${beside}) AS beside`;
    const [found] = (await tenants.read(stream.merchantId, sql, [...parameters, stream.stream])) as {
      items: PendingItem[] | null;
      beside: T | null;
    }[];
    // JSON has no dates.
    const items = (found!.items ?? []).map((item) => ({
      ...item,
      occurredAt: new Date(item.occurredAt),
      dueAt: new Date(item.dueAt),
    }));
    return { items, beside: found!.beside };
  }

  /** The stream's unsettled items that are due or hold up the line, in the order in which they are to be applied. */
  async pending(
    tenants: Tenants,
    stream: Stream,
    now: Date,
    limit: number,
    only?: readonly string[],
  ): Promise<PendingItem[]> {
    const pending = pendingOf([stream], now, limit, only);
    return (await tenants.read(stream.merchantId, ...pending)) as PendingItem[];
  }

  /**
   * Marks items as applied. The transaction fails as overtaken when one of them had been: the effects stored with it must
   * not be stored twice.
   */
  settle(tx: EntityManager, items: readonly Settled[], now: Date): void {
    if (items.length === 0) return;
    const column = (pick: (item: Settled) => unknown): unknown[] => items.map(pick);
    later(tx, `SELECT journal.settle($1, $2, $3, $4, $5::json[])`, [
      column((i) => i.id),
      column((i) => i.outcome),
      column((i) => i.reason && cleared(i.reason)),
      now,
      column((i) => (i.evidence ? JSON.stringify(i.evidence) : null)),
    ]);
  }

  /** Not before `until`; the stream waits with it. */
  defer(tx: EntityManager, id: string, until: Date): void {
    later(tx, `UPDATE journal.items SET due_at = $2, blocking = true WHERE id = $1 AND settled_at IS NULL`, [
      id,
      until,
    ]);
  }

  /**
   * Counts a failed run: again at `nextAt`, or into the dead letters when that is null; until then its stream waits with
   * it if `blocking`. False when another run of the same item was counted or settled meanwhile: then this one says
   * nothing new.
   */
  async recordFailure(
    tx: EntityManager,
    item: Pick<PendingItem, 'id' | 'attempts'>,
    reason: string,
    { nextAt, blocking }: { nextAt: Date | null; blocking: boolean },
    now: Date,
  ): Promise<boolean> {
    const result = (await tx.queryRunner!.query(
      `UPDATE journal.items SET attempts = least(attempts, 1000) + 1, reason = $3, blocking = $6,
         due_at = coalesce($4, due_at), parked_at = CASE WHEN $4::timestamptz IS NULL THEN $5::timestamptz END
       WHERE id = $1 AND attempts = $2 AND settled_at IS NULL AND parked_at IS NULL`,
      [item.id, item.attempts, cleared(reason.slice(0, 2_000)), nextAt, now, blocking],
      true,
    )) as { affected?: number };
    return result.affected === 1;
  }

  /** One crash more (1) before a run that the process may not survive, one fewer (-1) when it has. */
  async countCrash(tx: EntityManager, ids: readonly string[], by: 1 | -1): Promise<void> {
    await tx.query(
      `UPDATE journal.items SET endings = greatest(least(endings, 1000) + $2, 0)
       WHERE id = ANY ($1::bigint[]) AND settled_at IS NULL`,
      [ids, by],
    );
  }

  /** Takes an item out of the dead letters; its attempts start anew. What crashed is still counted before it runs. */
  async unpark(tx: EntityManager, id: string, now: Date): Promise<void> {
    await tx.query(
      `UPDATE journal.items SET parked_at = NULL, attempts = 0, endings = least(endings, 1), due_at = $2,
         redrives = redrives + 1
       WHERE id = $1 AND parked_at IS NOT NULL`,
      [id, now],
    );
  }

  /** Streams of the connected service with due work that no wake-up has reached for `olderThanMs`, all merchants. */
  async overdue(now: Date, olderThanMs: number, limit: number): Promise<(Stream & { itemId: string })[]> {
    return (await this.database.query(
      `SELECT merchant_id AS "merchantId", queue, stream, item_id::text AS "itemId"
       FROM journal.overdue_streams($1, $2, $3)`,
      [now, new Date(now.getTime() - olderThanMs), limit],
    )) as (Stream & { itemId: string })[];
  }

  /** Of the connected service: unsettled items, dead letters, and the age of the oldest due item in seconds. */
  async backlog(
    now: Date,
  ): Promise<{ queue: string; pending: number; parked: number; oldestSeconds: number }[]> {
    return (await this.database.query(
      `SELECT queue, pending::int, parked::int, oldest_seconds::float8 AS "oldestSeconds" FROM journal.backlog($1)`,
      [now],
    )) as { queue: string; pending: number; parked: number; oldestSeconds: number }[];
  }
}

function pendingOf(
  streams: readonly Stream[],
  now: Date,
  limit: number,
  only: readonly string[] | null = null,
): [sql: string, parameters: unknown[]] {
  const { queue, stream } = streams[0]!;
  if (stream === WHOLE_QUEUE) return [pendingInBulk(queue), [only, limit, now]];
  return [PENDING_OF_STREAMS, [queue, streams.map((s) => s.stream), now, limit]];
}

function insertOf(items: readonly NewItem[], now: Date): [sql: string, parameters: unknown[]] {
  const sql = `INSERT INTO journal.items (${COLUMNS})
      SELECT merchant_id, service, queue, stream, name, source, external_id, payload::json, occurred_at,
        coalesce(due_at, least($13::timestamptz, clock_timestamp())), expedited, outcome, reason,
        CASE WHEN outcome IS NULL THEN NULL ELSE $13::timestamptz END
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::timestamptz[], $10::timestamptz[], $11::bool[], $12::text[], $14::text[])
      AS t(merchant_id, service, queue, stream, name, source, external_id, payload, occurred_at, due_at, expedited,
        outcome, reason)
      ON CONFLICT DO NOTHING`;
  const column = <T>(pick: (item: NewItem) => T): T[] => items.map(pick);
  return [
    sql,
    [
      column((i) => i.merchantId),
      column((i) => i.service),
      column((i) => i.queue),
      column((i) => i.stream),
      column((i) => i.name),
      column((i) => i.source),
      column((i) => i.externalId),
      column((i) => JSON.stringify(i.payload)),
      column((i) => i.occurredAt),
      column((i) => i.dueAt ?? null),
      column((i) => i.expedited ?? false),
      column((i) => i.settled?.outcome ?? null),
      now,
      column((i) => (i.settled ? cleared(i.settled.reason) : null)),
    ],
  ];
}
