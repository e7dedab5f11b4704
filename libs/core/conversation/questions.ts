import type { CartLine, CategoriesReply, ProductQuery, Quote, QuoteReply, SearchReply } from '#core/catalog';

/** What a step may have to know of the catalog. */
export type Question =
  { kind: 'categories' } | { kind: 'search'; query: ProductQuery } | { kind: 'quote'; lines: CartLine[] };

/** What the catalog answered; `kind` says to which question. */
export type Answer =
  | { kind: 'categories'; reply: CategoriesReply }
  | { kind: 'search'; reply: SearchReply }
  | { kind: 'quote'; reply: QuoteReply };

/** The same for two questions that are the same. */
export function keyOf(question: Question): string {
  switch (question.kind) {
    case 'categories':
      return 'categories';
    case 'search': {
      const { text, categoryId, maxPrice, limit } = question.query;
      return `search ${JSON.stringify([text, categoryId, maxPrice?.minor, maxPrice?.currency, limit])}`;
    }
    case 'quote':
      return `quote ${JSON.stringify(question.lines.map(({ sku, quantity }) => [sku, quantity]))}`;
  }
}

/** Answers by {@link keyOf}, as far as they have been asked for. */
export type Answers = Pick<ReadonlyMap<string, Answer>, 'get'>;

/** Whether what an answer says of prices still holds: a quote has an end. */
export function stillHolds({ kind, reply }: Answer, now: Date): boolean {
  const quote: Quote | undefined = kind !== 'categories' && reply.outcome === 'ok' ? reply.quote : undefined;
  return quote === undefined || Date.parse(quote.validUntil) > now.getTime();
}
