import { Change } from './change.js';
import type { OrderEvent, Step } from './events.js';
import { applyEarly, applyFulfilment } from './fulfilment.js';
import { WITH_THE_SHOP, type Hold, type Order, type PaymentSession } from './order.js';
import type { PaymentEvent } from './payment-event.js';
import { applyPayment, finishRefund, MAX_PROLONGED, prolong } from './payment.js';

/** A page is looked after this long after its end, in milliseconds: the provider's own word usually comes first. */
const AFTER_SESSION_MS = 15_000;
/** A hold for a delayed payment is looked after this long before it ends, in milliseconds. */
const HOLD_MARGIN_MS = 600_000;
/** The longest hold that a shop must grant, in milliseconds (store contract: 172,800 s). */
export const LONGEST_HOLD_MS = 172_800_000;

/**
 * The life of an order. Pure: the same order, event and time give the same result, and an event that was applied
 * before changes nothing (`order` is then the very object that was given). Null becomes an order by `requested` only.
 */
export function step(order: Order | null, event: OrderEvent, now: Date): Step | null {
  if (!order) return event.type === 'requested' ? begin(event, now) : null;
  if (event.type === 'requested') return { order, effects: [] };
  const change = new Change(structuredClone(order), now);
  apply(change, event);
  if (change.effects.length === 0 && JSON.stringify(change.order) === JSON.stringify(order))
    return { order, effects: [] };
  change.order.version += 1;
  change.order.updatedAt = now.toISOString();
  return { order: change.order, effects: change.effects };
}

function begin(event: Extract<OrderEvent, { type: 'requested' }>, now: Date): Step {
  const { merchantId, orderRef, threadId, threadStream, person, quote, nonce } = event;
  const order: Order = {
    merchantId,
    orderRef,
    threadId,
    threadStream,
    person,
    nonce,
    state: 'requested',
    version: 1,
    round: 0,
    accepted: quote,
    present: null,
    token: null,
    payBefore: null,
    hold: null,
    account: null,
    session: null,
    sessionIds: [],
    pending: false,
    prolonged: 0,
    payment: null,
    refunds: [],
    storeOrder: null,
    storeStatus: null,
    parcels: [],
    early: [],
    told: [],
    reserving: null,
    placing: null,
    releasing: [],
    closing: null,
    timer: null,
    createdAt: now.toISOString(),
    updatedAt: now.toISOString(),
  };
  const change = new Change(order, now);
  change.to('reserving');
  change.reserve('first');
  return { order, effects: change.effects };
}

function apply(c: Change, event: Exclude<OrderEvent, { type: 'requested' }>): void {
  const { order } = c;
  switch (event.type) {
    case 'cancel':
      if (!c.is('reserving', 'awaiting_payment')) return;
      return giveUp(c, 'cancelled');
    case 'held':
      return applyHeld(c, event);
    case 'not_held':
      return applyNotHeld(c, event);
    case 'session_wanted':
      if (!canOpenSession(order, c.now) || isLive(order.session, c.now)) return;
      order.session = { attempt: nextAttempt(order), expiresAt: event.expiresAt, id: null, url: null };
      // The page may live longer than the time to open it: the end is looked at when both are over.
      return c.startTimer(
        later(
          order.payBefore!,
          new Date(new Date(event.expiresAt).getTime() + AFTER_SESSION_MS).toISOString(),
        ),
      );
    case 'session_opened':
      if (!order.payBefore) return;
      rememberSession(order, event.sessionId);
      if (order.session?.attempt !== event.attempt || order.session.id) return;
      order.session = { ...order.session, id: event.sessionId, url: event.url };
      return;
    case 'session_refused':
      if (order.session?.attempt !== event.attempt || order.session.id || order.closing) return;
      order.session = null;
      return;
    case 'hold_renewed':
      return applyHoldRenewed(c, event.hold);
    case 'prices_moved':
      if (!c.is('awaiting_payment') || order.pending || order.closing) return;
      order.present = event.quote;
      c.tell('changed', { kind: 'changed', quote: event.quote, changes: event.changes });
      return giveUp(c, 'declined');
    case 'payment':
      if (!isOfItsAccount(order, event.payment)) {
        const { eventId, kind, account } = event.payment;
        return c.alert('another_account', `${eventId} (${kind}) is of ${account}, not ${order.account}`);
      }
      return applyPayment(c, event.payment);
    case 'deadline':
      if (!c.is('awaiting_payment') || order.timer?.round !== event.round || order.closing) return;
      return order.session ? c.close('deadline') : c.expire();
    case 'session_closed':
      return applySessionClosed(c, event);
    case 'released':
      order.releasing = order.releasing.filter((r) => r.round !== event.round);
      return;
    case 'placed':
      if (order.placing?.round !== event.round) return;
      order.placing = null;
      order.storeOrder = { number: event.number, orderId: event.orderId };
      if (!c.is('paid')) return c.alert('placed_after_refund', `the shop has order ${event.number}`);
      return applyPlaced(c, event.number);
    case 'not_placed':
      if (order.placing?.round !== event.round) return;
      order.placing = null;
      if (!c.is('paid')) return;
      if (event.why === 'refused') c.alert('order_refused', 'the shop does not take the paid order');
      order.hold = null;
      return c.refundOrder(event.why === 'short' ? 'out_of_stock' : 'cancelled');
    case 'refund_made': {
      const refund = order.refunds.find((r) => r.round === event.round);
      return refund && finishRefund(c, refund);
    }
    case 'fulfilment':
      return applyFulfilment(c, event.news);
    case 'store_order':
      if (order.storeStatus && order.storeStatus.sequence >= event.sequence) return;
      order.storeStatus = { status: event.status, sequence: event.sequence };
      return refundIfCancelled(c);
  }
}

/** Over before it was paid. An open page is closed first: it may turn out to have been paid this moment. */
function giveUp(c: Change, state: 'cancelled' | 'declined'): void {
  c.to(state);
  if (c.order.session && !c.order.closing) c.close(state === 'declined' ? 'changed' : 'cancelled');
  else if (!c.order.session) c.release();
}

function applyHeld(c: Change, event: Extract<OrderEvent, { type: 'held' }>): void {
  const { order } = c;
  if (order.reserving?.round !== event.round) return;
  const { purpose } = order.reserving;
  order.reserving = null;
  if (purpose === 'prolong') return applyProlonged(c, event.hold);
  order.hold = event.hold;
  switch (purpose) {
    case 'first': {
      const { offer } = event;
      if (!c.is('reserving') || !offer) return c.release();
      c.to('awaiting_payment');
      order.present = offer.quote;
      order.token = offer.token;
      order.payBefore = offer.payBefore;
      order.account = offer.account;
      c.startTimer(offer.payBefore);
      const { quote, url, payBefore } = offer;
      return c.tell('ready_to_pay', { kind: 'ready_to_pay', quote, url, payBefore });
    }
    case 'late':
      return c.is('paid') ? c.place() : c.release();
  }
}

function applyProlonged(c: Change, hold: Hold): void {
  if (!c.is('awaiting_payment')) return applyHoldRenewed(c, hold);
  c.order.hold = hold;
  // Looked after while it still holds.
  const lookAt = Math.max(c.now.getTime(), new Date(hold.expiresAt).getTime() - HOLD_MARGIN_MS);
  c.startTimer(new Date(lookAt).toISOString());
}

/** A hold that nobody needs any more by the time it is made is given back. */
function applyHoldRenewed(c: Change, hold: Hold): void {
  const { order } = c;
  if (c.is('awaiting_payment') || order.hold?.reservationId === hold.reservationId) {
    order.hold = hold;
    return;
  }
  const kept = order.hold;
  order.hold = hold;
  c.release();
  order.hold = kept;
}

function applyNotHeld(c: Change, event: Extract<OrderEvent, { type: 'not_held' }>): void {
  const { order } = c;
  if (order.reserving?.round !== event.round) return;
  const { purpose } = order.reserving;
  order.reserving = null;
  switch (purpose) {
    case 'first':
      if (!c.is('reserving')) return;
      c.to('declined');
      if (event.why === 'no_account') {
        c.alert('no_payment_account', event.detail);
        return c.tell('unavailable', { kind: 'unavailable', why: 'payment' });
      }
      if (event.why !== 'changed') return c.tell('unavailable', { kind: 'unavailable' });
      order.present = event.quote;
      return c.tell('changed', { kind: 'changed', quote: event.quote, changes: event.changes });
    case 'late':
      return c.is('paid') ? c.refundOrder('out_of_stock') : undefined;
    case 'prolong':
      // Nothing held any more; if the money comes after all, stock is sought anew, else it goes back.
      if (!c.is('awaiting_payment') || !order.pending) return;
      order.hold = null;
      return c.startTimer(new Date(c.now.getTime() + LONGEST_HOLD_MS).toISOString());
  }
}

function applySessionClosed(c: Change, event: Extract<OrderEvent, { type: 'session_closed' }>): void {
  const { order } = c;
  if (order.closing?.round !== event.round) return;
  order.closing = null;
  if (event.sessionId) rememberSession(order, event.sessionId);
  if (order.session && !order.session.id) order.session.id = event.sessionId;
  if (event.status === 'paid' && event.payment) applyPayment(c, event.payment);
  if (c.is('awaiting_payment')) {
    if (event.status !== 'pending' || order.prolonged >= MAX_PROLONGED) return c.expire();
    return order.reserving ? undefined : prolong(c);
  }
  order.session = null;
  if (c.is('cancelled', 'declined', 'expired')) c.release();
}

function applyPlaced(c: Change, number: string): void {
  const { order } = c;
  const payment = order.payment!;
  c.to('placed');
  order.hold = null;
  c.tell('paid', {
    kind: 'paid',
    number,
    quote: order.accepted,
    total: payment.amount,
    paidAt: payment.paidAt,
  });
  applyEarly(c);
  refundIfCancelled(c);
}

/** The shop cancels orders; money is given back where it was taken. */
function refundIfCancelled(c: Change): void {
  const cancellable = WITH_THE_SHOP.filter((s) => s !== 'delivered');
  if (c.order.storeStatus?.status === 'cancelled' && c.is(...cancellable)) c.refundOrder('cancelled');
}

/** Whether the link may lead to a payment page now. */
export function canOpenSession(order: Order, now: Date): boolean {
  if (order.state !== 'awaiting_payment' || order.pending || order.closing) return false;
  return isLive(order.session, now) || (order.payBefore !== null && new Date(order.payBefore) > now);
}

/** What an account says of orders that are not paid there counts for nothing: it may be another legal entity's. */
export function isOfItsAccount(order: Order, { account }: Pick<PaymentEvent, 'account'>): boolean {
  return account === undefined || account === order.account;
}

function isLive(session: PaymentSession | null, now: Date): boolean {
  return session !== null && new Date(session.expiresAt) > now;
}

function nextAttempt(order: Order): number {
  // Rounds only grow, so an attempt is never used twice: it is part of the idempotency key.
  return order.round + 1;
}

function rememberSession(order: Order, sessionId: string): void {
  if (!order.sessionIds.includes(sessionId)) order.sessionIds.push(sessionId);
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}
