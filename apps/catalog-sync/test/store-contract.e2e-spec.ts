import { RestStore } from '#adapters/rest-store';
import { describeStoreContract } from '#core/catalog/testing';
import { openShop } from './support/shop.js';

describeStoreContract('the demo shop, over HTTP', async () => {
  const shop = await openShop();
  return {
    store: new RestStore({ baseUrl: shop.baseUrl, apiKey: shop.apiKey, timeoutMs: 5_000, fetch }),
    change: shop.change,
    ship: async (orderRef) => {
      for (const event of ['created', 'shipped']) await shop.courier(orderRef, event);
    },
    advance: shop.advance,
    close: shop.close,
  };
});
