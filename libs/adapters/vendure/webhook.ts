import type { Money, StoreEvent, StoreFulfilment } from '#core/catalog';
import { mark, oneOf, signedStoreWebhooks, whole, type Json } from '#rest';
import { toCurrency, toMoney, toOrderRef, toPieces, toSku, toTracking } from './transformers.js';

/**
 * Webhooks of the plugin for Vendure. They are signed as the store contract says. `sequence` is a time in microseconds since
 * 1970. For goods it is the time of their last change, which is a product's `sequence` too.
 */
export const vendureWebhooks = signedStoreWebhooks({ values: 500, depth: 8 }, toEvent);

/** Undefined for a type that this version does not know. */
function toEvent(name: string, sequence: number, data: Json): StoreEvent | undefined {
  switch (name) {
    case 'price.updated':
      return { about: 'catalog', sequence, change: { type: name, ...toPrice(data) } };
    case 'stock.updated': {
      const sku = toSku(data.sku, 'data.sku');
      const available = toPieces(data.available, 'data.available');
      return { about: 'catalog', sequence, change: { type: name, sku, available } };
    }
    case 'order.updated': {
      const status = oneOf(data.status, 'data.status', ['paid', 'shipped', 'delivered', 'cancelled']);
      return { about: 'order', sequence, orderRef: toOrderRef(data.orderRef, 'data.orderRef'), status };
    }
    case 'fulfilment.created':
    case 'fulfilment.shipped':
    case 'fulfilment.delivered':
      return {
        about: 'fulfilment',
        sequence,
        status: name.slice('fulfilment.'.length) as StoreFulfilment['status'],
        orderRef: toOrderRef(data.orderRef, 'data.orderRef'),
        fulfilmentId: mark(data.fulfilmentId, 'data.fulfilmentId'),
        tracking: toTracking(data.carrier, data.trackingCode, 'data'),
      };
    default:
      return undefined;
  }
}

/** Vendure's amount and how many decimals it has. */
function toPrice(data: Json): { sku: string; price: Money } {
  const sku = toSku(data.sku, 'data.sku');
  const currency = toCurrency(data.currency, 'data.currency');
  const precision = whole(data.precision, 'data.precision', 0, 6);
  return { sku, price: toMoney(data.amount, 'data.amount', currency, precision) };
}
