import { Inject, Injectable } from '@nestjs/common';
import { buildSearchIndex, type SearchIndex } from '#core/catalog';
import { Tenants } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { ProductCopy, type ProductText } from './product-copy.js';

/** Of the merchants asked last; a shop of a few thousand products takes a few megabytes. */
const MAX_MERCHANTS = 200;
const MAX_PRODUCTS = 20_000;
/** A row whose transaction took long may not show in the revision; it is found after this time at the latest. */
const MAX_AGE_MS = 30_000;

export interface SearchableCatalog {
  index: SearchIndex;
  products: ReadonlyMap<string, ProductText>;
}

interface Entry extends SearchableCatalog {
  revision: string;
  builtAt: number;
}

/**
 * The searchable texts of merchants' catalogs, kept in memory and built anew when the copy has changed. Postgres
 * cannot use a text index under row-level security (its text match is not leakproof), and it knows no slips.
 */
@Injectable()
export class SearchIndexes {
  /** In order of last use. */
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly tenants: Tenants,
    private readonly copy: ProductCopy,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async of(merchantId: string): Promise<SearchableCatalog> {
    const now = this.clock.now().getTime();
    const known = this.entries.get(merchantId);
    const entry = await this.tenants.transaction(merchantId, async (tx) => {
      const revision = await this.copy.revision(tx);
      if (known?.revision === revision && Math.abs(now - known.builtAt) < MAX_AGE_MS) return known;
      const texts = await this.copy.texts(tx, MAX_PRODUCTS);
      const products = new Map(texts.map((t) => [t.sku, t]));
      return { revision, builtAt: now, index: buildSearchIndex(texts), products };
    });
    this.entries.delete(merchantId);
    this.entries.set(merchantId, entry);
    const oldest = this.entries.keys().next();
    if (this.entries.size > MAX_MERCHANTS && !oldest.done) this.entries.delete(oldest.value);
    return entry;
  }
}
