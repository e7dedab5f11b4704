import { createHmac } from 'node:crypto';
import { eventually } from './stand.js';
import { API_KEY, SECRET, openDemoShop, type Order, type Problem } from './support/demo-shop.js';

const {
  openShop,
  contract,
  stand,
  store,
  newRef,
  setStock,
  available,
  reserve,
  orderBody,
  order,
  events,
  courier,
} = await openDemoShop();
afterAll(() => stand.close());

describe('what the demo shop tells, and how it fails', () => {
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
    await openShop('second', 'empty');
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
