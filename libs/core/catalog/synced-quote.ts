import { addMoney, money, type Money } from './money.js';
import type { Product } from './product.js';
import { lineTotal, subtotal, type CartLine, type Quote, type QuoteLine, type Shortage } from './quote.js';

/** What the synced copy says of a product, and when the store is known to have said so. */
export interface SyncedFigures extends Pick<
  Product,
  'sku' | 'title' | 'price' | 'available' | 'regions' | 'imageUrl' | 'deleted'
> {
  confirmedAt: Date;
}

export interface SyncedCopy {
  figures: ReadonlyMap<string, SyncedFigures>;
  /** When the copy as a whole was last known to be complete; what it lacks then did not exist. */
  completeAt: Date | null;
}

/**
 * A quote from the synced copy, for when the store does not answer; undefined when a figure that it needs is older
 * than `maxAgeSeconds`. It knows no tax and no shipping (both 0): only the store does, and it is asked again before
 * anything is paid. Lines of one SKU share its stock, as in a live quote.
 */
export function syncedQuote(
  lines: readonly CartLine[],
  copy: SyncedCopy,
  terms: { region: string; currency: string; maxAgeSeconds: number; now: Date },
): Quote | undefined {
  const oldest = terms.now.getTime() - terms.maxAgeSeconds * 1_000;
  const promised = new Map<string, number>();
  const quoted: QuoteLine[] = [];
  let quotedAt = terms.now.getTime();
  for (const { sku, quantity } of lines) {
    const known = copy.figures.get(sku);
    const confirmedAt = (known?.confirmedAt ?? copy.completeAt)?.getTime();
    if (confirmedAt === undefined || confirmedAt < oldest) return undefined;
    quotedAt = Math.min(quotedAt, confirmedAt);
    if (!known || known.deleted) {
      quoted.push(unknownLine(sku, quantity, terms.currency));
      continue;
    }
    if (known.price.currency !== terms.currency) return undefined;
    const left = known.available - (promised.get(sku) ?? 0);
    const soldHere = known.regions === null || known.regions.includes(terms.region);
    const reason = shortageOf(soldHere, known.available, left, quantity);
    if (!reason) promised.set(sku, (promised.get(sku) ?? 0) + quantity);
    quoted.push({
      sku,
      title: known.title,
      quantity,
      unitPrice: known.price,
      available: known.available,
      maxQuantity: soldHere ? known.available : 0,
      ...(reason && { reason }),
      ...(known.imageUrl && { imageUrl: known.imageUrl }),
    });
  }
  const nothing = money(0, terms.currency);
  const total = quoted.reduce((sum, line) => (line.reason ? sum : addMoney(sum, lineTotal(line))), nothing);
  return {
    source: 'synced',
    quotedAt: new Date(quotedAt).toISOString(),
    validUntil: new Date(quotedAt + terms.maxAgeSeconds * 1_000).toISOString(),
    currency: terms.currency,
    lines: quoted,
    tax: nothing,
    shipping: nothing,
    total,
  };
}

/** Some lines of a quote, in this order, as an offer of goods: tax and shipping belong to a whole cart and are 0. */
export function offerOf(quote: Quote, skus: readonly string[]): Quote {
  const lines = skus.flatMap((sku) => quote.lines.find((line) => line.sku === sku) ?? []);
  const nothing = money(0, quote.currency);
  const offer: Quote = { ...quote, lines, tax: nothing, shipping: nothing, total: nothing };
  return { ...offer, total: subtotal(offer) };
}

/** Whether a line can be bought as asked, at a price within the ceiling. */
export function isOfferable(line: QuoteLine, ceiling?: Money): boolean {
  if (line.reason) return false;
  return !ceiling || ceiling.currency !== line.unitPrice.currency || line.unitPrice.minor <= ceiling.minor;
}

function shortageOf(
  soldHere: boolean,
  available: number,
  left: number,
  quantity: number,
): Shortage | undefined {
  if (!soldHere) return 'not_sold_in_region';
  if (available === 0) return 'out_of_stock';
  return quantity > left ? 'insufficient_stock' : undefined;
}

function unknownLine(sku: string, quantity: number, currency: string): QuoteLine {
  return {
    sku,
    title: sku,
    quantity,
    unitPrice: money(0, currency),
    available: 0,
    maxQuantity: 0,
    reason: 'unknown_sku',
  };
}
