import type { Change } from './change.js';
import type { OrderFact } from './facts.js';
import {
  TRANSITIONS,
  WITH_THE_SHOP,
  type FulfilmentKind,
  type FulfilmentNews,
  type OrderState,
} from './order.js';

const RANK: Readonly<Record<FulfilmentKind, number>> = {
  created: 1,
  shipped: 2,
  out_for_delivery: 3,
  failed: 4,
  delivered: 5,
};
const STATE = {
  created: 'tracking_created',
  shipped: 'shipped',
  out_for_delivery: 'out_for_delivery',
  failed: 'delivery_failed',
  delivered: 'delivered',
} as const satisfies Record<FulfilmentKind, OrderState>;

/** More than this of early news is noise. */
const MAX_EARLY = 50;

/**
 * Applies news of a parcel. Each parcel only moves forward and may skip steps; older news that comes late is
 * swallowed. News of an order that the shop has not confirmed yet is kept until it has.
 */
export function applyFulfilment(c: Change, news: FulfilmentNews): void {
  const { order } = c;
  if (c.is('refunding', 'refunded')) return;
  if (!c.is(...WITH_THE_SHOP)) {
    const known = order.early.some((e) => e.fulfilmentId === news.fulfilmentId && e.kind === news.kind);
    if (!known && order.early.length < MAX_EARLY) order.early.push(news);
    return;
  }
  const before = order.parcels.find((p) => p.fulfilmentId === news.fulfilmentId);
  if (before && RANK[news.kind] <= RANK[before.kind]) return;
  order.parcels = [...order.parcels.filter((p) => p !== before), news];
  c.tell(`${STATE[news.kind]}_${news.fulfilmentId}`, factOf(news));
  const next = stateAfter(order.parcels, news);
  if (next && TRANSITIONS[order.state].includes(next)) c.to(next);
}

/** In the order in which they happened, once the shop has confirmed the order. */
export function applyEarly(c: Change): void {
  const early = c.order.early.sort((a, b) => a.sequence - b.sequence || RANK[a.kind] - RANK[b.kind]);
  c.order.early = [];
  for (const news of early) applyFulfilment(c, news);
}

/** An order of several parcels is delivered when the last of them is. */
function stateAfter(parcels: readonly FulfilmentNews[], news: FulfilmentNews): OrderState | undefined {
  if (news.kind !== 'delivered') return STATE[news.kind];
  const open = parcels.some((p) => p.kind !== 'delivered' && p.kind !== 'failed');
  return open ? undefined : 'delivered';
}

function factOf({ kind, tracking, occurredAt, reason }: FulfilmentNews): OrderFact {
  switch (kind) {
    case 'created':
    case 'shipped':
    case 'out_for_delivery':
      return { kind: STATE[kind], tracking };
    case 'delivered':
      return { kind: 'delivered', tracking, deliveredAt: occurredAt };
    case 'failed':
      return { kind: 'delivery_failed', tracking, ...(reason ? { reason } : {}) };
  }
}
