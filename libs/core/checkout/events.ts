import type { Quote, QuoteChange } from '#core/catalog';
import type { PersonRef } from '#core/messaging';
import type { OrderFact } from './facts.js';
import type { FulfilmentNews, Hold, Order } from './order.js';
import type { PaymentEvent } from './payment-event.js';

/** `round` in a result names the errand that it is the result of; a result that nobody waits for changes nothing. */
export type OrderEvent =
  | {
      type: 'requested';
      merchantId: string;
      orderRef: string;
      threadId: string;
      threadStream: string;
      person: PersonRef;
      quote: Quote;
      nonce: string;
    }
  | { type: 'cancel' }
  /** The reserve errand has a hold. `offer`: the first one, with which the customer can pay. */
  | { type: 'held'; round: number; hold: Hold; offer?: Offer }
  | { type: 'not_held'; round: number; why: 'changed'; quote: Quote; changes: QuoteChange[] }
  | { type: 'not_held'; round: number; why: 'short' | 'unavailable' }
  /** The merchant has no account for this payment; `detail` says why, for its people. */
  | { type: 'not_held'; round: number; why: 'no_account'; detail: string }
  /** The link was opened and the shop's figures are what was agreed. `expiresAt` is of the page to be opened. */
  | { type: 'session_wanted'; expiresAt: string }
  | { type: 'session_opened'; attempt: number; sessionId: string; url: string }
  /** The provider will not open it, and has not. */
  | { type: 'session_refused'; attempt: number }
  | { type: 'hold_renewed'; hold: Hold }
  /** The link was opened and the shop's figures are no longer what was agreed. */
  | { type: 'prices_moved'; quote: Quote; changes: QuoteChange[] }
  | { type: 'payment'; payment: PaymentEvent }
  | { type: 'deadline'; round: number }
  | {
      type: 'session_closed';
      round: number;
      sessionId: string | null;
      status: 'over' | 'pending' | 'paid';
      /** With `paid`. */
      payment?: PaymentEvent;
    }
  | { type: 'released'; round: number }
  | { type: 'placed'; round: number; number: string; orderId: string }
  | { type: 'not_placed'; round: number; why: 'short' | 'refused' }
  | { type: 'refund_made'; round: number }
  | { type: 'fulfilment'; news: FulfilmentNews }
  | { type: 'store_order'; status: string; sequence: number };

export interface Offer {
  quote: Quote;
  payBefore: string;
  token: string;
  url: string;
  /** Key of the merchant's payment account that the money goes to. */
  account: string;
}

/** What is to be done besides storing the order: outbox rows of the same transaction. */
export type OrderEffect =
  | { do: 'reserve' | 'place_order' | 'release_hold' | 'expire_session' | 'refund'; round: number }
  | { do: 'start_timer'; round: number; dueAt: string }
  | { do: 'tell'; factId: string; fact: OrderFact }
  /** Somebody should look at this: money or an order is not as it should be, even where it settles itself. */
  | { do: 'alert'; alert: Alert; detail: string };

export type Alert =
  | 'payment_mismatch'
  | 'duplicate_payment'
  | 'late_payment'
  | 'partial_refund'
  | 'placed_after_refund'
  | 'order_refused'
  | 'payment_without_id'
  | 'no_payment_account'
  | 'another_account';

export interface Step {
  order: Order;
  effects: OrderEffect[];
}
