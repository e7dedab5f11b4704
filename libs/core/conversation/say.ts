import {
  addMoney,
  formatMoney,
  lineTotal,
  sellableLines,
  subtotal,
  type Category,
  type FoundProduct,
  type Quote,
  type QuoteChange,
  type QuoteLine,
} from '#core/catalog';
import type { Choice, OutboundContent } from '#core/messaging';
import type { OrderFact, Tracking } from './facts.js';
import { CHOICE } from './intent.js';
import type { OrderNote } from './state.js';

/*
 * All that a thread says. Every price and stock figure comes out of a Quote: there is no other way to write one.
 */

const text = (body: string): OutboundContent => ({ type: 'text', body });
const button = (id: string, title: string): Choice => ({ id, title });
const MENU = button(CHOICE.menu, 'Browse the shop');

export function sayWelcome(shop: string, categories: Category[], returning: boolean): OutboundContent {
  if (categories.length === 0)
    return text(`Welcome to ${shop}! There is nothing on the shelves right now. Please look in again later.`);
  return {
    type: 'list',
    header: shop,
    body: returning
      ? 'What would you like to look at? Choose a category, or just tell me what you are looking for.'
      : `Welcome to *${shop}*! 👋\nChoose a category to start, or just tell me what you are looking for, for example “black hoodie under 100”.`,
    button: 'See categories',
    sections: [
      {
        title: 'Categories',
        rows: categories.slice(0, 10).map((c) => ({
          id: CHOICE.category(c.id),
          title: c.title,
          description: c.count === 1 ? '1 product' : `${c.count} products`,
        })),
      },
    ],
  };
}

export function sayProducts(title: string, products: FoundProduct[], quote: Quote): OutboundContent {
  const byId = new Map(quote.lines.map((l) => [l.sku, l]));
  const rows = products.flatMap((p) => {
    const line = byId.get(p.sku);
    if (!line || line.reason) return [];
    return [
      {
        id: CHOICE.product(p.sku),
        title: line.title,
        description: `${formatMoney(line.unitPrice)} · ${stock(line)}`,
      },
    ];
  });
  return {
    type: 'list',
    body: `*${title}*\n${rows.length === 1 ? 'One product' : `${rows.length} products`} you can have now. Choose one to see more.${footnote(quote)}`,
    button: 'See products',
    sections: [{ title, rows: rows.slice(0, 10) }],
  };
}

export function sayProduct(line: QuoteLine, quote: Quote, inCart: boolean, news?: string): OutboundContent {
  return {
    type: 'buttons',
    ...(line.imageUrl ? { imageUrl: line.imageUrl } : {}),
    body: `*${line.title}*\n${formatMoney(line.unitPrice)} · ${stock(line)}${news ? `\n${news}` : ''}${footnote(quote)}`,
    buttons: [
      button(CHOICE.add(line.sku), inCart ? 'Add one more' : 'Add to cart'),
      ...(inCart ? [button(CHOICE.cart, 'View cart')] : []),
      MENU,
    ],
  };
}

export function sayNothingFound(what: string): OutboundContent {
  return {
    type: 'buttons',
    body: `I found nothing for “${what}” that you can have right now.`,
    buttons: [MENU],
  };
}

export function saySoldOut(title: string): OutboundContent {
  return { type: 'buttons', body: `*${title}* has just sold out, I am sorry.`, buttons: [MENU] };
}

/** The cart as it stands, priced by the shop just now. `notes`: what changed since the customer last saw it. */
export function sayCart(quote: Quote, notes: string[]): OutboundContent {
  const lines = sellableLines(quote);
  return {
    type: 'buttons',
    header: 'Your cart',
    body:
      [...notes, ...(notes.length > 0 ? [''] : []), ...cartLines(lines), '', ...totals(quote)].join('\n') +
      footnote(quote),
    buttons: [
      button(CHOICE.checkout, 'Check out'),
      button(CHOICE.editCart, 'Change cart'),
      button(CHOICE.menu, 'Keep shopping'),
    ],
  };
}

export function sayEmptyCart(notes: string[] = []): OutboundContent {
  return { type: 'buttons', body: [...notes, 'Your cart is empty.'].join('\n'), buttons: [MENU] };
}

export function sayEditCart(quote: Quote): OutboundContent {
  return {
    type: 'list',
    body: 'Which item would you like to change?',
    button: 'Choose an item',
    sections: [
      {
        title: 'In your cart',
        rows: sellableLines(quote)
          .slice(0, 10)
          .map((l) => ({
            id: CHOICE.line(l.sku),
            title: l.title,
            description: `${l.quantity} × ${formatMoney(l.unitPrice)}`,
          })),
      },
    ],
  };
}

export function sayQuantities(line: QuoteLine): OutboundContent {
  const most = Math.min(9, line.maxQuantity);
  return {
    type: 'list',
    body: `*${line.title}*: how many would you like? You have ${line.quantity} in your cart.`,
    button: 'Choose quantity',
    sections: [
      {
        title: 'Quantity',
        rows: [
          ...Array.from({ length: most }, (_, i) => ({
            id: CHOICE.quantity(line.sku, i + 1),
            title: String(i + 1),
            description: formatMoney(lineTotal({ ...line, quantity: i + 1 })),
          })),
          { id: CHOICE.quantity(line.sku, 0), title: 'Remove it' },
        ],
      },
    ],
  };
}

/** What moved between what a customer accepted and what the shop says now; they are asked again. */
export function sayChanges(changes: QuoteChange[], quote: Quote): OutboundContent {
  const news = changes.map(changeText);
  if (sellableLines(quote).length === 0) return sayEmptyCart([...news, '']);
  return {
    type: 'buttons',
    header: 'Before you pay',
    body: [
      'Something changed in the shop:',
      ...news,
      '',
      ...cartLines(sellableLines(quote)),
      '',
      ...totals(quote),
      '',
      'Shall I go on with this?',
    ].join('\n'),
    buttons: [
      button(CHOICE.checkout, 'Yes, go on'),
      button(CHOICE.editCart, 'Change cart'),
      button(CHOICE.cancel, 'Cancel'),
    ],
  };
}

export function sayPayLink(orderRef: string, quote: Quote, url: string): OutboundContent {
  return {
    type: 'link',
    header: `Order ${orderRef}`,
    body: [
      ...cartLines(sellableLines(quote)),
      '',
      ...totals(quote),
      '',
      'Your items are held for you. Tap below to pay on a secure page; please never type card numbers in this chat.',
    ].join('\n'),
    label: payLabel(quote),
    url,
  };
}

export function sayReceipt(fact: Extract<OrderFact, { kind: 'paid' }>): OutboundContent {
  return text(
    [
      `✅ *Paid: thank you!*`,
      `Order ${fact.number}`,
      '',
      ...cartLines(sellableLines(fact.quote)),
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
  const eta = tracking.eta ? `\nExpected: ${tracking.eta}` : '';
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

export function sayOrders(orders: OrderNote[]): OutboundContent {
  const open = orders.filter((o) => !['expired', 'cancelled'].includes(o.status));
  if (open.length === 0) return { type: 'buttons', body: 'I have no order of yours yet.', buttons: [MENU] };
  return text(
    open
      .slice(0, 3)
      .map((o) =>
        [
          `Order *${o.number ?? o.ref}*: ${STATUS_WORDS[o.status]}.`,
          ...(o.trackingCode ? [`${o.carrier ?? 'Courier'}, tracking code ${o.trackingCode}`] : []),
          ...(o.eta && o.status !== 'delivered' ? [`Expected: ${o.eta}`] : []),
          ...(o.trackingUrl ? [o.trackingUrl] : []),
        ].join('\n'),
      )
      .join('\n\n'),
  );
}

export function sayRefunded(
  orderRef: string,
  fact: Extract<OrderFact, { kind: 'refunded' }>,
): OutboundContent {
  const amount = formatMoney(fact.total);
  switch (fact.reason) {
    case 'out_of_stock':
      return text(
        `I am sorry: your payment for order ${orderRef} arrived after the items were gone. ${amount} is on its way back to you in full.`,
      );
    case 'duplicate_payment':
      return text(
        `Order ${orderRef} was paid twice. The second payment of ${amount} is on its way back to you.`,
      );
    case 'cancelled':
      return text(`Your payment of ${amount} for order ${orderRef} is on its way back to you.`);
  }
}

export const sayUnavailable = (): OutboundContent => ({
  type: 'buttons',
  body: 'I cannot confirm prices and stock with the shop right now, and I do not want to tell you something wrong. Please try again in a minute.',
  buttons: [button(CHOICE.menu, 'Try again')],
});

export const sayExpired = (orderRef: string): OutboundContent => ({
  type: 'buttons',
  body: `Time to pay for order ${orderRef} is over, so the items went back on the shelf. Your cart is still here.`,
  buttons: [button(CHOICE.checkout, 'Check out again'), button(CHOICE.cart, 'View cart'), MENU],
});

export const sayPaymentFailed = (orderRef: string): OutboundContent =>
  text(
    `The payment for order ${orderRef} did not go through, and nothing was charged. The link above still works: you can try again.`,
  );

export const sayCancelled = (): OutboundContent => ({
  type: 'buttons',
  body: 'All right, I stopped the checkout. Your cart is still here.',
  buttons: [button(CHOICE.cart, 'View cart'), MENU],
});

export const sayHuman = (): OutboundContent => ({
  type: 'buttons',
  body: 'A colleague will answer you here. I will stay quiet until you call me back.',
  buttons: [button(CHOICE.bot, 'Back to the shop')],
});

export const sayUnreadable = (): OutboundContent => ({
  type: 'buttons',
  body: 'I cannot read that, I am sorry. Tell me in words what you are looking for, or choose from the shop.',
  buttons: [MENU, button(CHOICE.track, 'Where is my order?')],
});

export const CARD_WARNING =
  '🔒 That looked like a card number: I have hidden it and did not keep it. Please never send card details in a chat; you pay on a secure page.';

/** Sent before the answer proper, in the same bubble: each bubble costs. */
export function withNote(note: string, content: OutboundContent): OutboundContent {
  return content.type === 'product' ? content : { ...content, body: `${note}\n\n${content.body}` };
}

export function changeText(change: QuoteChange): string {
  switch (change.kind) {
    case 'price':
      return `• *${change.title}* now costs ${formatMoney(change.to)} (was ${formatMoney(change.from)})`;
    case 'stock':
      return change.available > 0 && change.reason === 'insufficient_stock'
        ? `• *${change.title}*: only ${change.available} left`
        : `• *${change.title}* is ${change.reason === 'not_sold_in_region' ? 'not sold in your region' : 'sold out'}`;
    case 'total':
      return `• The total is now ${formatMoney(change.to)} (was ${formatMoney(change.from)})`;
  }
}

function stock(line: QuoteLine): string {
  return line.available <= 5 ? `only ${line.available} left` : 'in stock';
}

function cartLines(lines: QuoteLine[]): string[] {
  return lines.map((l) => `${l.quantity} × ${l.title}: ${formatMoney(lineTotal(l))}`);
}

function totals(quote: Quote): string[] {
  const extras = [
    ...(quote.shipping.minor > 0 ? [`Delivery: ${formatMoney(quote.shipping)}`] : []),
    ...(quote.tax.minor > 0 ? [`Tax: ${formatMoney(quote.tax)}`] : []),
  ];
  const sum = addMoney(addMoney(subtotal(quote), quote.shipping), quote.tax);
  return [...extras, `*Total: ${formatMoney(sum)}*`];
}

/** At most 20 characters fit on the button. */
function payLabel(quote: Quote): string {
  const label = `Pay ${formatMoney(quote.total)}`;
  return label.length <= 20 ? label : 'Pay now';
}

function footnote(quote: Quote): string {
  return quote.source === 'synced'
    ? '\n_As of our last check with the shop; confirmed again before you pay._'
    : '';
}
