import type { Cleared } from '#core/messaging';
import type { Money } from '../money.js';
import type { Product } from '../product.js';
import type { CartLine, Quote } from '../quote.js';

/** A product as the store lists it. */
export interface StoreProduct extends Product {
  /** ISO 8601: when the store last changed it. */
  updatedAt: string;
}

export interface ProductPage {
  products: StoreProduct[];
  /** For the next page; null: this was the last one. */
  nextCursor: string | null;
}

export interface Short {
  sku: string;
  requested: number;
  available: number;
}

export type ReserveResult =
  { outcome: 'held'; reservationId: string; expiresAt: string } | { outcome: 'short'; short: Short[] };

export type ReservationStatus = 'held' | 'released' | 'committed' | 'expired';

/** `gone`: the reservation is no longer in a state that allows this; `status` says why, `unknown` when it never was. */
export type ReservationResult =
  | { outcome: 'ok'; reservationId: string; status: ReservationStatus; expiresAt: string }
  | { outcome: 'gone'; status: ReservationStatus | 'unknown' };

export type StoreOrderStatus = 'paid' | 'processing' | 'shipped' | 'delivered' | 'cancelled';

export interface StoreFulfilment {
  fulfilmentId: string;
  status: 'created' | 'shipped' | 'out_for_delivery' | 'delivered' | 'failed';
  carrier: string;
  trackingCode: string;
  trackingUrl?: string;
  eta?: string;
  /** Why a delivery failed. */
  reason?: string;
  updatedAt: string;
}

export interface StoreOrder {
  orderRef: string;
  orderId: string;
  /** What the shop and its customer call the order. */
  number: string;
  status: StoreOrderStatus;
  createdAt: string;
  fulfilments: StoreFulfilment[];
}

export interface OrderRequest {
  orderRef: string;
  reservationId: string;
  customer: { name?: string; phone?: string };
  lines: (CartLine & { unitPrice: Money })[];
  /** What was paid, tax and shipping included. */
  total: Money;
  payment: { provider: string; reference: string; paidAt: string };
}

/** `gone`: paid for, but the stock is no longer there; nothing was written. */
export type PlaceOrderResult = { outcome: 'placed'; order: StoreOrder } | { outcome: 'gone'; short: Short[] };

export type GetOrderResult = { outcome: 'found'; order: StoreOrder } | { outcome: 'unknown' };

export type CancelOrderResult =
  | { outcome: 'cancelled'; order: StoreOrder }
  /** It has left the shop. */
  | { outcome: 'too_late'; status: StoreOrderStatus }
  | { outcome: 'unknown' };

/**
 * The merchant's shop, which owns products, stock and orders. What comes from it and what goes to it is cleared. What can be expected to happen comes back as a value;
 * everything else is a PortError. `indeterminate` from `reserve` or `placeOrder`: call again with the same key.
 */
export interface StorePort {
  /** Oldest change first. With `updatedSince` (ISO 8601) only what changed at or after it, deleted products included. */
  listProducts(query: { updatedSince?: string; cursor?: string }): Promise<Cleared<ProductPage>>;
  /** Prices and stock now; each line is answered, sellable or not. Holds nothing. */
  quote(lines: CartLine[], region?: string): Promise<Cleared<Quote>>;
  /** All lines or none, for `ttlSeconds`. */
  reserve(request: {
    orderRef: string;
    lines: CartLine[];
    ttlSeconds: number;
    idempotencyKey: string;
  }): Promise<ReserveResult>;
  /** Ends `ttlSeconds` from now, never earlier than before. Only a held reservation can be extended. */
  extend(reservationId: string, ttlSeconds: number): Promise<ReservationResult>;
  /** Gives the stock back; harmless when repeated. */
  release(reservationId: string): Promise<ReservationResult>;
  /** Takes the held stock for good; `placeOrder` does so by itself. */
  commit(reservationId: string): Promise<ReservationResult>;
  /** Writes a paid order, once per `orderRef`; takes free stock when the reservation is over. */
  placeOrder(order: Cleared<OrderRequest>, idempotencyKey: string): Promise<Cleared<PlaceOrderResult>>;
  getOrder(orderRef: string): Promise<Cleared<GetOrderResult>>;
  /** Cancels it and puts the stock back; moves no money. Harmless when repeated. */
  cancelOrder(orderRef: string): Promise<Cleared<CancelOrderResult>>;
}
