import type Stripe from 'stripe';
import type { PaymentEvent, PaymentStatus } from '#core/checkout';
import { fromStripeAmount } from './currency.js';
import { isId } from './ids.js';

/** Written on sessions, payment intents and refunds; it comes back on everything that Stripe derives from them. */
export const ORDER_KEY = 'waco_order';
export const MERCHANT_KEY = 'waco_merchant';

/** What a webhook endpoint must send. Events of refunds say nothing more than `charge.refunded`, and may come besides. */
export const NEEDED_EVENTS = [
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'checkout.session.expired',
  'charge.refunded',
];

export type IgnoredEvent = { kind: 'ignored'; eventId: string; reason: string };

/**
 * What an event says of an order's payment, or that it says nothing. `merchantId` is what we wrote on the session:
 * it must be the merchant whose secret verified the event.
 */
export function parseStripeEvent(event: Stripe.Event): PaymentEvent | IgnoredEvent {
  switch (event.type) {
    case 'checkout.session.completed':
      return ofSession(event, event.data.object.payment_status === 'unpaid' ? 'pending' : 'paid');
    case 'checkout.session.async_payment_succeeded':
      return ofSession(event, 'paid');
    case 'checkout.session.async_payment_failed':
      return ofSession(event, 'failed');
    case 'checkout.session.expired':
      return ofSession(event, 'expired');
    case 'charge.refunded':
      return ofCharge(event, event.data.object);
    case 'refund.created':
    case 'refund.updated':
      return ofRefund(event, event.data.object);
    default:
      return ignored(event, `nothing follows from ${event.type}`);
  }
}

function ofSession(
  event: Stripe.Event & { data: { object: Stripe.Checkout.Session } },
  kind: 'paid' | 'pending' | 'failed' | 'expired',
): PaymentEvent | IgnoredEvent {
  const session = event.data.object;
  if (session.mode !== 'payment') return ignored(event, `a session of mode ${session.mode}`);
  const orderRef = orderOf(session);
  if (!orderRef) return ignored(event, 'a session that Waco did not open');
  return {
    kind,
    eventId: event.id,
    orderRef,
    merchantId: session.metadata?.[MERCHANT_KEY],
    sessionId: idOf(session),
    paymentId: idOf(session.payment_intent),
    amount: amountOf(session),
    occurredAt: toIso(event.created),
  };
}

/** `amount` is everything refunded of the charge so far. A charge inherits the metadata of its payment intent. */
function ofCharge(event: Stripe.Event, charge: Stripe.Charge): PaymentEvent | IgnoredEvent {
  const orderRef = reference(charge.metadata[ORDER_KEY]);
  if (!orderRef) return ignored(event, 'a charge that Waco did not ask for');
  return {
    kind: 'refunded',
    eventId: event.id,
    orderRef,
    merchantId: charge.metadata[MERCHANT_KEY],
    paymentId: idOf(charge.payment_intent) ?? idOf(charge),
    amount: fromStripeAmount(charge.amount_refunded, charge.currency),
    occurredAt: toIso(event.created),
  };
}

/** A refund made elsewhere lacks our metadata; its `charge.refunded` has it. */
function ofRefund(event: Stripe.Event, refund: Stripe.Refund): PaymentEvent | IgnoredEvent {
  const orderRef = reference(refund.metadata?.[ORDER_KEY]);
  if (!orderRef) return ignored(event, 'a refund that Waco did not ask for');
  if (refund.status !== 'succeeded') return ignored(event, `the refund is ${refund.status ?? 'unknown'}`);
  return {
    kind: 'refunded',
    eventId: event.id,
    orderRef,
    merchantId: refund.metadata?.[MERCHANT_KEY],
    paymentId: idOf(refund.payment_intent) ?? idOf(refund.charge),
    amount: fromStripeAmount(refund.amount, refund.currency),
    occurredAt: toIso(event.created),
  };
}

function ignored(event: Stripe.Event, reason: string): IgnoredEvent {
  return { kind: 'ignored', eventId: event.id, reason };
}

/** `payment_status` stays `paid` after a refund: it says that the money came, not that it is still here. */
export function toPaymentStatus(session: Stripe.Checkout.Session): PaymentStatus {
  const sessionId = session.id;
  const paymentId = idOf(session.payment_intent);
  if (session.payment_status !== 'unpaid') {
    return { status: 'paid', sessionId, paymentId, amount: amountOf(session) };
  }
  if (session.status === 'complete') return { status: 'pending', sessionId, paymentId };
  return { status: session.status === 'expired' ? 'expired' : 'open', sessionId };
}

function orderOf(session: Stripe.Checkout.Session): string | undefined {
  return reference(session.metadata?.[ORDER_KEY] ?? session.client_reference_id);
}

/** One that we may have given; ours are shorter. */
function reference(value: unknown): string | undefined {
  return isId(value) && value.length <= 128 ? value : undefined;
}

function amountOf(session: Stripe.Checkout.Session): PaymentEvent['amount'] {
  if (session.amount_total === null || session.currency === null) return undefined;
  return fromStripeAmount(session.amount_total, session.currency);
}

export function idOf(reference: string | { id: string } | null | undefined): string | undefined {
  const id = typeof reference === 'string' ? reference : reference?.id;
  return isId(id) ? id : undefined;
}

function toIso(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}
