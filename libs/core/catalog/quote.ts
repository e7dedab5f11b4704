import { addMoney, money, timesMoney, type Money } from './money.js';

export type Shortage = 'out_of_stock' | 'insufficient_stock' | 'not_sold_in_region' | 'unknown_sku';

export interface QuoteLine {
  sku: string;
  title: string;
  quantity: number;
  unitPrice: Money;
  /** Pieces the shop could sell when it was asked. */
  available: number;
  maxQuantity: number;
  /** Why this line cannot be sold as asked; absent when it can. */
  reason?: Shortage;
  imageUrl?: string;
}

/**
 * The only form in which a price or a stock figure reaches a message: what the shop said, when, and how long it
 * holds. `synced` marks figures from the last sync, given because the shop did not answer in time.
 */
export interface Quote {
  source: 'live' | 'synced';
  /** ISO 8601, like `validUntil`. */
  quotedAt: string;
  validUntil: string;
  currency: string;
  lines: QuoteLine[];
  tax: Money;
  shipping: Money;
  /** Sellable lines + tax + shipping. */
  total: Money;
}

export interface CartLine {
  sku: string;
  quantity: number;
}

export function lineTotal(line: QuoteLine): Money {
  return timesMoney(line.unitPrice, line.quantity);
}

export function sellableLines(quote: Quote): QuoteLine[] {
  return quote.lines.filter((l) => !l.reason);
}

export function subtotal(quote: Quote): Money {
  return sellableLines(quote).reduce((sum, l) => addMoney(sum, lineTotal(l)), money(0, quote.currency));
}

/** What a customer must be told, and asked about again, before `now` replaces the quote they accepted. */
export type QuoteChange =
  | { sku: string; title: string; kind: 'price'; from: Money; to: Money }
  | { sku: string; title: string; kind: 'stock'; wanted: number; available: number; reason: Shortage }
  | { sku: ''; title: ''; kind: 'total'; from: Money; to: Money };

/**
 * Differences between the quote a customer accepted and the shop's present one for the same lines. Empty: nothing to
 * tell. A lower price is a change too; a different quantity is a different cart and must be quoted anew first.
 */
export function compareQuotes(accepted: Quote, present: Quote): QuoteChange[] {
  const changes: QuoteChange[] = [];
  for (const line of present.lines) {
    const before = accepted.lines.find((l) => l.sku === line.sku);
    if (line.reason) {
      changes.push({
        sku: line.sku,
        title: line.title || (before?.title ?? line.sku),
        kind: 'stock',
        wanted: line.quantity,
        available: line.available,
        reason: line.reason,
      });
    } else if (before && !sameMoney(before.unitPrice, line.unitPrice)) {
      changes.push({
        sku: line.sku,
        title: line.title,
        kind: 'price',
        from: before.unitPrice,
        to: line.unitPrice,
      });
    }
  }
  if (changes.length === 0 && !sameMoney(accepted.total, present.total)) {
    changes.push({ sku: '', title: '', kind: 'total', from: accepted.total, to: present.total });
  }
  return changes;
}

export function sameMoney(a: Money, b: Money): boolean {
  return a.minor === b.minor && a.currency === b.currency;
}

/**
 * A quote as the customer must see it whose own pieces the shop still holds: what it calls short may be short for others
 * only. When such a line comes back, tax and shipping are those agreed before, as the shop has computed them without it.
 */
export function withHeld(present: Quote, held: Quote): Quote {
  const own = new Map(sellableLines(held).map((l) => [l.sku, l.quantity]));
  let changed = false;
  const lines = present.lines.map(({ reason, ...line }): QuoteLine => {
    const pieces = own.get(line.sku) ?? 0;
    if (pieces === 0 || (reason !== 'out_of_stock' && reason !== 'insufficient_stock')) {
      return reason ? { ...line, reason } : line;
    }
    changed = true;
    const available = line.available + pieces;
    const enough = available >= line.quantity;
    return {
      ...line,
      available,
      maxQuantity: Math.max(line.maxQuantity, available),
      ...(enough ? {} : { reason: 'insufficient_stock' as const }),
    };
  });
  if (!changed) return present;
  const { tax, shipping } = held;
  const quote = { ...present, lines, tax, shipping };
  return { ...quote, total: addMoney(addMoney(subtotal(quote), tax), shipping) };
}
