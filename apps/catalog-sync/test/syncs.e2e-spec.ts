import { recordChange, syncStore, type RecordChangePayload } from '#contracts';
import { until } from '#testing';
import { openListedStore, type ListedStore } from './support/listed-store.js';
import { openService, type Service } from './support/service.js';
import { openShop } from './support/shop.js';

const COUNT = 12;

describe('a sync', () => {
  let shop: ListedStore;
  let service: Service;

  beforeEach(async () => {
    shop = await openListedStore(COUNT);
    service = await openService({ storeUrl: shop.url });
    await until('the first sync, which nobody asked for', async () => (await onSale()).length === COUNT);
  });
  afterEach(async () => {
    await service.close();
    await shop.close();
  });

  const onSale = async (): Promise<string[]> =>
    (
      await service.sql<{ sku: string }>(`SELECT sku FROM catalog.products WHERE NOT deleted ORDER BY sku`)
    ).map((row) => row.sku);
  const lastError = async (): Promise<string | null> =>
    (await service.sql<{ last_error: string | null }>(`SELECT last_error FROM catalog.sync_cursors`))[0]!
      .last_error;

  it('that is full takes away what the shop no longer lists', async () => {
    shop.lose('SKU-1', 'SKU-2');
    expect((await service.sync('full', 'r1')).outcome).toBe('done');
    expect(await onSale()).toHaveLength(COUNT - 2);
    expect(await onSale()).not.toContain('SKU-1');
  });

  it('that would take away more than half is not believed', async () => {
    shop.lose(...Array.from({ length: 7 }, (_, i) => `SKU-${i + 1}`));
    const refused = await service.sync('full', 'r1');
    expect(refused.parked).toBe(true);
    expect(refused.reason).toBe('the store lists 5 products: it would delete 7 of 12');
    expect(await onSale()).toHaveLength(COUNT);
  });

  it('of another shop in the place of the first begins anew, however low its numbers are', async () => {
    await service.sql(
      `UPDATE catalog.products SET product_sequence = 900, price_sequence = 900, stock_sequence = 900`,
    );
    await service.sql(`UPDATE catalog.sync_cursors SET shop = '["rest","https://former.example"]',
      updated_since = now() + interval '1 hour', full_at = now() + interval '1 hour'`);
    shop.lose(...Array.from({ length: 7 }, (_, i) => `SKU-${i + 1}`));
    shop.meddle((page) => ({ ...page, products: [{ ...page.products[0], available: -1 }] }));
    expect(await service.sync('full', 'r1')).toMatchObject({ parked: true });
    expect(await onSale()).toEqual([]);

    shop.meddle((page) => {
      const [first, ...others] = page.products as { available: number; sequence: number }[];
      return { ...page, products: [{ ...first, available: 4_141, sequence: 0 }, ...others] };
    });
    expect((await service.sync('full', 'r2')).outcome).toBe('done');
    expect(await onSale()).toHaveLength(COUNT - 7);
    const figures = await service.sql(
      `SELECT 1 FROM catalog.products WHERE available = 4141 AND NOT deleted`,
    );
    expect(figures.length).toBeGreaterThan(0);
    const [cursor] = await service.sql<{ shop: string; isNow: boolean }>(
      `SELECT shop, updated_since < now() + interval '30 minutes' AS "isNow" FROM catalog.sync_cursors`,
    );
    expect(cursor).toEqual({ shop: JSON.stringify(['rest', shop.url]), isNow: true });
  });

  it('of another shop is a full one until one went well, whoever asked for it', async () => {
    await service.sql(`UPDATE catalog.sync_cursors SET shop = '["rest","https://former.example"]'`);
    shop.meddle((page) => ({ ...page, products: [{ ...page.products[0], available: -1 }] }));
    const broken = await service.sync('incremental', 'r1');
    expect([broken.parked, broken.outcome]).toEqual([false, 'skipped']);
    shop.meddle(undefined);
    await service.sync('incremental', 'r2');
    expect(await onSale()).toHaveLength(COUNT);
    const [cursor] = await service.sql(`SELECT full_at IS NOT NULL AS full FROM catalog.sync_cursors`);
    expect(cursor).toEqual({ full: true });
  });

  it('that is incremental reads from where the last one ended', async () => {
    await service.sync('incremental', 'r1');
    expect(shop.asked.at(-1)).toMatch(/updated_since=2\d{3}-/);
    shop.store.put({ ...shop.store.products.get('SKU-3')!, deleted: true });
    await service.sync('incremental', 'r2');
    expect(await onSale()).toHaveLength(COUNT - 1);
  });

  it('follows a figure of a product that the copy does not know', async () => {
    const fresh = shop.store.put({ ...shop.store.products.get('SKU-3')!, sku: 'SKU-NEW' });
    const event: RecordChangePayload = {
      eventId: 'evt_1',
      type: 'stock.updated',
      sku: 'SKU-NEW',
      sequence: fresh.sequence,
      occurredAt: fresh.updatedAt,
      data: { sku: 'SKU-NEW', available: 5 },
    };
    const { outcome } = await service.settled(await service.give(recordChange, event));
    expect(outcome).toBe('skipped');
    await until('the new product is in the copy', async () => (await onSale()).includes('SKU-NEW'));
  });

  it('names the field that breaks the contract, and keeps a broken event as a dead letter', async () => {
    shop.meddle((page) => ({ ...page, products: [{ ...page.products[0], available: -1 }] }));
    const full = await service.sync('full', 'r1');
    expect(full).toMatchObject({ parked: true });
    expect(full.reason).toMatch(/products\[0\]\.available must be a whole number of at least 0/);
    const incremental = await service.sync('incremental', 'r2');
    expect(incremental).toMatchObject({ outcome: 'skipped', parked: false, reason: full.reason });
    expect(await lastError()).toBe(full.reason);
    shop.meddle(undefined);
    await service.sync('incremental', 'r3');
    expect(await lastError()).toBeNull();

    const broken: RecordChangePayload = {
      eventId: 'evt_2',
      type: 'price.updated',
      sku: 'SKU-1',
      sequence: 99,
      occurredAt: new Date().toISOString(),
      data: { sku: 'SKU-1', price: { minor: 1.5, currency: 'AED' } },
    };
    expect(await service.settled(await service.give(recordChange, broken))).toMatchObject({
      parked: true,
      reason: 'data.price.minor must be a whole number of at least 0',
    });
  });

  it('does not follow a list that never ends', async () => {
    shop.meddle((page) => ({ ...page, nextCursor: 'again' }));
    const { parked, reason } = await service.sync('full', 'r1');
    expect(parked).toBe(true);
    expect(reason).toMatch(/nextCursor must move on/);
  });

  it('does not follow pages without products', async () => {
    let page = 0;
    shop.meddle(() => ({ products: [], nextCursor: `page-${++page}` }));
    const { parked, reason } = await service.sync('full', 'r1');
    expect(parked).toBe(true);
    expect(reason).toMatch(/an empty page must be the last one/);
    expect(page).toBeLessThan(4);
  });

  it('is one at a time, and one that was asked for before it began is through with it', async () => {
    shop.dawdle(150);
    shop.busy.most = 0;
    const first = await service.give(syncStore, { mode: 'full', runId: 'r0' });
    await until('it reads', () => shop.busy.now > 0);
    const others = await Promise.all(
      Array.from({ length: 5 }, (_, i) => service.give(syncStore, { mode: 'full', runId: `r${i + 1}` })),
    );
    expect((await service.settled(first)).outcome).toBe('done');
    const ends = await Promise.all(others.map((id) => service.settled(id)));
    const done = ends.filter(({ outcome }) => outcome === 'done').length;
    expect([done > 0 && done < 3, ends.filter(({ outcome }) => outcome === 'skipped').length]).toEqual([
      true,
      5 - done,
    ]);
    expect(shop.busy.most).toBe(1);
    const again = ends.filter(({ reason }) => reason === 'it was asked for again since');
    expect(again.length).toBeGreaterThanOrEqual(3);
  });
});

it('a sync that takes too long ends, and lets the next one begin', async () => {
  const shop = await openListedStore(1);
  const service = await openService({ storeUrl: shop.url, syncSeconds: 1 });
  try {
    await service.sync('full', 'usual');
    let page = 0;
    const { products } = await shop.store.listProducts({});
    shop.dawdle(100);
    shop.meddle(() => ({ products, nextCursor: `page-${++page}` }));
    const { parked, reason } = await service.sync('full', 'endless');
    expect([parked, reason]).toEqual([true, expect.stringMatching(/the shop was not read within/)]);
    expect(page).toBeLessThan(20);
    shop.meddle(undefined);
    expect((await service.sync('full', 'next')).outcome).toBe('done');
  } finally {
    await service.close();
    await shop.close();
  }
});

describe('a shop whose webhooks come several times and in any order', () => {
  it('is copied as it is in the end', async () => {
    const shop = await openShop();
    const service = await openService({ storeUrl: shop.baseUrl });
    try {
      const { storeApiKey: apiKey, storeWebhookSecret: webhookSecret } = service.merchant;
      await shop.connect({ apiKey, webhookUrl: service.webhookUrl, webhookSecret });
      await service.sync('full', 'first');
      await shop.chaos({ copies: [1, 3], shuffle: true, maxDelayMs: 150 });
      for (let i = 1; i <= 15; i++)
        await shop.change('TEE-WHT', { priceMinor: 4_000 + i, available: 30 - i });
      await until('all webhooks have arrived', async () => (await shop.waiting()) === 0);
      await until('all of them are applied', async () => {
        const [row] = await service.sql<{ n: number }>(
          `SELECT count(*)::int AS n FROM journal.items WHERE queue = 'products' AND settled_at IS NULL`,
        );
        return row!.n === 0;
      });
      const [row] = await service.sql<object>(
        `SELECT price_minor::int AS price, available::int FROM catalog.products WHERE sku = 'TEE-WHT'`,
      );
      expect(row).toEqual({ price: 4_015, available: 15 });
    } finally {
      await service.close();
      await shop.close();
    }
  });
});
