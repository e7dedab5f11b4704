import { formatMoney, sellableLines, type Quote } from '#core/catalog';
import type { OutboundContent } from '#core/messaging';
import type { OrderFact, Tracking } from '#core/checkout';
import { cartLines, ROOM_ON_RECEIPT, totals } from './figures.js';
import { CHOICE } from './intent.js';
import { button, MENU, text } from './say.js';
import type { OrderNote } from './state.js';

/* What a thread says of orders: to pay, paid, on their way. */

export function sayPayLink(orderRef: string, quote: Quote, url: string): OutboundContent {
  return {
    type: 'link',
    header: `Order ${orderRef}`,
    body: [
      ...cartLines(sellableLines(quote)),
      '',
      ...totals(quote),
      '',
      'Your items are held for you. Tap below to pay on a secure page; please never type card numbers in this chat. Write “cancel” to go back to your cart.',
    ].join('\n'),
    label: payLabel(quote),
    url,
  };
}

/** At most 20 characters fit on the button. */
function payLabel(quote: Quote): string {
  const label = `Pay ${formatMoney(quote.total)}`;
  return label.length <= 20 ? label : 'Pay now';
}

export const sayCannotPay = (): OutboundContent => ({
  type: 'buttons',
  body: 'I am sorry, payment is not possible for this order right now. Nothing was charged and your cart is still here. The shop can see why; please try again later.',
  buttons: [button(CHOICE.cart, 'View cart'), MENU],
});

export const sayReserving = (): OutboundContent =>
  text('One moment, I am reserving your items. The link to pay comes next.');

export function sayReceipt(fact: Extract<OrderFact, { kind: 'paid' }>): OutboundContent {
  return text(
    [
      `✅ *Paid: thank you!*`,
      `Order ${fact.number}`,
      '',
      ...cartLines(sellableLines(fact.quote), ROOM_ON_RECEIPT),
      '',
      ...totals(fact.quote),
      '',
      'I will write here when your parcel moves. Ask “where is my order?” at any time.',
    ].join('\n'),
  );
}

export function sayProgress(
  kind: OrderNote['status'],
  number: string,
  tracking: Tracking,
  reason?: string,
): OutboundContent {
  const by = `${tracking.carrier}, tracking code *${tracking.trackingCode}*`;
  const eta = tracking.eta ? `\nExpected: ${dayOf(tracking.eta)}` : '';
  const link = tracking.trackingUrl ? `\n${tracking.trackingUrl}` : '';
  switch (kind) {
    case 'tracking_created':
      return text(`📦 Your order ${number} is packed. ${by}.${eta}${link}`);
    case 'shipped':
      return text(`🚚 Your order ${number} is on its way with ${by}.${eta}${link}`);
    case 'out_for_delivery':
      return text(`🛵 Your order ${number} is out for delivery today. ${by}.${link}`);
    case 'delivered':
      return text(`🎉 Your order ${number} has been delivered. Enjoy it!`);
    default:
      return text(
        `⚠️ The courier could not deliver your order ${number}${reason ? `: ${reason}` : ''}. They will try again. ${by}.${link}`,
      );
  }
}

/** `Sat 22 Nov`, the day as the courier wrote it, whatever the time zone; what is no date stays as it is. */
function dayOf(eta: string): string {
  const date = /^\d{4}-\d{2}-\d{2}/.exec(eta);
  const at = date ? Date.parse(date[0]) : Number.NaN;
  if (Number.isNaN(at)) return eta;
  const format = { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' } as const;
  return new Intl.DateTimeFormat('en-GB', format).format(at).replace(',', '');
}

const STATUS_WORDS: Readonly<Record<OrderNote['status'], string>> = {
  requested: 'waiting for payment',
  ready_to_pay: 'waiting for payment',
  paid: 'paid, being prepared',
  tracking_created: 'packed',
  shipped: 'on its way',
  out_for_delivery: 'out for delivery',
  delivery_failed: 'delivery was tried without success',
  delivered: 'delivered',
  refunded: 'refunded',
  expired: 'not paid in time',
  cancelled: 'cancelled',
};

export function sayOrders(orders: readonly OrderNote[]): OutboundContent {
  const open = orders.filter((o) => !['expired', 'cancelled'].includes(o.status));
  if (open.length === 0) return { type: 'buttons', body: 'I have no order of yours yet.', buttons: [MENU] };
  return text(
    open
      .slice(0, 3)
      .map((o) =>
        [
          `Order *${o.number ?? o.ref}*: ${STATUS_WORDS[o.status]}.`,
          ...(o.trackingCode ? [`${o.carrier ?? 'Courier'}, tracking code ${o.trackingCode}`] : []),
          ...(o.eta && o.status !== 'delivered' ? [`Expected: ${dayOf(o.eta)}`] : []),
          ...(o.trackingUrl ? [o.trackingUrl] : []),
        ].join('\n'),
      )
      .join('\n\n'),
  );
}

export function sayRefunded(number: string, fact: Extract<OrderFact, { kind: 'refunded' }>): OutboundContent {
  const amount = formatMoney(fact.total);
  switch (fact.reason) {
    case 'out_of_stock':
      return text(
        `I am sorry: your payment for order ${number} arrived after the items were gone. ${amount} is on its way back to you in full.`,
      );
    case 'duplicate_payment':
      return text(
        `Order ${number} was paid twice. The second payment of ${amount} is on its way back to you.`,
      );
    case 'cancelled':
      return text(`Your payment of ${amount} for order ${number} is on its way back to you.`);
  }
}

export const sayExpired = (orderRef: string): OutboundContent => ({
  type: 'buttons',
  body: `Time to pay for order ${orderRef} is over, so the items went back on the shelf. Your cart is still here.`,
  buttons: [button(CHOICE.checkout, 'Check out again'), button(CHOICE.cart, 'View cart'), MENU],
});

export const sayPaymentFailed = (orderRef: string): OutboundContent =>
  text(
    `The payment for order ${orderRef} did not go through, and nothing was charged. The link above still works: you can try again.`,
  );
