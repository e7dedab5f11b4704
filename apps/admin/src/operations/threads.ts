import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { formsOf, phoneDigits } from '#core/messaging';
import {
  aliasesSeen,
  contactsSeen,
  named,
  ordersSeen,
  threadsSeen,
  type AliasSeen,
  type ContactSeen,
  type Named,
  type ThreadSeen,
} from '#evidence';
import { Refusal } from '../refusal.js';
import { Reading } from './reading.js';
import { exactly, type After } from './keyset.js';

const COLUMNS = [
  'thread_id',
  'channel_account_id',
  'contact_id',
  'phase',
  'version',
  'waiting_since',
  'open_order_ref',
  'cart',
  'orders',
  'former_ids',
  'expires_at',
  'created_at',
  'updated_at',
] as const;

export interface ThreadRow extends Named<Pick<ThreadSeen, (typeof COLUMNS)[number]>> {
  personId: ContactSeen['person_id'];
  name: ContactSeen['name'];
  aliases: Pick<AliasSeen, 'kind' | 'value'>[];
  /** To the microsecond, for cursors. */
  updatedKey: string;
}

export interface ThreadSearch {
  phase?: string;
  q?: string;
  limit: number;
  after?: After;
}

const SELECT = `SELECT ${named(COLUMNS, 't')}, c.person_id AS "personId", c.name, ${exactly('t.updated_at')} AS "updatedKey",
    coalesce((SELECT json_agg(json_build_object('kind', a.kind, 'value', a.value) ORDER BY a.kind, a.seen_at DESC)
      FROM ${aliasesSeen.name} a WHERE a.merchant_id = t.merchant_id AND a.contact_id = t.contact_id), '[]') AS aliases
  FROM ${threadsSeen.name} t
  LEFT JOIN ${contactsSeen.name} c ON c.merchant_id = t.merchant_id AND c.contact_id = t.contact_id`;
/** Larger than any character that a name begins with. */
const BEYOND = '\u{10ffff}';
/** A search is for one person or order: more than this many of one name are not looked through. */
const MOST_MATCHES = 500;

/** Threads as operators see them: without the link to an open payment page. */
@Injectable()
export class Threads {
  constructor(private readonly reading: Reading) {}

  /** Latest activity first, one more than `limit`. */
  list(merchantId: string, { phase, q, limit, after }: ThreadSearch): Promise<ThreadRow[]> {
    return this.reading.of(merchantId, async (tx) => {
      const ids = q === undefined ? null : await search(tx, merchantId, q);
      if (ids?.length === 0) return [];
      return (await tx.query(
        `${SELECT} WHERE t.merchant_id = $1 ${phase ? 'AND t.phase = $5' : 'AND $5::text IS NULL'}
           ${ids ? 'AND t.thread_id = ANY($6)' : 'AND $6::text[] IS NULL'}
           ${after ? 'AND (t.updated_at, t.thread_id) < ($3, $4)' : 'AND $3::timestamptz IS NULL AND $4::text IS NULL'}
         ORDER BY t.updated_at DESC, t.thread_id DESC LIMIT $2`,
        [merchantId, limit + 1, after?.at ?? null, after?.key ?? null, phase ?? null, ids],
      )) as ThreadRow[];
    });
  }

  find(merchantId: string, threadId: string): Promise<ThreadRow> {
    return this.reading.of(merchantId, (tx) => findThread(tx, merchantId, threadId));
  }
}

/** The thread by its id, or by one that it had before a merge. @throws Refusal `not_found`. */
export async function findThread(
  tx: EntityManager,
  merchantId: string,
  threadId: string,
): Promise<ThreadRow> {
  const now = (await tx.query(`${SELECT} WHERE t.merchant_id = $1 AND t.thread_id = $2`, [
    merchantId,
    threadId,
  ])) as ThreadRow[];
  if (now[0]) return now[0];
  const merged = (await tx.query(
    `${SELECT} WHERE t.merchant_id = $1 AND t.former_ids <> '{}' AND t.former_ids @> ARRAY[$2]`,
    [merchantId, threadId],
  )) as ThreadRow[];
  if (!merged[0]) throw new Refusal('not_found', 'thread_not_found', 'there is no such thread');
  return merged[0];
}

/**
 * Ids of threads that `q` leads to: a phone number in any usual notation, a user id or username, a thread's own id, an order's
 * reference or the shop's number, or the beginning of a name. Each is an equality or a range that an index answers.
 */
async function search(tx: EntityManager, merchantId: string, q: string): Promise<string[]> {
  const phone = phoneDigits(q, await countryOf(tx, merchantId));
  const values = [q, q.replace(/^@/, ''), ...(phone === undefined ? [] : formsOf(phone))];
  const begin = q.toLowerCase();
  const contacts = (await tx.query(
    `(SELECT contact_id FROM ${aliasesSeen.name} WHERE merchant_id = $1 AND value = ANY($2) LIMIT $5)
     UNION (SELECT contact_id FROM ${contactsSeen.name}
       WHERE merchant_id = $1 AND name_key ~>=~ $3 AND name_key ~<~ $4 LIMIT $5)`,
    [merchantId, values, begin, `${begin}${BEYOND}`, MOST_MATCHES],
  )) as { contact_id: string }[];
  const ordered = (await tx.query(
    `SELECT thread_id FROM ${ordersSeen.name} WHERE merchant_id = $1 AND store_order_number = $2
     UNION SELECT thread_id FROM ${ordersSeen.name} WHERE merchant_id = $1 AND order_ref = $3`,
    [merchantId, q, q.toUpperCase()],
  )) as { thread_id: string }[];
  const named = [q, ...ordered.map((o) => o.thread_id)];
  const threads = (await tx.query(
    `SELECT t.thread_id FROM ${threadsSeen.name} t
       JOIN ${contactsSeen.name} c USING (merchant_id, channel_account_id, contact_id)
       WHERE t.merchant_id = $1 AND c.contact_id = ANY($2)
     UNION SELECT thread_id FROM ${threadsSeen.name} WHERE merchant_id = $1 AND thread_id = ANY($3)
     UNION SELECT thread_id FROM ${threadsSeen.name}
       WHERE merchant_id = $1 AND former_ids <> '{}' AND former_ids && $3`,
    [merchantId, contacts.map((c) => c.contact_id), named],
  )) as { thread_id: string }[];
  return threads.map((t) => t.thread_id);
}

async function countryOf(tx: EntityManager, merchantId: string): Promise<string> {
  const [merchant] = (await tx.query(`SELECT country FROM tenancy.merchants WHERE merchant_id = $1`, [
    merchantId,
  ])) as { country: string }[];
  return merchant!.country;
}
