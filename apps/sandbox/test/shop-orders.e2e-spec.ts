import { openDemoShop, type Order, type Reservation, type Problem } from './support/demo-shop.js';

const { stand, store, newRef, setStock, available, reserve, orderBody, order } = await openDemoShop();
afterAll(() => stand.close());

describe('holds and orders of the demo shop', () => {
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
});
