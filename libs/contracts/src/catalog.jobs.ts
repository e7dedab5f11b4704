import { IsIn, IsInt, IsISO8601, IsObject, IsString, Min } from 'class-validator';
import type { CatalogChange, Money, StoreProduct } from '#core/catalog';
import { defineJob } from './job.js';
import { QUEUES } from './queues.js';

export class RecordChangePayload {
  @IsString() eventId: string;
  @IsIn(['product.updated', 'price.updated', 'stock.updated'])
  type: 'product.updated' | 'price.updated' | 'stock.updated';
  @IsString() sku: string;
  /** Grows by one per shop; an older one never overwrites a newer one. */
  @IsInt() @Min(0) sequence: number;
  @IsISO8601() occurredAt: string;
  /** The product, or the figure with its `sku`. */
  @IsObject() data: object;
}

/** The change as its job carries it. */
export function ofChange(change: CatalogChange): Pick<RecordChangePayload, 'type' | 'sku' | 'data'> {
  const { type, sku, ...figure } = change;
  return { type, sku, data: 'product' in figure ? { ...figure.product } : { sku, ...figure } };
}

/** What no shop can have said, and so is no work: the field and its rule. */
export function wrongIn({ type, sku, data }: RecordChangePayload): string | undefined {
  const {
    sku: own,
    price,
    available,
  } = data as { sku?: unknown; price?: Partial<Money>; available?: unknown };
  if (own !== sku) return 'data.sku must be the SKU of the stream';
  if (type !== 'stock.updated' && !isWhole(price?.minor)) {
    return 'data.price.minor must be a whole number of at least 0';
  }
  if (type !== 'price.updated' && !isWhole(available)) {
    return 'data.available must be a whole number of at least 0';
  }
  return undefined;
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The change that the job carries. */
export function changeIn({ type, sku, data }: RecordChangePayload): CatalogChange {
  switch (type) {
    case 'product.updated':
      return { type, sku, product: data as StoreProduct };
    case 'price.updated':
      return { type, sku, price: (data as { price: Money }).price };
    case 'stock.updated':
      return { type, sku, available: (data as { available: number }).available };
  }
}

/** Gateway → catalog-sync: the store says that a product, price or stock figure changed. */
export const recordChange = defineJob({
  name: 'catalog.record-change.v1',
  queue: QUEUES.products,
  payload: RecordChangePayload,
  idempotencyKey: (p) => p.eventId,
  stream: (p) => `product/${p.sku}`,
  retry: { attempts: 5, backoff: 'exponential', delayMs: 500 },
});

export class SyncStorePayload {
  /** `full` reads the whole catalog, `incremental` what changed since the cursor. */
  @IsIn(['full', 'incremental']) mode: 'full' | 'incremental';
  /** Makes two requests for the same run one, e.g. the minute it belongs to. */
  @IsString() runId: string;
}

/** Anyone → catalog-sync: bring the local copy up to date. */
export const syncStore = defineJob({
  name: 'catalog.sync-store.v1',
  queue: QUEUES.syncs,
  payload: SyncStorePayload,
  idempotencyKey: (p) => `${p.mode}_${p.runId}`,
  retry: { attempts: 6, backoff: 'exponential', delayMs: 2_000 },
});
