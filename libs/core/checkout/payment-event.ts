import type { Money } from '#core/catalog';

/**
 * What a payment provider says of an order's payment. `pending`: a delayed method, not money yet. `expired`: its page
 * is over. `refunded`: `amount` is what went back so far.
 */
export interface PaymentEvent {
  kind: 'paid' | 'pending' | 'failed' | 'expired' | 'refunded';
  /** The provider's id of the event: the same whenever it is delivered again. */
  eventId: string;
  orderRef: string;
  /** Key of the merchant's account that says so; undefined when we asked an account ourselves. */
  account?: string;
  /** As written on the payment when it was asked for; undefined when the provider does not give it back. */
  merchantId?: string;
  /** The provider's id of the payment page. */
  sessionId?: string;
  /** The provider's id of the money. */
  paymentId?: string;
  amount?: Money;
  /** ISO 8601, by the provider's clock. */
  occurredAt: string;
}
