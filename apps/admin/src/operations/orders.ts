import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Money, Quote } from '#core/catalog';
import type { FulfilmentNews, OrderState, Refund } from '#core/checkout';
import { problem } from '../http/problem.js';
import { exactly, type After } from './keyset.js';
import { Reading } from './reading.js';

export interface OrderRow {
  orderRef: string;
  threadId: string;
  threadStream: string;
  state: OrderState;
  version: number;
  acceptedQuote: Quote;
  presentQuote: Quote | null;
  payBefore: Date | null;
  reservationId: string | null;
  reservationExpiresAt: Date | null;
  paymentAccount: string | null;
  sessionId: string | null;
  sessionExpiresAt: Date | null;
  sessionIds: string[];
  paymentId: string | null;
  paymentSessionId: string | null;
  paymentAmount: Money | null;
  paidAt: Date | null;
  refunds: Refund[];
  storeOrderNumber: string | null;
  storeOrderId: string | null;
  storeStatus: { status: string; sequence: number } | null;
  fulfilments: FulfilmentNews[];
  told: string[];
  work: { round: number };
  createdAt: Date;
  updatedAt: Date;
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

/** Never the link's token, its nonce, or the address of a payment page: the role may not read them. */
const SELECT = `SELECT order_ref AS "orderRef", thread_id AS "threadId", thread_stream AS "threadStream", state, version,
    accepted_quote AS "acceptedQuote", present_quote AS "presentQuote", pay_before AS "payBefore",
    reservation_id AS "reservationId", reservation_expires_at AS "reservationExpiresAt", payment_account AS "paymentAccount", session_id AS "sessionId",
    session_expires_at AS "sessionExpiresAt", session_ids AS "sessionIds", payment_id AS "paymentId",
    payment_session_id AS "paymentSessionId", payment_amount AS "paymentAmount", paid_at AS "paidAt", refunds,
    store_order_number AS "storeOrderNumber", store_order_id AS "storeOrderId", store_status AS "storeStatus",
    ${LATEST_PARCELS} AS fulfilments, told, work, created_at AS "createdAt", updated_at AS "updatedAt",
    ${exactly('created_at')} AS "createdKey"
  FROM checkout.orders`;

/** Made in a thread of one of the person's contacts, also in one that was merged since. */
const OF_PERSON = `thread_id = ANY (ARRAY(
  SELECT unnest(t.thread_id || t.former_ids) FROM conversation.contacts c
  JOIN conversation.threads_seen t USING (merchant_id, channel_account_id, contact_id)
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

  /** @throws ProblemException 404. */
  find(merchantId: string, ref: string): Promise<OrderRow> {
    return this.reading.of(merchantId, (tx) => findOrder(tx, merchantId, ref));
  }
}

/** By our reference, or by the shop's number. @throws ProblemException 404. */
export async function findOrder(tx: EntityManager, merchantId: string, ref: string): Promise<OrderRow> {
  const rows = (await tx.query(
    `${SELECT} WHERE merchant_id = $1 AND (order_ref = $2 OR store_order_number = $3)
     ORDER BY order_ref = $2 DESC, created_at DESC LIMIT 1`,
    [merchantId, ref.toUpperCase(), ref],
  )) as OrderRow[];
  if (!rows[0]) throw problem(404, 'order_not_found', 'there is no such order');
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
