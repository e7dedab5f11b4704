import { insertPaymentAccount } from '#testing';
import { Gateway } from './support/gateway.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await Gateway.start();
});
afterAll(() => gateway?.stop());
beforeEach(() => gateway.owner.query('TRUNCATE journal.items'));

const now = (): number => Math.floor(Date.now() / 1_000);

function session(id: string, merchantId: string | undefined, type = 'checkout.session.completed'): object {
  return {
    id,
    object: 'event',
    type,
    created: now(),
    data: {
      object: {
        id: 'cs_test_1',
        object: 'checkout.session',
        mode: 'payment',
        payment_status: 'paid',
        payment_intent: 'pi_1',
        amount_total: 17_800,
        currency: 'aed',
        client_reference_id: 'W7K3M9QX',
        metadata: { waco_order: 'W7K3M9QX', ...(merchantId && { waco_merchant: merchantId }) },
      },
    },
  };
}

describe('Stripe', () => {
  it('journals a payment for checkout, with its amount and reference, once', async () => {
    const { merchantId, stripeWebhookSecret } = gateway.shop;
    const event = session('evt_1', merchantId);
    for (let i = 0; i < 3; i++) {
      expect((await gateway.stripe(merchantId, event, stripeWebhookSecret)).status).toBe(200);
    }
    expect(await gateway.rows()).toMatchObject([
      {
        merchant_id: merchantId,
        service: 'checkout',
        stream: 'order/W7K3M9QX',
        name: 'checkout.record-payment.v1',
        source: 'stripe',
        external_id: 'event/evt_1',
        payload: {
          provider: 'stripe',
          kind: 'paid',
          orderRef: 'W7K3M9QX',
          sessionId: 'cs_test_1',
          paymentId: 'pi_1',
          amount: { minor: 17_800, currency: 'AED' },
        },
      },
    ]);
  });

  it("refuses another merchant's secret, a stale signature, and a merchant that does not exist, all alike", async () => {
    const { shop, other } = gateway;
    const event = session('evt_2', shop.merchantId);
    const answers = await Promise.all([
      gateway.stripe(shop.merchantId, event, other.stripeWebhookSecret),
      gateway.stripe(shop.merchantId, event, shop.storeWebhookSecret),
      gateway.stripe(shop.merchantId, event, ''),
      gateway.stripe(shop.merchantId, event, shop.stripeWebhookSecret, Date.now() - 600_000),
      gateway.stripe('mer_unknown', event, shop.stripeWebhookSecret),
      gateway.stripe('%00', event, shop.stripeWebhookSecret),
      gateway.stripe(`' OR 1=1 --`, event, shop.stripeWebhookSecret),
      gateway.post(`/webhooks/payments/stripe/${shop.merchantId}`, '{}', {}),
    ]);
    expect(answers.map((a) => a.status)).toEqual(answers.map(() => 401));
    expect(await Promise.all(answers.map((a) => a.text()))).toEqual(answers.map(() => ''));
    expect(await gateway.count()).toBe(0);
  });

  it('repeats nothing of an address that cannot be read', async () => {
    for (const [address, status] of [
      ['%zz', 400],
      ['mer_'.repeat(500), 414],
    ] as const) {
      const answer = await gateway.post(`/webhooks/payments/stripe/${address}`, '{}', {});
      expect(answer.status).toBe(status);
      const text = await answer.text();
      expect(JSON.parse(text)).toMatchObject({ status, code: 'bad_address' });
      expect(text).not.toContain(address);
    }
  });

  it('takes from each account of a merchant what its own secret signed, at its own address, and says whose it is', async () => {
    const { shop, other } = gateway;
    const saudi = { stripeSecretKey: 'sk_test_saudi', stripeWebhookSecret: 'whsec_saudi' };
    await insertPaymentAccount(gateway.owner, shop.merchantId, 'stripe-sa', saudi);
    const event = session('evt_account', shop.merchantId);
    const [first, second] = [shop.merchantId, `${shop.merchantId}/stripe-sa`];
    const refused = await Promise.all([
      gateway.stripe(first, event, saudi.stripeWebhookSecret),
      gateway.stripe(second, event, shop.stripeWebhookSecret),
      gateway.stripe(`${other.merchantId}/stripe-sa`, event, saudi.stripeWebhookSecret),
      gateway.stripe(`${shop.merchantId}/stripe-kw`, event, saudi.stripeWebhookSecret),
      gateway.stripe(`${shop.merchantId}/%00`, event, saudi.stripeWebhookSecret),
    ]);
    expect(refused.map((a) => a.status)).toEqual(refused.map(() => 401));
    expect(await gateway.count()).toBe(0);

    // One id at two accounts is two events: neither keeps the other out.
    for (const [address, secret] of [
      [second, saudi.stripeWebhookSecret],
      [first, shop.stripeWebhookSecret],
      [second, saudi.stripeWebhookSecret],
    ] as const) {
      expect((await gateway.stripe(address, event, secret)).status).toBe(200);
    }
    expect((await gateway.rows()).map((r) => [r.external_id, r.payload.account, r.payload.eventId])).toEqual([
      ['event/stripe-sa/evt_account', 'stripe-sa', 'stripe-sa/evt_account'],
      ['event/evt_account', 'stripe', 'evt_account'],
    ]);
  });

  it('quarantines an event that was signed by one merchant and speaks of another', async () => {
    const { shop, other } = gateway;
    const event = session('evt_3', other.merchantId);
    expect((await gateway.stripe(shop.merchantId, event, shop.stripeWebhookSecret)).status).toBe(200);
    expect(await gateway.rows()).toMatchObject([
      { merchant_id: null, outcome: 'quarantined', reason: 'another_merchant' },
    ]);
  });

  it('keeps events that nothing follows from, and events in a shape that Stripe does not send', async () => {
    const { merchantId, stripeWebhookSecret } = gateway.shop;
    const events = [
      { id: 'evt_4', object: 'event', type: 'customer.created', created: now(), data: { object: {} } },
      { id: 'evt_5', object: 'event', type: 'charge.refunded', created: now(), data: {} },
      { id: 'evt_6', object: 'event', type: 'checkout.session.completed' },
    ];
    for (const event of events) {
      expect((await gateway.stripe(merchantId, event, stripeWebhookSecret)).status).toBe(200);
    }
    const rows = await gateway.rows();
    expect(rows.map((r) => [r.merchant_id, r.outcome])).toEqual(events.map(() => [merchantId, 'ignored']));
    expect((await gateway.stripe(merchantId, { hello: 1 }, stripeWebhookSecret)).status).toBe(400);
  });
});

describe('store', () => {
  const event = (id: string, type: string, data: object, sequence = 42): object => ({
    id,
    type,
    occurredAt: '2026-11-21T10:20:00.000Z',
    sequence,
    data,
  });
  const parcel = {
    orderRef: 'W7K3M9QX',
    fulfilmentId: 'ful_1',
    carrier: 'Dune Express',
    trackingCode: 'DXB-1',
    trackingUrl: 'https://dune.example/DXB-1',
  };

  it('journals catalog, order and parcel events for the service that owns each', async () => {
    const { merchantId, storeWebhookSecret } = gateway.shop;
    const events = [
      event('evt_1', 'price.updated', { sku: 'HOODIE-BLK', price: { minor: 7900, currency: 'AED' } }),
      event('evt_2', 'stock.updated', { sku: 'HOODIE-BLK', available: 3 }),
      event('evt_3', 'order.updated', { orderRef: 'W7K3M9QX', status: 'cancelled' }),
      event('evt_4', 'fulfilment.shipped', parcel),
      event('evt_5', 'fulfilment.failed', { ...parcel, reason: 'nobody home' }),
      event('evt_6', 'loyalty.updated', { points: 3 }),
    ];
    for (const e of [...events, ...events]) {
      expect((await gateway.store(merchantId, e, storeWebhookSecret)).status).toBe(200);
    }
    const rows = await gateway.rows();
    expect(rows.map((r) => [r.service, r.stream, r.name, r.outcome])).toEqual([
      ['catalog', 'product/HOODIE-BLK', 'catalog.record-change.v1', null],
      ['catalog', 'product/HOODIE-BLK', 'catalog.record-change.v1', null],
      ['checkout', 'order/W7K3M9QX', 'checkout.record-store-order.v1', null],
      ['checkout', 'order/W7K3M9QX', 'checkout.record-fulfilment.v1', null],
      ['checkout', 'order/W7K3M9QX', 'checkout.record-fulfilment.v1', null],
      ['ingest', 'ingest/store', 'ingest.ignored', 'ignored'],
    ]);
    expect(rows[0]!.payload).toMatchObject({
      sku: 'HOODIE-BLK',
      sequence: 42,
      data: { price: { minor: 7900 } },
    });
    expect(rows[3]!.payload).toMatchObject({ kind: 'shipped', tracking: { trackingCode: 'DXB-1' } });
    expect(rows[4]!.payload).toMatchObject({ kind: 'failed', reason: 'nobody home' });
  });

  it("keeps merchants apart: the same event id of two shops is two events, and secrets don't cross", async () => {
    const { shop, other } = gateway;
    const e = event('evt_same', 'stock.updated', { sku: 'A', available: 1 });
    expect((await gateway.store(shop.merchantId, e, shop.storeWebhookSecret)).status).toBe(200);
    expect((await gateway.store(other.merchantId, e, other.storeWebhookSecret)).status).toBe(200);
    expect((await gateway.store(shop.merchantId, e, other.storeWebhookSecret)).status).toBe(401);
    expect((await gateway.store('mer_unknown', e, shop.storeWebhookSecret)).status).toBe(401);
    expect((await gateway.store(shop.merchantId, e, shop.storeWebhookSecret, 1_000)).status).toBe(401);
    expect((await gateway.rows()).map((r) => r.merchant_id)).toEqual([shop.merchantId, other.merchantId]);
  });

  it('names what is wrong with a signed body that breaks the contract', async () => {
    const { merchantId, storeWebhookSecret } = gateway.shop;
    const bodies: [object | string, RegExp][] = [
      ['{', /JSON/],
      [event('e', 'stock.updated', { sku: 'A', available: -1 }), /available/],
      [event('e', 'fulfilment.shipped', { ...parcel, trackingUrl: 'javascript:alert(1)' }), /trackingUrl/],
      [{ ...event('e', 'stock.updated', {}), id: '' }, /id/],
    ];
    for (const [body, reason] of bodies) {
      const response = await gateway.store(merchantId, body, storeWebhookSecret);
      expect(response.status).toBe(400);
      expect(((await response.json()) as { error: string }).error).toMatch(reason);
    }
    expect(await gateway.count()).toBe(0);
  });
});
