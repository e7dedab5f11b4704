import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { contactsSeen, named, ordersSeen, threadsSeen, type Named, type OrderSeen } from '#evidence';
import { Refusal } from '../refusal.js';
import { exactly, type After } from './keyset.js';
import { Reading } from './reading.js';

/** What is read as it stands. */
const COLUMNS = [
  'order_ref',
  'thread_id',
  'thread_stream',
  'state',
  'version',
  'accepted_quote',
  'present_quote',
  'pay_before',
  'reservation_id',
  'reservation_expires_at',
  'payment_account',
  'session_id',
  'session_expires_at',
  'session_ids',
  'payment_id',
  'payment_session_id',
  'payment_amount',
  'paid_at',
  'refunds',
  'store_order_number',
  'store_order_id',
  'store_status',
  'told',
  'work',
  'created_at',
  'updated_at',
] as const;

export interface OrderRow extends Named<Pick<OrderSeen, (typeof COLUMNS)[number] | 'fulfilments'>> {
  /** To the microsecond, for cursors. */
  createdKey: string;
}

export interface OrderSearch {
  state?: string;
  threadId?: string;
  personId?: string;
  number?: string;
  limit: number;
  after?: After;
}

/** A shop may have sent word of any number of parcels: the latest are shown. */
const LATEST_PARCELS = `(SELECT coalesce(jsonb_agg(latest.parcel ORDER BY latest.nth), '[]') FROM (
    SELECT e.parcel, e.nth FROM jsonb_array_elements(fulfilments) WITH ORDINALITY AS e (parcel, nth)
    ORDER BY e.nth DESC LIMIT 100) AS latest)`;

const SELECT = `SELECT ${named(COLUMNS)}, ${LATEST_PARCELS} AS fulfilments, ${exactly('created_at')} AS "createdKey"
  FROM ${ordersSeen.name}`;

/** Made in a thread of one of the person's contacts, also in one that was merged since. */
const OF_PERSON = `thread_id = ANY (ARRAY(
  SELECT unnest(t.thread_id || t.former_ids) FROM ${contactsSeen.name} c
  JOIN ${threadsSeen.name} t USING (merchant_id, channel_account_id, contact_id)
  WHERE merchant_id = $1 AND c.person_id = ?))`;

@Injectable()
export class Orders {
  constructor(private readonly reading: Reading) {}

  /** Newest first, one more than `limit`. */
  list(merchantId: string, search: OrderSearch): Promise<OrderRow[]> {
    const { state, threadId, personId, number, limit, after } = search;
    return this.reading.of(merchantId, async (tx) => {
      const conditions: [sql: string, values: unknown[]][] = [];
      if (state) conditions.push(['state = ?', [state]]);
      if (threadId) conditions.push(['thread_id = ?', [threadId]]);
      if (personId) conditions.push([OF_PERSON, [personId]]);
      if (number)
        conditions.push(['(store_order_number = ? OR order_ref = ?)', [number, number.toUpperCase()]]);
      if (after) conditions.push(['(created_at, order_ref) < (?, ?)', [after.at, after.key]]);
      let placeholder = 2;
      const where = conditions
        .map(([sql]) => ` AND ${sql.replaceAll('?', () => `$${++placeholder}`)}`)
        .join('');
      return (await tx.query(
        `${SELECT} WHERE merchant_id = $1${where} ORDER BY created_at DESC, order_ref DESC LIMIT $2`,
        [merchantId, limit + 1, ...conditions.flatMap(([, values]) => values)],
      )) as OrderRow[];
    });
  }

  /** @throws Refusal `not_found`. */
  find(merchantId: string, ref: string): Promise<OrderRow> {
    return this.reading.of(merchantId, (tx) => findOrder(tx, merchantId, ref));
  }
}

/** By our reference, or by the shop's number. @throws Refusal `not_found`. */
export async function findOrder(tx: EntityManager, merchantId: string, ref: string): Promise<OrderRow> {
  const rows = (await tx.query(
    `${SELECT} WHERE merchant_id = $1 AND (order_ref = $2 OR store_order_number = $3)
     ORDER BY order_ref = $2 DESC, created_at DESC LIMIT 1`,
    [merchantId, ref.toUpperCase(), ref],
  )) as OrderRow[];
  if (!rows[0]) throw new Refusal('not_found', 'order_not_found', 'there is no such order');
  return rows[0];
}

export async function ordersOfThread(
  tx: EntityManager,
  merchantId: string,
  threadIds: readonly string[],
): Promise<OrderRow[]> {
  return (await tx.query(
    `${SELECT} WHERE merchant_id = $1 AND thread_id = ANY($2) ORDER BY created_at DESC LIMIT 500`,
    [merchantId, threadIds],
  )) as OrderRow[];
}
