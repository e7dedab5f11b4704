import {
  addMoney,
  formatMoney,
  lineTotal,
  money,
  type Quote,
  type QuoteChange,
  type QuoteLine,
} from '#core/catalog';

/*
 * How figures are written. Every price and stock figure comes out of a Quote: there is no other way to write one.
 * Channels cut bodies at about 1,000 characters; long carts are summed up well before, so that no total is lost.
 */

const ROOM_FOR_LINES = 480;
const ROOM_FOR_NOTES = 280;
/** A receipt is a plain text: there is room for all of a cart that a person fills. */
export const ROOM_ON_RECEIPT = 3_000;

export function clip(text: string, max: number): string {
  const letters = [...text];
  return letters.length <= max
    ? text
    : `${letters
        .slice(0, max - 1)
        .join('')
        .trimEnd()}…`;
}

export function titleOf(line: Pick<QuoteLine, 'sku' | 'title'>): string {
  return clip(line.title.trim() || line.sku, 60);
}

/** `2 × Black Hoodie: AED 178.00`; what does not fit is counted and summed up in a last line. */
export function cartLines(lines: readonly QuoteLine[], room = ROOM_FOR_LINES): string[] {
  const said = fitting(
    lines.map((l) => `${l.quantity} × ${titleOf(l)}: ${formatMoney(lineTotal(l))}`),
    room,
  );
  const others = lines.slice(said.length);
  if (others.length === 0) return said;
  const sum = others.map(lineTotal).reduce(addMoney, money(0, others[0]!.unitPrice.currency));
  return [...said, `… and ${others.length} more: ${formatMoney(sum)}`];
}

export function notesWithin(notes: readonly string[]): string[] {
  const said = fitting(notes, ROOM_FOR_NOTES);
  const others = notes.length - said.length;
  return others > 0 ? [...said, `• … and ${others} more changes`] : said;
}

function fitting(texts: readonly string[], room: number): string[] {
  let left = room;
  const end = texts.findIndex((t) => (left -= t.length + 1) < 0);
  return end < 0 ? [...texts] : texts.slice(0, end);
}

export function totals(quote: Quote): string[] {
  return [
    ...(quote.shipping.minor > 0 ? [`Delivery: ${formatMoney(quote.shipping)}`] : []),
    ...(quote.tax.minor > 0 ? [`Tax: ${formatMoney(quote.tax)}`] : []),
    `*Total: ${formatMoney(quote.total)}*`,
  ];
}

export function stock(line: QuoteLine): string {
  return line.available <= 5 ? `only ${line.available} left` : 'in stock';
}

export function changeText(change: QuoteChange): string {
  const title = titleOf(change);
  switch (change.kind) {
    case 'price':
      return `• *${title}* now costs ${formatMoney(change.to)} (was ${formatMoney(change.from)})`;
    case 'stock':
      return change.available > 0 && change.reason === 'insufficient_stock'
        ? `• *${title}*: only ${change.available} left`
        : `• *${title}* is ${change.reason === 'not_sold_in_region' ? 'not sold in your region' : 'sold out'}`;
    case 'total':
      return `• The total is now ${formatMoney(change.to)} (was ${formatMoney(change.from)})`;
  }
}

export function footnote(quote: Quote): string {
  return quote.source === 'synced'
    ? '\n_As of our last check with the shop; confirmed again before you pay._'
    : '';
}
