import { personOf, type OutboundContent } from '#core/messaging';
import { createTestDatabase, insertTestMerchant, type TestDatabase } from '#testing';
import { openShop, type Shop } from '../../catalog-sync/test/support/shop.js';
import { openCatalogService, type CatalogService } from './support/catalog-service.js';
import { freePort, Stand, tap } from './support/stand.js';

const ANYONE = { userId: 'AE.1349', name: 'Sheena' };

let shop: Shop;
let database: TestDatabase;
let catalog: CatalogService;
let stand: Stand;
let rpcPort: number;

beforeAll(async () => {
  shop = await openShop();
  database = await createTestDatabase();
  const merchant = await insertTestMerchant(database.ownerUrl, { storeUrl: shop.baseUrl });
  const { storeApiKey: apiKey, storeWebhookSecret: webhookSecret } = merchant;
  await shop.connect({ apiKey, webhookUrl: 'http://127.0.0.1:9/', webhookSecret });
  rpcPort = await freePort();
  catalog = await openCatalogService(database, rpcPort);
  await catalog.sync(merchant.merchantId, 'first');
  stand = await Stand.open({ database, merchant, rpcPort });
});
afterAll(async () => {
  await stand.close();
  await catalog.close();
  await database.drop();
  await shop.close();
});

const say = async (content: Parameters<Stand['chat']>[1]): Promise<OutboundContent> => {
  const said = await stand.chat(ANYONE, content);
  expect(said).toHaveLength(1);
  return said[0]!;
};
const rowsOf = (content: OutboundContent) => {
  if (content.type !== 'list') throw new Error(`not a list: ${JSON.stringify(content)}`);
  return content.sections.flatMap((s) => s.rows);
};
const hoodie = async () =>
  rowsOf(await say(tap('cat|hoodies'))).find((r) => r.id === 'prod|HOODIE-BLK')?.description;

it('greets with the categories of the shop', async () => {
  const welcome = await say('hi');
  expect(rowsOf(welcome).map((r) => r.id).toSorted()).toEqual(['cat|home', 'cat|hoodies', 'cat|modest', 'cat|scent', 'cat|shirts']);
  const [send] = await stand.sends();
  expect(send).toMatchObject({ person: personOf(ANYONE), channelAccountId: stand.merchant.channelAccountId });
}); // prettier-ignore

it('shows a category with the prices of this moment', async () => {
  expect(await hoodie()).toContain('AED 89.00');
  await shop.change('HOODIE-BLK', { priceMinor: 8_400 });
  expect(await hoodie()).toContain('AED 84.00');
});

it('free text finds what is meant, within the budget', async () => {
  const found = rowsOf(await say('black hoodie under 100')).map((r) => r.id);
  expect(found).toContain('prod|HOODIE-BLK');
  expect(found).not.toContain('prod|HOODIE-BLK-ZIP');
});

it('a price or stock that moved since it was shown is pointed out on the way to the cart', async () => {
  await say(tap('prod|HOODIE-BLK'));
  await shop.change('HOODIE-BLK', { priceMinor: 9_500 });
  expect((await say(tap('add|HOODIE-BLK'))).body).toContain('now costs AED 95.00 (was AED 84.00)');
  await shop.change('HOODIE-BLK', { available: 2 });
  const cart = await say(tap('qty|HOODIE-BLK|5'));
  expect(cart.body).toMatch(/only 2 left\n\n2 × .*: AED 190.00/s);
});

it('checking out asks checkout for what was shown', async () => {
  await say(tap('cart'));
  expect(await stand.chat(ANYONE, tap('checkout'))).toEqual([]);
  const [request] = await stand.sql<{ payload: { quote: { lines: object[] }; threadId: string } }>(
    `SELECT payload FROM journal.items WHERE name = 'checkout.request-checkout.v1'`,
  );
  expect(request!.payload.quote.lines).toMatchObject([{ sku: 'HOODIE-BLK', quantity: 2, unitPrice: { minor: 9_500 } }]);
  expect((await say('cancel')).body).toContain('I stopped the checkout');
}); // prettier-ignore

it('a catalog that is away: says that it cannot confirm; messages sent meanwhile wait and are answered in order', async () => {
  await catalog.close();
  const said = await stand.chat(ANYONE, 'hi', 'my orders');
  expect(said.map((c) => c.body)).toEqual([
    expect.stringContaining('I cannot confirm prices and stock'),
    expect.stringContaining('I have no order of yours yet'),
  ]);
  catalog = await openCatalogService(database, rpcPort);
  expect(await hoodie()).toContain('AED 95.00');
}); // prettier-ignore

it('a catalog that is back within seconds is not noticed', async () => {
  await catalog.close();
  const answer = say(tap('cat|hoodies'));
  await new Promise((resume) => setTimeout(resume, 1_500));
  catalog = await openCatalogService(database, rpcPort);
  expect(rowsOf(await answer)).not.toHaveLength(0);
});
