import { createHmac } from 'node:crypto';
import { loadContract } from './contract.js';
import { eventually, openStand, type Answer, type Stand } from './stand.js';

const API_KEY = 'shop_key_demo';
const SECRET = 'shop_hook_secret';

interface Problem {
  status: number;
  code: string;
  short?: { sku: string; requested: number; available: number }[];
  reservationStatus?: string;
  orderStatus?: string;
}
interface Reservation {
  reservationId: string;
  status: string;
  expiresAt: string;
}
interface Order {
  orderRef: string;
  orderId: string;
  number: string;
  status: string;
  fulfilments: { trackingCode: string; trackingUrl: string; status: string }[];
}
interface Event {
  id: string;
  type: string;
  sequence: number;
  data: Record<string, unknown>;
}

describe('the demo shop', () => {
  const contract = loadContract();
  let stand: Stand;
  let refs = 0;

  beforeAll(async () => {
    stand = await openStand();
    await openShop('demo', 'demo');
  });
  afterAll(() => stand.close());

  const openShop = (shop: string, seed: string): Promise<Answer<{ created: boolean; products: number }>> =>
    stand.call('PUT', `/control/shops/${shop}`, {
      name: 'Dune & Date',
      currency: 'AED',
      apiKey: API_KEY,
      webhookUrl: `${stand.hookUrl}/${shop}`,
      webhookSecret: SECRET,
      seed,
    });

  /** A store call whose answer has to be what the contract file says. */
  async function store<T>(
    operation: string,
    body?: unknown,
    options: { key?: string; ids?: string[]; query?: string; shop?: string; apiKey?: string } = {},
  ): Promise<Answer<T>> {
    const [method, template] = operation.split(' ') as [string, string];
    const ids = [...(options.ids ?? [])];
    const path = template.replace(/\{\w+\}/g, () => encodeURIComponent(ids.shift()!));
    const answer = await stand.call<T>(
      method,
      `/shops/${options.shop ?? 'demo'}${path}${options.query ?? ''}`,
      body,
      {
        authorization: `Bearer ${options.apiKey ?? API_KEY}`,
        ...(options.key && { 'idempotency-key': options.key }),
      },
    );
    expect(contract.faultsOf(operation, answer)).toEqual([]);
    return answer;
  }

  const newRef = (): string => `ord_test_${++refs}`;
  const setStock = (sku: string, available: number): Promise<unknown> =>
    stand.call('PATCH', `/shops/demo/backoffice/products/${sku}`, { available });
  const available = async (sku: string): Promise<number> =>
    (await stand.call<{ available: number }>('GET', `/shops/demo/public/products/${sku}`)).body.available;
  const reserve = (orderRef: string, sku: string, quantity: number, ttlSeconds = 1800) =>
    store<Reservation & Problem>(
      'POST /v1/reservations',
      { orderRef, lines: [{ sku, quantity }], ttlSeconds },
      { key: `reserve_${orderRef}` },
    );
  const orderBody = (orderRef: string, reservationId: string, sku: string, quantity: number) => ({
    orderRef,
    reservationId,
    customer: { name: 'Aisha Khan', phone: '+971501234567' },
    lines: [{ sku, quantity, unitPrice: { minor: 8900, currency: 'AED' } }],
    total: { minor: 8900 * quantity, currency: 'AED' },
    payment: { provider: 'stripe', reference: 'pi_1', paidAt: '2026-11-21T10:00:00.000Z' },
  });
  const order = (body: ReturnType<typeof orderBody>, key = `order_${body.orderRef}`) =>
    store<Order & Problem>('POST /v1/orders', body, { key });
  const events = (): Event[] =>
    stand.received.filter((r) => r.path === '/demo').map((r) => JSON.parse(r.raw) as Event);

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

  it('gives seven units to exactly seven of a hundred that ask at once', async () => {
    await setStock('SHIRT-OXF', 7);
    const answers = await Promise.all(Array.from({ length: 100 }, () => reserve(newRef(), 'SHIRT-OXF', 1)));
    expect(answers.filter((a) => a.status === 201)).toHaveLength(7);
    const refused = answers.filter((a) => a.status === 409);
    expect(refused).toHaveLength(93);
    expect(refused[0]!.body.short).toEqual([{ sku: 'SHIRT-OXF', requested: 1, available: 0 }]);
    expect(await available('SHIRT-OXF')).toBe(0);
  });

  it('holds all lines or none', async () => {
    await setStock('TEE-WHT', 5);
    const ref = newRef();
    const { status, body } = await store<Problem>(
      'POST /v1/reservations',
      {
        orderRef: ref,
        lines: [
          { sku: 'TEE-WHT', quantity: 2 },
          { sku: 'LAMP-ARC', quantity: 1 },
        ],
        ttlSeconds: 60,
      },
      { key: ref },
    );
    expect([status, body.short]).toEqual([409, [{ sku: 'LAMP-ARC', requested: 1, available: 0 }]]);
    expect(await available('TEE-WHT')).toBe(5);
  });

  it('answers a repeated key the same way, and refuses it with another body', async () => {
    await setStock('TEE-BLK', 5);
    const ref = newRef();
    const [first, second] = await Promise.all([reserve(ref, 'TEE-BLK', 2), reserve(ref, 'TEE-BLK', 2)]);
    expect(second.body).toEqual(first.body);
    expect(await available('TEE-BLK')).toBe(3);
    const other = await reserve(ref, 'TEE-BLK', 1);
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);

    const shortRef = newRef();
    expect((await reserve(shortRef, 'TEE-BLK', 50)).status).toBe(409);
    await setStock('TEE-BLK', 100);
    expect((await reserve(shortRef, 'TEE-BLK', 50)).status).toBe(409);

    const without = await store<Problem>('POST /v1/reservations', {
      orderRef: ref,
      lines: [{ sku: 'TEE-BLK', quantity: 1 }],
      ttlSeconds: 60,
    });
    expect([without.status, without.body.code]).toEqual([400, 'idempotency_key_required']);
  });

  it('moves a reservation only where it can go, and repeats harmlessly', async () => {
    await setStock('TEE-MINT', 10);
    const act = (id: string, action: string, body?: unknown) =>
      store<Reservation & Problem>(`POST /v1/reservations/{reservationId}/${action}`, body, { ids: [id] });
    const { reservationId: a, expiresAt } = (await reserve(newRef(), 'TEE-MINT', 4, 60)).body;
    const extended = await act(a, 'extend', { ttlSeconds: 600 });
    expect(Date.parse(extended.body.expiresAt)).toBeGreaterThan(Date.parse(expiresAt) + 500_000);
    expect((await act(a, 'release')).body.status).toBe('released');
    expect((await act(a, 'release')).body.status).toBe('released');
    expect(await available('TEE-MINT')).toBe(10);
    const late = await act(a, 'commit');
    expect([late.status, late.body.reservationStatus]).toEqual([409, 'released']);

    const { reservationId: b } = (await reserve(newRef(), 'TEE-MINT', 4)).body;
    expect((await act(b, 'commit')).body.status).toBe('committed');
    expect((await act(b, 'commit')).body.status).toBe('committed');
    expect((await act(b, 'release')).body.reservationStatus).toBe('committed');
    expect((await act(b, 'extend', { ttlSeconds: 60 })).status).toBe(409);
    expect(await available('TEE-MINT')).toBe(6);
    expect((await act('res_none', 'release')).status).toBe(404);
  });

  it('frees a hold when its time is over', async () => {
    await setStock('VASE-ARCH', 3);
    const { reservationId } = (await reserve(newRef(), 'VASE-ARCH', 3, 120)).body;
    expect(await available('VASE-ARCH')).toBe(0);
    await stand.advance(121_000);
    const commit = await store<Problem>('POST /v1/reservations/{reservationId}/commit', undefined, {
      ids: [reservationId],
    });
    expect([commit.status, commit.body.reservationStatus]).toEqual([409, 'expired']);
    expect(await available('VASE-ARCH')).toBe(3);
  });

  it('writes an order once and takes its stock once', async () => {
    await setStock('HOODIE-BLK', 10);
    const ref = newRef();
    const { reservationId } = (await reserve(ref, 'HOODIE-BLK', 2)).body;
    const body = orderBody(ref, reservationId, 'HOODIE-BLK', 2);
    const answers = await Promise.all([order(body), order(body), order(body, 'another-key')]);
    expect(answers.map((a) => a.status).sort()).toEqual([200, 201, 201]);
    expect(new Set(answers.map((a) => a.body.orderId)).size).toBe(1);
    expect(await available('HOODIE-BLK')).toBe(8);

    const changed = await order({ ...body, total: { minor: 1, currency: 'AED' } }, 'third-key');
    expect([changed.status, changed.body.code]).toEqual([409, 'order_exists']);
    const read = await store<Order>('GET /v1/orders/{orderRef}', undefined, { ids: [ref] });
    expect(read.body).toMatchObject({ orderRef: ref, status: 'paid', fulfilments: [] });
  });

  it('takes free stock for an order whose hold ended, and refuses when there is none', async () => {
    await setStock('CUSH-TERRA', 2);
    const early = newRef();
    const late = newRef();
    const first = (await reserve(early, 'CUSH-TERRA', 2, 60)).body.reservationId;
    await stand.advance(61_000);
    const second = (await reserve(late, 'CUSH-TERRA', 1)).body.reservationId;
    const refused = await order(orderBody(early, first, 'CUSH-TERRA', 2));
    expect(refused.status).toBe(409);
    expect(refused.body.short).toEqual([{ sku: 'CUSH-TERRA', requested: 2, available: 1 }]);
    expect((await order(orderBody(early, first, 'CUSH-TERRA', 1), 'smaller')).status).toBe(201);
    expect((await order(orderBody(late, second, 'CUSH-TERRA', 1))).status).toBe(201);
    expect(await available('CUSH-TERRA')).toBe(0);
  });

  it('gives every one of many simultaneous orders its own number', async () => {
    await setStock('SCARF-MODAL', 50);
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const ref = newRef();
        const { reservationId } = (await reserve(ref, 'SCARF-MODAL', 1)).body;
        return order(orderBody(ref, reservationId, 'SCARF-MODAL', 1));
      }),
    );
    expect(new Set(answers.map((a) => a.body.number)).size).toBe(20);
  });

  it('cancels once and puts the goods back, but not after they have left', async () => {
    await setStock('CREW-GRY', 5);
    const ref = newRef();
    const { reservationId } = (await reserve(ref, 'CREW-GRY', 2)).body;
    await order(orderBody(ref, reservationId, 'CREW-GRY', 2));
    const cancel = () =>
      store<Order & Problem>('POST /v1/orders/{orderRef}/cancel', undefined, { ids: [ref] });
    expect((await cancel()).body.status).toBe('cancelled');
    expect((await cancel()).body.status).toBe('cancelled');
    expect(await available('CREW-GRY')).toBe(5);

    const gone = newRef();
    const held = (await reserve(gone, 'CREW-GRY', 1)).body.reservationId;
    await order(orderBody(gone, held, 'CREW-GRY', 1));
    await courier(gone, 'created');
    await courier(gone, 'shipped');
    const refused = await store<Problem>('POST /v1/orders/{orderRef}/cancel', undefined, { ids: [gone] });
    expect([refused.status, refused.body.orderStatus]).toEqual([409, 'shipped']);
  });

  const courier = (ref: string, event: string) =>
    stand.call<Order & Problem>('POST', `/shops/demo/backoffice/orders/${ref}/courier`, { event });

  it('sends a parcel forward only, and tells about every step', async () => {
    await setStock('CNDL-AMBER', 5);
    const ref = newRef();
    const { reservationId } = (await reserve(ref, 'CNDL-AMBER', 1)).body;
    await order(orderBody(ref, reservationId, 'CNDL-AMBER', 1));
    expect((await courier(ref, 'shipped')).body.code).toBe('order_conflict');
    const created = await courier(ref, 'created');
    const { trackingCode, trackingUrl } = created.body.fulfilments[0]!;
    expect(trackingCode).toMatch(/^DXB-[0-9A-Z]{4}-\d{4}$/);
    expect((await fetch(trackingUrl)).status).toBe(200);
    await courier(ref, 'shipped');
    await courier(ref, 'shipped');
    await courier(ref, 'failed');
    await courier(ref, 'created');
    await courier(ref, 'delivered');
    expect((await courier(ref, 'shipped')).status).toBe(409);

    const told = await eventually('delivered order', () => {
      const mine = events().filter((e) => e.data['orderRef'] === ref);
      return mine.length >= 9 && mine;
    });
    expect(told.map((e) => e.data['status'] ?? e.type)).toEqual([
      'fulfilment.created',
      'processing',
      'fulfilment.shipped',
      'shipped',
      'fulfilment.failed',
      'processing',
      'fulfilment.created',
      'fulfilment.delivered',
      'delivered',
    ]);
    expect(told[4]!.data['reason']).toBe('Nobody answered at the address');
    expect(told[7]!.data['trackingCode']).not.toBe(trackingCode);
  });

  it('announces changes of price, stock and title, signed and in sequence', async () => {
    await stand.call('PATCH', '/shops/demo/backoffice/products/TOTE-CNV', {
      title: 'Canvas Market Tote',
      price: { minor: 6500, currency: 'AED' },
      available: 0,
    });
    const last = await eventually('the tote is sold out', () =>
      events().find((e) => e.type === 'stock.updated' && e.data['sku'] === 'TOTE-CNV'),
    );
    const about = events().filter((e) => e.data['sku'] === 'TOTE-CNV');
    expect(about.map((e) => e.type)).toEqual(['product.updated', 'price.updated', 'stock.updated']);
    expect(about[1]!.data).toEqual({ sku: 'TOTE-CNV', price: { minor: 6500, currency: 'AED' } });

    const all = events();
    expect(all.map((e) => e.sequence)).toEqual(all.map((_, i) => i + 1));
    expect(all.flatMap((e) => contract.faultsOfEvent(e))).toEqual([]);
    const { body } = await store<{ products: { sku: string; sequence: number }[] }>('GET /v1/products');
    expect(body.products.find((p) => p.sku === 'TOTE-CNV')!.sequence).toBe(last.sequence);

    for (const { raw, headers } of stand.received) {
      const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['waco-signature']))!;
      expect(createHmac('sha256', SECRET).update(`${t}.${raw}`).digest('hex')).toBe(v1);
    }
  });

  it('sets what new buyers can have, whatever is held', async () => {
    await setStock('LAMP-MUSH', 6);
    await reserve(newRef(), 'LAMP-MUSH', 4);
    await setStock('LAMP-MUSH', 0);
    expect(await available('LAMP-MUSH')).toBe(0);
    await setStock('LAMP-MUSH', 2);
    expect(await available('LAMP-MUSH')).toBe(2);
    const { body } = await stand.call<{ reservations: { status: string }[] }>(
      'GET',
      '/shops/demo/backoffice/reservations',
    );
    expect(body.reservations[0]).toMatchObject({
      status: 'held',
      lines: [{ sku: 'LAMP-MUSH', quantity: 4 }],
    });
  });

  it('fails and delays store calls when a test orders it', async () => {
    await stand.call('PUT', '/control/shops/second/faults', { failNext: 2, status: 503, delayMs: 80 });
    const started = Date.now();
    const ask = () =>
      stand.call('GET', '/shops/second/v1/products', undefined, { authorization: `Bearer ${API_KEY}` });
    expect((await ask()).status).toBe(503);
    expect((await ask()).status).toBe(503);
    expect((await ask()).status).toBe(200);
    expect(Date.now() - started).toBeGreaterThanOrEqual(235);
  });
});
