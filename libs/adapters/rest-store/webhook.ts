import type { Money, StoreFulfilment, StoreOrder, StoreProduct } from '#core/catalog';
import {
  mark,
  object,
  oneOf,
  optional,
  prose,
  readBody,
  text,
  time,
  toMoney,
  toOrderRef,
  whole,
  type Json,
} from '#rest';
import { ORDER_STATUSES, toPieces, toProduct, toSku, toTrackingUrl } from './transformers.js';

export { verifyWebhook as verifyStoreWebhook, type WebhookVerdict as StoreWebhookVerdict } from '#rest';

/** An event of one product, price, order or parcel. */
const BODY = { values: 5_000, depth: 16 };

interface Envelope {
  /** The same on every repeat of the delivery. */
  eventId: string;
  /** ISO 8601. */
  occurredAt: string;
  /** Grows by one for every event of the shop. */
  sequence: number;
}

export type CatalogEventType = 'product.updated' | 'price.updated' | 'stock.updated';

export type StoreEvent =
  /** `data` is checked, and what the contract knows of it: {@link readCatalogChange} reads it. */
  | (Envelope & { type: CatalogEventType; sku: string; data: Json })
  | (Envelope & { type: 'order.updated'; orderRef: string; status: StoreOrder['status'] })
  | (Envelope & {
      type: 'fulfilment';
      kind: StoreFulfilment['status'];
      orderRef: string;
      fulfilmentId: string;
      tracking: { carrier: string; trackingCode: string; trackingUrl?: string; eta?: string };
      reason?: string;
    })
  /** Of a type that this version does not know: to be ignored. */
  | (Envelope & { type: 'other'; name: string });

export type ParsedStoreWebhook =
  | { outcome: 'event'; event: StoreEvent }
  /** Names the field and the rule it breaks; never quotes a value. */
  | { outcome: 'malformed'; reason: string };

/** Reads a verified webhook body. It never throws. */
export function parseStoreWebhook(rawBody: Buffer): ParsedStoreWebhook {
  const reading = readBody(rawBody, BODY, toEvent);
  return reading.outcome === 'read' ? { outcome: 'event', event: reading.value } : reading;
}

function toEvent(value: unknown): StoreEvent {
  const raw = object(value, 'body');
  const envelope: Envelope = {
    eventId: mark(raw.id, 'id'),
    occurredAt: time(raw.occurredAt, 'occurredAt'),
    sequence: whole(raw.sequence, 'sequence', 1),
  };
  const name = text(raw.type, 'type', 100);
  const data = object(raw.data, 'data');
  switch (name) {
    case 'product.updated':
    case 'price.updated':
    case 'stock.updated': {
      const change = readCatalogChange(name, data);
      return { ...envelope, type: name, sku: change.sku, data: dataOf(change) };
    }
    case 'order.updated':
      return {
        ...envelope,
        type: name,
        orderRef: toOrderRef(data.orderRef, 'data.orderRef'),
        status: oneOf(data.status, 'data.status', ORDER_STATUSES),
      };
    case 'fulfilment.created':
    case 'fulfilment.shipped':
    case 'fulfilment.out_for_delivery':
    case 'fulfilment.delivered':
    case 'fulfilment.failed':
      return toFulfilmentEvent(envelope, name.slice('fulfilment.'.length) as StoreFulfilment['status'], data);
    default:
      return { ...envelope, type: 'other', name };
  }
}

function toFulfilmentEvent(envelope: Envelope, kind: StoreFulfilment['status'], data: Json): StoreEvent {
  const eta = optional(data.eta, 'data.eta', time);
  const reason = optional(data.reason, 'data.reason', (v, p) => prose(v, p, 1_000));
  return {
    ...envelope,
    type: 'fulfilment',
    kind,
    orderRef: toOrderRef(data.orderRef, 'data.orderRef'),
    fulfilmentId: mark(data.fulfilmentId, 'data.fulfilmentId'),
    tracking: {
      carrier: text(data.carrier, 'data.carrier', 200),
      trackingCode: text(data.trackingCode, 'data.trackingCode', 200),
      ...toTrackingUrl(data.trackingUrl, 'data.trackingUrl'),
      ...(eta && { eta }),
    },
    ...(reason && { reason }),
  };
}

export type CatalogChange =
  | { type: 'product.updated'; sku: string; product: StoreProduct }
  | { type: 'price.updated'; sku: string; price: Money }
  | { type: 'stock.updated'; sku: string; available: number };

/** A change as the contract writes it, without what else the shop sent. */
function dataOf(change: CatalogChange): Json {
  switch (change.type) {
    case 'product.updated':
      return { ...change.product };
    case 'price.updated':
      return { sku: change.sku, price: change.price };
    case 'stock.updated':
      return { sku: change.sku, available: change.available };
  }
}

/** `data` of a catalog event. @throws FieldError naming the field that breaks the contract. */
export function readCatalogChange(type: CatalogEventType, data: Json): CatalogChange {
  const sku = toSku(data.sku, 'data.sku');
  switch (type) {
    case 'product.updated':
      return { type, sku, product: toProduct(data, 'data') };
    case 'price.updated':
      return { type, sku, price: toMoney(data.price, 'data.price') };
    case 'stock.updated':
      return { type, sku, available: toPieces(data.available, 'data.available') };
  }
}
