import type { Money } from '#core/catalog';
import type { PaymentEvent } from '#core/checkout';
import type { Notice } from '#core/tenancy';
import { FieldError, mark, object, signedWebhooks, text, time } from '#rest';
import { toPayment, type ContractPayment } from './transformers.js';

/**
 * An event of one payment. Its `merchantId` is what the payment service gives back of our request: it must be the merchant
 * whose secret signed.
 */
export const signedPaymentsWebhooks = signedWebhooks<PaymentEvent>({ values: 1_000, depth: 16 }, toNotice);

/** What a payment is after each event, and so must be in it. */
const STATUS_AFTER = {
  'payment.paid': 'paid',
  'payment.pending': 'pending',
  'payment.failed': 'failed',
  'payment.expired': 'expired',
  'payment.refunded': 'paid',
} as const satisfies Record<string, ContractPayment['status']>;

type EventType = keyof typeof STATUS_AFTER;

function isEventType(type: string): type is EventType {
  return Object.hasOwn(STATUS_AFTER, type);
}

function toNotice(value: unknown): Notice<PaymentEvent> {
  const raw = object(value, 'body');
  const eventId = mark(raw.id, 'id');
  const occurredAt = time(raw.occurredAt, 'occurredAt');
  const type = text(raw.type, 'type', 100);
  const data = object(raw.data, 'data');
  const said = { id: eventId, name: type, occurredAt: new Date(occurredAt) };
  if (!isEventType(type)) return { ...said, ignored: 'a type that this version does not know' };
  if ((data.orderRef ?? null) === null && (data.merchantId ?? null) === null) {
    return { ...said, ignored: 'a payment that Waco did not open' };
  }
  const payment = toPayment(data, 'data.');
  // Some services say "completed" of what failed: the two must agree.
  if (payment.status !== STATUS_AFTER[type]) {
    throw new FieldError('data.status', `must be ${STATUS_AFTER[type]} in a ${type}`);
  }
  const { id: sessionId, orderRef, merchantId } = payment;
  const kind = type.slice('payment.'.length) as PaymentEvent['kind'];
  const paymentId = kind === 'expired' ? undefined : sessionId;
  const amount = amountOf(kind, payment);
  return {
    ...said,
    event: { kind, eventId, orderRef, merchantId, sessionId, paymentId, amount, occurredAt },
  };
}

function amountOf(kind: PaymentEvent['kind'], { amount, refunded }: ContractPayment): Money {
  if (kind !== 'refunded') return amount;
  if (refunded.minor === 0) throw new FieldError('data.refunded.minor', 'must be at least 1');
  return refunded;
}
