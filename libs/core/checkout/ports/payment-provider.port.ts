import type { Money, Quote } from '#core/catalog';
import type { Cleared } from '#core/messaging';

export interface HostedPaymentRequest {
  merchantId: string;
  orderRef: string;
  /** What is to be paid: its total, shown line by line. */
  quote: Quote;
  /** Where the customer lands after paying, and after turning back. */
  returnUrl: string;
  cancelUrl: string;
  /** ISO 8601. A repeat of the call must give the same one. */
  expiresAt: string;
  /** The same for every repeat of the same intent; up to 255 characters. */
  idempotencyKey: string;
}

export interface HostedPayment {
  sessionId: string;
  url: string;
}

/** What the provider says of a payment page when asked. `pending`: done by the customer, but no money yet. */
export type PaymentStatus =
  | { status: 'open'; sessionId: string }
  | { status: 'expired'; sessionId: string }
  | { status: 'pending'; sessionId: string; paymentId?: string }
  | { status: 'paid'; sessionId: string; paymentId?: string; amount?: Money };

export interface RefundRequest {
  merchantId: string;
  orderRef: string;
  /** The provider's id of the money. */
  paymentId: string;
  /** Null: all of it. */
  amount: Money | null;
  duplicate: boolean;
  idempotencyKey: string;
}

/** `already`: it had all been given back before. */
export type RefundResult = { outcome: 'refunded'; refundId: string } | { outcome: 'already' };

/**
 * One merchant's account at a payment provider. What it says by itself, a `WebhookReader` reads. What can be expected to happen
 * comes back as a value; everything else is a PortError. `indeterminate` (the answer was lost): call again with the same idempotency key.
 */
export interface PaymentProviderPort {
  /** Opens a page on which the customer pays; card data never comes near us. */
  createHostedPayment(request: Cleared<HostedPaymentRequest>): Promise<HostedPayment>;
  fetchStatus(sessionId: string): Promise<PaymentStatus>;
  /** Closes the page if it is open and says what it is now: it may have been paid this very moment. */
  cancel(sessionId: string): Promise<PaymentStatus>;
  refund(request: RefundRequest): Promise<RefundResult>;
}
