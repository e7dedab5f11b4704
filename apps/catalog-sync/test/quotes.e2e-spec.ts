import { writeFileSync } from 'node:fs';
import { until } from '#testing';
import { openService, STORE_TIMEOUT_MS, type Service } from './support/service.js';
import { openShop, type Shop } from './support/shop.js';

const MAX_AGE_SECONDS = 900;
const HOODIE = [{ sku: 'HOODIE-BLK', quantity: 2 }];

let shop: Shop;
let service: Service;

beforeEach(async () => {
  shop = await openShop();
  service = await openService({
    storeUrl: shop.baseUrl,
    clockFile: shop.clockFile,
    maxAgeSeconds: MAX_AGE_SECONDS,
  });
  const { storeApiKey: apiKey, storeWebhookSecret: webhookSecret } = service.merchant;
  await shop.connect({ apiKey, webhookUrl: service.webhookUrl, webhookSecret });
  const first = await service.sync('full', 'first');
  expect(first).toEqual({ outcome: 'done', reason: null, parked: false });
});
afterEach(async () => {
  await service.close();
  await shop.close();
});

const merchantId = (): string => service.merchant.merchantId;
const search = async (text: string, more: object = {}): Promise<string[]> => {
  const reply = await service.client.search(merchantId(), { text, limit: 5, ...more });
  if (reply.outcome !== 'ok') throw new Error(reply.reason);
  expect(reply.products.map((p) => p.sku)).toEqual(reply.quote.lines.map((l) => l.sku));
  return reply.products.map((p) => p.sku);
};
const quote = async () => {
  const reply = await service.client.quote(merchantId(), HOODIE);
  if (reply.outcome !== 'ok') throw new Error(reply.reason);
  return reply.quote;
};
const copied = (sku: string, column: 'price_minor' | 'available', value: number) =>
  until(`the copy of ${sku} has ${column} ${value}`, async () => {
    const [row] = await service.sql<Record<string, string>>(
      `SELECT ${column} FROM catalog.products WHERE sku = $1`,
      [sku],
    );
    return Number(row?.[column]) === value;
  });

it('reads the shop, and offers what it sells by category and by words', async () => {
  const categories = await service.client.categories(merchantId());
  if (categories.outcome !== 'ok') throw new Error(categories.reason);
  expect(Object.fromEntries(categories.categories.map((c) => [c.id, c.count]))).toEqual({
    hoodies: 5,
    shirts: 5,
    modest: 4,
    home: 5, // the sixth, a lamp, is sold out
    scent: 4,
  });
  expect((await search('black hoodies')).slice(0, 2)).toEqual(['HOODIE-BLK', 'HOODIE-BLK-ZIP']);
  expect(await search('blak hoddie')).toEqual(await search('black hoodies'));
  expect(await search('black hoodie', { maxPrice: { minor: 10_000, currency: 'AED' } })).toEqual([
    'HOODIE-BLK',
  ]);
  expect(await search('', { categoryId: 'modest', limit: 10 })).toHaveLength(4);
  expect(await search('submarine')).toEqual([]);
});

it('gives the picture, the text and the live figures of what it finds', async () => {
  const reply = await service.client.search(merchantId(), { text: 'kaftan', limit: 3 });
  if (reply.outcome !== 'ok') throw new Error(reply.reason);
  expect(reply.products[0]).toMatchObject({ sku: 'KAFTAN-RSE', categoryId: 'modest' });
  expect(reply.products[0]!.imageUrl).toMatch(/\/products\/KAFTAN-RSE\.svg$/);
  expect(reply.quote.source).toBe('live');
  expect(reply.quote.lines[0]).toMatchObject({
    quantity: 1,
    unitPrice: { minor: 31_900, currency: 'AED' },
    imageUrl: reply.products[0]!.imageUrl,
  });
  expect(reply.quote.total.minor).toBe(31_900);
});

it('quotes a price that changed a moment ago, and keeps it for when the shop is away', async () => {
  await shop.change('HOODIE-BLK', { priceMinor: 7_900 });
  const live = await quote();
  expect(live.source).toBe('live');
  expect(live.lines[0]!.unitPrice.minor).toBe(7_900);
  expect(live.total.minor).toBe(2 * 7_900 + 2_000); // goods and delivery
  await copied('HOODIE-BLK', 'price_minor', 7_900); // by the shop's webhook

  await shop.faults({ delayMs: 1_500 });
  const synced = await quote();
  expect(synced.source).toBe('synced');
  expect(synced.lines[0]!.unitPrice.minor).toBe(7_900);
});

it('does not offer what is sold out, and offers it again when it is back', async () => {
  expect(await search('kaftan')).toEqual(['KAFTAN-RSE']);
  await shop.change('KAFTAN-RSE', { available: 0 });
  expect(await search('kaftan')).toEqual([]);
  await copied('KAFTAN-RSE', 'available', 0);
  await shop.change('KAFTAN-RSE', { available: 2 });
  expect(await search('kaftan')).toEqual(['KAFTAN-RSE']);
});

it('says why a line cannot be sold as asked', async () => {
  const reply = await service.client.quote(merchantId(), [
    { sku: 'LAMP-ARC', quantity: 1 },
    { sku: 'HOODIE-NVY', quantity: 3 },
    { sku: 'NO-SUCH-THING', quantity: 1 },
  ]);
  if (reply.outcome !== 'ok') throw new Error(reply.reason);
  expect(reply.quote.lines.map((l) => l.reason)).toEqual([
    'out_of_stock',
    'insufficient_stock',
    'unknown_sku',
  ]);
});

it('answers from the copy when the shop is slow, and at once when it stays so', async () => {
  await shop.faults({ delayMs: 1_500 });
  const startedAt = performance.now();
  expect((await quote()).source).toBe('synced');
  expect(performance.now() - startedAt).toBeGreaterThan(STORE_TIMEOUT_MS * 0.9);
  for (let i = 0; i < 3; i++) await quote();
  const tookMs: number[] = [];
  for (let i = 0; i < 5; i++) {
    const openedAt = performance.now();
    expect((await quote()).source).toBe('synced');
    tookMs.push(performance.now() - openedAt);
  }
  expect(Math.min(...tookMs)).toBeLessThan(STORE_TIMEOUT_MS / 2);
  expect(await search('kaftan')).toEqual(['KAFTAN-RSE']);
});

it('marks a synced quote with the time it is from, and gives none when that is too long ago', async () => {
  await shop.faults({ failNext: 1_000, status: 500 });
  const synced = await quote();
  expect(synced).toMatchObject({ source: 'synced', shipping: { minor: 0 }, total: { minor: 2 * 8_900 } });
  expect(Date.parse(synced.validUntil) - Date.parse(synced.quotedAt)).toBe(MAX_AGE_SECONDS * 1_000);
  writeFileSync(shop.clockFile, JSON.stringify({ offsetMs: (MAX_AGE_SECONDS + 60) * 1_000 }));
  await new Promise((seen) => setTimeout(seen, 100));
  expect(await service.client.quote(merchantId(), HOODIE)).toMatchObject({ outcome: 'unavailable' });
  expect(await service.client.search(merchantId(), { text: 'hoodie', limit: 3 })).toMatchObject({
    outcome: 'unavailable',
  });
});

it('a sync that finds nothing changed keeps the whole copy fresh', async () => {
  writeFileSync(shop.clockFile, JSON.stringify({ offsetMs: (MAX_AGE_SECONDS - 60) * 1_000 }));
  await new Promise((seen) => setTimeout(seen, 100));
  const before = await service.sql(`SELECT xmin::text FROM catalog.products ORDER BY sku`);
  expect((await service.sync('incremental', 'later')).outcome).toBe('done');
  expect(await service.sql(`SELECT xmin::text FROM catalog.products ORDER BY sku`)).toEqual(before);
  writeFileSync(shop.clockFile, JSON.stringify({ offsetMs: (MAX_AGE_SECONDS + 60) * 1_000 }));
  await new Promise((seen) => setTimeout(seen, 100));
  await shop.faults({ failNext: 1_000, status: 500 });
  expect((await quote()).source).toBe('synced');
});

it('does not take a copy that was never complete for a catalog with nothing in it', async () => {
  await service.sql(`UPDATE catalog.sync_cursors SET confirmed_at = NULL`);
  const unread = { outcome: 'unavailable', reason: 'the catalog has not been read yet' };
  expect(await service.client.search(merchantId(), { text: 'submarine', limit: 3 })).toEqual(unread);
  expect(await service.client.categories(merchantId())).toEqual(unread);
  expect(await search('kaftan')).toEqual(['KAFTAN-RSE']);
});

it('tells a merchant without a shop, and an asker without a catalog service, that it cannot say', async () => {
  expect(await service.client.quote('mer_unknown', HOODIE)).toEqual({
    outcome: 'unavailable',
    reason: 'no shop is connected',
  });
});
