import { decimalsOf, formatMoney, type CartLine, type Quote } from '#core/catalog';
import type { InboundContent, OutboundContent, TemplateFallback, TemplatePurpose } from '#core/messaging';
import { ask, cartOnOffer, mergeLines, onlySellable, saying } from './cart.js';
import type { Step, StepContext } from './effects.js';
import type { Answer, OrderFact, Tracking } from './facts.js';
import { readIntent, type Intent } from './intent.js';
import * as say from './say.js';
import { answered } from './answered.js';
import {
  move,
  newThread,
  noteOrder,
  QUESTION_PATIENCE_MS,
  setQuantity,
  THREAD_TTL_MS,
  withCart,
  type OrderNote,
  type ThreadState,
} from './state.js';

export type ThreadEvent =
  | { kind: 'inbound'; content: InboundContent; cardNumberMasked?: boolean }
  | { kind: 'answer'; questionId: string; answer: Answer }
  | { kind: 'order_fact'; orderRef: string; fact: OrderFact };

/** True while the thread waits for the catalog: a customer's next message is taken up after the answer. */
export function isWaiting(state: ThreadState, now: Date): boolean {
  return state.pending !== null && now.getTime() - Date.parse(state.pending.since) < QUESTION_PATIENCE_MS;
}

/**
 * Applies one event to a thread. Pure: the same thread, event and context give the same result. An event that does not
 * fit (an answer nobody waits for, a fact that is older than what is known) changes nothing.
 */
export function step(state: ThreadState, event: ThreadEvent, context: StepContext): Step {
  switch (event.kind) {
    case 'inbound': {
      const result = onInbound(refreshed(state, context.now), event.content, context);
      return event.cardNumberMasked ? warned(result) : result;
    }
    case 'answer':
      if (state.pending?.questionId !== event.questionId) return unchanged(state);
      return answered({ ...state, pending: null }, state.pending, event.answer, context);
    case 'order_fact':
      return onOrderFact(state, event.orderRef, event.fact, context);
  }
}

const unchanged = (state: ThreadState): Step => ({ state, effects: [] });

/** The time to live: after a day of silence the cart is forgotten, orders are not. */
function refreshed(state: ThreadState, now: Date): ThreadState {
  const expiresAt = new Date(now.getTime() + THREAD_TTL_MS).toISOString();
  const base = Date.parse(state.expiresAt) > now.getTime() ? state : forgotten(state, now);
  return { ...base, pending: isWaiting(base, now) ? base.pending : null, expiresAt };
}

function forgotten(state: ThreadState, now: Date): ThreadState {
  const moved = move(state, 'window_closed');
  return { ...newThread(now), phase: moved.phase, orders: state.orders };
}

function onInbound(state: ThreadState, content: InboundContent, context: StepContext): Step {
  const intent = readIntent(content, context.currency);
  if (state.phase === 'with_human') {
    if (intent.kind !== 'bot' && intent.kind !== 'menu') return unchanged(state);
    return ask(move(state, 'human_done'), { kind: 'categories' }, { kind: 'welcome' }, context);
  }
  return onIntent(state, intent, context);
}

function onIntent(state: ThreadState, intent: Intent, context: StepContext): Step {
  switch (intent.kind) {
    case 'none':
      return unchanged(state);
    case 'unreadable':
      return saying(state, say.sayUnreadable());
    case 'menu':
    case 'bot':
      return ask(state, { kind: 'categories' }, { kind: 'welcome' }, context);
    case 'category':
      return ask(
        state,
        { kind: 'search', query: { categoryId: intent.id, limit: 10 } },
        { kind: 'show_products', title: intent.title, searched: false },
        context,
      );
    case 'search':
      return ask(
        state,
        {
          kind: 'search',
          query: { text: intent.text, limit: 10, ...(intent.maxPrice ? { maxPrice: intent.maxPrice } : {}) },
        },
        { kind: 'show_products', title: intent.text || 'In your budget', searched: true },
        context,
      );
    case 'product':
      return ask(
        state,
        { kind: 'quote', lines: [{ sku: intent.sku, quantity: 1 }] },
        { kind: 'show_product' },
        context,
      );
    case 'add': {
      const had = state.cart.find((l) => l.sku === intent.sku)?.quantity ?? 0;
      return changeCart(state, setQuantity(state.cart, intent.sku, had + 1), context);
    }
    case 'set_quantity':
      return changeCart(state, setQuantity(state.cart, intent.sku, intent.quantity), context);
    case 'native_cart':
      return changeCart(
        { ...state, seen: { ...state.seen, ...seenOnPhone(intent.lines, context.currency) } },
        mergeLines(intent.lines),
        context,
      );
    case 'view_cart':
      if (state.cart.length === 0) return saying(state, say.sayEmptyCart());
      return ask(state, { kind: 'quote', lines: state.cart }, { kind: 'show_cart', notes: [] }, context);
    case 'edit_cart':
      return saying(
        state,
        state.shown && state.cart.length > 0 ? say.sayEditCart(state.shown) : say.sayEmptyCart(),
      );
    case 'edit_line': {
      const line = state.shown?.lines.find((l) => l.sku === intent.sku);
      return saying(state, line && !line.reason ? say.sayQuantities(line) : say.sayEmptyCart());
    }
    case 'checkout':
      return checkout(state, context);
    case 'cancel':
      return cancel(state);
    case 'track':
      return saying(state, say.sayOrders(state.orders));
    case 'human':
      return saying(move(state, 'human_requested'), say.sayHuman());
  }
}

/** Another cart is another order: one that was about to be paid is called off. */
function changeCart(state: ThreadState, cart: CartLine[], context: StepContext): Step {
  const { state: free, effects } = callOff(state);
  const next = withCart(free, cart);
  if (next.cart.length === 0) {
    return {
      state: { ...next, shown: null },
      effects: [...effects, { kind: 'say', content: say.sayEmptyCart() }],
    };
  }
  return ask(next, { kind: 'quote', lines: next.cart }, { kind: 'show_cart', notes: [] }, context, effects);
}

/** A native cart carries the prices that the customer's phone showed, in whole units with decimals. */
function seenOnPhone(
  lines: readonly { sku: string; seenPrice?: number }[],
  currency: string,
): Record<string, number> {
  const unit = 10 ** decimalsOf(currency);
  return Object.fromEntries(
    lines.flatMap((l) => (l.seenPrice === undefined ? [] : [[l.sku, Math.round(l.seenPrice * unit)]])),
  );
}

function callOff(state: ThreadState): Step {
  if (!state.order) return unchanged(state);
  const { ref } = state.order;
  return { state: { ...state, order: null }, effects: [{ kind: 'cancel_order', orderRef: ref }] };
}

function checkout(state: ThreadState, context: StepContext): Step {
  const { order } = state;
  if (state.phase === 'awaiting_payment' && order) {
    const alive = order.url && order.payBefore && Date.parse(order.payBefore) > context.now.getTime();
    return alive ? saying(state, say.sayPayLink(order.ref, order.quote, order.url!)) : unchanged(state);
  }
  if (state.cart.length === 0) return saying(state, say.sayEmptyCart());
  if (!state.shown)
    return ask(state, { kind: 'quote', lines: state.cart }, { kind: 'show_cart', notes: [] }, context);
  return requestCheckout(state, state.shown, context);
}

function requestCheckout(state: ThreadState, quote: Quote, context: StepContext): Step {
  const ref = context.newOrderRef();
  const at = context.now.toISOString();
  const moved = move({ ...state, order: { ref, quote } }, 'checkout_requested');
  return {
    state: noteOrder(moved, { ref, status: 'requested', updatedAt: at }),
    effects: [{ kind: 'request_checkout', orderRef: ref, quote }],
  };
}

function cancel(state: ThreadState): Step {
  const { state: free, effects } = callOff(state);
  const moved = move(free, 'order_cancelled');
  return { state: moved, effects: [...effects, { kind: 'say', content: say.sayCancelled() }] };
}

/** How far an order has come; a fact of a lower rank is late news. */
const RANK: Readonly<Record<OrderNote['status'], number>> = {
  requested: 0,
  ready_to_pay: 1,
  cancelled: 2,
  expired: 2,
  paid: 3,
  tracking_created: 4,
  shipped: 5,
  out_for_delivery: 6,
  delivery_failed: 6,
  delivered: 7,
  refunded: 8,
};

function onOrderFact(state: ThreadState, ref: string, fact: OrderFact, context: StepContext): Step {
  const known = state.orders.find((o) => o.ref === ref);
  const number = ('number' in fact ? fact.number : known?.number) ?? ref;
  const at = context.now.toISOString();
  const current = state.order?.ref === ref;
  const tell = (next: ThreadState, content: OutboundContent, template?: TemplateFallback): Step => ({
    state: next,
    effects: [{ kind: 'say', content, orderRef: ref, ...(template ? { template } : {}) }],
  });
  const noted = (status: OrderNote['status'], more: Partial<OrderNote> = {}): ThreadState =>
    noteOrder(state, { ref, status, updatedAt: at, ...more });

  switch (fact.kind) {
    case 'ready_to_pay': {
      if (!current) return unchanged(state);
      const order = { ref, url: fact.url, payBefore: fact.payBefore, quote: fact.quote };
      return tell({ ...noted('ready_to_pay'), order }, say.sayPayLink(ref, fact.quote, fact.url));
    }
    case 'changed': {
      if (!current) return unchanged(state);
      const cart = cartOnOffer(fact.quote);
      const next = move(
        { ...noted('cancelled'), order: null, cart },
        cart.length > 0 ? 'changes_found' : 'cart_emptied',
      );
      const shown = onlySellable(fact.quote);
      if (cart.length > 0 && !shown) {
        const notes = fact.changes.map(say.changeText);
        return ask(next, { kind: 'quote', lines: cart }, { kind: 'show_cart', notes }, context);
      }
      return tell({ ...next, shown }, say.sayChanges(fact.changes, shown ?? fact.quote));
    }
    case 'unavailable':
      if (!current) return unchanged(state);
      return tell(move({ ...noted('cancelled'), order: null }, 'checkout_declined'), say.sayUnavailable());
    case 'expired': {
      const next = noted('expired');
      if (!current) return unchanged(next);
      return tell(move({ ...next, order: null }, 'order_expired'), say.sayExpired(ref));
    }
    case 'payment_failed':
      return current ? tell(state, say.sayPaymentFailed(ref)) : unchanged(state);
    case 'paid': {
      const next = noted('paid', { number: fact.number });
      const settled =
        current || state.cart.length === 0 ? { ...next, order: null, cart: [], shown: null } : next;
      const phase = settled === next ? next : move(settled, 'order_paid');
      return tell(
        phase,
        say.sayReceipt(fact),
        template('order_receipt', { order: fact.number, total: formatMoney(fact.total) }),
      );
    }
    case 'refunded':
      return tell(
        move({ ...noted('refunded'), order: current ? null : state.order }, 'order_closed'),
        say.sayRefunded(number, fact),
        template('order_refunded', { order: number, amount: formatMoney(fact.total) }),
      );
    default: {
      if (known && RANK[fact.kind] < RANK[known.status]) return unchanged(state);
      const { tracking } = fact;
      const next = noted(fact.kind, {
        ...(known?.number ? { number: known.number } : {}),
        ...trackingOf(tracking),
      });
      const moved = fact.kind === 'delivered' ? move(next, 'order_closed') : next;
      const reason = fact.kind === 'delivery_failed' ? fact.reason : undefined;
      return tell(
        moved,
        say.sayProgress(fact.kind, number, tracking, reason),
        template(PURPOSES[fact.kind], {
          order: number,
          carrier: tracking.carrier,
          tracking_code: tracking.trackingCode,
        }),
      );
    }
  }
}

const PURPOSES = {
  tracking_created: 'order_shipped',
  shipped: 'order_shipped',
  out_for_delivery: 'order_out_for_delivery',
  delivered: 'order_delivered',
  delivery_failed: 'delivery_failed',
} as const satisfies Record<string, TemplatePurpose>;

function template(purpose: TemplatePurpose, facts: Record<string, string>): TemplateFallback {
  return { purpose, facts };
}

function trackingOf(tracking: Tracking): Partial<OrderNote> {
  return {
    carrier: tracking.carrier,
    trackingCode: tracking.trackingCode,
    ...(tracking.trackingUrl ? { trackingUrl: tracking.trackingUrl } : {}),
    ...(tracking.eta ? { eta: tracking.eta } : {}),
  };
}

function warned(result: Step): Step {
  const [first, ...rest] = result.effects;
  if (first?.kind === 'say') {
    return {
      ...result,
      effects: [{ ...first, content: say.withNote(say.CARD_WARNING, first.content) }, ...rest],
    };
  }
  return {
    ...result,
    effects: [{ kind: 'say', content: { type: 'text', body: say.CARD_WARNING } }, ...result.effects],
  };
}
