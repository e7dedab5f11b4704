import type pg from 'pg';
import { WHATSAPP_RULES as rules } from '#adapters/whatsapp-cloud';
import { plan, type Verdict } from '#core/outbound';
import { newId } from '#platform';

export const PHONE = '971501234573';
export const LINK = 'https://pay.example.com/c/eyJhbGciOiJkaXIiLCJlbmMiOi.token';
const T0 = Date.parse('2026-11-21T10:00:00.000Z');
export const at = (minutes: number): Date => new Date(T0 + minutes * 60_000);

export interface Story {
  threadId: string;
  contactId: string;
  accountId: string;
  orderRef: string;
  number: string;
  messageId: string;
  receiptId: string;
  channelMessageId: string;
  deadLetterId: string;
}

export const QUOTE = {
  source: 'live',
  quotedAt: at(2).toISOString(),
  validUntil: at(7).toISOString(),
  currency: 'AED',
  lines: [
    {
      sku: 'HOODIE-BLK',
      title: 'Black Hoodie',
      quantity: 1,
      unitPrice: { minor: 8900, currency: 'AED' },
      available: 14,
      maxQuantity: 14,
    },
  ],
  tax: { minor: 0, currency: 'AED' },
  shipping: { minor: 1500, currency: 'AED' },
  total: { minor: 10400, currency: 'AED' },
};

export interface ItemRow {
  merchantId: string | null;
  service?: string;
  queue?: string;
  stream: string;
  name: string;
  source?: string;
  externalId: string;
  payload: object;
  occurredAt: Date;
  createdAt?: Date;
  outcome?: string;
  reason?: string;
  parked?: boolean;
  attempts?: number;
}

export async function insertItem(owner: pg.Client, item: ItemRow): Promise<string> {
  const received = item.createdAt ?? item.occurredAt;
  const { rows } = await owner.query<{ id: string }>(
    `INSERT INTO journal.items (merchant_id, service, queue, stream, name, source, external_id, payload, occurred_at,
       created_at, due_at, outcome, reason, settled_at, parked_at, attempts)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13, $14, $15) RETURNING id::text`,
    [
      item.merchantId,
      item.service ?? 'conversation',
      item.queue ?? 'threads',
      item.stream,
      item.name,
      item.source ?? 'job',
      item.externalId,
      JSON.stringify(item.payload),
      item.occurredAt,
      received,
      item.outcome ?? null,
      item.reason ?? null,
      item.outcome ? received : null,
      item.parked ? received : null,
      item.attempts ?? 0,
    ],
  );
  return rows[0]!.id;
}

/** What the services store of one purchase, `mark` in every text: one thread, one order, two messages, their items. */
export async function insertStory(owner: pg.Client, merchantId: string, mark: string): Promise<Story> {
  const unique = newId('x').slice(-8).toUpperCase();
  const story = {
    threadId: newId('thr'),
    contactId: newId('con'),
    accountId: newId('acc'),
    orderRef: `W${unique}`,
    number: `${mark}-1001`,
    messageId: newId('msg'),
    receiptId: newId('msg'),
    channelMessageId: `wamid.${unique}`,
  };
  const { threadId, contactId, accountId, orderRef } = story;
  const stream = `thread/${accountId}/${PHONE}`;
  await owner.query(
    `INSERT INTO conversation.contacts (merchant_id, contact_id, channel_account_id, name, created_at)
     VALUES ($1, $2, $3, $4, $5)`,
    [merchantId, contactId, accountId, `Sheena ${mark}`, at(0)],
  );
  await owner.query(
    `INSERT INTO conversation.aliases (merchant_id, channel_account_id, kind, value, contact_id, seen_at)
     VALUES ($1, $2, 'wa_id', $3, $4, $5), ($1, $2, 'user_id', $6, $4, $5)`,
    [merchantId, accountId, PHONE, contactId, at(0), `AE.${unique}`],
  );
  await owner.query(
    `INSERT INTO conversation.threads (merchant_id, thread_id, channel_account_id, contact_id, stream, phase, state,
       version, expires_at, created_at, updated_at, former_ids)
     VALUES ($1, $2, $3, $4, $5, 'awaiting_fulfilment', $6, 7, $7, $8, $9, $10)`,
    [
      merchantId,
      threadId,
      accountId,
      contactId,
      stream,
      {
        phase: 'awaiting_fulfilment',
        cart: [{ sku: `SKU-${mark}`, quantity: 2 }],
        order: { ref: orderRef, url: LINK },
        orders: [{ ref: orderRef, number: story.number, status: 'paid', updatedAt: at(6).toISOString() }],
        pending: null,
      },
      at(1440),
      at(0),
      at(6),
      [`${threadId}_before`],
    ],
  );
  await insertOrder(owner, merchantId, story, stream);
  await insertMessages(owner, merchantId, story, mark);
  const inbound = { channel: 'whatsapp', channelAccountId: accountId, person: { waId: PHONE } };
  await insertItem(owner, {
    merchantId,
    stream,
    name: 'conversation.receive-message.v1',
    source: 'whatsapp',
    externalId: `message/${unique}`,
    payload: {
      ...inbound,
      messageId: `wamid.in.${unique}`,
      sentAt: at(1).toISOString(),
      content: { type: 'text', text: `hoodie for ${mark}, call me on +971 50 123 4573` },
    },
    occurredAt: at(1),
    outcome: 'done',
  });
  await insertItem(owner, {
    merchantId,
    service: 'checkout',
    queue: 'orders',
    stream: `order/${orderRef}`,
    name: 'checkout.record-payment.v1',
    source: 'stripe',
    externalId: `event/evt_${unique}`,
    payload: { provider: 'stripe', eventId: `evt_${unique}`, kind: 'paid', orderRef, amount: QUOTE.total },
    occurredAt: at(5),
    outcome: 'done',
  });
  await insertItem(owner, {
    merchantId,
    service: 'checkout',
    queue: 'errands',
    stream: `checkout.reserve-stock.v1/${orderRef}_1`,
    name: 'checkout.reserve-stock.v1',
    externalId: `checkout.reserve-stock.v1/${orderRef}_1`,
    payload: { orderRef, round: 1 },
    occurredAt: at(3),
    outcome: 'done',
  });
  await insertItem(owner, {
    merchantId,
    stream,
    name: 'conversation.note-order.v1',
    externalId: `conversation.note-order.v1/${orderRef}_ready_to_pay`,
    payload: { orderRef, factId: 'ready_to_pay', fact: { kind: 'ready_to_pay', url: LINK } },
    occurredAt: at(4),
    outcome: 'done',
  });
  const deadLetterId = await insertItem(owner, {
    merchantId,
    service: 'checkout',
    queue: 'errands',
    stream: `checkout.place-order.v1/${orderRef}_2`,
    name: 'checkout.place-order.v1',
    externalId: `checkout.place-order.v1/${orderRef}_2`,
    payload: { orderRef, round: 2 },
    occurredAt: at(6),
    parked: true,
    attempts: 40,
    reason: `the shop of ${mark} answered 500`,
  });
  return { ...story, deadLetterId };
}

async function insertOrder(
  owner: pg.Client,
  merchantId: string,
  { orderRef, threadId, number }: { orderRef: string; threadId: string; number: string },
  stream: string,
): Promise<void> {
  await owner.query(
    `INSERT INTO checkout.orders (merchant_id, order_ref, thread_id, thread_stream, person, state, version,
       accepted_quote, nonce, link_token, pay_before, reservation_id, reservation_expires_at, session_attempt, session_id,
       session_url, session_expires_at, session_ids, payment_id, payment_session_id, payment_amount, paid_at, refunds,
       store_order_number, store_order_id, fulfilments, told, work, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, 'shipped', 9, $6, 'nonce-secret', 'link-token-secret', $7, 'res_1', $8, 1, 'cs_1',
       'https://stripe.example.com/cs_1-secret', $8, '{cs_1}', 'pi_1', 'cs_1', $9, $10, '[]', $11, 'so_1', $12,
       '{ready_to_pay,paid}', '{"round":2}', $13, $14)`,
    [
      merchantId,
      orderRef,
      threadId,
      stream,
      { waId: PHONE },
      JSON.stringify(QUOTE),
      at(20),
      at(40),
      QUOTE.total,
      at(5),
      number,
      JSON.stringify([
        {
          fulfilmentId: 'ful_1',
          kind: 'shipped',
          sequence: 1,
          tracking: { carrier: 'Aramex', trackingCode: '1234567890' },
          occurredAt: at(60).toISOString(),
        },
      ]),
      at(2),
      at(60),
    ],
  );
}

async function insertMessages(
  owner: pg.Client,
  merchantId: string,
  story: Omit<Story, 'deadLetterId'>,
  mark: string,
): Promise<void> {
  const sender = { enabled: true, pausedUntil: null, pauseReason: null };
  const facts = { rules, pair: null, pairHoldUntil: null, pairTaken: false, windowRefused: false, sender };
  const open: Verdict = plan(
    { deadline: null, notBefore: null, purpose: null },
    { ...facts, lastInboundAt: at(1), template: null },
    at(4),
  );
  const closed: Verdict = plan(
    { deadline: null, notBefore: null, purpose: 'order_receipt' },
    { ...facts, lastInboundAt: null, template: null },
    at(6),
  );
  const insert = `INSERT INTO outbound.messages (merchant_id, message_id, channel_account_id, contact_id, person, content,
      thread_id, order_ref, state, open, plan, verdict, channel_message_id, sends, created_at, accepted_at, sent_at,
      delivered_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`;
  const common = [story.accountId, story.contactId, { waId: PHONE }];
  await owner.query(insert, [
    merchantId,
    story.messageId,
    ...common,
    { type: 'link', body: `Pay for ${mark}`, label: 'Pay', url: LINK },
    story.threadId,
    story.orderRef,
    'delivered',
    false,
    1,
    open,
    story.channelMessageId,
    1,
    at(4),
    at(4.1),
    at(4.2),
    at(4.3),
  ]);
  await owner.query(insert, [
    merchantId,
    story.receiptId,
    ...common,
    { type: 'text', body: `Receipt for ${mark}` },
    story.threadId,
    story.orderRef,
    'waiting',
    true,
    0,
    closed,
    null,
    0,
    at(6),
    null,
    null,
    null,
  ]);
  await insertItem(owner, {
    merchantId,
    service: 'outbound',
    queue: 'sends',
    stream: `outbound.call-channel.v1/${story.messageId}_1`,
    name: 'outbound.call-channel.v1',
    externalId: `outbound.call-channel.v1/${story.messageId}_1`,
    payload: { channelAccountId: story.accountId, messageId: story.messageId, plan: 1 },
    occurredAt: at(4),
    outcome: 'done',
    attempts: 1,
  });
  for (const [status, minutes] of [
    ['sent', 4.2],
    ['delivered', 4.3],
  ] as const) {
    await insertItem(owner, {
      merchantId,
      service: 'outbound',
      queue: 'recipients',
      stream: `message/${story.messageId}`,
      name: 'outbound.record-status.v1',
      source: 'whatsapp',
      externalId: `status/${story.channelMessageId}/${status}`,
      payload: {
        channelMessageId: story.channelMessageId,
        status,
        at: at(minutes).toISOString(),
        errors: [],
      },
      occurredAt: at(minutes),
      outcome: 'done',
    });
  }
}
