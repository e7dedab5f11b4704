import {
  formatMoney,
  lineTotal,
  sellableLines,
  type Category,
  type FoundProduct,
  type Quote,
  type QuoteChange,
  type QuoteLine,
} from '#core/catalog';
import type { Choice, OutboundContent } from '#core/messaging';
import { cartLines, changeText, clip, footnote, notesWithin, stock, titleOf, totals } from './figures.js';
import { CHOICE } from './intent.js';

/* What a thread says while a customer shops; of orders it speaks in say-orders.ts. */

/** Rows that a list has room for, on every channel. */
const ROWS = 10;
/** A row's title is cut after so many characters: the whole of a longer one goes into its description. */
const ROW_TITLE = 24;

export const text = (body: string): OutboundContent => ({ type: 'text', body });
export const button = (id: string, title: string): Choice => ({ id, title });
export const MENU = button(CHOICE.menu, 'Browse the shop');

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
        rows: categories.slice(0, ROWS).map((c) => ({
          id: CHOICE.category(c.id),
          title: c.title || c.id,
          description: c.count === 1 ? '1 product' : `${c.count} products`,
        })),
      },
    ],
  };
}

/** What can be had now of what was found. */
export function sayProducts(
  asked: { title: string; searched: boolean; uncompared?: string },
  products: FoundProduct[],
  quote: Quote,
): OutboundContent {
  const lines = new Map(sellableLines(quote).map((l) => [l.sku, l]));
  const rows = products.flatMap((p) => {
    const line = lines.get(p.sku);
    return line ? [row(CHOICE.product(p.sku), line, `${formatMoney(line.unitPrice)} · ${stock(line)}`)] : [];
  });
  const what = clip(asked.title || 'Products', 60);
  const note = asked.uncompared
    ? `\nPrices here are in ${quote.currency}, so I left out “${clip(asked.uncompared, 40)}”.`
    : '';
  if (rows.length === 0) return sayNothingFound(what, note);
  const title = asked.searched ? `“${what}”` : what;
  const shown = rows.slice(0, ROWS);
  return {
    type: 'list',
    body: `*${title}*\n${shown.length === 1 ? 'One product' : `${shown.length} products`} you can have now. Choose one to see more.${note}${footnote(quote)}`,
    button: 'See products',
    sections: [{ title, rows: shown }],
  };
}

function row(id: string, line: QuoteLine, figures: string): Choice {
  const title = titleOf(line);
  return { id, title, description: title.length > ROW_TITLE ? `${figures} · ${title}` : figures };
}

export function sayProduct(line: QuoteLine, quote: Quote, inCart: boolean, news?: string): OutboundContent {
  return {
    type: 'buttons',
    ...(line.imageUrl ? { imageUrl: line.imageUrl } : {}),
    body: `*${titleOf(line)}*\n${formatMoney(line.unitPrice)} · ${stock(line)}${news ? `\n${news}` : ''}${footnote(quote)}`,
    buttons: [
      button(CHOICE.add(line.sku), inCart ? 'Add one more' : 'Add to cart'),
      ...(inCart ? [button(CHOICE.cart, 'View cart')] : []),
      MENU,
    ],
  };
}

function sayNothingFound(what: string, note: string): OutboundContent {
  return {
    type: 'buttons',
    body: `I found nothing for “${what}” that you can have right now.${note}`,
    buttons: [MENU],
  };
}

export function saySoldOut(line: QuoteLine): OutboundContent {
  const why = line.reason === 'not_sold_in_region' ? 'is not sold in your region' : 'has just sold out';
  return { type: 'buttons', body: `*${titleOf(line)}* ${why}, I am sorry.`, buttons: [MENU] };
}

/** The cart as it stands, priced by the shop just now. `notes`: what changed since the customer last saw it. */
export function sayCart(quote: Quote, notes: readonly string[]): OutboundContent {
  return {
    type: 'buttons',
    header: 'Your cart',
    body:
      [
        ...notesWithin(notes),
        ...(notes.length > 0 ? [''] : []),
        ...cartLines(sellableLines(quote)),
        '',
        ...totals(quote),
      ].join('\n') + footnote(quote),
    buttons: [
      button(CHOICE.checkout, 'Check out'),
      button(CHOICE.editCart, 'Change cart'),
      button(CHOICE.menu, 'Keep shopping'),
    ],
  };
}

export function sayEmptyCart(notes: readonly string[] = []): OutboundContent {
  return {
    type: 'buttons',
    body: [...notesWithin(notes), 'Your cart is empty.'].join('\n'),
    buttons: [MENU],
  };
}

/** The lines from number `from` on; a last row leads to those that have no room. */
export function sayEditCart(quote: Quote, from: number): OutboundContent {
  const lines = sellableLines(quote);
  const rest = lines.slice(from < lines.length ? from : 0);
  const shown = rest.length > ROWS ? rest.slice(0, ROWS - 1) : rest;
  const next = lines.length - rest.length + shown.length;
  return {
    type: 'list',
    body: 'Which item would you like to change?',
    button: 'Choose an item',
    sections: [
      {
        title: 'In your cart',
        rows: [
          ...shown.map((l) => row(CHOICE.line(l.sku), l, `${l.quantity} × ${formatMoney(l.unitPrice)}`)),
          ...(next < lines.length
            ? [{ id: CHOICE.moreOfCart(next), title: `${lines.length - next} more` }]
            : []),
        ],
      },
    ],
  };
}

export function sayQuantities(line: QuoteLine): OutboundContent {
  const most = Math.max(0, Math.min(ROWS - 1, line.maxQuantity, line.available));
  return {
    type: 'list',
    body: `*${titleOf(line)}*: how many would you like? You have ${line.quantity} in your cart.`,
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
      ...notesWithin(news),
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

/** `again`: what the customer wanted when the shop could not be asked. */
export const sayUnavailable = (again: string = CHOICE.menu): OutboundContent => ({
  type: 'buttons',
  body: 'I cannot confirm prices and stock with the shop right now, and I do not want to tell you something wrong. Please try again in a minute.',
  buttons: [button(again, 'Try again')],
});

export const sayStopped = (): OutboundContent => ({
  type: 'buttons',
  body: 'All right, I stopped the checkout. Your cart is still here.',
  buttons: [button(CHOICE.cart, 'View cart'), MENU],
});

/** `paid`: the number of an order that is paid and on its way, if there is one. */
export const sayNothingToStop = (cart: boolean, paid?: string): OutboundContent => ({
  type: 'buttons',
  body: [
    'No payment is open, so there is nothing to stop.',
    ...(paid ? [`Order ${paid} is paid: write “agent” and a colleague will help you with it.`] : []),
  ].join('\n'),
  buttons: [...(cart ? [button(CHOICE.cart, 'View cart')] : []), MENU],
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

const CARD_WARNING =
  '🔒 That looked like a card number: I have hidden it and did not keep it. Please never send card details in a chat; you pay on a secure page.';

/** Instead of an answer to a text that was little more than a card number. */
export const sayCardWarning = (cart: boolean): OutboundContent => ({
  type: 'buttons',
  body: CARD_WARNING,
  buttons: [...(cart ? [button(CHOICE.checkout, 'Check out')] : []), MENU],
});

/** The warning before the answer proper, in the same bubble: each bubble costs. */
export function withCardWarning(content: OutboundContent): OutboundContent {
  return { ...content, body: content.body ? `${CARD_WARNING}\n\n${content.body}` : CARD_WARNING };
}
