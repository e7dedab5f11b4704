import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { money, type StoreProduct } from '#core/catalog';
import { Tenants } from '#persistence';
import { createTestDatabase, type TestDatabase } from '#testing';
import { ProductCopy } from '../src/copy/product-copy.js';

/** Which of a search's matches the shop is asked about, and in which order. */

const NOW = new Date('2026-11-21T10:00:00Z');
const LATER = new Date('2026-11-21T11:00:00Z');

const copy = new ProductCopy();
let database: TestDatabase;
let source: DataSource;
let tenants: Tenants;
let merchantId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  source = await new DataSource({ type: 'postgres', url: database.url('waco_catalog') }).initialize();
  tenants = new Tenants(source);
});
afterAll(async () => {
  await source.destroy();
  await database.drop();
});
beforeEach(() => {
  merchantId = `mer_${randomUUID()}`;
});

const stored = async (...products: (Partial<StoreProduct> & { sku: string })[]): Promise<void> => {
  const whole = products.map((product) => ({
    title: `Thing ${product.sku}`,
    description: '',
    category: { id: 'c', title: 'Category' },
    imageUrl: null,
    price: money(100, 'AED'),
    available: 1,
    regions: null,
    sequence: 1,
    updatedAt: NOW.toISOString(),
    deleted: false,
    ...product,
  }));
  await tenants.transaction(merchantId, (tx) => copy.store(tx, merchantId, whole, NOW, NOW));
};
const confirmed = (): Promise<unknown> =>
  tenants.transaction(merchantId, (tx) =>
    tx.query(`INSERT INTO catalog.sync_cursors (merchant_id, confirmed_at) VALUES ($1, $2)`, [
      merchantId,
      LATER,
    ]),
  );
/** A match of some of the words only is written with a question mark. */
const asked = async (
  matches: string[],
  most = 100,
  ceiling?: ReturnType<typeof money>,
): Promise<string[]> => {
  const given = matches.map((match) => ({ sku: match.replace('?', ''), all: !match.endsWith('?') }));
  const { candidates } = await copy.candidates(tenants, merchantId, given, most, ceiling);
  return candidates.map(({ sku, all }) => (all ? sku : `${sku}?`));
};

it('puts matches of all words first, then those in stock, and else keeps the order', async () => {
  await stored(
    { sku: 'A', available: 0 },
    { sku: 'B' },
    { sku: 'C', deleted: true },
    { sku: 'D' },
    { sku: 'E', available: 0 },
    { sku: 'F' },
  );
  expect(await asked(['E?', 'F?', 'C', 'D', 'A', 'B'])).toEqual(['D', 'B', 'C', 'A', 'F?', 'E?']);
});

it('puts what is above the ceiling last, and takes a price in another currency for within it', async () => {
  await stored(
    { sku: 'DEAR', price: money(101, 'AED') },
    { sku: 'FOREIGN', price: money(900, 'USD') },
    { sku: 'FITS', price: money(100, 'AED') },
  );
  const matches = ['DEAR', 'FOREIGN', 'FITS'];
  expect(await asked(matches)).toEqual(matches);
  expect(await asked(matches, 100, money(100, 'AED'))).toEqual(['FOREIGN', 'FITS', 'DEAR']);
  expect(await asked(matches, 100, money(100, 'USD'))).toEqual(['DEAR', 'FITS', 'FOREIGN']);
});

it('asks about so many at most, with the copy of these and no other', async () => {
  const all = Array.from({ length: 1_000 }, (_, i) => ({ sku: `S${i}`, available: i % 2 }));
  await stored(...all);
  await confirmed();
  const matches = all.map(({ sku }) => ({ sku, all: true }));
  const found = await copy.candidates(tenants, merchantId, matches, 20);
  expect(found.candidates.map(({ sku }) => sku)).toEqual(
    Array.from({ length: 20 }, (_, i) => `S${2 * i + 1}`),
  );
  expect([...found.copy.figures.keys()]).toEqual(found.candidates.map(({ sku }) => sku));
  const skus = found.candidates.map(({ sku }) => sku);
  const { figures } = await copy.figures(tenants, merchantId, skus);
  for (const sku of skus) expect(found.copy.figures.get(sku)).toEqual(figures.get(sku));
  expect(figures.get('S1')).toMatchObject({ price: money(100, 'AED'), available: 1, confirmedAt: LATER });
});

it('asks about a product that the copy has lost since its texts were read, after the others', async () => {
  await stored({ sku: 'A' }, { sku: 'B' });
  expect(await asked(['LOST', 'A', 'B'])).toEqual(['A', 'B', 'LOST']);
  expect(await asked(['LOST'])).toEqual(['LOST']);
});

it('sees the products of its merchant only', async () => {
  await stored({ sku: 'A' });
  merchantId = `mer_${randomUUID()}`;
  const { copy: other } = await copy.candidates(tenants, merchantId, [{ sku: 'A', all: true }], 10);
  expect(other).toEqual({ figures: new Map(), completeAt: null });
});

it('says of no matches when the copy was complete', async () => {
  const nothing = { candidates: [], copy: { figures: new Map(), completeAt: null } };
  expect(await copy.candidates(tenants, merchantId, [], 10)).toEqual(nothing);
  await confirmed();
  const since = { ...nothing, copy: { ...nothing.copy, completeAt: LATER } };
  expect(await copy.candidates(tenants, merchantId, [], 10)).toEqual(since);
});

it('counts products on sale in a region by category; before the first sync it gives no categories', async () => {
  const other = { category: { id: 'b', title: 'Other' } };
  await stored({ sku: 'A' }, { sku: 'B', ...other, regions: ['AE'] }, { sku: 'C', ...other, available: 0 });
  expect(await copy.categories(tenants, merchantId, 'AE')).toBeUndefined();
  await confirmed();
  const c = { id: 'c', title: 'Category', count: 1 };
  expect(await copy.categories(tenants, merchantId, 'AE')).toEqual([
    { id: 'b', title: 'Other', count: 1 },
    c,
  ]);
  expect(await copy.categories(tenants, merchantId, 'SA')).toEqual([c]);
  merchantId = `mer_${randomUUID()}`;
  await confirmed();
  expect(await copy.categories(tenants, merchantId, 'AE')).toEqual([]);
});
