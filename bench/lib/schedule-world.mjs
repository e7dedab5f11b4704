import { createHmac } from 'node:crypto';
import { statusWebhook } from './customers.mjs';
import { ask } from './database.mjs';

/** How far an order, and a message, may come. The state of an order after each of its events, if nothing came before. */
export const PARCEL = ['created', 'shipped', 'out_for_delivery', 'failed', 'delivered'];
const ORDER_STATE = [
  'placed',
  'tracking_created',
  'shipped',
  'out_for_delivery',
  'delivery_failed',
  'delivered',
];
export const STATUSES = ['sent', 'delivered', 'read'];

const nameOf = (prefix, n) => `${prefix}${String(n).padStart(8, '0')}`;
const orderOf = (n) => nameOf('WSCHED', n);
const messageOf = (n) => nameOf('msg_sched', n);
const wamidOf = (n) => nameOf('wamid.sched', n);
const skuOf = (n) => nameOf('SCHED-', n);

/**
 * So many copies of one order that is paid and placed, one message that was accepted, and one product: each schedule has
 * its own. The orders' threads do not exist: what a customer is told is not looked at here.
 */
export async function makeWorld(url, { orderRef, count }) {
  const rows = (table, where, changes, more = '') =>
    ask(
      url,
      `INSERT INTO ${table} ${more} SELECT (jsonb_populate_record(o, ${changes})).*
       FROM ${table} o, generate_series(0, $1 - 1) AS n WHERE ${where}`,
      [count],
    );
  const numbered = (prefix) => `'${prefix}' || lpad(n::text, 8, '0')`;
  await rows(
    'checkout.orders',
    `o.order_ref = '${orderRef}'`,
    `jsonb_build_object('order_ref', ${numbered('WSCHED')}, 'nonce', ${numbered('nonce')},
       'thread_id', ${numbered('thr_sched')}, 'thread_stream', ${numbered('thread/sched')})`,
  );
  await rows(
    'outbound.messages',
    `o.message_id = (SELECT message_id FROM outbound.messages WHERE NOT open ORDER BY seq LIMIT 1)`,
    `jsonb_build_object('message_id', ${numbered('msg_sched')}, 'channel_message_id', ${numbered('wamid.sched')},
       'seq', 1000000 + n, 'state', 'accepted', 'sent_at', NULL, 'delivered_at', NULL, 'read_at', NULL)`,
    'OVERRIDING SYSTEM VALUE',
  );
  await rows(
    'catalog.products',
    `(o.merchant_id, o.sku) = (SELECT merchant_id, sku FROM catalog.products ORDER BY 1, 2 LIMIT 1)`,
    `jsonb_build_object('sku', ${numbered('SCHED-')}, 'price_sequence', 0, 'stock_sequence', 0,
       'product_sequence', 0)`,
  );
}

/** The webhooks of schedule `n`, in the order in which things happened. */
export function eventsOf(n, { parcel, statuses, prices, stock }) {
  const store = (type, sequence, data) => ({
    of: 'store',
    id: `evt_sched${n}_${type}_${sequence}`,
    type,
    sequence,
    data,
  });
  const tracking = {
    ...{ carrier: 'Dune Express', trackingCode: `T-${n}`, trackingUrl: `http://127.0.0.1/track/T-${n}` },
    ...{ fulfilmentId: `ful_sched${n}`, orderRef: orderOf(n) },
  };
  return [
    ...PARCEL.slice(0, parcel).map((kind, i) => store(`fulfilment.${kind}`, 1_000 + i, tracking)),
    ...STATUSES.slice(0, statuses).map((status) => ({ of: 'meta', n, status })),
    ...prices.map((minor, i) =>
      store('price.updated', 1_000 + i, { sku: skuOf(n), price: { minor, currency: 'AED' } }),
    ),
    ...stock.map((available, i) => store('stock.updated', 1_000 + i, { sku: skuOf(n), available })),
  ];
}

/** What is sent for an event at `now()` of the platform's clock; what it says happened stays when it happened. */
export function webhookOf(event, { merchant, secrets, happenedAt, now }) {
  if (event.of === 'meta') {
    const { n, status } = event;
    const about = { merchant, phone: '971500000001', status, wamid: wamidOf(n), ref: messageOf(n) };
    return statusWebhook({ ...about, appSecret: secrets.whatsappAppSecret, at: happenedAt });
  }
  const { id, type, sequence, data } = event;
  const body = Buffer.from(
    JSON.stringify({ id, type, occurredAt: happenedAt.toISOString(), sequence, data }),
  );
  const t = Math.floor(now().getTime() / 1_000);
  const v1 = createHmac('sha256', secrets.shopWebhookSecret).update(`${t}.`).update(body).digest('hex');
  return {
    body,
    path: `/webhooks/store/${merchant.merchantId}`,
    headers: { 'waco-signature': `t=${t},v1=${v1}` },
  };
}

/** The exactly-once, in-order model: the last thing that happened to each. */
export function modelOf({ parcel, statuses, prices, stock }) {
  return {
    order: ORDER_STATE[parcel],
    message: statuses === 0 ? 'accepted' : STATUSES[statuses - 1],
    ...(prices.length > 0 ? { price: prices.at(-1) } : {}),
    ...(stock.length > 0 ? { available: stock.at(-1) } : {}),
  };
}

/** @returns where schedule `n` ended, by `n`. */
export async function endOf(url, count) {
  const rows = await ask(
    url,
    `SELECT o.state AS order, m.state AS message, p.price_minor::int AS price, p.available::int AS available
     FROM generate_series(0, $1 - 1) n
     JOIN checkout.orders o ON o.order_ref = 'WSCHED' || lpad(n::text, 8, '0')
     JOIN outbound.messages m ON m.message_id = 'msg_sched' || lpad(n::text, 8, '0')
     JOIN catalog.products p ON p.sku = 'SCHED-' || lpad(n::text, 8, '0')
     ORDER BY n`,
    [count],
  );
  return rows;
}

/** Webhooks that have no applied row, and those that have two. */
export async function rowsOf(url, expected) {
  const [row] = await ask(
    url,
    `SELECT count(*) FILTER (WHERE settled_at IS NOT NULL)::int AS applied, count(*)::int AS stored,
       count(*) FILTER (WHERE parked_at IS NOT NULL AND settled_at IS NULL)::int AS dead
     FROM journal.items
     WHERE source IN ('store', 'whatsapp') AND (payload->>'eventId' LIKE 'evt_sched%' OR payload->>'messageId' LIKE 'msg_sched%')`,
  );
  return { ...row, missing: Math.max(0, expected - row.applied), extra: Math.max(0, row.stored - expected) };
}
