import { PortError } from '#core/tenancy';
import { money } from '../money.js';
import { FakeStore } from './fake-store.js';
import { CONTRACT_GOODS, describeStoreContract } from './store-contract-suite.js';

function openFake(): { store: FakeStore; advance: (ms: number) => void } {
  let now = Date.parse('2026-11-21T08:00:00Z');
  const store = new FakeStore(() => new Date(now), 'AE', 'AED');
  for (const { sku, title, priceMinor, available, regions } of CONTRACT_GOODS) {
    store.put({
      sku,
      title,
      description: '',
      category: { id: 'goods', title: 'Goods' },
      imageUrl: null,
      price: money(priceMinor, 'AED'),
      available,
      regions: regions && [...regions],
      deleted: false,
    });
  }
  return { store, advance: (ms) => void (now += ms) };
}

describeStoreContract('the fake store', async () => {
  const { store, advance } = openFake();
  return {
    store,
    change: async (sku, { priceMinor, available }) => {
      const product = store.products.get(sku)!;
      store.put({
        ...product,
        price: money(priceMinor ?? product.price.minor, 'AED'),
        available: available ?? product.available,
      });
    },
    ship: async (orderRef) => store.ship(orderRef),
    advance: async (ms) => advance(ms),
    close: async () => undefined,
  };
});

it('fails when told to, once for each failure', async () => {
  const { store } = openFake();
  store.failWith(new PortError('transient', 'timeout', 'told to'));
  await expect(store.getOrder('ref')).rejects.toMatchObject({ kind: 'transient' });
  expect(await store.getOrder('ref')).toEqual({ outcome: 'unknown' });
});
