import { expireOrder, recordFulfilment, recordPayment } from '#contracts';
import type { TimelineItem } from './journal-items.js';
import type { MessageRow } from './messages.js';
import type { OrderRow } from './orders.js';

/** One thing that happened, and who says so. */
export interface TimelineEntry {
  at: string;
  /** A source of webhooks: from outside; else the service of ours. */
  source: string;
  /** What it is about, e.g. `payment`, `message`, `parcel`. */
  kind: string;
  title: string;
  details: Record<string, unknown>;
  /** Where to look further. */
  itemId?: string;
  messageId?: string;
  orderRef?: string;
}

/** Everything of one order across services, oldest first. */
export function orderTimeline(
  order: OrderRow,
  items: readonly TimelineItem[],
  messages: readonly MessageRow[],
): TimelineEntry[] {
  return threadTimeline(items, messages, [order]);
}

/** Everything of one thread across services, oldest first. */
export function threadTimeline(
  items: readonly TimelineItem[],
  messages: readonly MessageRow[],
  orders: readonly OrderRow[],
): TimelineEntry[] {
  const inOrder = items.toSorted((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
  const first = new Map<string, TimelineItem>();
  for (const item of inOrder.toReversed()) first.set(newsName(item.name, item.payload?.kind), item);
  return sorted([
    ...inOrder.map(itemEntry),
    ...messages.flatMap(messageEntries),
    ...orders.flatMap((order) => orderEntries(order, first)),
  ]);
}

const newsName = (name: string, kind: unknown): string => `${name} ${String(kind)}`;

/** What the order's row says that no item of the journal does: figures, the hold, the payment page. */
function orderEntries(order: OrderRow, first: ReadonlyMap<string, TimelineItem>): TimelineEntry[] {
  const { orderRef } = order;
  const entry = (
    at: Date | string | null,
    kind: string,
    title: string,
    details: Record<string, unknown> = {},
  ): TimelineEntry[] =>
    at === null ? [] : [{ at: iso(at), source: 'checkout', kind, title, details, orderRef }];
  const { acceptedQuote, paidAt } = order;
  const news = (name: string, kind: string): TimelineItem | undefined => first.get(newsName(name, kind));
  return [
    ...entry(order.createdAt, 'order', 'checkout requested at the accepted quote', {
      total: acceptedQuote.total,
      lines: acceptedQuote.lines.map(({ sku, quantity, unitPrice }) => ({ sku, quantity, unitPrice })),
      quotedAt: acceptedQuote.quotedAt,
      source: acceptedQuote.source,
    }),
    ...(order.reservationId
      ? entry(order.reservationExpiresAt, 'hold', 'the hold at the shop ends', {
          reservationId: order.reservationId,
        })
      : []),
    ...(order.sessionId && !paidAt
      ? entry(order.sessionExpiresAt, 'payment', 'the last payment page closes', {
          sessionId: order.sessionId,
          pages: order.sessionIds.length,
        })
      : []),
    ...entry(paidAt && happenedAt(paidAt, news(recordPayment.name, 'paid')), 'payment', 'paid', {
      amount: order.paymentAmount,
      paymentId: order.paymentId,
      sessionId: order.paymentSessionId,
    }),
    ...order.fulfilments.flatMap((parcel) =>
      entry(
        happenedAt(parcel.occurredAt, news(recordFulfilment.name, parcel.kind)),
        'parcel',
        `parcel ${parcel.fulfilmentId}: ${words(parcel.kind)}`,
        {
          tracking: parcel.tracking,
          ...(parcel.reason ? { reason: parcel.reason } : {}),
        },
      ),
    ),
    ...entry(order.updatedAt, 'order', `the order is ${words(order.state)}`, {
      ...(order.storeOrderNumber ? { number: order.storeOrderNumber } : {}),
      ...(order.refunds.length > 0 ? { refunds: order.refunds } : {}),
    }),
  ];
}

const TITLES: Readonly<Record<string, string>> = {
  'conversation.receive-message.v1': 'the customer wrote',
  'conversation.change-identity.v1': 'the customer has a new number or user id',
  'conversation.note-order.v1': 'the thread was told of the order',
  'checkout.request-checkout.v1': 'the customer checked out',
  'checkout.cancel-order.v1': 'the customer went back to shopping',
  'checkout.expire-order.v1': 'the time to pay is looked at',
  'checkout.record-payment.v1': 'the payment provider said',
  'checkout.record-fulfilment.v1': 'the courier moved a parcel',
  'checkout.record-store-order.v1': 'the shop changed the order',
  'checkout.reserve-stock.v1': 'asked the shop to hold the stock',
  'checkout.place-order.v1': 'placed the order at the shop',
  'checkout.release-hold.v1': 'gave the hold back',
  'checkout.expire-session.v1': 'closed the payment page',
  'checkout.refund-payment.v1': 'refunded the payment',
};

function itemEntry(item: TimelineItem): TimelineEntry {
  const { payload } = item;
  const said = payload?.content ? contentWords(payload.content as Record<string, unknown>) : undefined;
  const what = said ?? payload?.kind ?? payload?.status ?? item.fact;
  const title = TITLES[item.name] ?? words(item.name);
  return {
    at: timeOf(item),
    source: item.source === 'job' ? item.service : item.source,
    kind: item.name.split('.')[1] ?? item.name,
    title: what === undefined || what === null ? title : `${title}: ${words(String(what))}`,
    details: {
      outcome: item.parkedAt ? 'dead_letter' : (item.outcome ?? 'pending'),
      ...(item.reason ? { reason: item.reason } : {}),
      ...(item.attempts > 0 ? { failedRuns: item.attempts } : {}),
      ...(item.redrives > 0 ? { redrives: item.redrives } : {}),
      ...(item.settledAt ? { settledAt: iso(item.settledAt) } : {}),
      ...(payload?.amount ? { amount: payload.amount as unknown } : {}),
      ...(payload?.tracking ? { tracking: payload.tracking as unknown } : {}),
      ...(item.asked ? { askedTheCatalog: item.asked } : {}),
      ...(item.source === 'job' ? {} : { externalId: item.externalId }),
    },
    itemId: item.id,
  };
}

const MOMENTS: readonly (readonly [keyof MessageRow & `${string}At`, string])[] = [
  ['createdAt', 'is to be said'],
  ['acceptedAt', 'was taken by the channel'],
  ['heldAt', 'is held back by the channel'],
  ['sentAt', 'was sent'],
  ['deliveredAt', 'was delivered'],
  ['readAt', 'was read'],
  ['playedAt', 'was played'],
  ['failedAt', 'failed'],
  ['droppedAt', 'was dropped'],
];

function messageEntries(message: MessageRow): TimelineEntry[] {
  const { messageId, orderRef } = message;
  const said = shorten(contentWords(message.content as unknown as Record<string, unknown>) ?? '');
  let last = '';
  return MOMENTS.flatMap(([field, what]) => {
    const moment = message[field] as Date | null;
    if (!moment) return [];
    const created = field === 'createdAt';
    // The channel's clock may be a little behind ours: a message is not read before it was taken.
    const at = happenedAt(moment);
    last = at > last ? at : last;
    return [
      {
        at: last,
        source: 'outbound',
        kind: 'message',
        title: created ? `message ${what}: ${said}` : `message ${what}`,
        details: {
          ...(created ? { decision: message.verdict?.decision ?? null } : { text: said }),
          ...(field === 'failedAt' && message.error
            ? { error: `${message.error.code ?? message.error.class}: ${message.error.details}` }
            : {}),
        },
        messageId,
        ...(orderRef ? { orderRef } : {}),
      },
    ];
  });
}

/** What was said, in a line: the text, or what was tapped, or what kind of thing it is. */
function contentWords(content: Record<string, unknown>): string | undefined {
  const words = content.text ?? content.body ?? content.title ?? content.type;
  return typeof words === 'string' ? shorten(words) : undefined;
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 160 ? `${line.slice(0, 159)}…` : line;
}

function words(name: string): string {
  return name.replaceAll('_', ' ');
}

function iso(at: Date | string): string {
  return new Date(at).toISOString();
}

/**
 * Vendors give times in whole seconds, within which much happens here: such a time is put where in its second the
 * news was applied, or at the second's end.
 */
function happenedAt(at: Date | string, news?: Pick<TimelineItem, 'settledAt'>): string {
  const second = new Date(at).getTime();
  if (second % 1_000 !== 0) return iso(at);
  const applied = news?.settledAt?.getTime() ?? 0;
  return new Date(applied >= second && applied < second + 1_000 ? applied : second + 999).toISOString();
}

function timeOf(item: TimelineItem): string {
  // A timer is not when it was set, but when it went off, or will.
  if (item.name === expireOrder.name) return iso(item.settledAt ?? item.dueAt);
  return item.source === 'job' ? iso(item.occurredAt) : happenedAt(item.occurredAt, item);
}

/** Oldest first; what happened at the same moment stays in the order of cause: outside, our services, messages. */
function sorted(entries: TimelineEntry[]): TimelineEntry[] {
  return entries.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}
