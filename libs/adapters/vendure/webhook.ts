import type { Money, StoreFulfilment, StoreOrder } from '#core/catalog';
import { JsonOutOfBounds, parseBoundedJson, verifyTimedSignature } from '#platform';
import { FieldError, mark, object, oneOf, text, time, whole, type Json } from './fields.js';
import { toCurrency, toMoney, toOrderRef, toPieces, toSku, toTracking } from './transformers.js';

export type VendureWebhookVerdict =
  { outcome: 'verified' } | { outcome: 'refused'; reason: 'no_signature' | 'bad_signature' | 'too_old' };

/**
 * Checks a `Waco-Signature` header, with which the plugin signs as any shop does that speaks the store contract, against
 * the raw bytes. `too_old` also means: signed more than 300 seconds ahead of `now`.
 */
export function verifyVendureWebhook(
  rawBody: Buffer,
  header: string | undefined,
  secrets: readonly string[],
  now: Date,
): VendureWebhookVerdict {
  if (!header) return { outcome: 'refused', reason: 'no_signature' };
  const verdict = verifyTimedSignature(rawBody, header, secrets, now);
  return verdict === 'verified' ? { outcome: verdict } : { outcome: 'refused', reason: verdict };
}

const BODY = { values: 500, depth: 8 };

interface Envelope {
  /** The same on every repeat of the delivery. */
  eventId: string;
  /** ISO 8601. */
  occurredAt: string;
  /** In microseconds since 1970; of goods when they last changed, so that it compares with a product's own. */
  sequence: number;
}

/** The events of the store contract that Vendure has. `data` is in the contract's form. */
export type VendureEvent =
  | (Envelope & { type: 'price.updated'; sku: string; data: { sku: string; price: Money } })
  | (Envelope & { type: 'stock.updated'; sku: string; data: { sku: string; available: number } })
  | (Envelope & { type: 'order.updated'; orderRef: string; status: StoreOrder['status'] })
  | (Envelope & {
      type: 'fulfilment';
      kind: StoreFulfilment['status'];
      orderRef: string;
      fulfilmentId: string;
      tracking: { carrier: string; trackingCode: string };
    })
  /** Of a type that this version does not know: to be ignored. */
  | (Envelope & { type: 'other'; name: string });

export type ParsedVendureWebhook =
  | { outcome: 'event'; event: VendureEvent }
  /** Names the field and the rule it breaks; never quotes a value. */
  | { outcome: 'malformed'; reason: string };

/** Reads a verified webhook body. It never throws. */
export function parseVendureWebhook(rawBody: Buffer): ParsedVendureWebhook {
  let body: unknown;
  try {
    body = parseBoundedJson(rawBody, BODY);
  } catch (error) {
    return {
      outcome: 'malformed',
      reason: error instanceof JsonOutOfBounds ? error.message : 'body must be JSON',
    };
  }
  try {
    return { outcome: 'event', event: toEvent(body) };
  } catch (error) {
    if (error instanceof FieldError) return { outcome: 'malformed', reason: error.message };
    throw error;
  }
}

function toEvent(value: unknown): VendureEvent {
  const raw = object(value, 'body');
  const envelope: Envelope = {
    eventId: mark(raw.id, 'id'),
    occurredAt: time(raw.occurredAt, 'occurredAt'),
    sequence: whole(raw.sequence, 'sequence', 1),
  };
  const name = text(raw.type, 'type', 100);
  const data = object(raw.data, 'data');
  switch (name) {
    case 'price.updated':
      return toPrice(envelope, data);
    case 'stock.updated': {
      const sku = toSku(data.sku, 'data.sku');
      const available = toPieces(data.available, 'data.available');
      return { ...envelope, type: name, sku, data: { sku, available } };
    }
    case 'order.updated': {
      const status = oneOf(data.status, 'data.status', ['paid', 'shipped', 'delivered', 'cancelled']);
      return { ...envelope, type: name, orderRef: toOrderRef(data.orderRef, 'data.orderRef'), status };
    }
    case 'fulfilment.created':
    case 'fulfilment.shipped':
    case 'fulfilment.delivered':
      return {
        ...envelope,
        type: 'fulfilment',
        kind: name.slice('fulfilment.'.length) as StoreFulfilment['status'],
        orderRef: toOrderRef(data.orderRef, 'data.orderRef'),
        fulfilmentId: mark(data.fulfilmentId, 'data.fulfilmentId'),
        tracking: toTracking(data.carrier, data.trackingCode, 'data'),
      };
    default:
      return { ...envelope, type: 'other', name };
  }
}

/** Vendure's amount and how many decimals it has. */
function toPrice(envelope: Envelope, data: Json): VendureEvent {
  const sku = toSku(data.sku, 'data.sku');
  const currency = toCurrency(data.currency, 'data.currency');
  const precision = whole(data.precision, 'data.precision', 0, 6);
  const price = toMoney(data.amount, 'data.amount', currency, precision);
  return { ...envelope, type: 'price.updated', sku, data: { sku, price } };
}
