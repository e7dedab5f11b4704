import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type {
  Category,
  Match,
  Money,
  Searchable,
  StoreProduct,
  SyncedCopy,
  SyncedFigures,
} from '#core/catalog';
import { query, type Tenants } from '#persistence';

/** More are not offered: nobody reads them. */
const MOST_CATEGORIES = 100;

/** `older`: the copy holds a newer figure, or this one already. */
export type SetResult = 'set' | 'older' | 'unknown';

/** Something that the store says of a product: what has the larger sequence is newer. */
export interface Sequenced {
  sku: string;
  sequence: number;
}

/** A match that the shop is asked about. */
export type Candidate = Pick<Match, 'sku' | 'all'>;

/** The figures are null when the copy has no such product. */
interface FiguresRow {
  completeAt: Date | null;
  sku: string | null;
  title: string;
  priceMinor: string;
  currency: string;
  available: string;
  regions: string[] | null;
  imageUrl: string | null;
  deleted: boolean;
  confirmedAt: Date;
}

const FIGURES = `c.confirmed_at AS "completeAt", p.sku, p.title, p.price_minor AS "priceMinor", p.currency, p.available,
  p.regions, p.image_url AS "imageUrl", p.deleted, greatest(p.synced_at, c.confirmed_at) AS "confirmedAt"`;
/** One row, also before the first sync. */
const CURSOR = `(SELECT) one LEFT JOIN catalog.sync_cursors c ON true`;

/** What is found and shown of a product besides its figures. */
export interface ProductText extends Searchable {
  imageUrl: string | null;
}

/**
 * The synced copy of the shops' products. Every write is guarded by the store's sequence, for each group of figures
 * by itself, so writes may come twice and in any order: the newest figure stays.
 */
@Injectable()
export class ProductCopy {
  /** Another shop is read from now on: nothing that is here is on sale, and whatever that shop says is newer. */
  async beginAnew(tx: EntityManager, now: Date): Promise<void> {
    await tx.query(
      `UPDATE catalog.products
       SET deleted = true, described_at = $1, product_sequence = -1, price_sequence = -1, stock_sequence = -1`,
      [now],
    );
  }

  /**
   * Stores whole products as the store described them at `syncedAt`, each at its own or all at one time. Returns the SKUs of the rows that changed.
   * A product that had been marked deleted comes back when the store still lists it.
   */
  async store(
    tx: EntityManager,
    merchantId: string,
    products: readonly StoreProduct[],
    syncedAt: Date | ((product: StoreProduct) => Date),
    now: Date,
  ): Promise<Set<string>> {
    const rows = newestOfEach(products).map((p) => ({
      sku: p.sku,
      title: p.title,
      description: p.description,
      category_id: p.category.id,
      category_title: p.category.title,
      image_url: p.imageUrl,
      price_minor: p.price.minor,
      currency: p.price.currency,
      available: p.available,
      regions: p.regions,
      deleted: p.deleted,
      sequence: p.sequence,
      synced_at: syncedAt instanceof Date ? syncedAt : syncedAt(p),
    }));
    if (rows.length === 0) return new Set();
    const changed = await query<{ sku: string }>(
      tx,
      `INSERT INTO catalog.products AS p (merchant_id, sku, title, description, category_id, category_title, image_url,
         price_minor, currency, available, regions, deleted, product_sequence, price_sequence, stock_sequence,
         synced_at, described_at)
       SELECT $1, sku, title, description, category_id, category_title, image_url, price_minor, currency, available,
         regions, deleted, sequence, sequence, sequence, synced_at, $3
       FROM jsonb_to_recordset($2::jsonb) AS t(sku text, title text, description text, category_id text,
         category_title text, image_url text, price_minor bigint, currency text, available bigint, regions text[],
         deleted boolean, sequence bigint, synced_at timestamptz)
       ORDER BY sku
       ON CONFLICT (merchant_id, sku) DO UPDATE SET
         (title, description, category_id, category_title, image_url, regions) =
           (SELECT CASE WHEN newer THEN excluded.title ELSE p.title END,
                   CASE WHEN newer THEN excluded.description ELSE p.description END,
                   CASE WHEN newer THEN excluded.category_id ELSE p.category_id END,
                   CASE WHEN newer THEN excluded.category_title ELSE p.category_title END,
                   CASE WHEN newer THEN excluded.image_url ELSE p.image_url END,
                   CASE WHEN newer THEN excluded.regions ELSE p.regions END
            FROM (SELECT excluded.product_sequence > p.product_sequence AS newer) s),
         deleted = CASE WHEN excluded.product_sequence >= p.product_sequence THEN excluded.deleted ELSE p.deleted END,
         price_minor = CASE WHEN excluded.price_sequence > p.price_sequence THEN excluded.price_minor
                            ELSE p.price_minor END,
         currency = CASE WHEN excluded.price_sequence > p.price_sequence THEN excluded.currency ELSE p.currency END,
         available = CASE WHEN excluded.stock_sequence > p.stock_sequence THEN excluded.available
                          ELSE p.available END,
         product_sequence = greatest(p.product_sequence, excluded.product_sequence),
         price_sequence = greatest(p.price_sequence, excluded.price_sequence),
         stock_sequence = greatest(p.stock_sequence, excluded.stock_sequence),
         synced_at = greatest(p.synced_at, excluded.synced_at),
         described_at = CASE
           WHEN excluded.product_sequence >= p.product_sequence AND
             (excluded.title, excluded.description, excluded.category_id, excluded.category_title,
              excluded.image_url, excluded.deleted) IS DISTINCT FROM
             (p.title, p.description, p.category_id, p.category_title, p.image_url, p.deleted)
           THEN excluded.described_at ELSE p.described_at END
       WHERE excluded.product_sequence > p.product_sequence OR excluded.price_sequence > p.price_sequence
          OR excluded.stock_sequence > p.stock_sequence
          OR (excluded.product_sequence = p.product_sequence AND excluded.deleted <> p.deleted)
       RETURNING p.sku`,
      [merchantId, JSON.stringify(rows), now],
    );
    return new Set(changed.map(({ sku }) => sku));
  }

  /** Of each product the newest price is set, if it is newer than the copy's. */
  async setPrices(
    tx: EntityManager,
    prices: readonly (Sequenced & { price: Money })[],
  ): Promise<Map<string, SetResult>> {
    const newest = newestOfEach(prices);
    return this.set(tx, newest, 'price', 'price_minor = n.a, currency = n.b', [
      newest.map(({ price }) => price.minor),
      newest.map(({ price }) => price.currency),
    ]);
  }

  /** The same for what is in stock. */
  async setAvailable(
    tx: EntityManager,
    figures: readonly (Sequenced & { available: number })[],
  ): Promise<Map<string, SetResult>> {
    const newest = newestOfEach(figures);
    return this.set(tx, newest, 'stock', 'available = n.a', [newest.map(({ available }) => available), []]);
  }

  /** Rows are locked in the order of their SKUs, as everywhere. */
  private async set(
    tx: EntityManager,
    newest: readonly Sequenced[],
    group: 'price' | 'stock',
    assignments: string,
    [a, b]: [bigints: number[], texts: string[]],
  ): Promise<Map<string, SetResult>> {
    if (newest.length === 0) return new Map();
    const column = `${group}_sequence`;
    const rows = await query<{ sku: string; result: SetResult }>(
      tx,
      `WITH news AS (SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) AS n(sku, sequence, a, b)),
         known AS (SELECT sku FROM catalog.products WHERE sku = ANY ($1) ORDER BY sku FOR UPDATE),
         changed AS (
           UPDATE catalog.products p SET ${assignments}, ${column} = n.sequence FROM news n
           WHERE p.sku = n.sku AND p.sku = ANY (SELECT sku FROM known) AND p.${column} < n.sequence RETURNING p.sku)
       SELECT news.sku, CASE WHEN changed.sku IS NOT NULL THEN 'set' WHEN known.sku IS NOT NULL THEN 'older'
         ELSE 'unknown' END AS result
       FROM news LEFT JOIN known USING (sku) LEFT JOIN changed USING (sku)`,
      [newest.map(({ sku }) => sku), newest.map(({ sequence }) => sequence), a, b],
    );
    return new Map(rows.map(({ sku, result }) => [sku, result]));
  }

  /**
   * SKUs on sale that a full listing, begun at `startedAt`, did not show; and how many are on sale in all. A product
   * that came in by an event meanwhile is not missing.
   */
  async missing(
    tx: EntityManager,
    listed: readonly string[],
    startedAt: Date,
  ): Promise<{ missing: string[]; known: number }> {
    const [row] = (await tx.query(
      `SELECT count(*)::int AS known,
         coalesce(array_agg(sku) FILTER (WHERE described_at < $2 AND sku <> ALL ($1::text[])), '{}') AS missing
       FROM catalog.products WHERE NOT deleted`,
      [listed, startedAt],
    )) as { missing: string[]; known: number }[];
    return row!;
  }

  /** Marks what a full listing begun at `startedAt` did not show, unless an event has brought it since. */
  async markDeleted(tx: EntityManager, skus: readonly string[], startedAt: Date, now: Date): Promise<void> {
    await tx.query(
      `UPDATE catalog.products SET deleted = true, described_at = $3
       WHERE sku = ANY ($1::text[]) AND described_at < $2`,
      [skus, startedAt, now],
    );
  }

  /** What a merchant's copy says of these products, and since when it is known to be right. */
  async figures(tenants: Tenants, merchantId: string, skus: readonly string[]): Promise<SyncedCopy> {
    const rows = (await tenants.read(
      merchantId,
      `SELECT ${FIGURES} FROM ${CURSOR} LEFT JOIN catalog.products p ON p.sku = ANY ($1::text[])`,
      [skus],
    )) as FiguresRow[];
    return toCopy(rows);
  }

  /**
   * The `most` of these matches that the shop is asked about, and the copy of those: matches of all words first, among
   * equals what the copy believes to be in stock and within the ceiling, and then in the order given.
   */
  async candidates(
    tenants: Tenants,
    merchantId: string,
    matches: readonly Candidate[],
    most: number,
    ceiling?: Money,
  ): Promise<{ candidates: Candidate[]; copy: SyncedCopy }> {
    const rows = (await tenants.read(
      merchantId,
      `SELECT ${FIGURES}, m.sku AS match, m."all"
       FROM ${CURSOR} LEFT JOIN unnest($1::text[], $2::bool[]) WITH ORDINALITY AS m(sku, "all", rank) ON true
         LEFT JOIN catalog.products p ON p.sku = m.sku
       ORDER BY m."all" DESC,
         (NOT p.deleted AND p.available > 0 AND ($4::bigint IS NULL OR p.currency <> $5 OR p.price_minor <= $4)) IS TRUE DESC,
         m.rank
       LIMIT $3`,
      [
        matches.map(({ sku }) => sku),
        matches.map(({ all }) => all),
        most,
        ceiling?.minor ?? null,
        ceiling?.currency ?? null,
      ],
    )) as (FiguresRow & { match: string | null; all: boolean })[];
    const candidates = rows.flatMap(({ match, all }) => (match === null ? [] : { sku: match, all }));
    return { candidates, copy: toCopy(rows) };
  }

  /**
   * Categories with something to sell in `region`, the fullest first, as many as anybody could choose among; undefined
   * before a sync has gone through the whole list.
   */
  async categories(tenants: Tenants, merchantId: string, region: string): Promise<Category[] | undefined> {
    const rows = (await tenants.read(
      merchantId,
      `SELECT c.confirmed_at AS "completeAt", g.* FROM ${CURSOR} LEFT JOIN (
         SELECT category_id AS id, (array_agg(category_title ORDER BY product_sequence DESC, sku))[1] AS title,
           count(*)::int AS count
         FROM catalog.products
         WHERE NOT deleted AND available > 0 AND (regions IS NULL OR $1 = ANY (regions))
         GROUP BY category_id) g ON true
       ORDER BY g.count DESC, g.id LIMIT ${MOST_CATEGORIES}`,
      [region],
    )) as ({ completeAt: Date | null } & (Category | { id: null }))[];
    if (!rows[0]!.completeAt) return undefined;
    return rows.flatMap((row) => (row.id === null ? [] : { id: row.id, title: row.title, count: row.count }));
  }

  /** When a text, or what is on sale, changed last (ISO 8601); empty when there is no product. */
  async revision(tenants: Tenants, merchantId: string): Promise<string> {
    const [row] = (await tenants.read(
      merchantId,
      `SELECT max(described_at) AS revision FROM catalog.products`,
      [],
    )) as { revision: Date | null }[];
    return row!.revision?.toISOString() ?? '';
  }

  /** The texts of at most `limit` products on sale. */
  async texts(tenants: Tenants, merchantId: string, limit: number): Promise<ProductText[]> {
    const rows = (await tenants.read(
      merchantId,
      `SELECT sku, title, left(description, 400) AS description, category_id AS "categoryId",
         category_title AS "categoryTitle", image_url AS "imageUrl"
       FROM catalog.products WHERE NOT deleted ORDER BY sku LIMIT $1`,
      [limit],
    )) as (Omit<ProductText, 'category'> & { categoryId: string; categoryTitle: string })[];
    return rows.map(({ categoryId, categoryTitle, ...row }) => ({
      ...row,
      category: { id: categoryId, title: categoryTitle },
    }));
  }
}

function toCopy(rows: readonly FiguresRow[]): SyncedCopy {
  const known = rows.filter(({ sku }) => sku !== null) as (FiguresRow & { sku: string })[];
  return {
    figures: new Map(known.map((row) => [row.sku, toFigures(row)])),
    completeAt: rows[0]!.completeAt,
  };
}

function toFigures(row: FiguresRow & { sku: string }): SyncedFigures {
  const { sku, title, regions, imageUrl, deleted, confirmedAt } = row;
  const price = { minor: Number(row.priceMinor), currency: row.currency };
  return { sku, title, price, available: Number(row.available), regions, imageUrl, deleted, confirmedAt };
}

/** One row can be written once in a statement; a list that was read while it changed may hold a product twice. */
export function newestOfEach<T extends Sequenced>(products: readonly T[]): T[] {
  const newest = new Map<string, T>();
  for (const product of products) {
    const other = newest.get(product.sku);
    if (!other || product.sequence >= other.sequence) newest.set(product.sku, product);
  }
  return [...newest.values()];
}
