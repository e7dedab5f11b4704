import { addMoney, sellableLines, subtotal, type Money } from '#core/catalog';
import type { HostedPayment, HostedPaymentRequest, PaymentStatus, RefundRequest } from '#core/checkout';
import { isCardNumberId, spelledId } from '#core/messaging';
import { PortError } from '#core/tenancy';
import { judgeUrl, type UrlPolicy } from '#platform';
import { FieldError, mark, matching, moneyIn, object, oneOf, text, time, toMoney, toOrderRef } from '#rest';

/** The payment contract's shapes into ours, and back. Readers throw FieldError naming the field that breaks it. */

const STATUSES = ['open', 'pending', 'paid', 'failed', 'expired'] as const;

/** A payment of the contract, without what is only of use when it is opened. */
export interface ContractPayment {
  /** As it is kept here: `unspelledId` gives it back its name. */
  id: string;
  status: (typeof STATUSES)[number];
  merchantId: string;
  orderRef: string;
  amount: Money;
  /** All that went back so far, in the currency of `amount`. */
  refunded: Money;
}

export interface SignedPaymentsAccount {
  name: string;
  mode: 'test' | 'live';
}

export function toAccount(value: unknown): SignedPaymentsAccount {
  const raw = object(value, 'answer');
  return { name: text(raw.name, 'name', 200), mode: oneOf(raw.mode, 'mode', ['test', 'live']) };
}

/** @param at where the payment stands: nothing for an answer, `data.` for an event. */
export function toPayment(value: unknown, at: '' | 'data.' = ''): ContractPayment {
  const raw = object(value, at === '' ? 'answer' : 'data');
  const amount = toMoney(raw.amount, `${at}amount`);
  const refunded = moneyIn(amount.currency, raw.refunded, `${at}refunded`);
  if (refunded.minor > amount.minor) {
    throw new FieldError(`${at}refunded.minor`, `must be at most ${amount.minor}, what was paid`);
  }
  return {
    id: toPaymentId(raw.id, `${at}id`),
    status: oneOf(raw.status, `${at}status`, STATUSES),
    merchantId: toMerchantId(raw.merchantId, `${at}merchantId`),
    orderRef: toOrderRef(raw.orderRef, `${at}orderRef`),
    amount,
    refunded,
  };
}

/** @param expectedId of the payment that was asked about, as it is kept here */
export function toPaymentStatus(value: unknown, expectedId: string): PaymentStatus {
  const { id: sessionId, status, amount } = toPayment(value);
  if (sessionId !== expectedId) throw new FieldError('id', `must be ${expectedId}, as asked`);
  switch (status) {
    case 'open':
      return { status, sessionId };
    case 'pending':
      return { status, sessionId, paymentId: sessionId };
    case 'paid':
      return { status, sessionId, paymentId: sessionId, amount };
    // Either way the page is over and no money will come of it.
    case 'failed':
    case 'expired':
      return { status: 'expired', sessionId };
  }
}

/**
 * The page for what was asked. Order, merchant and amount must be those of the request, and the page must not outlive
 * the hold on the goods. `urls` is what its address may be.
 */
export function toHostedPayment(value: unknown, asked: HostedPaymentRequest, urls: UrlPolicy): HostedPayment {
  const raw = object(value, 'answer');
  const payment = toPayment(value);
  const { total } = asked.quote;
  const echoes = [
    ['merchantId', payment.merchantId, asked.merchantId],
    ['orderRef', payment.orderRef, asked.orderRef],
    ['amount.minor', payment.amount.minor, total.minor],
    ['amount.currency', payment.amount.currency, total.currency],
  ] as const;
  for (const [field, answered, expected] of echoes) {
    if (answered !== expected) throw new FieldError(field, `must be ${expected}, as asked`);
  }
  if (new Date(time(raw.expiresAt, 'expiresAt')) > new Date(asked.expiresAt)) {
    throw new FieldError('expiresAt', `must not be later than ${asked.expiresAt}, as asked`);
  }
  const url = text(raw.url, 'url', 2_000);
  const verdict = judgeUrl(url, urls);
  if (verdict.outcome === 'refused') throw new FieldError('url', verdict.rule);
  return { sessionId: payment.id, url };
}

/** The id of a refund of `request`: of this payment, and of the amount that was asked for. */
export function toRefundId(value: unknown, request: RefundRequest): string {
  const raw = object(value, 'answer');
  if (toPaymentId(raw.paymentId, 'paymentId') !== request.paymentId) {
    throw new FieldError('paymentId', `must be ${request.paymentId}, as asked`);
  }
  const amount = toMoney(raw.amount, 'amount');
  const asked = request.amount;
  if (asked && (amount.minor !== asked.minor || amount.currency !== asked.currency)) {
    throw new FieldError('amount', `must be ${asked.minor} of ${asked.currency}, as asked`);
  }
  oneOf(raw.status, 'status', ['succeeded', 'pending']);
  return mark(raw.id, 'id');
}

/**
 * What `POST /v1/payments` is asked for. The same request gives the same body, as the idempotency key demands.
 * @throws PortError `rejected` when the quote's total is not the sum of its parts, or nothing.
 */
export function paymentBody(request: HostedPaymentRequest): object {
  const { merchantId, orderRef, quote, returnUrl, cancelUrl, expiresAt } = request;
  const { total, shipping, tax } = quote;
  const sum = addMoney(addMoney(subtotal(quote), tax), shipping);
  if (sum.minor !== total.minor || total.minor <= 0) {
    throw new PortError('rejected', 'amount_not_chargeable', `order ${orderRef}: total cannot be charged`);
  }
  const lines = sellableLines(quote).map(({ title, sku, quantity, unitPrice, imageUrl }) => ({
    title: (title || sku).slice(0, 250),
    quantity,
    unitPrice,
    ...(imageUrl && { imageUrl }),
  }));
  return { merchantId, orderRef, amount: total, lines, shipping, tax, returnUrl, cancelUrl, expiresAt };
}

export function refundBody({ merchantId, orderRef, amount, duplicate }: RefundRequest): object {
  return { merchantId, orderRef, ...(amount && { amount }), reason: duplicate ? 'duplicate' : 'requested' };
}

/** Part of a path, so of few characters. One that could be a card number is kept spelled. */
function toPaymentId(value: unknown, path: string): string {
  const rule =
    'an id of 1 to 100 letters, digits, dots, dashes and underscores, beginning with a letter or digit';
  return spelledId(matching(value, path, /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, rule));
}

/** Our own, which is no card number. */
function toMerchantId(value: unknown, path: string): string {
  const id = text(value, path, 128);
  if (isCardNumberId(id)) throw new FieldError(path, 'must be the merchantId of the request');
  return id;
}
