import type { Money, Quote } from '#core/catalog';
import type { FulfilmentNews, OrderState, Refund } from '#core/checkout';
import { integer, jsonb, moment, orNull, seenView, text, texts, type RowOf } from './view.js';

/** An order, without what opens its payment: the link's token and nonce, and the address of a payment page. */
export const ordersSeen = seenView('checkout.orders_seen', {
  merchant_id: text(),
  order_ref: text(),
  thread_id: text(),
  thread_stream: text(),
  /** In the form in which it was written: see `readPerson`. */
  person: jsonb<object>(),
  state: text<OrderState>(),
  version: integer(),
  accepted_quote: jsonb<Quote>(),
  present_quote: orNull(jsonb<Quote>()),
  pay_before: orNull(moment()),
  reservation_id: orNull(text()),
  reservation_expires_at: orNull(moment()),
  payment_account: orNull(text()),
  session_attempt: orNull(integer()),
  session_id: orNull(text()),
  session_expires_at: orNull(moment()),
  /** All payment pages that were ever opened. */
  session_ids: texts(),
  payment_id: orNull(text()),
  payment_session_id: orNull(text()),
  payment_amount: orNull(jsonb<Money>()),
  paid_at: orNull(moment()),
  refunds: jsonb<Refund[]>(),
  store_order_number: orNull(text()),
  store_order_id: orNull(text()),
  store_status: orNull(jsonb<{ status: string; sequence: number }>()),
  fulfilments: jsonb<FulfilmentNews[]>(),
  early_fulfilments: jsonb<FulfilmentNews[]>(),
  /** Ids of the facts that its thread was told. */
  told: texts(),
  work: jsonb<{ round: number }>(),
  created_at: moment(),
  updated_at: moment(),
  erased_at: orNull(moment()),
});
export type OrderSeen = RowOf<typeof ordersSeen>;
