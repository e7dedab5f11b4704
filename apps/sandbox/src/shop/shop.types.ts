/** Documents of the demo shop. Each shop has its own collections, so nothing here names its shop. */

export interface Money {
  /** Integer count of the currency's minor unit. */
  minor: number;
  /** ISO 4217. */
  currency: string;
}

export interface Line {
  sku: string;
  quantity: number;
}

export interface ShopDoc {
  id: string;
  name: string;
  currency: string;
  apiKey: string;
  webhookUrl: string;
  webhookSecret: string;
  /** Origin for links that leave the shop (pictures, tracking), without a slash at the end. */
  publicUrl: string;
  /** Flat delivery fee in minor units, free from an order value of `freeFromMinor` on. */
  shipping: { flatMinor: number; freeFromMinor: number };
  /** Number of the last event that the shop sent. */
  sequence: number;
  lastOrderNumber: number;
}

export interface ProductDoc {
  sku: string;
  title: string;
  description: string;
  category: { id: string; title: string };
  priceMinor: number;
  /** Units in the shop, held ones included. What can be promised is `onHand - held`, never below zero. */
  onHand: number;
  held: number;
  regions: string[] | null;
  /** Sequence of the last event about this product. */
  sequence: number;
  updatedAt: string;
  deleted: boolean;
}

export type ReservationStatus = 'held' | 'released' | 'committed' | 'expired';

export interface ReservationDoc {
  reservationId: string;
  orderRef: string;
  status: ReservationStatus;
  lines: Line[];
  createdAt: string;
  expiresAt: string;
}

export type OrderStatus = 'paid' | 'processing' | 'shipped' | 'delivered' | 'cancelled';
export type FulfilmentStatus = 'created' | 'shipped' | 'out_for_delivery' | 'delivered' | 'failed';

export interface FulfilmentDoc {
  fulfilmentId: string;
  status: FulfilmentStatus;
  carrier: string;
  trackingCode: string;
  trackingUrl: string;
  eta?: string;
  reason?: string;
  updatedAt: string;
}

/** What `POST /v1/orders` brought, kept to tell a repeat from another order under the same reference. */
export interface OrderContent {
  orderRef: string;
  reservationId: string;
  customer: { name?: string; phone?: string };
  lines: (Line & { unitPrice: Money })[];
  total: Money;
  payment: { provider: string; reference: string; paidAt: string };
}

export interface OrderDoc extends OrderContent {
  orderId: string;
  number: string;
  status: OrderStatus;
  createdAt: string;
  fulfilments: FulfilmentDoc[];
}

export interface IdempotencyDoc {
  bodyHash: string;
  status: number;
  answer: unknown;
  at: string;
}

export interface ShopFaults {
  /** Every store call waits this long, in milliseconds. */
  delayMs: number;
  /** How many of the next store calls fail. */
  failNext: number;
  /** HTTP status they fail with. */
  status: number;
}
