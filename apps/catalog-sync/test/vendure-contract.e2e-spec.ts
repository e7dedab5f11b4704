import { VendureStore, type VendureCredentials } from '#adapters/vendure';
import { describeStoreContract } from '#core/catalog/testing';
import { createGuardedFetch } from '#platform';
import { openVendureShop, type VendureShop } from './support/vendure-shop.js';

const fetch = createGuardedFetch({ allowPrivate: true });
/** The first time, a server has to be installed. */
const INSTALL_MS = 400_000;

let shop: VendureShop;

beforeAll(async () => {
  shop = await openVendureShop();
}, INSTALL_MS);
afterAll(() => shop.server.stop());

function storeWith(credentials: VendureCredentials = shop.server): VendureStore {
  return new VendureStore({ baseUrl: shop.server.baseUrl, credentials, timeoutMs: 10_000, fetch });
}

describeStoreContract('a real Vendure server', async () => {
  await shop.reset();
  return { ...shop, store: storeWith(), close: async () => {} };
});
