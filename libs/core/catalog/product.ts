import type { Money } from './money.js';

export interface Category {
  id: string;
  title: string;
  /** Products on offer now. */
  count: number;
}

/** A product as the store last described it. Its figures are never shown: a Quote is. */
export interface Product {
  sku: string;
  title: string;
  description: string;
  category: { id: string; title: string };
  imageUrl: string | null;
  price: Money;
  available: number;
  /** ISO 3166-1 alpha-2 codes where it is sold; null: everywhere. */
  regions: string[] | null;
  /** The store's event sequence that this state reflects. */
  sequence: number;
  deleted: boolean;
}

/** What free text or a tap asks of the catalog. */
export interface ProductQuery {
  text?: string;
  categoryId?: string;
  maxPrice?: Money;
  /** Products to return at most. */
  limit: number;
}
