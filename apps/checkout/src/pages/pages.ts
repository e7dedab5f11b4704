import { formatMoney, lineTotal, sellableLines, type Quote, type QuoteChange } from '#core/catalog';
import { WITH_THE_SHOP, type FulfilmentNews, type Order, type OrderState } from '#core/checkout';
import { Html, html } from './html.js';
import { STYLE_ELEMENT } from './style.js';

export interface Page {
  status: number;
  body: string;
}

type Tone = 'go' | 'wait' | 'stop';

const MARKS: Readonly<Record<Tone, Html>> = {
  go: new Html('<path d="m5 13 4.5 4.5L19 7"/>'),
  wait: new Html('<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>'),
  stop: new Html('<path d="M12 7v6m0 4h.01"/><circle cx="12" cy="12" r="9"/>'),
};

interface Parts {
  status?: number;
  shop: string | null;
  tone: Tone;
  title: string;
  text: string[];
  button?: { label: string; href: string };
  cards?: (Html | undefined)[];
  orderRef?: string;
  /** Seconds after which the page asks again. */
  refresh?: number;
}

/** What a link shows that is not, or no longer, valid: never why. */
export function unknownLink(): Page {
  return page({
    status: 404,
    shop: null,
    tone: 'stop',
    title: 'This link is not valid',
    text: ['It may have expired or been copied incompletely. Go back to the chat and ask for a new one.'],
  });
}

/** Too many look at links of this shop at this moment. */
export function busy(href: string): Page {
  return page({
    status: 503,
    shop: null,
    tone: 'wait',
    title: 'One moment, please',
    refresh: 5,
    text: ['Many people are looking at their orders just now. This page tries again by itself.'],
    button: { label: 'Try again', href },
  });
}

export function pricesMoved(order: Order, changes: readonly QuoteChange[], shop: string): Page {
  return page({
    shop,
    tone: 'wait',
    title: 'Something changed since you ordered',
    orderRef: order.orderRef,
    text: [notCharged(order, 'Go back to the chat to see the new total and decide.')],
    cards: [changes.length > 0 ? changesCard(changes) : undefined],
  });
}

/** The shop or the payment provider does not answer; nothing is lost, the hold stands. */
export function tryAgain(order: Order, shop: string, href: string): Page {
  return page({
    status: 503,
    shop,
    tone: 'wait',
    title: 'One moment, please',
    orderRef: order.orderRef,
    text: ['We could not prepare your payment just now. Your items are still held for you.'],
    button: { label: 'Try again', href },
    cards: [quoteCard(order.accepted)],
  });
}

/** The customer came back from the payment page without having paid. */
export function unfinished(order: Order, shop: string, href: string): Page {
  return page({
    shop,
    tone: 'wait',
    title: 'Your payment is not finished',
    orderRef: order.orderRef,
    text: ['You have not been charged. Your items are still held for you.'],
    button: { label: `Pay ${formatMoney(order.accepted.total)}`, href },
    cards: [quoteCard(order.accepted)],
  });
}

/** Paid, as far as we can tell; the order's own line has still to say so. Asks again by itself. */
export function confirming(order: Order, shop: string): Page {
  return page({
    shop,
    tone: 'wait',
    title: 'Confirming your payment',
    orderRef: order.orderRef,
    refresh: 2,
    text: ['This takes a few seconds. Your receipt will arrive in the chat.'],
    cards: [quoteCard(order.accepted)],
  });
}

/** How the order stands. Never leads to a payment. */
export function orderStatus(order: Order, shop: string): Page {
  const { orderRef } = order;
  const quote = quoteCard(order.accepted);
  const base = { shop, orderRef, cards: [quote] };
  if (WITH_THE_SHOP.includes(order.state)) return withTheShop(order, shop);
  switch (order.state) {
    case 'requested':
    case 'reserving':
      return page({ ...base, tone: 'wait', title: 'Holding your items', text: ['One moment.'], refresh: 2 });
    case 'awaiting_payment':
      if (order.pending) {
        return page({
          ...base,
          tone: 'wait',
          title: 'Your payment is on its way',
          refresh: 15,
          text: ['Your bank has still to confirm it. Your items stay held; we will tell you in the chat.'],
        });
      }
      if (!order.closing) return over(base);
      return page({
        ...base,
        tone: 'wait',
        title: 'The time to pay is over',
        refresh: 3,
        text: ['We are checking whether you have paid. One moment.'],
      });
    case 'expired':
      return over(base);
    case 'cancelled':
      return page({
        ...base,
        tone: 'stop',
        title: 'This order was cancelled',
        text: [notCharged(order, 'Go back to the chat to order again.')],
      });
    case 'declined':
      return page({
        ...base,
        tone: 'wait',
        title: 'Something changed since you ordered',
        cards: [],
        text: [notCharged(order, 'Go back to the chat to see the new total and decide.')],
      });
    case 'paid':
      return page({
        ...base,
        tone: 'go',
        title: 'Payment received',
        refresh: 2,
        text: ['The shop is confirming your order. Your receipt will arrive in the chat.'],
      });
    case 'refunding':
      return page({
        ...base,
        tone: 'wait',
        title: 'Your money is on its way back',
        text: [refundText(order)],
      });
    case 'refunded':
      return page({
        ...base,
        tone: 'go',
        title: `${formatMoney(order.payment?.amount ?? order.accepted.total)} refunded`,
        text: [refundText(order), 'Your bank may take a few days to show it.'],
      });
    default:
      throw new Error(`no page for an order that is ${order.state}`);
  }
}

/** While a payment page is being closed it may still turn out to have been paid. */
function notCharged(order: Order, advice: string): string {
  return order.closing ? advice : `You have not been charged. ${advice}`;
}

function over(base: Pick<Parts, 'shop' | 'orderRef' | 'cards'>): Page {
  return page({
    ...base,
    tone: 'stop',
    title: 'The time to pay is over',
    text: [
      'You have not been charged and your items are no longer held. Go back to the chat to order again.',
    ],
  });
}

function refundText(order: Order): string {
  const soldOut = order.refunds.some((r) => r.reason === 'out_of_stock');
  return soldOut
    ? 'Your items sold out before your payment arrived. We are sorry: you get all of it back.'
    : 'The order was cancelled. You get all of it back.';
}

function withTheShop(order: Order, shop: string): Page {
  const titles: Partial<Record<OrderState, string>> = {
    placed: 'Thank you, your order is confirmed',
    tracking_created: 'Your order is packed',
    shipped: 'Your order is on its way',
    out_for_delivery: 'Your order arrives today',
    delivery_failed: 'The delivery did not work out',
    delivered: 'Your order was delivered',
  };
  const failed = order.state === 'delivery_failed';
  return page({
    shop,
    tone: failed ? 'wait' : 'go',
    title: titles[order.state]!,
    orderRef: order.orderRef,
    text: [
      failed
        ? 'The courier could not hand it over. The shop will be in touch; updates come in the chat.'
        : `Order ${order.storeOrder?.number ?? order.orderRef}. ${order.state === 'delivered' ? 'Enjoy it!' : 'Updates come in the chat.'}`,
    ],
    cards: [progressCard(order), quoteCard(order.accepted)],
  });
}

function progressCard(order: Order): Html {
  const steps: [OrderState, string][] = [
    ['placed', 'Paid'],
    ['tracking_created', 'Packed'],
    ['shipped', 'On its way'],
    ['out_for_delivery', 'Out for delivery'],
    ['delivered', 'Delivered'],
  ];
  const reached = order.state === 'delivery_failed' ? 'out_for_delivery' : order.state;
  const last = steps.findIndex(([state]) => state === reached);
  const items = steps.map(([, label], i) => {
    const kind = i < last ? 'done' : i === last ? 'done now' : '';
    return html`<li class="${kind}">${label}</li>`;
  });
  return html`<section class="card">
    <h2>Progress</h2>
    <ol class="steps">
      ${items}
    </ol>
    ${order.parcels.map(parcelRow)}
  </section>`;
}

function parcelRow({ tracking }: FulfilmentNews): Html {
  const { carrier, trackingCode, trackingUrl } = tracking;
  const linked = trackingUrl && /^https?:\/\//.test(trackingUrl);
  return html`<p class="track">
    ${carrier}
    ${linked ? html`<a href="${trackingUrl}" rel="noopener noreferrer">${trackingCode}</a>` : trackingCode}
  </p>`;
}

function quoteCard(quote: Quote): Html {
  const lines = sellableLines(quote).map(
    (l) =>
      html`<div class="row">
        <span>${l.quantity > 1 && html`${l.quantity} × `}${l.title}</span
        ><span>${formatMoney(lineTotal(l))}</span>
      </div>`,
  );
  const extra = (label: string, amount: Quote['tax']): Html | undefined =>
    amount.minor > 0
      ? html`<div class="row soft"><span>${label}</span><span>${formatMoney(amount)}</span></div>`
      : undefined;
  return html`<section class="card">
    <h2>Your order</h2>
    <div class="rows">${lines} ${extra('Delivery', quote.shipping)} ${extra('Tax', quote.tax)}</div>
    <div class="row total"><span>Total</span><span>${formatMoney(quote.total)}</span></div>
  </section>`;
}

function changesCard(changes: readonly QuoteChange[]): Html {
  const rows = changes.map((change) => {
    switch (change.kind) {
      case 'price':
        return changeRow(change.title, change.from, change.to);
      case 'total':
        return changeRow('Total', change.from, change.to);
      case 'stock': {
        const left = change.available > 0 ? `only ${change.available} left` : 'not available';
        return html`<div class="row"><span>${change.title}</span><span>${left}</span></div>`;
      }
    }
  });
  return html`<section class="card">
    <h2>What changed</h2>
    <div class="rows">${rows}</div>
  </section>`;
}

function changeRow(label: string, from: Quote['tax'], to: Quote['tax']): Html {
  return html`<div class="row">
    <span>${label}</span>
    <span><span class="was">${formatMoney(from)}</span>${formatMoney(to)}</span>
  </div>`;
}

function page(parts: Parts): Page {
  const { status = 200, shop, tone, title, text, button, cards = [], orderRef, refresh } = parts;
  const body = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        ${refresh !== undefined && html`<meta http-equiv="refresh" content="${refresh}" />`}
        <title>${shop ? `${title} · ${shop}` : title}</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <main>
          ${shop !== null && html`<div class="shop" dir="auto">${shop}</div>`}
          <section class="card head">
            <div class="mark ${tone}"><svg viewBox="0 0 24 24" aria-hidden="true">${MARKS[tone]}</svg></div>
            <h1>${title}</h1>
            ${text.map((t) => html`<p>${t}</p>`)}
            ${button && html`<a class="button" href="${button.href}">${button.label}</a>`}
          </section>
          ${cards.filter((c) => c !== undefined)}
          ${orderRef !== undefined && html`<p class="ref">Reference ${orderRef}</p>`}
        </main>
      </body>
    </html>`;
  return { status, body: body.text };
}
