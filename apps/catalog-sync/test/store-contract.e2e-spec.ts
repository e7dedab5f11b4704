import { RestStore } from '#adapters/rest-store';
import { describeStoreContract } from '#core/catalog/testing';
import { createGuardedFetch } from '#platform';
import { openShop } from './support/shop.js';

const fetch = createGuardedFetch({ allowPrivate: true });

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
