import type { Money } from './money.js';
import type { StoreFulfilment, StoreOrderStatus, StoreProduct } from './ports/store.port.js';

/** A figure of the catalog that is another one now. */
export type CatalogChange =
  | { type: 'product.updated'; sku: string; product: StoreProduct }
  | { type: 'price.updated'; sku: string; price: Money }
  | { type: 'stock.updated'; sku: string; available: number };

/** What a shop says by itself. `sequence` grows with every event of the shop: of two, the larger is the newer. */
export type StoreEvent =
  | { about: 'catalog'; sequence: number; change: CatalogChange }
  | { about: 'order'; sequence: number; orderRef: string; status: StoreOrderStatus }
  | {
      about: 'fulfilment';
      sequence: number;
      orderRef: string;
      fulfilmentId: string;
      status: StoreFulfilment['status'];
      tracking: { carrier: string; trackingCode: string; trackingUrl?: string; eta?: string };
      /** Why a delivery failed. */
      reason?: string;
    };
