import { Injectable } from '@nestjs/common';
import {
  ConfigService,
  type ID,
  ProductVariant,
  ProductVariantService,
  type RequestContext,
  TransactionalConnection,
} from '@vendure/core';
import { heldPieces } from './held-stock';

/** A variant as Waco reads it. */
export interface WacoProduct {
  variantId: ID;
  sku: string;
  /** When it, its product, its price or its stock last changed, in microseconds since 1970. */
  sequence: number;
  changedAt: Date;
  /** Deleted or disabled: the shop does not sell it. */
  gone: boolean;
  /** For a gone one, which `variant` does not show. */
  title: string;
  price: number;
  /** Vendure's own saleable stock. */
  stock: number;
  /** The same without the pieces that are held. */
  available: number;
  /** The same as Vendure counts it, which is below zero when more was sold than there is. */
  free: number;
  variant?: ProductVariant;
}

interface Row {
  variantId: ID;
  sku: string;
  gone: boolean;
  sequence: string;
  title: string | null;
  price: number | null;
}

/** Vendure gives the highest number that it knows for what is not counted. */
const MOST_PIECES = 1_000_000_000;

const goneOf = (variant: string, product: string): string =>
  `(${variant}.deletedAt IS NOT NULL OR NOT ${variant}.enabled OR ${product}.deletedAt IS NOT NULL OR NOT ${product}.enabled)`;

const SEQUENCE = `CAST(EXTRACT(EPOCH FROM CAST(GREATEST(v.updatedAt, p.updatedAt, MAX(price.updatedAt),
  MAX(level.updatedAt)) AS timestamptz)) * 1000000 AS bigint)`;

@Injectable()
export class WacoProducts {
  constructor(
    private readonly connection: TransactionalConnection,
    private readonly variants: ProductVariantService,
    private readonly config: ConfigService,
  ) {}

  /** Decimals of every amount of money, whatever the currency. */
  get moneyPrecision(): number {
    return this.config.entityOptions.moneyStrategy.precision ?? 2;
  }

  /** Oldest change first. `cursor` is a product's `sequence` and `sku`: what comes after it. */
  async changed(
    ctx: RequestContext,
    asked: { since?: Date; cursor?: string; take: number },
  ): Promise<{ items: WacoProduct[]; next: string | null }> {
    const take = Math.min(Math.max(asked.take, 1), 200);
    const query = this.query(ctx)
      .having(`${SEQUENCE} >= :since`, { since: (asked.since?.getTime() ?? 0) * 1_000 })
      .orderBy('sequence')
      .addOrderBy('v.sku')
      .limit(take + 1);
    const after = /^(\d{1,16})_(.*)$/s.exec(asked.cursor ?? '');
    if (after) {
      query.andHaving(`(${SEQUENCE} > :at OR (${SEQUENCE} = :at AND v.sku > :sku))`, {
        at: after[1],
        sku: after[2],
      });
    }
    const rows = await query.getRawMany<Row>();
    const page = rows.slice(0, take);
    const last = page.at(-1);
    return {
      items: await this.complete(ctx, page),
      next: rows.length > take && last ? `${last.sequence}_${last.sku}` : null,
    };
  }

  /** Those of these SKUs that the shop has or had. */
  async bySku(ctx: RequestContext, skus: string[]): Promise<WacoProduct[]> {
    if (skus.length === 0) return [];
    const rows = await this.query(ctx).andWhere('v.sku IN (:...skus)', { skus }).getRawMany<Row>();
    return this.complete(ctx, rows);
  }

  async byId(ctx: RequestContext, variantId: ID): Promise<WacoProduct | undefined> {
    const rows = await this.query(ctx).andWhere('v.id = :variantId', { variantId }).getRawMany<Row>();
    return (await this.complete(ctx, rows))[0];
  }

  /**
   * One row for each SKU of the channel. Vendure lets several variants have the same SKU: the one that is sold counts,
   * and of several the first.
   */
  private query(ctx: RequestContext) {
    const channel = { channelId: ctx.channelId, currency: ctx.channel.defaultCurrencyCode };
    const query = this.connection
      .getRepository(ctx, ProductVariant)
      .createQueryBuilder('v')
      .innerJoin('v.channels', 'channel', 'channel.id = :channelId')
      .innerJoin('v.product', 'p')
      .leftJoin('v.translations', 'text')
      .leftJoin(
        'v.productVariantPrices',
        'price',
        'price.channelId = :channelId AND price.currencyCode = :currency',
      )
      .leftJoin('v.stockLevels', 'level')
      .setParameters(channel);
    const better = query
      .subQuery()
      .select('1')
      .from(ProductVariant, 'o')
      .innerJoin('o.channels', 'oc', 'oc.id = :channelId')
      .innerJoin('o.product', 'op')
      .where(`o.sku = v.sku AND (${goneOf('o', 'op')}, o.id) < (${goneOf('v', 'p')}, v.id)`);
    return query
      .select('v.id', 'variantId')
      .addSelect('v.sku', 'sku')
      .addSelect(goneOf('v', 'p'), 'gone')
      .addSelect(SEQUENCE, 'sequence')
      .addSelect('MIN(text.name)', 'title')
      .addSelect('MAX(price.price)', 'price')
      .where(`LENGTH(v.sku) BETWEEN 1 AND 100 AND NOT EXISTS ${better.getQuery()}`)
      .groupBy('v.id')
      .addGroupBy('p.id');
  }

  private async complete(ctx: RequestContext, rows: Row[]): Promise<WacoProduct[]> {
    const living = rows.filter((row) => !row.gone).map((row) => row.variantId);
    const found = living.length > 0 ? await this.variants.findByIds(ctx, living) : [];
    const byId = new Map(found.map((variant) => [String(variant.id), variant]));
    const products: WacoProduct[] = [];
    // One after the other: in a transaction they share one connection.
    for (const row of rows) products.push(await this.product(ctx, row, byId.get(String(row.variantId))));
    return products;
  }

  private async product(
    ctx: RequestContext,
    row: Row,
    variant: ProductVariant | undefined,
  ): Promise<WacoProduct> {
    const sequence = Number(row.sequence);
    const free = variant ? await this.variants.getSaleableStockLevel(ctx, variant) : 0;
    const held = variant ? await heldPieces(this.connection, ctx, variant.id) : 0;
    return {
      variantId: row.variantId,
      sku: row.sku,
      sequence,
      changedAt: new Date(Math.floor(sequence / 1_000)),
      gone: !variant,
      title: row.title ?? row.sku,
      price: row.price ?? 0,
      stock: pieces(free + held),
      available: pieces(free),
      free,
      variant,
    };
  }
}

/** As many as GraphQL can carry, and not below nothing. */
export function pieces(count: number): number {
  return Math.min(Math.max(count, 0), MOST_PIECES);
}
