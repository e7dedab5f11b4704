import { type Answer } from './stand.js';
import { API_KEY, SECRET, openDemoShop, type Problem } from './support/demo-shop.js';

const { contract, stand, openShop, store, setStock } = await openDemoShop();
afterAll(() => stand.close());

describe('what the demo shop sells', () => {
  it('is held to its contract by a check that notices a missing field', () => {
    const headers = new Headers({ 'content-type': 'application/json' });
    const good = { reservationId: 'r', status: 'held', expiresAt: '2026-11-21T10:00:00.000Z' };
    const faults = (body: object, status = 201): string[] =>
      contract.faultsOf('POST /v1/reservations', { status, headers, body });
    expect(faults(good)).toEqual([]);
    expect(faults({ ...good, status: 'lost' })).not.toEqual([]);
    expect(faults({ reservationId: 'r', status: 'held' })).not.toEqual([]);
    expect(faults(good, 202)).not.toEqual([]);
    expect(contract.faultsOfEvent({ type: 'stock.updated' })).not.toEqual([]);
  });

  it('is opened once, and keeps its goods when it is opened again', async () => {
    const again = await openShop('demo', 'demo');
    expect(again.body).toMatchObject({ created: false, products: 24 });
    const second = await openShop('second', 'empty');
    expect(second.body).toMatchObject({ created: true, products: 0 });
    const { body } = await store<{ products: unknown[] }>('GET /v1/products', undefined, { shop: 'second' });
    expect(body.products).toEqual([]);
  });

  it('refuses a wrong key with a problem document', async () => {
    const { status, body } = await store<Problem>('GET /v1/products', undefined, { apiKey: 'wrong' });
    expect([status, body.code]).toEqual([401, 'unauthorized']);
  });

  it('lists every product once over pages, and only the changed ones since a time', async () => {
    const skus: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body }: Answer<{ products: { sku: string }[]; nextCursor: string | null }> = await store(
        'GET /v1/products',
        undefined,
        { query: `?limit=7${cursor && `&cursor=${cursor}`}` },
      );
      skus.push(...body.products.map((p) => p.sku));
      cursor = body.nextCursor;
    }
    expect(new Set(skus).size).toBe(24);
    expect(skus).toHaveLength(24);

    await stand.advance(60_000);
    const since = (await stand.now()).toISOString();
    await setStock('MUG-SET', 3);
    const { body } = await store<{ products: { sku: string; available: number }[] }>(
      'GET /v1/products',
      undefined,
      { query: `?updated_since=${since}` },
    );
    expect(body.products).toMatchObject([{ sku: 'MUG-SET', available: 3 }]);
    const bad = await store<Problem>('GET /v1/products', undefined, { query: '?limit=9000' });
    expect([bad.status, bad.body.code]).toEqual([400, 'invalid_request']);
  });

  it('serves a picture for every product', async () => {
    const { body } = await stand.call<{ products: { imageUrl: string }[] }>(
      'GET',
      '/shops/demo/public/products',
    );
    for (const { imageUrl } of body.products) {
      const picture = await fetch(imageUrl);
      expect([imageUrl, picture.status, picture.headers.get('content-type')]).toEqual([
        imageUrl,
        200,
        'image/svg+xml',
      ]);
      await picture.arrayBuffer();
    }
  });

  it('quotes what can be sold and says why the rest cannot', async () => {
    await setStock('THROW-KNIT', 1);
    const { body } = await store<{ lines: unknown[]; total: unknown }>('POST /v1/quote', {
      currency: 'AED',
      region: 'IN',
      lines: [
        { sku: 'HOODIE-BLK', quantity: 2 },
        { sku: 'LAMP-ARC', quantity: 1 },
        { sku: 'THROW-KNIT', quantity: 2 },
        { sku: 'OUD-ROYAL', quantity: 1 },
        { sku: 'NO-SUCH', quantity: 1 },
      ],
    });
    expect(body.lines).toMatchObject([
      { title: 'Black Hoodie', unitPrice: { minor: 8900, currency: 'AED' }, available: 14 },
      { reason: 'out_of_stock', available: 0, maxQuantity: 0 },
      { reason: 'insufficient_stock', available: 1, maxQuantity: 1 },
      { reason: 'not_sold_in_region', maxQuantity: 0 },
      { reason: 'unknown_sku', available: 0, unitPrice: { minor: 0, currency: 'AED' } },
    ]);
    expect(body.lines[0]).not.toHaveProperty('reason');
    expect(body.total).toEqual({ minor: 17_800, currency: 'AED' });
    const foreign = await store<Problem>('POST /v1/quote', {
      currency: 'USD',
      lines: [{ sku: 'HOODIE-BLK', quantity: 1 }],
    });
    expect(foreign.status).toBe(400);
  });

  it('adds delivery below the free amount when the shop charges for it', async () => {
    await stand.call('PUT', '/control/shops/paid-delivery', {
      name: 'Paid delivery',
      currency: 'AED',
      apiKey: API_KEY,
      webhookUrl: `${stand.hookUrl}/paid-delivery`,
      webhookSecret: SECRET,
      seed: 'demo',
      shipping: { flatMinor: 1500, freeFromMinor: 15_000 },
    });
    const quote = (quantity: number) =>
      store<{ shipping: { minor: number }; total: { minor: number } }>(
        'POST /v1/quote',
        { lines: [{ sku: 'HOODIE-BLK', quantity }] },
        { shop: 'paid-delivery' },
      );
    expect((await quote(1)).body).toMatchObject({ shipping: { minor: 1500 }, total: { minor: 10_400 } });
    expect((await quote(2)).body).toMatchObject({ shipping: { minor: 0 }, total: { minor: 17_800 } });
  });
});
