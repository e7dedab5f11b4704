import { Controller } from '@nestjs/common';
import { FieldError, readCatalogChange, type CatalogChange } from '#adapters/rest-store';
import {
  done,
  recordChange,
  RecordChangePayload,
  rejected,
  skipped,
  syncStore,
  type SyncStorePayload,
  type JobOutcome,
} from '#contracts';
import { JobHandler, OrderedContext } from '#queue';
import { ProductCopy, type SetResult } from '../copy/product-copy.js';

/** Figures of products that nobody knows ask for one sync in this time, however many they are. */
const ASK_AT_MOST_EVERY_MS = 10_000;

/** The store says that a product, its price or its stock changed. Events come repeatedly and in any order. */
@Controller()
export class RecordChangeHandler {
  constructor(private readonly copy: ProductCopy) {}

  @JobHandler(recordChange)
  async handle(payload: RecordChangePayload, ctx: OrderedContext): Promise<JobOutcome> {
    let change: CatalogChange;
    try {
      change = readCatalogChange(payload.type, payload.data);
    } catch (error) {
      if (error instanceof FieldError) return rejected(error.message);
      throw error;
    }
    if (change.sku !== payload.sku) return rejected('data.sku must be the SKU of the stream');
    switch (await this.apply(change, payload, ctx)) {
      case 'set':
        return done;
      case 'older':
        return skipped('the copy is newer');
      case 'unknown':
        ctx.emit(syncStore, readChanges(ctx.now));
        return skipped('no such product in the copy: reading the changes from the store');
    }
  }

  private async apply(
    change: CatalogChange,
    payload: RecordChangePayload,
    ctx: OrderedContext,
  ): Promise<SetResult> {
    const { sequence } = payload;
    switch (change.type) {
      case 'price.updated':
        return this.copy.setPrice(ctx.tx, change.sku, change.price, sequence);
      case 'stock.updated':
        return this.copy.setAvailable(ctx.tx, change.sku, change.available, sequence);
      case 'product.updated': {
        // The whole product as it was then: an event that comes late confirms nothing about now.
        const saidAt = new Date(Math.min(Date.parse(payload.occurredAt), ctx.now.getTime()));
        const product = { ...change.product, sequence };
        const changed = await this.copy.store(ctx.tx, ctx.merchantId, [product], saidAt, ctx.now);
        return changed > 0 ? 'set' : 'older';
      }
    }
  }
}

function readChanges(now: Date): SyncStorePayload {
  return { mode: 'incremental', runId: `unknown_${Math.floor(now.getTime() / ASK_AT_MOST_EVERY_MS)}` };
}
