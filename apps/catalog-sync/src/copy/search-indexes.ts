import { Inject, Injectable } from '@nestjs/common';
import { SearchIndexBuilder, type SearchIndex } from '#core/catalog';
import { Tenants } from '#persistence';
import { Breath, CLOCK, Semaphore, type Clock } from '#platform';
import { ProductCopy, type ProductText } from './product-copy.js';

/** What all indexes together may hold, of the merchants that were asked last: a word in a product takes some 60 bytes. */
const MOST_PLACES = 2_000_000;
/** A product's own texts count as so many. */
const PLACES_OF_A_PRODUCT = 10;
const MOST_PRODUCTS_OF_ONE = 20_000;
/** A row whose transaction took long may not show in the revision; it is found after this time at the latest. */
const LATE_MS = 30_000;
/** Whether the copy has changed is looked at this often. */
const LOOK_EVERY_MS = 1_000;
/** A catalog that changes all the time is read anew for one part in so many of the time. */
const REST = 20;
/** Catalogs that are read at the same time: each holds a connection and its share of memory. */
const AT_ONCE = 2;

export interface SearchableCatalog {
  index: SearchIndex;
  products: ReadonlyMap<string, ProductText>;
}

interface Entry extends SearchableCatalog {
  /** Of the copy, when it was read. */
  revision: string;
  readAt: number;
  /** When it was still found to be so. */
  lookedAt: number;
  /** How long it took to read, in milliseconds. */
  tookMs: number;
}

/**
 * The searchable texts of merchants' catalogs, kept in memory and built anew when the copy has changed. Postgres
 * cannot use a text index under row-level security (its text match is not leakproof), and it knows no slips.
 */
@Injectable()
export class SearchIndexes {
  /** In order of last use. */
  private readonly entries = new Map<string, Entry>();
  private places = 0;
  private readonly reading = new Map<string, Promise<Entry>>();
  private readonly semaphore = new Semaphore(AT_ONCE);

  constructor(
    private readonly tenants: Tenants,
    private readonly copy: ProductCopy,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async of(merchantId: string): Promise<SearchableCatalog> {
    const known = this.entries.get(merchantId);
    const entry =
      known && (await this.isCurrent(merchantId, known)) ? known : await this.readOnce(merchantId);
    this.keep(merchantId, entry);
    return entry;
  }

  /** Figures are asked of the shop itself, so that texts may be a moment old when they take long to read. */
  private async isCurrent(merchantId: string, entry: Entry): Promise<boolean> {
    const { revision, readAt, lookedAt, tookMs } = entry;
    const now = this.clock.now().getTime();
    const age = Math.abs(now - readAt);
    if (age < tookMs * REST || Math.abs(now - lookedAt) < LOOK_EVERY_MS) return true;
    const present = await this.copy.revision(this.tenants, merchantId);
    // A change that was young when the texts were read may have had others beside it that were not committed yet.
    const wasSettled = readAt - Date.parse(revision) > LATE_MS;
    const isCurrent = present === revision && (wasSettled || age < LATE_MS);
    if (isCurrent) entry.lookedAt = now;
    return isCurrent;
  }

  private readOnce(merchantId: string): Promise<Entry> {
    const under = this.reading.get(merchantId);
    if (under) return under;
    const read = this.semaphore
      .pass(() => this.read(merchantId))
      .finally(() => this.reading.delete(merchantId));
    this.reading.set(merchantId, read);
    return read;
  }

  private async read(merchantId: string): Promise<Entry> {
    const startedAt = performance.now();
    // In this order: a change between the two is noticed at the next look.
    const revision = await this.copy.revision(this.tenants, merchantId);
    const texts = await this.copy.texts(this.tenants, merchantId, MOST_PRODUCTS_OF_ONE);
    const readAt = this.clock.now().getTime();
    const builder = new SearchIndexBuilder();
    const products = new Map<string, ProductText>();
    const breath = new Breath();
    for (const text of texts) {
      builder.add(text);
      products.set(text.sku, text);
      await breath.take();
    }
    await breath.deep();
    const tookMs = performance.now() - startedAt;
    return { revision, readAt, lookedAt: -Infinity, index: builder.build(), products, tookMs };
  }

  private keep(merchantId: string, entry: Entry): void {
    this.forget(merchantId);
    this.entries.set(merchantId, entry);
    this.places += placesOf(entry);
    for (const oldest of this.entries.keys()) {
      if (this.places <= MOST_PLACES || oldest === merchantId) return;
      this.forget(oldest);
    }
  }

  private forget(merchantId: string): void {
    const known = this.entries.get(merchantId);
    if (known) this.places -= placesOf(known);
    this.entries.delete(merchantId);
  }
}

function placesOf({ index }: Entry): number {
  return index.places + index.size * PLACES_OF_A_PRODUCT;
}
