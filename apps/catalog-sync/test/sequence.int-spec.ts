import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { money, type StoreProduct } from '#core/catalog';
import { Tenants } from '#persistence';
import { createTestDatabase, type TestDatabase } from '#testing';
import { ProductCopy } from '../src/copy/product-copy.js';

/**
 * Whatever the order in which a shop's events and lists arrive, and however often, the copy ends as the shop is.
 */

const NOW = new Date('2026-11-21T10:00:00Z');
const SKUS = ['A', 'B'];

type Change =
  | { kind: 'describe'; sku: string; title: string; deleted: boolean }
  | { kind: 'price'; sku: string; minor: number }
  | { kind: 'stock'; sku: string; available: number };

/** What the shop sends out, to be delivered at any time after it came to be. */
type Message =
  | { kind: 'product'; product: StoreProduct }
  | { kind: 'price'; sku: string; minor: number; sequence: number }
  | { kind: 'stock'; sku: string; available: number; sequence: number }
  | { kind: 'list'; products: StoreProduct[] };

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    kind: fc.constant('describe' as const),
    sku: fc.constantFrom(...SKUS),
    title: fc.constantFrom('Hoodie', 'Warm hoodie', 'Cap'),
    deleted: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('price' as const), sku: fc.constantFrom(...SKUS), minor: fc.nat(50_000) }),
  fc.record({ kind: fc.constant('stock' as const), sku: fc.constantFrom(...SKUS), available: fc.nat(20) }),
);

function product(sku: string): StoreProduct {
  return {
    sku,
    title: 'New',
    description: '',
    category: { id: 'c', title: 'Category' },
    imageUrl: null,
    price: money(100, 'AED'),
    available: 1,
    regions: ['AE'],
    sequence: 0,
    updatedAt: NOW.toISOString(),
    deleted: false,
  };
}

/** Lets the shop live through `changes` and gives everything that it says on the way, and how it ends. */
function live(changes: readonly Change[]): { messages: Message[]; end: Map<string, StoreProduct> } {
  const shop = new Map(SKUS.map((sku) => [sku, product(sku)]));
  const messages: Message[] = [];
  let sequence = 0;
  for (const c of changes) {
    const before = shop.get(c.sku)!;
    sequence += 1;
    switch (c.kind) {
      case 'describe': {
        const after = { ...before, title: c.title, deleted: c.deleted, sequence };
        shop.set(c.sku, after);
        messages.push({ kind: 'product', product: after });
        break;
      }
      case 'price':
        shop.set(c.sku, { ...before, price: money(c.minor, 'AED'), sequence });
        messages.push({ kind: 'price', sku: c.sku, minor: c.minor, sequence });
        break;
      case 'stock':
        shop.set(c.sku, { ...before, available: c.available, sequence });
        messages.push({ kind: 'stock', sku: c.sku, available: c.available, sequence });
        break;
    }
    messages.push({ kind: 'list', products: [...shop.values()] });
  }
  return { messages, end: shop };
}

describe('the synced copy', () => {
  const copy = new ProductCopy();
  let database: TestDatabase;
  let source: DataSource;
  let tenants: Tenants;

  beforeAll(async () => {
    database = await createTestDatabase();
    source = await new DataSource({ type: 'postgres', url: database.url('waco_catalog') }).initialize();
    tenants = new Tenants(source);
  });
  afterAll(async () => {
    await source.destroy();
    await database.drop();
  });

  /** `unknown` is answered as the service answers it: by reading the shop. */
  const deliver = (merchantId: string, message: Message, now: Map<string, StoreProduct>): Promise<void> =>
    tenants.transaction(merchantId, async (tx) => {
      const listed = [...now.values()];
      switch (message.kind) {
        case 'list':
          return void (await copy.store(tx, merchantId, message.products, NOW, NOW));
        case 'product':
          return void (await copy.store(tx, merchantId, [message.product], NOW, NOW));
        case 'price': {
          const { sku, sequence } = message;
          const price = money(message.minor, 'AED');
          const result = (await copy.setPrices(tx, [{ sku, sequence, price }])).get(sku);
          if (result === 'unknown') await copy.store(tx, merchantId, listed, NOW, NOW);
          return;
        }
        case 'stock': {
          const result = (await copy.setAvailable(tx, [message])).get(message.sku);
          if (result === 'unknown') await copy.store(tx, merchantId, listed, NOW, NOW);
          return;
        }
      }
    });

  const stored = (merchantId: string): Promise<object[]> =>
    tenants.transaction(merchantId, (tx) =>
      tx.query(
        `SELECT sku, title, deleted, price_minor::int AS minor, available::int FROM catalog.products ORDER BY sku`,
      ),
    );

  it('converges, whatever the order and however often things are said', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 8 }).chain((changes) => {
          const { messages, end } = live(changes);
          const events = messages.filter((m) => m.kind !== 'list');
          return fc.record({
            end: fc.constant(end),
            // Every event at least once; lists of any time, and repeats, in between.
            order: fc
              .subarray(messages)
              .chain((more) =>
                fc.shuffledSubarray([...events, ...more], { minLength: events.length + more.length }),
              ),
          });
        }),
        async ({ order, end }) => {
          const merchantId = `mer_${randomUUID()}`;
          for (const message of order) await deliver(merchantId, message, end);
          const rows = await stored(merchantId);
          const touched = new Set(rows.map((r) => (r as { sku: string }).sku));
          const expected = [...end.values()].filter((p) => touched.has(p.sku));
          expect(rows).toEqual(
            expected.map(({ sku, title, deleted, price, available }) => ({
              sku,
              title,
              deleted,
              minor: price.minor,
              available,
            })),
          );
        },
      ),
      { numRuns: 120 },
    );
  });

  it('takes events of one product from several workers at once', async () => {
    const merchantId = `mer_${randomUUID()}`;
    const changes = Array.from({ length: 12 }, (_, i): Change => ({ kind: 'price', sku: 'A', minor: i + 1 }));
    const { messages, end } = live(changes);
    await deliver(merchantId, { kind: 'list', products: [product('A'), product('B')] }, end);
    await Promise.all(messages.map((m) => deliver(merchantId, m, end)));
    expect((await stored(merchantId))[0]).toMatchObject({ sku: 'A', minor: 12 });
  });

  it('a newer stock figure does not let an older price through, nor the other way round', async () => {
    const merchantId = `mer_${randomUUID()}`;
    const none = new Map<string, StoreProduct>();
    await deliver(merchantId, { kind: 'list', products: [{ ...product('A'), sequence: 1 }] }, none);
    await deliver(merchantId, { kind: 'stock', sku: 'A', available: 7, sequence: 9 }, none);
    await deliver(merchantId, { kind: 'price', sku: 'A', minor: 250, sequence: 5 }, none);
    const described = {
      ...product('A'),
      title: 'Later',
      price: money(300, 'AED'),
      available: 2,
      sequence: 6,
    };
    await deliver(merchantId, { kind: 'product', product: described }, none);
    expect(await stored(merchantId)).toEqual([
      { sku: 'A', title: 'Later', deleted: false, minor: 300, available: 7 },
    ]);
  });

  it('brings back what a full sync took away, when the store lists it again unchanged', async () => {
    const merchantId = `mer_${randomUUID()}`;
    const later = new Date(NOW.getTime() + 1_000);
    await tenants.transaction(merchantId, async (tx) => {
      await copy.store(tx, merchantId, [product('A'), product('B')], NOW, NOW);
      expect(await copy.missing(tx, ['A'], later)).toEqual({ known: 2, missing: ['B'] });
      await copy.markDeleted(tx, ['B'], later, later);
    });
    expect((await copy.figures(tenants, merchantId, ['B'])).figures.get('B')!.deleted).toBe(true);
    await tenants.transaction(merchantId, (tx) => copy.store(tx, merchantId, [product('B')], later, later));
    expect((await copy.figures(tenants, merchantId, ['B'])).figures.get('B')!.deleted).toBe(false);
  });

  it('does not take away what came in by an event while the list was read', async () => {
    const merchantId = `mer_${randomUUID()}`;
    const startedAt = new Date(NOW.getTime() - 1_000);
    await tenants.transaction(merchantId, async (tx) => {
      await copy.store(tx, merchantId, [product('A')], NOW, NOW);
      expect(await copy.missing(tx, [], startedAt)).toEqual({ known: 1, missing: [] });
      await copy.markDeleted(tx, ['A'], startedAt, NOW);
    });
    expect((await copy.figures(tenants, merchantId, ['A'])).figures.get('A')!.deleted).toBe(false);
  });

  it('shows a merchant its own products only, and takes no row for another', async () => {
    const [mine, other] = [`mer_${randomUUID()}`, `mer_${randomUUID()}`];
    await deliver(mine, { kind: 'list', products: [product('A')] }, new Map());
    expect(await stored(other)).toEqual([]);
    await expect(
      tenants.transaction(other, (tx) => copy.store(tx, mine, [{ ...product('A'), sequence: 9 }], NOW, NOW)),
    ).rejects.toThrow(/row-level security/);
    expect(await source.query(`SELECT sku FROM catalog.products`)).toEqual([]);
  });
});
