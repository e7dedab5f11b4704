import type { Money } from '#core/catalog';
import type { PaymentEvent } from '#core/checkout';
import { FieldError, mark, object, readBody, text, time, verifyWebhook, type WebhookVerdict } from '#rest';
import { toPayment, type ContractPayment } from './transformers.js';

/** An event of one payment. */
const BODY = { values: 1_000, depth: 16 };

const SIGNATURE_HEADER = 'waco-signature';

export type SignedPaymentsReading =
  | { outcome: 'event'; event: PaymentEvent & { merchantId: string } }
  /** Well-formed, and nothing follows from it. */
  | { outcome: 'ignored'; eventId: string; reason: string }
  /** Names the field and the rule it breaks; never quotes a value. */
  | { outcome: 'malformed'; reason: string };

/** Checks the `Waco-Signature` of a webhook against its raw bytes. `headers` have names in lower case. */
export function verifySignedPaymentsWebhook(
  rawBody: Buffer,
  headers: Readonly<Record<string, string | undefined>>,
  secrets: readonly string[],
  now: Date,
): WebhookVerdict {
  return verifyWebhook(rawBody, headers[SIGNATURE_HEADER], secrets, now);
}

/**
 * Reads a verified webhook body. It never throws. The event's `merchantId` is what the payment service gives back of our
 * request: it must be the merchant whose secret signed.
 */
export function parseSignedPaymentsWebhook(rawBody: Buffer): SignedPaymentsReading {
  const reading = readBody(rawBody, BODY, toReading);
  return reading.outcome === 'read' ? reading.value : reading;
}

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

function toReading(value: unknown): SignedPaymentsReading {
  const raw = object(value, 'body');
  const eventId = mark(raw.id, 'id');
  const occurredAt = time(raw.occurredAt, 'occurredAt');
  const type = text(raw.type, 'type', 100);
  const data = object(raw.data, 'data');
  if (!isEventType(type)) {
    return { outcome: 'ignored', eventId, reason: 'a type that this version does not know' };
  }
  if ((data.orderRef ?? null) === null && (data.merchantId ?? null) === null) {
    return { outcome: 'ignored', eventId, reason: 'a payment that Waco did not open' };
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
    outcome: 'event',
    event: { kind, eventId, orderRef, merchantId, sessionId, paymentId, amount, occurredAt },
  };
}

function amountOf(kind: PaymentEvent['kind'], { amount, refunded }: ContractPayment): Money {
  if (kind !== 'refunded') return amount;
  if (refunded.minor === 0) throw new FieldError('data.refunded.minor', 'must be at least 1');
  return refunded;
}
