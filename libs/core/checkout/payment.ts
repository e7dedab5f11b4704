import { formatMoney, sameMoney } from '#core/catalog';
import type { Change } from './change.js';
import type { Order, Payment, Refund } from './order.js';
import type { PaymentEvent } from './payment-event.js';

/** A delayed payment may take two weeks; a shop keeps a hold for two days at most and is asked again. */
export const MAX_PROLONGED = 7;

/** Applies what a payment provider says, from whichever source: webhook, return of the customer, or look-up. */
export function applyPayment(c: Change, event: PaymentEvent): void {
  switch (event.kind) {
    case 'paid':
      return applyPaid(c, event);
    case 'pending':
      return applyPending(c, event);
    case 'failed':
      return applyFailed(c, event);
    case 'expired':
      return applyExpired(c, event);
    case 'refunded':
      return applyRefunded(c, event);
  }
}

function applyPaid(c: Change, event: PaymentEvent): void {
  const { order } = c;
  const paymentId = event.paymentId ?? event.sessionId;
  if (!paymentId) return c.alert('payment_without_id', `event ${event.eventId} names no payment`);
  if (order.payment && isSame(order.payment, event)) return;
  if (order.refunds.some((r) => r.paymentId === paymentId)) return;

  const mismatch = mismatchOf(order, event);
  if (mismatch) {
    c.alert('payment_mismatch', `${paymentId}: ${mismatch}`);
    c.refund({ paymentId, amount: event.amount ?? null, reason: 'mismatch' });
    if (isCurrent(order, event)) order.session = null;
    if (c.is('awaiting_payment')) c.tell(`payment_failed_${paymentId}`, { kind: 'payment_failed' });
    return;
  }
  if (order.payment) {
    c.alert('duplicate_payment', `${paymentId} came after ${order.payment.paymentId}`);
    c.refund({ paymentId, amount: event.amount!, reason: 'duplicate_payment' });
    return;
  }

  if (!c.is('awaiting_payment'))
    c.alert('late_payment', `${paymentId} came when the order was ${order.state}`);
  const otherPage = order.session && !isCurrent(order, event);
  c.to('paid');
  order.pending = false;
  order.payment = {
    paymentId: event.paymentId ?? null,
    sessionId: event.sessionId ?? null,
    amount: event.amount!,
    paidAt: event.occurredAt,
  };
  if (otherPage && !order.closing) c.close('superseded');
  if (order.hold && new Date(order.hold.expiresAt) > c.now) c.place();
  else {
    order.hold = null;
    c.reserve('late');
  }
}

/** Why this money is not what was asked for; undefined when it is. */
function mismatchOf(order: Order, event: PaymentEvent): string | undefined {
  if (!event.sessionId || !order.sessionIds.includes(event.sessionId)) {
    return `payment page ${event.sessionId ?? '(none)'} was not opened for this order`;
  }
  const asked = order.accepted.total;
  if (!event.amount) return 'the amount is not known';
  if (!sameMoney(event.amount, asked)) {
    return `paid ${formatMoney(event.amount)}, asked ${formatMoney(asked)}`;
  }
  return undefined;
}

function applyPending(c: Change, event: PaymentEvent): void {
  if (!c.is('awaiting_payment') || c.order.pending || !isCurrent(c.order, event)) return;
  prolong(c);
}

/** The money is on its way: the hold must last until it is here or known not to come. */
export function prolong(c: Change): void {
  c.order.pending = true;
  c.order.prolonged += 1;
  c.reserve('prolong');
}

function applyFailed(c: Change, event: PaymentEvent): void {
  const { order } = c;
  if (!c.is('awaiting_payment') || !isCurrent(order, event)) return;
  const attempt = order.session!.attempt;
  c.tell(`payment_failed_${attempt}`, { kind: 'payment_failed' });
  order.pending = false;
  sessionOver(c);
}

/** Says nothing of money: a paid order stays paid. */
function applyExpired(c: Change, event: PaymentEvent): void {
  // While we close the page ourselves, the answer to that decides.
  if (!c.is('awaiting_payment') || !isCurrent(c.order, event) || c.order.closing) return;
  sessionOver(c);
}

/** The page is spent: another may be opened while there is time, else the order is over. */
function sessionOver(c: Change): void {
  const { order } = c;
  order.session = null;
  if (!order.payBefore || new Date(order.payBefore) <= c.now) c.expire();
  else c.startTimer(order.payBefore);
}

function applyRefunded(c: Change, event: PaymentEvent): void {
  const { order } = c;
  const { payment } = order;
  if (payment && event.paymentId && event.paymentId === payment.paymentId) {
    if (!event.amount || event.amount.minor < payment.amount.minor) {
      // Our own refunds are of everything: this one was made by hand.
      return c.alert(
        'partial_refund',
        `${event.paymentId}: ${event.amount ? formatMoney(event.amount) : '?'}`,
      );
    }
    const refund = order.refunds.find((r) => r.paymentId === event.paymentId);
    if (refund) return finishRefund(c, refund);
    if (!c.is('refunded')) c.to('refunded');
    return c.tell('refunded', { kind: 'refunded', total: payment.amount, reason: 'cancelled' });
  }
  const refund = order.refunds.find((r) => r.paymentId === event.paymentId);
  if (refund) finishRefund(c, refund);
}

/** The provider has taken the refund on. */
export function finishRefund(c: Change, refund: Refund): void {
  const { order } = c;
  refund.done = true;
  if (refund.reason === 'mismatch') return;
  const total = refund.amount ?? order.accepted.total;
  if (refund.reason === 'duplicate_payment') {
    return c.tell(`refunded_${refund.paymentId}`, { kind: 'refunded', total, reason: refund.reason });
  }
  if (!c.is('refunded')) c.to('refunded');
  c.tell('refunded', { kind: 'refunded', total, reason: refund.reason });
}

function isSame(payment: Payment, event: PaymentEvent): boolean {
  if (payment.paymentId && event.paymentId) return payment.paymentId === event.paymentId;
  return payment.sessionId !== null && payment.sessionId === event.sessionId;
}

function isCurrent(order: Order, event: PaymentEvent): boolean {
  return order.session !== null && order.session.id !== null && order.session.id === event.sessionId;
}
