import { Injectable } from '@nestjs/common';
import { newId } from '#platform';
import { ShopBooks } from './shop-books.js';
import type { Line, Money, ProductDoc, ShopDoc } from './shop.types.js';
import { StoreProblem } from './store-problem.js';
import { availableOf, productView, type ProductView } from './views.js';

const QUOTE_LIVES_MS = 10 * 60_000;
const HOME_REGION = 'AE';

type Reason = 'out_of_stock' | 'insufficient_stock' | 'not_sold_in_region' | 'unknown_sku';

export interface QuoteLine {
  sku: string;
  title: string;
  quantity: number;
  unitPrice: Money;
  available: number;
  maxQuantity: number;
  reason?: Reason;
}

export interface Quote {
  quoteId: string;
  quotedAt: string;
  expiresAt: string;
  currency: string;
  lines: QuoteLine[];
  tax: Money;
  shipping: Money;
  total: Money;
}

export interface ProductPage {
  products: ProductView[];
  nextCursor: string | null;
}

/** What is sold, and for how much now. */
@Injectable()
export class Catalog {
  constructor(private readonly books: ShopBooks) {}

  list(shop: ShopDoc, query: { updated_since?: string; cursor?: string; limit: number }): ProductPage {
    const since = query.updated_since ? new Date(query.updated_since).toISOString() : '';
    const after = query.cursor ? decodeCursor(query.cursor) : '';
    const rows = this.books
      .of(shop.id)
      .products.all()
      .filter((p) => p.updatedAt >= since && position(p) > after)
      .sort((a, b) => (position(a) < position(b) ? -1 : 1));
    const page = rows.slice(0, query.limit);
    const last = page.at(-1);
    return {
      products: page.map((p) => productView(shop, p)),
      nextCursor: last && rows.length > page.length ? encodeCursor(last) : null,
    };
  }

  quote(shop: ShopDoc, request: { currency?: string; region?: string; lines: Line[] }): Quote {
    if (request.currency !== undefined && request.currency !== shop.currency) {
      throw new StoreProblem(400, 'invalid_request', 'The request is not valid', {
        detail: `this shop sells in ${shop.currency} only`,
      });
    }
    const products = this.books.of(shop.id).products;
    const lines = quoteLines(shop, request.lines, request.region ?? HOME_REGION, (sku) => products.get(sku));
    const sellable = lines.filter((line) => line.reason === undefined);
    const goods = sellable.reduce((sum, line) => sum + line.unitPrice.minor * line.quantity, 0);
    const fee = goods === 0 || goods >= shop.shipping.freeFromMinor ? 0 : shop.shipping.flatMinor;
    const now = this.books.now();
    const money = (minor: number): Money => ({ minor, currency: shop.currency });
    return {
      quoteId: newId('quo'),
      quotedAt: now.toISOString(),
      expiresAt: new Date(now.getTime() + QUOTE_LIVES_MS).toISOString(),
      currency: shop.currency,
      lines,
      tax: money(0), // prices include it
      shipping: money(fee),
      total: money(goods + fee),
    };
  }
}

/** Lines of the same SKU share its stock: those that still fit, in order, are sellable. */
function quoteLines(
  shop: ShopDoc,
  lines: Line[],
  region: string,
  find: (sku: string) => ProductDoc | undefined,
): QuoteLine[] {
  const promised = new Map<string, number>();
  return lines.map(({ sku, quantity }) => {
    const product = find(sku);
    if (!product || product.deleted) {
      const unitPrice = { minor: 0, currency: shop.currency };
      return { sku, title: sku, quantity, unitPrice, available: 0, maxQuantity: 0, reason: 'unknown_sku' };
    }
    const available = availableOf(product);
    const soldHere = product.regions === null || product.regions.includes(region);
    const taken = promised.get(sku) ?? 0;
    const reason = whyNot(soldHere, available, available - taken, quantity);
    if (!reason) promised.set(sku, taken + quantity);
    return {
      sku,
      title: product.title,
      quantity,
      unitPrice: { minor: product.priceMinor, currency: shop.currency },
      available,
      maxQuantity: soldHere ? available : 0,
      ...(reason && { reason }),
    };
  });
}

function whyNot(soldHere: boolean, available: number, left: number, quantity: number): Reason | undefined {
  if (!soldHere) return 'not_sold_in_region';
  if (available === 0) return 'out_of_stock';
  if (quantity > left) return 'insufficient_stock';
  return undefined;
}

function position(product: ProductDoc): string {
  return `${product.updatedAt}|${product.sku}`;
}

function encodeCursor(last: ProductDoc): string {
  return Buffer.from(position(last)).toString('base64url');
}

function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+Z\|/.test(text)) {
    throw new StoreProblem(400, 'invalid_request', 'The request is not valid', {
      detail: 'cursor: not one that this shop gave',
    });
  }
  return text;
}
