import { Injectable } from '@nestjs/common';
import type { SearchReply } from '#contracts';
import { isOfferable, offerOf, searchProducts, type ProductQuery, type Quote } from '#core/catalog';
import { Tenants } from '#persistence';
import { ProductCopy, type Candidate } from '../copy/product-copy.js';
import { SearchIndexes, type SearchableCatalog } from '../copy/search-indexes.js';
import { Quotes } from './quotes.js';

const MAX_RESULTS = 30;
/** Asked of the shop for every result wanted: some will be sold out or too dear. */
const CANDIDATES_PER_RESULT = 4;
/** What one quote may ask (store contract). */
const MAX_CANDIDATES = 100;
/** Looked up in the copy, to ask first for what is probably on offer. */
const MAX_MATCHES = 1_000;
const MAX_TEXT = 200;

/** Free text, a category or a ceiling into products that can be bought now. */
@Injectable()
export class Search {
  constructor(
    private readonly tenants: Tenants,
    private readonly copy: ProductCopy,
    private readonly indexes: SearchIndexes,
    private readonly quotes: Quotes,
  ) {}

  async search(merchantId: string, query: ProductQuery): Promise<SearchReply> {
    const limit = Math.min(Math.max(1, Math.trunc(query.limit) || 1), MAX_RESULTS);
    const catalog = await this.indexes.of(merchantId);
    const matches = matchesOf(catalog, query).slice(0, MAX_MATCHES);
    const most = Math.min(limit * CANDIDATES_PER_RESULT, MAX_CANDIDATES);
    // What the copy believes sold out or too dear comes last, not never: the shop may have changed its mind.
    const { candidates, copy } = await this.copy.candidates(
      this.tenants,
      merchantId,
      matches,
      most,
      query.maxPrice,
    );
    const lines = candidates.map(({ sku }) => ({ sku, quantity: 1 }));
    const reply = await this.quotes.quote(merchantId, lines, copy);
    if (reply.outcome === 'unavailable') return reply;
    const offer = offerOf(reply.quote, choose(candidates, reply.quote, query, limit));
    return {
      outcome: 'ok',
      products: offer.lines.map(({ sku }) => {
        const { description, category, imageUrl } = catalog.products.get(sku)!;
        return { sku, description, categoryId: category.id, imageUrl };
      }),
      quote: offer,
    };
  }
}

function matchesOf({ index, products }: SearchableCatalog, { text, categoryId }: ProductQuery): Candidate[] {
  const wanted = text?.trim().slice(0, MAX_TEXT);
  const matches = wanted
    ? searchProducts(index, wanted)
    : [...products.keys()].map((sku): Candidate => ({ sku, all: true }));
  return categoryId ? matches.filter(({ sku }) => products.get(sku)?.category.id === categoryId) : matches;
}

/** What can be bought within the ceiling; products that hold only some of the words stand in when no other can. */
function choose(candidates: Candidate[], quote: Quote, { maxPrice }: ProductQuery, limit: number): string[] {
  const offerable = new Set(quote.lines.filter((l) => isOfferable(l, maxPrice)).map((l) => l.sku));
  const left = candidates.filter(({ sku }) => offerable.has(sku));
  const best = left.some((c) => c.all) ? left.filter((c) => c.all) : left;
  return best.slice(0, limit).map(({ sku }) => sku);
}
