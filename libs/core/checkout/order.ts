import type { Money, Quote } from '#core/catalog';
import type { PersonRef } from '#core/messaging';
import type { RefundReason, Tracking } from './facts.js';

export const ORDER_STATES = [
  'requested',
  'reserving',
  'awaiting_payment',
  'declined',
  'cancelled',
  'expired',
  'paid',
  'placed',
  'tracking_created',
  'shipped',
  'out_for_delivery',
  'delivery_failed',
  'delivered',
  'refunding',
  'refunded',
] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/**
 * Every move there is. An order only moves forward: fulfilment may skip steps, never return. `declined`, `cancelled`
 * and `expired` are ends unless money arrives all the same.
 */
export const TRANSITIONS: Readonly<Record<OrderState, readonly OrderState[]>> = {
  requested: ['reserving'],
  reserving: ['awaiting_payment', 'declined', 'cancelled'],
  awaiting_payment: ['paid', 'declined', 'cancelled', 'expired'],
  declined: ['paid'],
  cancelled: ['paid'],
  expired: ['paid'],
  paid: ['placed', 'refunding', 'refunded'],
  placed: ['tracking_created', 'shipped', 'out_for_delivery', 'delivery_failed', 'delivered', 'refunding', 'refunded'],
  tracking_created: ['shipped', 'out_for_delivery', 'delivery_failed', 'delivered', 'refunding', 'refunded'],
  shipped: ['out_for_delivery', 'delivery_failed', 'delivered', 'refunding', 'refunded'],
  out_for_delivery: ['delivery_failed', 'delivered', 'refunding', 'refunded'],
  delivery_failed: ['delivered', 'refunding', 'refunded'],
  delivered: ['refunded'],
  refunding: ['refunded'],
  refunded: [],
}; // prettier-ignore

/** The shop has the order and the money is not on its way back. */
export const WITH_THE_SHOP: readonly OrderState[] = [
  'placed',
  'tracking_created',
  'shipped',
  'out_for_delivery',
  'delivery_failed',
  'delivered',
];

export interface Hold {
  reservationId: string;
  /** ISO 8601, like every time in an order. */
  expiresAt: string;
}

/** A payment page. `id` and `url` are null while the provider has not answered. */
export interface PaymentSession {
  attempt: number;
  expiresAt: string;
  id: string | null;
  url: string | null;
}

export interface Payment {
  paymentId: string | null;
  sessionId: string | null;
  amount: Money;
  paidAt: string;
}

export interface Refund {
  /** The errand that makes it. */
  round: number;
  /** The provider's id of the money, or of its page when the money has none. */
  paymentId: string;
  amount: Money | null;
  reason: RefundReason | 'mismatch';
  done: boolean;
}

export type FulfilmentKind = 'created' | 'shipped' | 'out_for_delivery' | 'failed' | 'delivered';

export interface FulfilmentNews {
  fulfilmentId: string;
  kind: FulfilmentKind;
  sequence: number;
  tracking: Tracking;
  reason?: string;
  occurredAt: string;
}

/** One checkout of one cart. The merchant's shop owns the order itself; this is what Waco must remember of it. */
export interface Order {
  merchantId: string;
  orderRef: string;
  threadId: string;
  threadStream: string;
  person: PersonRef;
  state: OrderState;
  /** Grows with every change. */
  version: number;
  /** What the customer agreed to; kept as evidence and never replaced. */
  accepted: Quote;
  /** What the shop said last. */
  present: Quote | null;
  /** Must equal the nonce in the link. */
  nonce: string;
  /** The link's token; null until there is something to pay. */
  token: string | null;
  /** After this no new payment page is opened. */
  payBefore: string | null;
  hold: Hold | null;
  /**
   * Key of the merchant's payment account, chosen with the first hold and never changed: money comes in, is looked up
   * and goes back there, whatever the merchant's routes say later. Null: not chosen yet.
   */
  account: string | null;
  session: PaymentSession | null;
  /** Ids of all payment pages that were ever opened for this order. */
  sessionIds: string[];
  /** A delayed payment method was used: not money yet, not nothing either. */
  pending: boolean;
  /** How often the hold was prolonged for it. */
  prolonged: number;
  payment: Payment | null;
  refunds: Refund[];
  storeOrder: { number: string; orderId: string } | null;
  /** The shop's own word for the order's state, and the sequence of the event that said so. */
  storeStatus: { status: string; sequence: number } | null;
  parcels: FulfilmentNews[];
  /** Fulfilment news that came before the shop had confirmed the order. */
  early: FulfilmentNews[];
  /** Ids of the facts that the thread was told, and of what operators were alerted to. */
  told: string[];
  /** Counts errands and timers: distinguishes two of one kind. */
  round: number;
  reserving: { round: number; purpose: 'first' | 'prolong' | 'late' } | null;
  placing: { round: number } | null;
  releasing: { round: number; reservationId: string }[];
  closing: { round: number; why: 'deadline' | 'cancelled' | 'changed' | 'superseded' } | null;
  timer: { round: number; dueAt: string } | null;
  createdAt: string;
  updatedAt: string;
}
