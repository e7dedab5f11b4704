import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { OutboundContent, TemplateFallback } from '#core/messaging';
import type { MessageState, Verdict } from '#core/outbound';
import { problem } from '../http/problem.js';
import { Reading } from './reading.js';

/** What the channel has been told or has said of a message: once handed over, it is a delivery. */
export const DELIVERY_STATUSES = ['accepted', 'held', 'sent', 'delivered', 'read', 'played', 'failed'];

export interface MessageRow {
  messageId: string;
  seq: string;
  channelAccountId: string;
  contactId: string;
  /** In whichever form it was written. */
  person: object;
  content: OutboundContent;
  template: TemplateFallback | null;
  threadId: string;
  orderRef: string | null;
  deadline: Date | null;
  state: MessageState;
  plan: number;
  verdict: Verdict | null;
  plannedAt: Date | null;
  slotAt: Date | null;
  calledAt: Date | null;
  sends: number;
  retries: number;
  lateFailures: number;
  notBefore: Date | null;
  indeterminateAt: Date | null;
  possibleDuplicate: boolean;
  withoutMedia: boolean;
  channelMessageId: string | null;
  failedChannelIds: string[];
  error: { code: number | null; class: string; details: string; at: string; deadLetter?: boolean } | null;
  pricing: { category?: string; type?: string; billable?: boolean } | null;
  createdAt: Date;
  acceptedAt: Date | null;
  heldAt: Date | null;
  sentAt: Date | null;
  deliveredAt: Date | null;
  readAt: Date | null;
  playedAt: Date | null;
  failedAt: Date | null;
  droppedAt: Date | null;
}

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

const FIELDS: Record<keyof MessageRow, string> = {
  messageId: 'message_id',
  seq: 'seq::text',
  channelAccountId: 'channel_account_id',
  contactId: 'contact_id',
  person: 'person',
  content: 'content',
  template: 'template',
  threadId: 'thread_id',
  orderRef: 'order_ref',
  deadline: 'deadline',
  state: 'state',
  plan: 'plan',
  verdict: 'verdict',
  plannedAt: 'planned_at',
  slotAt: 'slot_at',
  calledAt: 'called_at',
  sends: 'sends',
  retries: 'retries',
  lateFailures: 'late_failures',
  notBefore: 'not_before',
  indeterminateAt: 'indeterminate_at',
  possibleDuplicate: 'possible_duplicate',
  withoutMedia: 'without_media',
  channelMessageId: 'channel_message_id',
  failedChannelIds: 'failed_channel_ids',
  error: 'error',
  pricing: 'pricing',
  createdAt: 'created_at',
  acceptedAt: 'accepted_at',
  heldAt: 'held_at',
  sentAt: 'sent_at',
  deliveredAt: 'delivered_at',
  readAt: 'read_at',
  playedAt: 'played_at',
  failedAt: 'failed_at',
  droppedAt: 'dropped_at',
};
const SELECT = `SELECT ${Object.entries(FIELDS)
  .map(([field, column]) => `${column} AS "${field}"`)
  .join(', ')} FROM outbound.messages_seen`;

/** Messages as operators see them: without the link to a payment page. */
@Injectable()
export class Messages {
  constructor(private readonly reading: Reading) {}

  /** Newest first, one more than `limit`. */
  list(merchantId: string, search: MessageSearch): Promise<MessageRow[]> {
    return this.reading.of(merchantId, (tx) => findMessages(tx, merchantId, search));
  }

  /** @throws ProblemException 404. */
  find(merchantId: string, messageId: string): Promise<MessageRow> {
    return this.reading.of(merchantId, (tx) => findMessage(tx, merchantId, messageId));
  }
}

/** @throws ProblemException 404. */
export async function findMessage(
  tx: EntityManager,
  merchantId: string,
  messageId: string,
): Promise<MessageRow> {
  const [row] = (await tx.query(`${SELECT} WHERE merchant_id = $1 AND message_id = $2`, [
    merchantId,
    messageId,
  ])) as MessageRow[];
  if (!row) throw problem(404, 'message_not_found', 'there is no such message');
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
    `${SELECT} WHERE merchant_id = $1 ${where} ${handedOver} ORDER BY messages_seen.seq DESC LIMIT $2`,
    [merchantId, search.limit + 1, ...given.map(([, value]) => value)],
  )) as MessageRow[];
}
