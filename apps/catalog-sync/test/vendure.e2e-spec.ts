import { VendureStore, vendureWebhooks, type VendureCredentials } from '#adapters/vendure';
import { money, type OrderRequest } from '#core/catalog';
import { describeStoreContract } from '#core/catalog/testing';
import { cleared, type Cleared } from '#core/messaging';
import { createGuardedFetch, systemClock } from '#platform';
import { openVendureShop, type VendureShop } from './support/vendure-shop.js';
import { openReceiver, type Delivery, type Receiver } from './support/webhook-receiver.js';

const fetch = createGuardedFetch({ allowPrivate: true });
const SECRET = 'the-secret-of-the-webhooks';
/** The first time, a server has to be installed. */
const INSTALL_MS = 400_000;

let shop: VendureShop;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await openReceiver();
  shop = await openVendureShop({ url: receiver.url, secret: SECRET });
}, INSTALL_MS);
afterAll(async () => {
  await shop?.server.stop();
  await receiver.close();
});

function storeWith(credentials: VendureCredentials = shop.server): VendureStore {
  return new VendureStore({
    baseUrl: shop.server.baseUrl,
    credentials,
    timeoutMs: 20_000,
    fetch,
    clock: systemClock,
  });
}

describeStoreContract('a real Vendure server', async () => {
  await shop.reset();
  return { ...shop, store: storeWith(), close: async () => {} };
});

const HOODIE = { sku: 'HOODIE-BLK', quantity: 2 };

async function hold(store: VendureStore, orderRef: string, line = HOODIE): Promise<string> {
  const idempotencyKey = `reserve_${orderRef}`;
  const result = await store.reserve({ orderRef, lines: [line], ttlSeconds: 60, idempotencyKey });
  if (result.outcome !== 'held') throw new Error('the shop has too little stock for this test');
  return result.reservationId;
}

function orderOf(orderRef: string, reservationId: string, more: Partial<OrderRequest> = {}) {
  return cleared({
    orderRef,
    reservationId,
    customer: { name: 'Aisha Khan', phone: '+971501234567' },
    lines: [{ ...HOODIE, unitPrice: money(8_900, 'AED') }],
    total: money(19_800, 'AED'),
    payment: { provider: 'stripe', reference: `pi_${orderRef}`, paidAt: '2026-11-21T10:18:42.000Z' },
    ...more,
  }) as Cleared<OrderRequest>;
}

describe('an order in Vendure', () => {
  const read = async (orderRef: string) =>
    (
      await shop.server.admin<{ orders: { items: Record<string, unknown>[] } }>(
        `query ($ref: String!) {
          orders(options: { filter: { wacoRef: { eq: $ref } } }) {
            items {
              state totalWithTax shippingWithTax
              lines { quantity productVariant { sku } }
              surcharges { priceWithTax }
              payments { method amount state transactionId }
              customer { firstName lastName phoneNumber }
            }
          }
        }`,
        { ref: orderRef },
      )
    ).orders.items;

  beforeEach(() => shop.reset());

  it('is paid in full, with the reference of the payment', async () => {
    const store = storeWith();
    await store.placeOrder(orderOf('ord_full', await hold(store, 'ord_full')));
    expect(await read('ord_full')).toEqual([
      {
        state: 'PaymentSettled',
        totalWithTax: 19_800,
        shippingWithTax: 2_000,
        lines: [{ quantity: 2, productVariant: { sku: 'HOODIE-BLK' } }],
        surcharges: [],
        payments: [{ method: 'stripe', amount: 19_800, state: 'Settled', transactionId: 'pi_ord_full' }],
        customer: { firstName: 'Aisha', lastName: 'Khan', phoneNumber: '+971501234567' },
      },
    ]);
  });

  it('has the total that was paid, whatever the goods cost now', async () => {
    const store = storeWith();
    const reservationId = await hold(store, 'ord_dearer');
    await shop.change('HOODIE-BLK', { priceMinor: 9_900 });
    await store.placeOrder(orderOf('ord_dearer', reservationId));
    expect(await read('ord_dearer')).toMatchObject([
      { totalWithTax: 19_800, surcharges: [{ priceWithTax: -2_000 }], payments: [{ amount: 19_800 }] },
    ]);
  });

  it('is not written in part: what Vendure refuses leaves the hold as it was', async () => {
    const store = storeWith();
    const reservationId = await hold(store, 'ord_refused');
    const elsewhere = new VendureStore({
      baseUrl: shop.server.baseUrl,
      credentials: shop.server,
      timeoutMs: 20_000,
      fetch,
      clock: systemClock,
      country: 'ZZ',
    });
    await expect(elsewhere.placeOrder(orderOf('ord_refused', reservationId))).rejects.toMatchObject({
      name: 'PortError',
    });
    expect(await read('ord_refused')).toEqual([]);
    expect(await store.extend(reservationId, 60)).toMatchObject({ outcome: 'ok', status: 'held' });
  });

  it('is not written for pieces that the storefront has sold in spite of the hold', async () => {
    const store = storeWith();
    const line = { sku: 'HOODIE-NVY', quantity: 2 };
    const reservationId = await hold(store, 'ord_sold', line);
    await shop.change('HOODIE-NVY', { available: 1 });
    const lines = [{ ...line, unitPrice: money(9_500, 'AED') }];
    expect(await store.placeOrder(orderOf('ord_sold', reservationId, { lines }))).toEqual({
      outcome: 'gone',
      short: [{ sku: 'HOODIE-NVY', requested: 2, available: 1 }],
    });
  });
});

describe('held pieces', () => {
  beforeEach(() => shop.reset());

  it('cannot be bought in the storefront', async () => {
    await hold(storeWith(), 'ord_front', { sku: 'HOODIE-NVY', quantity: 2 });
    const answer = await globalThis.fetch(`${shop.server.baseUrl}/shop-api`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query: `mutation ($id: ID!) {
          addItemToOrder(productVariantId: $id, quantity: 1) { __typename }
        }`,
        variables: { id: shop.variantIds.get('HOODIE-NVY') },
      }),
    });
    expect(await answer.json()).toEqual({
      data: { addItemToOrder: { __typename: 'InsufficientStockError' } },
    });
  });

  it('do not change what the catalog says is in stock', async () => {
    const store = storeWith();
    await hold(store, 'ord_listed');
    const { products } = await store.listProducts({});
    expect(products.find((p) => p.sku === 'HOODIE-BLK')).toMatchObject({ available: 14 });
  });
});

describe('payments at the same moment', () => {
  it("are all counted, the shop's own ones too", async () => {
    await shop.reset();
    const own: string[] = [];
    while (own.length < 4) own.push(await shop.typeIn('TEE-WHT'));
    const store = storeWith();
    const line = { sku: 'TEE-WHT', quantity: 1 };
    const held = await Promise.all(['a', 'b', 'c', 'd'].map((id) => hold(store, `same_${id}`, line)));
    await Promise.all([
      ...own.map((id) =>
        shop.server.admin(
          `mutation ($input: ManualPaymentInput!) { addManualPaymentToOrder(input: $input) { __typename } }`,
          { input: { orderId: id, method: 'cash', transactionId: `cash_${id}`, metadata: {} } },
        ),
      ),
      ...['a', 'b', 'c', 'd'].map((id, i) =>
        store.placeOrder(
          orderOf(`same_${id}`, held[i]!, { lines: [{ ...line, unitPrice: money(4_500, 'AED') }] }),
        ),
      ),
    ]);
    expect(await shop.allocated('TEE-WHT')).toBe(8);
  });
});

describe('goods that are not sold any more', () => {
  it('are listed as deleted and quoted as unknown', async () => {
    await shop.reset();
    const store = storeWith();
    const set = (enabled: boolean) =>
      shop.server.admin(
        'mutation ($input: [UpdateProductVariantInput!]!) { updateProductVariants(input: $input) { id } }',
        { input: [{ id: shop.variantIds.get('TEE-WHT'), enabled }] },
      );
    const before = new Date(Date.now() - 60_000).toISOString();
    await set(false);
    const { products } = await store.listProducts({ updatedSince: before });
    expect(products).toMatchObject([{ sku: 'TEE-WHT', deleted: true, available: 0 }]);
    const quote = await store.quote([{ sku: 'TEE-WHT', quantity: 1 }]);
    expect(quote.lines[0]!.reason).toBe('unknown_sku');
    await set(true);
  });

  it('are listed as deleted when they are, until another product has their SKU', async () => {
    await shop.reset();
    const store = storeWith();
    const since = new Date(Date.now() - 60_000).toISOString();
    const listed = async () => (await store.listProducts({ updatedSince: since })).products;
    const first = await shop.add({ sku: 'MUG', title: 'Mug', priceMinor: 2_500, available: 3 });
    expect(await listed()).toMatchObject([{ sku: 'MUG', title: 'Mug', deleted: false }]);
    await shop.server.admin('mutation ($id: ID!) { deleteProduct(id: $id) { result } }', {
      id: first.productId,
    });
    expect(await listed()).toMatchObject([{ sku: 'MUG', title: 'Mug', deleted: true, available: 0 }]);
    const second = await shop.add({ sku: 'MUG', title: 'Big Mug', priceMinor: 3_500, available: 1 });
    expect(await listed()).toMatchObject([{ sku: 'MUG', title: 'Big Mug', deleted: false }]);
    await shop.server.admin('mutation ($id: ID!) { deleteProduct(id: $id) { result } }', {
      id: second.productId,
    });
  });

  it('are listed by pages that neither repeat nor leave out one of the same time', async () => {
    await shop.reset();
    await shop.server.database.query(`UPDATE stock_level SET "updatedAt" = now()`);
    interface Page {
      next: string | null;
      items: { sku: string }[];
    }
    const query = `query ($cursor: String) { page: wacoChangedProducts(take: 2, cursor: $cursor) { next items { sku } } }`;
    const skus: string[] = [];
    let cursor: string | null = null;
    do {
      const answer: { page: Page } = await shop.server.admin(query, { cursor });
      const { page } = answer;
      skus.push(...page.items.map((item) => item.sku));
      cursor = page.next;
    } while (cursor);
    expect(skus).toEqual([...new Set(skus)].sort());
    expect(skus).toEqual(expect.arrayContaining(['HOODIE-BLK', 'OUD-ROYAL', 'TEE-WHT']));
  });
});

describe('a connection', () => {
  it('works with an API key that may do no more than it needs', async () => {
    const { admin } = shop.server;
    await shop.reset();
    const { createRole } = await admin<{ createRole: { id: string } }>(
      `mutation ($input: CreateRoleInput!) { createRole(input: $input) { id } }`,
      {
        input: {
          code: 'waco',
          description: 'Waco',
          permissions: ['ReadCatalog', 'ReadOrder', 'CreateOrder', 'UpdateOrder', 'ReadShippingMethod'],
        },
      },
    );
    const { createApiKey } = await admin<{ createApiKey: { apiKey: string } }>(
      'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey } }',
      { input: { roleIds: [createRole.id], translations: [{ languageCode: 'en', name: 'Waco' }] } },
    );
    const store = storeWith({ apiKey: createApiKey.apiKey });
    expect((await store.listProducts({})).products).not.toHaveLength(0);
    expect((await store.quote([HOODIE])).lines[0]!.reason).toBeUndefined();
    const reservationId = await hold(store, 'ord_key');
    expect(await store.placeOrder(orderOf('ord_key', reservationId))).toMatchObject({ outcome: 'placed' });
    expect(await store.cancelOrder('ord_key')).toMatchObject({ outcome: 'cancelled' });
  });

  it.each([
    ['a wrong password', { username: 'superadmin', password: 'wrong' }],
    ['a wrong key', { apiKey: 'wrong' }],
  ])('with %s has a wrong setting', async (_, credentials) => {
    await expect(storeWith(credentials).listProducts({})).rejects.toMatchObject({
      kind: 'misconfigured',
      code: 'unauthorized',
    });
  });
});

describe('the webhooks of Vendure', () => {
  const read = ({ raw, signature }: Delivery) => {
    const reading = vendureWebhooks.read(raw, signature!, [SECRET], new Date());
    const [notice] = reading.outcome === 'read' ? reading.notices : [];
    if (!notice || !('event' in notice)) throw new Error(reading.outcome);
    return notice.event;
  };

  beforeEach(() => shop.reset());

  it('tell a new price and a new stock, with the sequence that the product has then', async () => {
    const priced = receiver.next(({ type, data }) => type === 'price.updated' && data.amount === 4_700);
    // More than there ever was: webhooks of the tests before are still coming.
    const stocked = receiver.next(({ type, data }) => type === 'stock.updated' && data.available === 53);
    await shop.change('TEE-WHT', { priceMinor: 4_700, available: 53 });
    const [price, stock] = [read(await priced), read(await stocked)];
    expect(price).toMatchObject({ change: { sku: 'TEE-WHT', price: money(4_700, 'AED') } });
    expect(stock).toMatchObject({ change: { sku: 'TEE-WHT', available: 53 } });
    const { products } = await storeWith().listProducts({});
    const { sequence } = products.find((p) => p.sku === 'TEE-WHT')!;
    expect([price.sequence, stock.sequence]).toEqual([sequence, sequence]);
  });

  it('tell of an order and its parcel, again when they were not taken', async () => {
    const of = (wanted: string) =>
      receiver.next(({ type, data }) => type === wanted && data.orderRef === 'ord_told');
    const store = storeWith();
    receiver.refuse(1);
    await store.placeOrder(orderOf('ord_told', await hold(store, 'ord_told')));
    expect(read(await of('order.updated'))).toMatchObject({ orderRef: 'ord_told', status: 'paid' });
    await shop.ship('ord_told', { method: 'Aramex', trackingCode: 'AX-77' });
    expect(read(await of('fulfilment.shipped'))).toMatchObject({
      about: 'fulfilment',
      status: 'shipped',
      tracking: { carrier: 'Aramex', trackingCode: 'AX-77' },
    });
    expect(read(await of('order.updated'))).toMatchObject({ status: 'shipped' });
  });

  it('tell of an order while those of goods are not taken yet', async () => {
    const store = storeWith();
    const { answer } = receiver.hesitateAt('stock.updated');
    const stocked = receiver.next(({ type, data }) => type === 'stock.updated' && data.available === 54);
    await shop.change('TEE-WHT', { available: 54 });
    await store.placeOrder(orderOf('ord_ahead', await hold(store, 'ord_ahead')));
    await receiver.next(({ type, data }) => type === 'order.updated' && data.orderRef === 'ord_ahead');
    answer();
    expect(read(await stocked)).toMatchObject({ change: { sku: 'TEE-WHT', available: 54 } });
  });
});
