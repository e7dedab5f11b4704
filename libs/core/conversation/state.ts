import type { CartLine, Quote } from '#core/catalog';

/** Where a thread stands. Explicit, stored, and moved only along `TRANSITIONS`. */
export type Phase =
  | 'browsing'
  | 'building_cart'
  | 'confirming_changes'
  | 'awaiting_payment'
  | 'awaiting_fulfilment'
  | 'with_human';

export type Trigger =
  | 'cart_filled'
  | 'cart_emptied'
  | 'checkout_requested'
  | 'changes_found'
  | 'checkout_declined'
  | 'order_expired'
  | 'order_cancelled'
  | 'order_paid'
  | 'order_closed'
  | 'human_requested'
  | 'human_done'
  | 'window_closed';

/** The machine's table: what is not in it does not move the thread. */
export const TRANSITIONS: Readonly<Record<Phase, Partial<Record<Trigger, Phase>>>> = {
  browsing: {
    cart_filled: 'building_cart',
    order_paid: 'awaiting_fulfilment',
    human_requested: 'with_human',
  },
  building_cart: {
    cart_emptied: 'browsing',
    checkout_requested: 'awaiting_payment',
    human_requested: 'with_human',
    window_closed: 'browsing',
  },
  confirming_changes: {
    cart_filled: 'building_cart',
    cart_emptied: 'browsing',
    checkout_requested: 'awaiting_payment',
    order_cancelled: 'building_cart',
    human_requested: 'with_human',
    window_closed: 'browsing',
  },
  awaiting_payment: {
    cart_filled: 'building_cart',
    cart_emptied: 'browsing',
    changes_found: 'confirming_changes',
    checkout_declined: 'building_cart',
    order_expired: 'building_cart',
    order_cancelled: 'building_cart',
    order_paid: 'awaiting_fulfilment',
    order_closed: 'building_cart',
    human_requested: 'with_human',
    window_closed: 'browsing',
  },
  awaiting_fulfilment: {
    cart_filled: 'building_cart',
    order_closed: 'browsing',
    human_requested: 'with_human',
  },
  with_human: { human_done: 'browsing', window_closed: 'browsing' },
};

/** What the thread knows of an order: a mirror of checkout's facts, newest first in `orders`. */
export interface OrderNote {
  ref: string;
  number?: string;
  status:
    | 'requested'
    | 'ready_to_pay'
    | 'paid'
    | 'tracking_created'
    | 'shipped'
    | 'out_for_delivery'
    | 'delivery_failed'
    | 'delivered'
    | 'refunded'
    | 'expired'
    | 'cancelled';
  carrier?: string;
  trackingCode?: string;
  trackingUrl?: string;
  eta?: string;
  /** ISO 8601 */
  updatedAt: string;
}

export interface ThreadState {
  phase: Phase;
  cart: CartLine[];
  /** The quote of the cart as it was last shown: what the customer accepts by checking out. */
  shown: Quote | null;
  /** Prices the customer was shown last, in minor units by sku: a different one is pointed out. */
  seen: Record<string, number>;
  /** The order being paid. */
  order: { ref: string; url?: string; payBefore?: string; quote: Quote } | null;
  orders: OrderNote[];
  /** The customer has had an answer in this conversation: before, even a wave of the hand gets one. */
  spoken: boolean;
  /** ISO 8601: 24 hours after the customer's last message; the cart does not outlive it. */
  expiresAt: string;
}

export function newThread(now: Date): ThreadState {
  return {
    phase: 'browsing',
    cart: [],
    shown: null,
    seen: {},
    order: null,
    orders: [],
    spoken: false,
    expiresAt: new Date(now.getTime() + THREAD_TTL_MS).toISOString(),
  };
}

/** The customer service window: a thread's working memory lives as long. */
export const THREAD_TTL_MS = 24 * 3_600_000;
/** Carts of channels hold at most this many of one item. */
export const MAX_QUANTITY = 99;
export const ORDERS_KEPT = 10;
const SEEN_KEPT = 60;

export function move(state: ThreadState, trigger: Trigger): ThreadState {
  const next = TRANSITIONS[state.phase][trigger];
  return next ? { ...state, phase: next } : state;
}

export function withCart(state: ThreadState, cart: CartLine[]): ThreadState {
  const lines = cart
    .filter((l) => l.quantity > 0)
    .map((l) => ({ ...l, quantity: Math.min(l.quantity, MAX_QUANTITY) }));
  return move({ ...state, cart: lines }, lines.length > 0 ? 'cart_filled' : 'cart_emptied');
}

export function setQuantity(cart: readonly CartLine[], sku: string, quantity: number): CartLine[] {
  return cart.some((l) => l.sku === sku)
    ? cart.map((l) => (l.sku === sku ? { sku, quantity } : l))
    : [...cart, { sku, quantity }];
}

/** Back from a person: where cart and order say. */
export function resumed(state: ThreadState): ThreadState {
  const free = move(state, 'human_done');
  const filled = free.cart.length > 0 ? move(free, 'cart_filled') : free;
  return free.order ? move(filled, 'checkout_requested') : filled;
}

export function noteOrder(state: ThreadState, note: OrderNote): ThreadState {
  const before = state.orders.find((o) => o.ref === note.ref);
  const others = state.orders.filter((o) => o.ref !== note.ref);
  return { ...state, orders: [{ ...before, ...note }, ...others].slice(0, ORDERS_KEPT) };
}

/** Remembers what a quote showed, the latest prices of the latest products. */
export function remember(state: ThreadState, quote: Quote): ThreadState {
  const fresh = quote.lines.filter((l) => !l.reason).map((l) => [l.sku, l.unitPrice.minor] as const);
  const kept = Object.entries(state.seen).filter(([sku]) => !fresh.some(([s]) => s === sku));
  return { ...state, seen: Object.fromEntries([...kept, ...fresh].slice(-SEEN_KEPT)) };
}
