import type { CatalogChange, StoreEvent, StoreFulfilment } from '#core/catalog';
import {
  mark,
  oneOf,
  optional,
  prose,
  signedStoreWebhooks,
  text,
  time,
  toMoney,
  toOrderRef,
  type Json,
} from '#rest';
import { ORDER_STATUSES, toPieces, toProduct, toSku, toTrackingUrl } from './transformers.js';

/** An event of one product, price, order or parcel. */
export const restStoreWebhooks = signedStoreWebhooks({ values: 5_000, depth: 16 }, toEvent);

/** Undefined for a type that this version does not know. */
function toEvent(name: string, sequence: number, data: Json): StoreEvent | undefined {
  switch (name) {
    case 'product.updated':
    case 'price.updated':
    case 'stock.updated':
      return { about: 'catalog', sequence, change: toChange(name, data) };
    case 'order.updated':
      return {
        about: 'order',
        sequence,
        orderRef: toOrderRef(data.orderRef, 'data.orderRef'),
        status: oneOf(data.status, 'data.status', ORDER_STATUSES),
      };
    case 'fulfilment.created':
    case 'fulfilment.shipped':
    case 'fulfilment.out_for_delivery':
    case 'fulfilment.delivered':
    case 'fulfilment.failed':
      return toFulfilment(name.slice('fulfilment.'.length) as StoreFulfilment['status'], sequence, data);
    default:
      return undefined;
  }
}

function toChange(type: CatalogChange['type'], data: Json): CatalogChange {
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

function toFulfilment(status: StoreFulfilment['status'], sequence: number, data: Json): StoreEvent {
  const eta = optional(data.eta, 'data.eta', time);
  const reason = optional(data.reason, 'data.reason', (v, p) => prose(v, p, 1_000));
  return {
    about: 'fulfilment',
    sequence,
    status,
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
