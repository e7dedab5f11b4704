import { IsIn, IsInt, IsISO8601, IsNotEmptyObject, IsObject, IsOptional, IsString } from 'class-validator';
import type { Money, Quote } from '#core/catalog';
import type { PersonRef } from '#core/messaging';
import type { Tracking } from '#core/checkout';
import { defineJob, type RetryPolicy } from './job.js';
import { QUEUES } from './queues.js';

const RETRY: RetryPolicy = { attempts: 5, backoff: 'exponential', delayMs: 500 };
/** Errands call the store or the payment provider: patient enough to outlast an outage of a few hours. */
const ERRAND_RETRY: RetryPolicy = { attempts: 40, backoff: 'exponential', delayMs: 500 };
const orderStream = (p: { orderRef: string }): string => `order/${p.orderRef}`;

export class RequestCheckoutPayload {
  /** Chosen by the conversation: the order's reference everywhere, e.g. `W7K3M9QX`. */
  @IsString() orderRef: string;
  @IsString() threadId: string;
  @IsString() threadStream: string;
  @IsNotEmptyObject() person: PersonRef;
  /** What the customer accepted: lines, prices, total. */
  @IsObject() quote: Quote;
}

/** Conversation → checkout: the customer wants to pay for this cart at these prices. */
export const requestCheckout = defineJob({
  name: 'checkout.request-checkout.v1',
  queue: QUEUES.orders,
  payload: RequestCheckoutPayload,
  people: ['person'],
  idempotencyKey: (p) => p.orderRef,
  stream: orderStream,
  retry: RETRY,
});

export class CancelOrderPayload {
  @IsString() orderRef: string;
  @IsString() reason: string;
}

/** Conversation → checkout: the customer went back to shopping before paying. Ignored once paid. */
export const cancelOrder = defineJob({
  name: 'checkout.cancel-order.v1',
  queue: QUEUES.orders,
  payload: CancelOrderPayload,
  idempotencyKey: (p) => p.orderRef,
  stream: orderStream,
  retry: RETRY,
});

export class ExpireOrderPayload {
  @IsString() orderRef: string;
  /** Distinguishes the timers of one order: a hold that is prolonged brings a later one. */
  @IsOptional() @IsInt() round?: number;
}

/** Checkout → itself, as a timer: look whether the order's time to pay is over. */
export const expireOrder = defineJob({
  name: 'checkout.expire-order.v1',
  queue: QUEUES.orders,
  payload: ExpireOrderPayload,
  idempotencyKey: (p) => (p.round === undefined ? p.orderRef : `${p.orderRef}_${p.round}`),
  stream: orderStream,
  retry: RETRY,
});

export class RecordPaymentPayload {
  /** Kind of the provider. */
  @IsString() provider: string;
  /** Key of the merchant's account whose secret the webhook was signed with; absent: an account that we asked. */
  @IsOptional() @IsString() account?: string;
  @IsString() eventId: string;
  /** What the provider says of its payment page or refund. `pending`: a delayed method, not money yet. */
  @IsIn(['paid', 'pending', 'failed', 'expired', 'refunded'])
  kind: 'paid' | 'pending' | 'failed' | 'expired' | 'refunded';
  @IsString() orderRef: string;
  /** The provider's id of the payment page. */
  @IsOptional() @IsString() sessionId?: string;
  /** The provider's id of the money. */
  @IsOptional() @IsString() paymentId?: string;
  @IsOptional() @IsObject() amount?: Money;
  @IsISO8601() occurredAt: string;
}

/** Gateway → checkout: the payment provider says something of an order's payment. */
export const recordPayment = defineJob({
  name: 'checkout.record-payment.v1',
  queue: QUEUES.orders,
  payload: RecordPaymentPayload,
  idempotencyKey: (p) => p.eventId,
  stream: orderStream,
  retry: RETRY,
});

export class RecordFulfilmentPayload {
  @IsString() eventId: string;
  @IsIn(['created', 'shipped', 'out_for_delivery', 'delivered', 'failed'])
  kind: 'created' | 'shipped' | 'out_for_delivery' | 'delivered' | 'failed';
  @IsString() orderRef: string;
  @IsString() fulfilmentId: string;
  @IsInt() sequence: number;
  @IsObject() tracking: Tracking;
  @IsOptional() @IsString() reason?: string;
  @IsISO8601() occurredAt: string;
}

/** Gateway → checkout: the store's courier moved a parcel. */
export const recordFulfilment = defineJob({
  name: 'checkout.record-fulfilment.v1',
  queue: QUEUES.orders,
  payload: RecordFulfilmentPayload,
  idempotencyKey: (p) => p.eventId,
  stream: orderStream,
  retry: RETRY,
});

export class RecordStoreOrderPayload {
  @IsString() eventId: string;
  @IsString() orderRef: string;
  /** The store's own word for the order's state. */
  @IsString() status: string;
  @IsInt() sequence: number;
  @IsISO8601() occurredAt: string;
}

/** Gateway → checkout: the store changed the order itself (for instance cancelled it). */
export const recordStoreOrder = defineJob({
  name: 'checkout.record-store-order.v1',
  queue: QUEUES.orders,
  payload: RecordStoreOrderPayload,
  idempotencyKey: (p) => p.eventId,
  stream: orderStream,
  retry: RETRY,
});

export class ErrandPayload {
  @IsString() orderRef: string;
  /** Distinguishes a second errand of the same kind for one order, e.g. a new hold after a late payment. */
  @IsInt() round: number;
}
const errand = (name: string) =>
  defineJob({
    name,
    queue: QUEUES.errands,
    payload: ErrandPayload,
    idempotencyKey: (p) => `${p.orderRef}_${p.round}`,
    retry: ERRAND_RETRY,
  });

/** Checkout → itself: slow calls on behalf of an order, each repeatable (idempotency keys at the other side). */
export const reserveStock = errand('checkout.reserve-stock.v1');
export const placeOrder = errand('checkout.place-order.v1');
export const releaseHold = errand('checkout.release-hold.v1');
export const expireSession = errand('checkout.expire-session.v1');
export const refundPayment = errand('checkout.refund-payment.v1');
