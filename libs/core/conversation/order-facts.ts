import type { OutboundContent, TemplateFallback, TemplatePurpose } from '#core/messaging';
import { askForCart } from './asking.js';
import { cartOnOffer, onlySellable } from './cart.js';
import type { Outcome, Step, Turn } from './effects.js';
import type { OrderFact, Tracking } from '#core/checkout';
import { changeText } from './figures.js';
import { CHOICE } from './intent.js';
import * as say from './say-orders.js';
import { sayChanges, sayUnavailable } from './say.js';
import { move, noteOrder, remember, type OrderNote, type ThreadState } from './state.js';

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

type ParcelFact = Extract<OrderFact, { tracking: Tracking }>;
type Tell = (next: ThreadState, content: OutboundContent, template?: TemplateFallback) => Step;

/**
 * Takes note of an order and tells the customer. Before it is paid only the order that the thread waits for counts;
 * paid, refunded and parcels are told of every order of this thread, and whatever the customer does meanwhile.
 */
export function onOrderFact(state: ThreadState, ref: string, fact: OrderFact, turn: Turn): Outcome {
  const unchanged: Step = { state, effects: [] };
  const known = state.orders.find((o) => o.ref === ref);
  const current = state.order?.ref === ref;
  const updatedAt = turn.now.toISOString();
  const tell: Tell = (next, content, template) => ({
    state: next,
    effects: [{ kind: 'say', content, orderRef: ref, ...(template ? { template } : {}) }],
  });
  const noted = (status: OrderNote['status'], more: Partial<OrderNote> = {}): ThreadState => {
    const further = known && RANK[known.status] > RANK[status] ? known.status : status;
    return noteOrder(state, { ref, ...more, status: further, updatedAt });
  };

  switch (fact.kind) {
    case 'ready_to_pay': {
      if (!current) return unchanged;
      const order = { ref, url: fact.url, payBefore: fact.payBefore, quote: fact.quote };
      return tell({ ...noted('ready_to_pay'), order }, say.sayPayLink(ref, fact.quote, fact.url));
    }
    case 'changed': {
      if (!current) return unchanged;
      const cart = cartOnOffer(fact.quote);
      const shown = cart.length > 0 ? onlySellable(fact.quote) : null;
      const next = move(
        remember({ ...noted('cancelled'), order: null, cart, shown }, fact.quote),
        cart.length > 0 ? 'changes_found' : 'cart_emptied',
      );
      if (cart.length > 0 && !shown) return askForCart(next, turn, { notes: fact.changes.map(changeText) });
      return tell(next, sayChanges(fact.changes, shown ?? fact.quote));
    }
    case 'unavailable':
      if (!current) return unchanged;
      return tell(
        move({ ...noted('cancelled'), order: null }, 'checkout_declined'),
        fact.why === 'payment' ? say.sayCannotPay() : sayUnavailable(CHOICE.checkout),
      );
    case 'expired':
      if (!current) return known ? { state: noted('expired'), effects: [] } : unchanged;
      return tell(move({ ...noted('expired'), order: null }, 'order_expired'), say.sayExpired(ref));
    case 'payment_failed':
      return current ? tell(state, say.sayPaymentFailed(ref)) : unchanged;
    case 'paid': {
      // The shop's number comes with this fact alone: who has it has the receipt.
      if (known?.number || known?.status === 'refunded') return unchanged;
      const { number } = fact;
      const next = noted('paid', { number });
      // Whoever went back to shopping keeps the cart.
      const over = current || state.cart.length === 0;
      const settled = over ? move({ ...next, order: null, cart: [], shown: null }, 'order_paid') : next;
      return tell(settled, say.sayReceipt(fact), template('order_receipt', { order: number }));
    }
    case 'refunded': {
      const number = known?.number ?? ref;
      // The order itself goes on when only the second of two payments goes back.
      const next =
        fact.reason === 'duplicate_payment'
          ? state
          : closed({ ...noted('refunded'), order: current ? null : state.order });
      return tell(next, say.sayRefunded(number, fact), template('order_refunded', { order: number }));
    }
    default:
      if (isLate(known, fact)) return unchanged;
      return onParcel(
        noteOrder(state, { ref, status: fact.kind, updatedAt, ...trackingOf(fact) }),
        ref,
        fact,
        tell,
      );
  }
}

function onParcel(noted: ThreadState, ref: string, fact: ParcelFact, tell: Tell): Step {
  const { tracking } = fact;
  const number = noted.orders.find((o) => o.ref === ref)?.number ?? ref;
  const reason = fact.kind === 'delivery_failed' ? fact.reason : undefined;
  return tell(
    fact.kind === 'delivered' ? closed(noted) : noted,
    say.sayProgress(fact.kind, number, tracking, reason),
    template(PURPOSES[fact.kind], {
      order: number,
      carrier: tracking.carrier,
      tracking_code: tracking.trackingCode,
    }),
  );
}

/** Each parcel of an order has a way of its own; a refunded order has none any more. */
function isLate(known: OrderNote | undefined, { kind, tracking }: ParcelFact): boolean {
  if (!known) return false;
  if (known.status === 'refunded') return true;
  if (known.trackingCode !== tracking.trackingCode) return false;
  return kind === known.status || RANK[kind] < RANK[known.status];
}

/** An order is over: nothing is left to pay and, once every order has arrived or been paid back, nothing to await. */
function closed(state: ThreadState): ThreadState {
  if (state.order) return state;
  const awaited = state.orders.some((o) => RANK[o.status] >= RANK.paid && RANK[o.status] < RANK.delivered);
  return awaited && state.phase !== 'awaiting_payment' ? state : move(state, 'order_closed');
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

function trackingOf({ tracking }: ParcelFact): Partial<OrderNote> {
  return {
    carrier: tracking.carrier,
    trackingCode: tracking.trackingCode,
    ...(tracking.trackingUrl ? { trackingUrl: tracking.trackingUrl } : {}),
    ...(tracking.eta ? { eta: tracking.eta } : {}),
  };
}
