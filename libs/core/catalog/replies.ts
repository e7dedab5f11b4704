import type { Category } from './product.js';
import type { Quote } from './quote.js';

/** The figures cannot be confirmed now: the shop does not answer and what was synced is too old. */
export interface Unavailable {
  outcome: 'unavailable';
  reason: string;
  /** Catalog-sync itself did not answer, as while it is being restarted: worth asking again in a moment. */
  unreachable?: true;
}

export type CategoriesReply = { outcome: 'ok'; categories: Category[] } | Unavailable;

export interface FoundProduct {
  sku: string;
  description: string;
  categoryId: string;
  imageUrl: string | null;
}

/** Only what can be bought now, best match first; one quote line (quantity 1) each, in the same order. */
export type SearchReply = { outcome: 'ok'; products: FoundProduct[]; quote: Quote } | Unavailable;

export type QuoteReply = { outcome: 'ok'; quote: Quote } | Unavailable;
