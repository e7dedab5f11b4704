import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { messagesSeen, named, type MessageSeen, type Named } from '#evidence';
import { Refusal } from '../refusal.js';
import { Reading } from './reading.js';

/** What the channel has been told or has said of a message: once handed over, it is a delivery. */
export const DELIVERY_STATUSES = ['accepted', 'held', 'sent', 'delivered', 'read', 'played', 'failed'];

export type MessageRow = Named<Omit<MessageSeen, 'merchant_id' | 'open'>>;

export interface MessageSearch {
  id?: string;
  threadId?: string;
  orderRef?: string;
  status?: string;
  channelMessageId?: string;
  /** Only what the channel has been handed. */
  handedOver?: boolean;
  from?: string;
  to?: string;
  limit: number;
  /** Before this place; messages are listed newest first. */
  before?: string;
}

const COLUMNS = Object.keys(messagesSeen.columns).filter(
  (column) => !['merchant_id', 'open'].includes(column),
);
const SELECT = `SELECT ${named(COLUMNS)} FROM ${messagesSeen.name}`;

/** Messages as operators see them: without the link to a payment page. */
@Injectable()
export class Messages {
  constructor(private readonly reading: Reading) {}

  /** Newest first, one more than `limit`. */
  list(merchantId: string, search: MessageSearch): Promise<MessageRow[]> {
    return this.reading.of(merchantId, (tx) => findMessages(tx, merchantId, search));
  }

  /** @throws Refusal `not_found`. */
  find(merchantId: string, messageId: string): Promise<MessageRow> {
    return this.reading.of(merchantId, (tx) => findMessage(tx, merchantId, messageId));
  }
}

/** @throws Refusal `not_found`. */
export async function findMessage(
  tx: EntityManager,
  merchantId: string,
  messageId: string,
): Promise<MessageRow> {
  const [row] = (await tx.query(`${SELECT} WHERE merchant_id = $1 AND message_id = $2`, [
    merchantId,
    messageId,
  ])) as MessageRow[];
  if (!row) throw new Refusal('not_found', 'message_not_found', 'there is no such message');
  return row;
}

export async function findMessages(
  tx: EntityManager,
  merchantId: string,
  search: MessageSearch,
): Promise<MessageRow[]> {
  const conditions: [column: string, value: unknown][] = [
    ['message_id = ', search.id],
    ['thread_id = ', search.threadId],
    ['order_ref = ', search.orderRef],
    ['state = ', search.status],
    ['channel_message_id = ', search.channelMessageId],
    ['created_at >= ', search.from],
    ['created_at < ', search.to],
    ['seq < ', search.before],
  ];
  const given = conditions.filter(([, value]) => value !== undefined);
  const where = given.map(([column], i) => `AND ${column}$${i + 3}`).join(' ');
  const handedOver = search.handedOver
    ? `AND state IN (${DELIVERY_STATUSES.map((s) => `'${s}'`).join(', ')})`
    : '';
  return (await tx.query(
    `${SELECT} WHERE merchant_id = $1 ${where} ${handedOver} ORDER BY seq DESC LIMIT $2`,
    [merchantId, search.limit + 1, ...given.map(([, value]) => value)],
  )) as MessageRow[];
}
