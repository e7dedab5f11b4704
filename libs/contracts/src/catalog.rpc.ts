import type { CartLine, ProductQuery } from '#core/catalog';

export type { CategoriesReply, FoundProduct, QuoteReply, SearchReply, Unavailable } from '#core/catalog';

/** Request/response of catalog-sync over `@nestjs/microservices` (TCP). Callers set a time limit. */
export const CATALOG_RPC = {
  categories: 'catalog.categories.v1',
  search: 'catalog.search.v1',
  quote: 'catalog.quote.v1',
} as const;

export interface CategoriesRequest {
  merchantId: string;
}
export interface SearchRequest {
  merchantId: string;
  query: ProductQuery;
}
export interface QuoteRequest {
  merchantId: string;
  lines: CartLine[];
}
