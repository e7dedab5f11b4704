import type { EntityManager } from 'typeorm';
import { mentions, type PersonSubject } from '#core/tenancy';
import { streamLock } from '../journal.js';
import { lockNames } from '../locks.js';
import type { Tenants } from '../tenants.js';
import { inOrderOfIndex } from './journal-retention.js';

/** Items looked at in one transaction. */
const PAGE = 5_000;

/** A place in the merchant's items, in the order of their streams. */
interface Place {
  stream: string;
  occurredAt: string;
  id: string;
}

const START: Place = { stream: '', occurredAt: '-infinity', id: '0' };

/** An item of a person, as an export gives it. */
export interface PersonItem {
  id: string;
  service: string;
  name: string;
  source: string;
  externalId: string;
  stream: string;
  occurredAt: Date;
  outcome: string | null;
  payload: Record<string, unknown>;
}

/** Whose items, as SQL sees them. */
export interface Wanted {
  subject: PersonSubject;
  /** Id of the newest item that counts where only a name tells whose it is: later ones are a new acquaintance's. */
  upTo: string;
  /** Items of these queues carry the search itself. */
  notOf: readonly string[];
}

/**
 * Walks over all items of a merchant that the connected role may see, a page a transaction. Rows are found by what
 * stands in them, not by an index: nobody pays for it until somebody is looked for.
 */
async function walk(
  tenants: Tenants,
  merchantId: string,
  visit: (tx: EntityManager, from: Place, to: Place | undefined) => Promise<void>,
): Promise<void> {
  let from = START;
  for (;;) {
    const to = await tenants.transaction(merchantId, async (tx) => {
      await inOrderOfIndex(tx);
      const [end] = (await tx.query(
        `SELECT stream, occurred_at::text AS "occurredAt", id::text FROM journal.items
         WHERE merchant_id = $1 AND (stream, occurred_at, id) > ($2, $3::timestamptz, $4::bigint)
         ORDER BY stream, occurred_at, items.id OFFSET ${PAGE - 1} LIMIT 1`,
        [merchantId, from.stream, from.occurredAt, from.id],
      )) as Place[];
      await visit(tx, from, end);
      return end;
    });
    if (!to) return;
    from = to;
  }
}

/** The condition and its parameters: in this page, and of this person. */
function condition(
  merchantId: string,
  from: Place,
  to: Place | undefined,
  { subject, upTo, notOf }: Wanted,
): { sql: string; parameters: unknown[] } {
  const { ids, names } = mentions(subject);
  const end = to ?? { stream: '', occurredAt: 'infinity', id: '0' };
  return {
    sql: `merchant_id = $1 AND (stream, occurred_at, id) > ($2, $3::timestamptz, $4::bigint)
      AND ($5 OR (stream, occurred_at, id) <= ($6, $7::timestamptz, $8::bigint))
      AND queue <> ALL ($9) AND outcome IS DISTINCT FROM 'erased'
      AND (payload::text LIKE ANY ($10) OR id <= $11::bigint AND (stream = ANY ($12) OR payload::text LIKE ANY ($13)
        -- What was not understood is kept as it came, under whatever name.
        OR service = 'ingest' AND payload::text LIKE ANY ($14)))`,
    parameters: [
      merchantId,
      from.stream,
      from.occurredAt,
      from.id,
      to === undefined,
      end.stream,
      end.occurredAt,
      end.id,
      notOf,
      ids.map(containing),
      upTo,
      subject.streams,
      names.map(containing),
      subject.keys.map((key) => containing(JSON.stringify(key))),
    ],
  };
}

function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;
}

/** Everything of this person in the journal. `only`: items of this job. */
export async function findPersonItems(
  tenants: Tenants,
  merchantId: string,
  wanted: Wanted,
  only?: string,
): Promise<PersonItem[]> {
  const found: PersonItem[] = [];
  await walk(tenants, merchantId, async (tx, from, to) => {
    const { sql, parameters } = condition(merchantId, from, to, wanted);
    const rows = (await tx.query(
      `SELECT id::text, service, name, source, external_id AS "externalId", stream, occurred_at AS "occurredAt", outcome,
         payload
       FROM journal.items WHERE ${sql} AND ($15::text IS NULL OR name = $15)`,
      [...parameters, only ?? null],
    )) as PersonItem[];
    found.push(...rows);
  });
  return found.toSorted((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
}

export interface Emptied {
  items: number;
  /** Of those that were not settled. */
  unsettled: string[];
}

/**
 * Empties everything of this person in the journal but items of the job `except`: who, in which words and in which
 * line. Keys stay, so that what comes a second time is still a duplicate. What was not applied yet never will be.
 */
export async function emptyPersonItems(
  tenants: Tenants,
  merchantId: string,
  wanted: Wanted,
  now: Date,
  except: string,
): Promise<Emptied> {
  const emptied: Emptied = { items: 0, unsettled: [] };
  await walk(tenants, merchantId, async (tx, from, to) => {
    const { sql, parameters } = condition(merchantId, from, to, wanted);
    const rows = (await tx.query(
      `SELECT id::text, settled_at IS NULL AS open FROM journal.items WHERE ${sql} AND name <> $15 FOR UPDATE`,
      [...parameters, except],
    )) as { id: string; open: boolean }[];
    await emptyItems(
      tx,
      rows.map((row) => row.id),
      now,
    );
    emptied.items += rows.length;
    emptied.unsettled.push(...rows.filter((row) => row.open).map((row) => row.id));
  });
  return emptied;
}

/** Empties items by their ids. */
export async function emptyItems(tx: EntityManager, ids: readonly string[], now: Date): Promise<void> {
  if (ids.length === 0) return;
  await tx.query(
    `UPDATE journal.items SET payload = '{"erased":true}', stream = 'erased', outcome = 'erased', reason = NULL,
       evidence = NULL, settled_at = $2, parked_at = NULL
     WHERE id = ANY ($1::bigint[])`,
    [ids, now],
  );
}

/**
 * Waits until nobody works on these lines, and keeps everybody off them until the transaction ends. What is in them can
 * then be emptied without somebody applying it at the same time.
 */
export async function lockStreams(
  tx: EntityManager,
  merchantId: string,
  queue: string,
  streams: readonly string[],
): Promise<void> {
  const names = streams.map((stream) => streamLock({ merchantId, queue, stream }));
  await tx.query(...lockNames('stream', names));
}

/** Empties the connected service's items of these lines up to this one; returns how many. */
export async function emptyStreams(
  tx: EntityManager,
  merchantId: string,
  { streams, upTo }: { streams: readonly string[]; upTo: string },
  now: Date,
): Promise<number> {
  const rows = (await tx.query(
    `SELECT id::text FROM journal.items
     WHERE merchant_id = $1 AND stream = ANY ($2) AND id <= $3 AND outcome IS DISTINCT FROM 'erased' FOR UPDATE`,
    [merchantId, streams, upTo],
  )) as { id: string }[];
  const ids = rows.map((row) => row.id);
  await emptyItems(tx, ids, now);
  return ids.length;
}

/** Takes the person out of the item that carried the search, with its end. */
export async function emptyPayload(tx: EntityManager, itemId: string, left: object): Promise<void> {
  await tx.query(`UPDATE journal.items SET payload = $2 WHERE id = $1`, [itemId, JSON.stringify(left)]);
}
