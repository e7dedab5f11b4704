import type { Money, Quote, QuoteChange } from '#core/catalog';

/** A parcel, as the shop's courier names it. */
export interface Tracking {
  carrier: string;
  trackingCode: string;
  trackingUrl?: string;
  /** ISO 8601 */
  eta?: string;
}

export type RefundReason = 'out_of_stock' | 'cancelled' | 'duplicate_payment';

/** What the thread is told of an order; each at most once under its fact id. Facts only move an order forward. */
export type OrderFact =
  /** The stock is held; the link opens the payment page once. */
  | { kind: 'ready_to_pay'; quote: Quote; url: string; payBefore: string }
  /** Price or stock moved since the quote was accepted: nothing is held, the customer must be asked again. */
  | { kind: 'changed'; quote: Quote; changes: QuoteChange[] }
  /** Nothing is held: the shop did not answer or, with `payment`, the merchant cannot take one for this order now. */
  | { kind: 'unavailable'; why?: 'payment' }
  | { kind: 'expired' }
  | { kind: 'payment_failed' }
  | { kind: 'paid'; number: string; quote: Quote; total: Money; paidAt: string }
  | { kind: 'refunded'; total: Money; reason: RefundReason }
  | { kind: 'tracking_created'; tracking: Tracking }
  | { kind: 'shipped'; tracking: Tracking }
  | { kind: 'out_for_delivery'; tracking: Tracking }
  | { kind: 'delivered'; tracking: Tracking; deliveredAt: string }
  | { kind: 'delivery_failed'; tracking: Tracking; reason?: string };
