import { decimalsOf, type CartLine, type Quote } from '#core/catalog';
import type { InboundContent } from '#core/messaging';
import { answered } from './answered.js';
import { ask, askForCart, mergeLines, saying } from './cart.js';
import type { Step, StepContext } from './effects.js';
import type { Answer, OrderFact } from './facts.js';
import { readIntent, type Intent } from './intent.js';
import { onOrderFact } from './order-facts.js';
import * as orders from './say-orders.js';
import * as say from './say.js';
import {
  move,
  newThread,
  noteOrder,
  QUESTION_PATIENCE_MS,
  resumed,
  setQuantity,
  THREAD_TTL_MS,
  withCart,
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
  const result = apply(state, event, context);
  if (result.effects.length === 0 || result.state.spoken) return result;
  return { ...result, state: { ...result.state, spoken: true } };
}

function apply(state: ThreadState, event: ThreadEvent, context: StepContext): Step {
  switch (event.kind) {
    case 'inbound':
      return onInbound(refreshed(state, context.now), event, context);
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

function onInbound(
  state: ThreadState,
  { content, cardNumberMasked }: Extract<ThreadEvent, { kind: 'inbound' }>,
  context: StepContext,
): Step {
  const read = readIntent(content, context.currency);
  const opening = read.kind === 'none' && content.type === 'text' && !state.spoken;
  const intent: Intent = opening ? { kind: 'menu' } : read;
  if (cardNumberMasked) return warned(state, intent, context);
  if (state.phase !== 'with_human') return onIntent(state, intent, context);
  // People are spoken with in words; a tap on something of ours calls us back.
  const calledBack = intent.kind === 'bot' || content.type === 'choice' || content.type === 'cart';
  return calledBack ? onIntent(resumed(state), intent, context) : unchanged(state);
}

/** Who types a card number wants to pay: the warning comes in one bubble with the way to do so. */
function warned(state: ThreadState, intent: Intent, context: StepContext): Step {
  const withHuman = state.phase === 'with_human';
  const result = withHuman || intent.kind === 'search' ? unchanged(state) : onIntent(state, intent, context);
  const [first, ...rest] = result.effects;
  if (first?.kind === 'say') {
    return {
      ...result,
      effects: [{ ...first, content: say.withCardWarning(first.content) }, ...rest],
    };
  }
  const { order } = state;
  const content =
    order?.url && !first && !withHuman
      ? say.withCardWarning(orders.sayPayLink(order.ref, order.quote, order.url))
      : say.sayCardWarning(state.cart.length > 0);
  return { ...result, effects: [{ kind: 'say', content }, ...result.effects] };
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
        {
          kind: 'show_products',
          title: intent.text || (intent.maxPrice ? 'In your budget' : 'Products'),
          searched: true,
          ...(intent.uncompared ? { uncompared: intent.uncompared } : {}),
        },
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
      return viewCart(state, context);
    case 'edit_cart':
      return state.shown
        ? saying(state, say.sayEditCart(state.shown, intent.from))
        : viewCart(state, context);
    case 'edit_line': {
      const line = state.shown?.lines.find((l) => l.sku === intent.sku);
      return line ? saying(state, say.sayQuantities(line)) : viewCart(state, context);
    }
    case 'checkout':
      return checkout(state, context);
    case 'cancel':
      return cancel(state, context);
    case 'yes':
      return state.phase === 'confirming_changes' ? checkout(state, context) : unchanged(state);
    case 'track':
      return saying(state, orders.sayOrders(state.orders));
    case 'human':
      return saying(move(state, 'human_requested'), say.sayHuman());
  }
}

/** While its order waits for payment a cart is not priced anew: its own hold would make it look sold out. */
function viewCart(state: ThreadState, context: StepContext): Step {
  if (state.order) return payLink(state, state.order);
  return state.cart.length > 0 ? askForCart(state, context) : saying(state, say.sayEmptyCart());
}

/** Another cart is another order: one that was about to be paid is called off. */
function changeCart(state: ThreadState, cart: CartLine[], context: StepContext): Step {
  const { state: free, effects } = callOff(state, context);
  // What was shown before is no longer what is in the cart, so it cannot be checked out any more.
  const next = { ...withCart(free, cart), shown: null };
  if (next.cart.length > 0) return askForCart(next, context, effects);
  return { state: next, effects: [...effects, { kind: 'say', content: say.sayEmptyCart() }] };
}

/** A native cart carries the prices that the customer's phone showed, in whole units with decimals. */
function seenOnPhone(
  lines: readonly { sku: string; seenPrice?: number }[],
  currency: string,
): Record<string, number> {
  const unit = 10 ** decimalsOf(currency);
  return Object.fromEntries(
    lines.flatMap(({ sku, seenPrice = Number.NaN }) => {
      const minor = Math.round(seenPrice * unit);
      return Number.isSafeInteger(minor) && minor >= 0 ? [[sku, minor]] : [];
    }),
  );
}

function callOff(state: ThreadState, context: StepContext): Step {
  if (!state.order) return unchanged(state);
  const { ref } = state.order;
  const noted = noteOrder(state, { ref, status: 'cancelled', updatedAt: context.now.toISOString() });
  return { state: { ...noted, order: null }, effects: [{ kind: 'cancel_order', orderRef: ref }] };
}

function checkout(state: ThreadState, context: StepContext): Step {
  if (state.order) return payLink(state, state.order);
  if (state.cart.length > 0 && state.shown) return requestCheckout(state, state.shown, context);
  return viewCart(state, context);
}

/** The link leads to what is true of the order, also when its time is over. */
function payLink(state: ThreadState, { ref, quote, url }: NonNullable<ThreadState['order']>): Step {
  return saying(state, url ? orders.sayPayLink(ref, quote, url) : orders.sayReserving());
}

function requestCheckout(state: ThreadState, quote: Quote, context: StepContext): Step {
  const ref = context.newOrderRef();
  const at = context.now.toISOString();
  // What was asked about the cart is not waited for: its answer would change a cart that is being bought.
  const moved = move({ ...state, order: { ref, quote }, pending: null }, 'checkout_requested');
  return {
    state: noteOrder(moved, { ref, status: 'requested', updatedAt: at }),
    effects: [{ kind: 'request_checkout', orderRef: ref, quote }],
  };
}

function cancel(state: ThreadState, context: StepContext): Step {
  const { state: free, effects } = callOff(state, context);
  const open = state.order !== null || state.phase === 'confirming_changes';
  const moved = move(free, 'order_cancelled');
  const paid = state.orders.find((o) => o.number && !['delivered', 'refunded'].includes(o.status));
  const content = open ? say.sayStopped() : say.sayNothingToStop(state.cart.length > 0, paid?.number);
  return { state: moved, effects: [...effects, { kind: 'say', content }] };
}
