import { decimalsOf, type CartLine, type Quote } from '#core/catalog';
import type { InboundContent } from '#core/messaging';
import { ask, askForCart } from './asking.js';
import { mergeLines, saying } from './cart.js';
import type { Outcome, Step, StepContext, Turn } from './effects.js';
import type { OrderFact } from '#core/checkout';
import { readIntent, type Intent } from './intent.js';
import { onOrderFact } from './order-facts.js';
import type { Answers } from './questions.js';
import * as orders from './say-orders.js';
import * as say from './say.js';
import {
  move,
  newThread,
  noteOrder,
  resumed,
  setQuantity,
  THREAD_TTL_MS,
  withCart,
  type OrderNote,
  type ThreadState,
} from './state.js';

export type ThreadEvent =
  | { kind: 'inbound'; content: InboundContent; cardNumberMasked?: boolean }
  | { kind: 'order_fact'; orderRef: string; fact: OrderFact };

/**
 * Applies one event to a thread, or says what has to be known of the catalog first: then the same is to be called again
 * with the answer among `answers`. Pure: the same thread, event, context and answers give the same result. A fact that is
 * older than what is known changes nothing.
 */
export function step(
  state: ThreadState,
  event: ThreadEvent,
  context: StepContext,
  answers: Answers,
): Outcome {
  const result = apply(state, event, { ...context, answers });
  if ('needs' in result || result.effects.length === 0 || result.state.spoken) return result;
  return { ...result, state: { ...result.state, spoken: true } };
}

function apply(state: ThreadState, event: ThreadEvent, turn: Turn): Outcome {
  switch (event.kind) {
    case 'inbound':
      return onInbound(refreshed(state, turn.now), event, turn);
    case 'order_fact':
      return onOrderFact(state, event.orderRef, event.fact, turn);
  }
}

const unchanged = (state: ThreadState): Step => ({ state, effects: [] });

/** The time to live: after a day of silence the cart is forgotten, orders are not. */
function refreshed(state: ThreadState, now: Date): ThreadState {
  const expiresAt = new Date(now.getTime() + THREAD_TTL_MS).toISOString();
  const base = Date.parse(state.expiresAt) > now.getTime() ? state : forgotten(state, now);
  return { ...base, expiresAt };
}

function forgotten(state: ThreadState, now: Date): ThreadState {
  const moved = move(state, 'window_closed');
  return { ...newThread(now), phase: moved.phase, orders: state.orders };
}

function onInbound(
  state: ThreadState,
  { content, cardNumberMasked }: Extract<ThreadEvent, { kind: 'inbound' }>,
  turn: Turn,
): Outcome {
  const read = readIntent(content, turn.currency);
  const opening = read.kind === 'none' && content.type === 'text' && !state.spoken;
  const intent: Intent = opening ? { kind: 'menu' } : read;
  if (cardNumberMasked) return warned(state, intent, turn);
  if (state.phase !== 'with_human') return onIntent(state, intent, turn);
  // People are spoken with in words; a tap on something of ours calls us back.
  const calledBack = intent.kind === 'bot' || content.type === 'choice' || content.type === 'cart';
  return calledBack ? onIntent(resumed(state), intent, turn) : unchanged(state);
}

/** Who types a card number wants to pay: the warning comes in one bubble with the way to do so. */
function warned(state: ThreadState, intent: Intent, turn: Turn): Outcome {
  const withHuman = state.phase === 'with_human';
  const result = withHuman || intent.kind === 'search' ? unchanged(state) : onIntent(state, intent, turn);
  if ('needs' in result) return result;
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

function onIntent(state: ThreadState, intent: Intent, turn: Turn): Outcome {
  switch (intent.kind) {
    case 'none':
      return unchanged(state);
    case 'unreadable':
      return saying(state, say.sayUnreadable());
    case 'menu':
    case 'bot':
      return ask(state, { kind: 'categories' }, { kind: 'welcome' }, turn);
    case 'category':
      return ask(
        state,
        { kind: 'search', query: { categoryId: intent.id, limit: 10 } },
        { kind: 'show_products', title: intent.title, searched: false },
        turn,
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
        turn,
      );
    case 'product':
      return ask(
        state,
        { kind: 'quote', lines: [{ sku: intent.sku, quantity: 1 }] },
        { kind: 'show_product' },
        turn,
      );
    case 'add': {
      const had = state.cart.find((l) => l.sku === intent.sku)?.quantity ?? 0;
      return changeCart(state, setQuantity(state.cart, intent.sku, had + 1), turn);
    }
    case 'set_quantity':
      return changeCart(state, setQuantity(state.cart, intent.sku, intent.quantity), turn);
    case 'native_cart':
      return changeCart(
        { ...state, seen: { ...state.seen, ...seenOnPhone(intent.lines, turn.currency) } },
        mergeLines(intent.lines),
        turn,
      );
    case 'view_cart':
      return viewCart(state, turn);
    case 'edit_cart':
      return state.shown ? saying(state, say.sayEditCart(state.shown, intent.from)) : viewCart(state, turn);
    case 'edit_line': {
      const line = state.shown?.lines.find((l) => l.sku === intent.sku);
      return line ? saying(state, say.sayQuantities(line)) : viewCart(state, turn);
    }
    case 'checkout':
      return checkout(state, turn);
    case 'cancel':
      return cancel(state, turn);
    case 'yes':
      return state.phase === 'confirming_changes' ? checkout(state, turn) : unchanged(state);
    case 'track':
      return saying(state, orders.sayOrders(allOrders(state, turn)));
    case 'human':
      return saying(move(state, 'human_requested'), say.sayHuman());
  }
}

/** Newest first, as in each thread. */
function allOrders(
  { orders: own }: ThreadState,
  { ordersElsewhere: others = [] }: Turn,
): readonly OrderNote[] {
  if (others.length === 0) return own;
  return [...own, ...others].toSorted((a, b) => b.updatedAt.localeCompare(a.updatedAt));
}

/** While its order waits for payment a cart is not priced anew: its own hold would make it look sold out. */
function viewCart(state: ThreadState, turn: Turn): Outcome {
  if (state.order) return payLink(state, state.order);
  return state.cart.length > 0 ? askForCart(state, turn) : saying(state, say.sayEmptyCart());
}

/** Another cart is another order: one that was about to be paid is called off. */
function changeCart(state: ThreadState, cart: CartLine[], turn: Turn): Outcome {
  const { state: free, effects } = callOff(state, turn);
  // What was shown before is no longer what is in the cart, so it cannot be checked out any more.
  const next = { ...withCart(free, cart), shown: null };
  // What is held for that order is this customer's own, until the shop has heard that it is not wanted.
  if (next.cart.length > 0) return askForCart(next, turn, { effects, held: state.order?.quote });
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

function callOff(state: ThreadState, turn: Turn): Step {
  if (!state.order) return unchanged(state);
  const { ref } = state.order;
  const noted = noteOrder(state, { ref, status: 'cancelled', updatedAt: turn.now.toISOString() });
  return { state: { ...noted, order: null }, effects: [{ kind: 'cancel_order', orderRef: ref }] };
}

function checkout(state: ThreadState, turn: Turn): Outcome {
  if (state.order) return payLink(state, state.order);
  if (state.cart.length > 0 && state.shown) return requestCheckout(state, state.shown, turn);
  return viewCart(state, turn);
}

/** The link leads to what is true of the order, also when its time is over. */
function payLink(state: ThreadState, { ref, quote, url }: NonNullable<ThreadState['order']>): Step {
  return saying(state, url ? orders.sayPayLink(ref, quote, url) : orders.sayReserving());
}

function requestCheckout(state: ThreadState, quote: Quote, turn: Turn): Step {
  const ref = turn.newOrderRef();
  const at = turn.now.toISOString();
  const moved = move({ ...state, order: { ref, quote } }, 'checkout_requested');
  return {
    state: noteOrder(moved, { ref, status: 'requested', updatedAt: at }),
    effects: [{ kind: 'request_checkout', orderRef: ref, quote }],
  };
}

function cancel(state: ThreadState, turn: Turn): Step {
  const { state: free, effects } = callOff(state, turn);
  const open = state.order !== null || state.phase === 'confirming_changes';
  const moved = move(free, 'order_cancelled');
  const paid = state.orders.find((o) => o.number && !['delivered', 'refunded'].includes(o.status));
  const content = open ? say.sayStopped() : say.sayNothingToStop(state.cart.length > 0, paid?.number);
  return { state: moved, effects: [...effects, { kind: 'say', content }] };
}
