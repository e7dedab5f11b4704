import { Controller } from '@nestjs/common';
import {
  changeIn,
  done,
  recordChange,
  RecordChangePayload,
  rejected,
  skipped,
  syncStore,
  wrongIn,
  type BulkOutcome,
  type SyncStorePayload,
} from '#contracts';
import type { CatalogChange, StoreProduct } from '#core/catalog';
import { BulkJobHandler, type BulkContext } from '#queue';
import { newestOfEach, ProductCopy, type Sequenced, type SetResult } from '../copy/product-copy.js';

/** Figures of products that nobody knows ask for one sync in this time, however many they are. */
const ASK_AT_MOST_EVERY_MS = 10_000;

/** A change as it was said. */
interface Said {
  change: CatalogChange;
  sequence: number;
  at: Date;
  became?: SetResult;
}

/**
 * The store says that products, their prices or their stock changed. Events come repeatedly and in any order: of each
 * figure the newest counts.
 */
@Controller()
export class RecordChangeHandler {
  constructor(private readonly copy: ProductCopy) {}

  @BulkJobHandler(recordChange)
  async handle(payloads: RecordChangePayload[], ctx: BulkContext): Promise<BulkOutcome[]> {
    const read = payloads.map((payload) => saidIn(payload, ctx.now));
    const all = read.filter((said) => 'change' in said);
    // Products first: a figure may be of one that they bring.
    await this.storeProducts(all, ctx);
    await this.setPrices(all, ctx);
    await this.setAvailable(all, ctx);
    if (all.some((said) => said.became === 'unknown')) ctx.emit(syncStore, readChanges(ctx.now));
    return read.map((said) => ('change' in said ? outcomeOf(said.became!) : said));
  }

  private async storeProducts(all: readonly Said[], { tx, merchantId, now }: BulkContext): Promise<void> {
    const events = all.flatMap((said) => {
      const { change, sequence } = said;
      return change.type === 'product.updated' ? { said, product: { ...change.product, sequence } } : [];
    });
    // The whole product as it was then: an event that comes late confirms nothing about now.
    const times = new Map<StoreProduct, Date>(events.map(({ said, product }) => [product, said.at]));
    const products = [...times.keys()];
    const changed = await this.copy.store(tx, merchantId, products, (product) => times.get(product)!, now);
    const newest = new Set(newestOfEach(products));
    for (const { said, product } of events) {
      said.became = newest.has(product) && changed.has(product.sku) ? 'set' : 'older';
    }
  }

  private async setPrices(all: readonly Said[], { tx }: BulkContext): Promise<void> {
    const events = all.flatMap((said) => {
      const { change, sequence } = said;
      return change.type === 'price.updated' ? { said, sku: change.sku, price: change.price, sequence } : [];
    });
    became(events, await this.copy.setPrices(tx, events));
  }

  private async setAvailable(all: readonly Said[], { tx }: BulkContext): Promise<void> {
    const events = all.flatMap((said) => {
      const { change, sequence } = said;
      return change.type === 'stock.updated'
        ? { said, sku: change.sku, available: change.available, sequence }
        : [];
    });
    became(events, await this.copy.setAvailable(tx, events));
  }
}

/** Of several events of one figure, the newest became what the copy says, and the others are older. */
function became(
  events: readonly (Sequenced & { said: Said })[],
  results: ReadonlyMap<string, SetResult>,
): void {
  const newest = new Set(newestOfEach(events));
  for (const event of events) {
    const result = results.get(event.sku)!;
    event.said.became = newest.has(event) || result === 'unknown' ? result : 'older';
  }
}

function saidIn(payload: RecordChangePayload, now: Date): Said | ReturnType<typeof rejected> {
  const wrong = wrongIn(payload);
  if (wrong) return rejected(wrong);
  const at = new Date(Math.min(Date.parse(payload.occurredAt), now.getTime()));
  return { change: changeIn(payload), sequence: payload.sequence, at };
}

function outcomeOf(result: SetResult): BulkOutcome {
  switch (result) {
    case 'set':
      return done;
    case 'older':
      return skipped('the copy is newer');
    case 'unknown':
      return skipped('no such product in the copy: reading the changes from the store');
  }
}

function readChanges(now: Date): SyncStorePayload {
  return { mode: 'incremental', runId: `unknown_${Math.floor(now.getTime() / ASK_AT_MOST_EVERY_MS)}` };
}
