import { cancelOrder, recordFulfilment } from '#contracts';
import { until } from '#testing';
import { World } from './support/world.js';

describe('an order from request to delivery', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.open();
  });
  afterAll(() => world.close());

  it('holds stock, leads to the payment page, writes the order, and tells each fact once', async () => {
    const before = await world.stock('HOODIE-BLK');
    const ref = await world.order('HOODIE-BLK', 2);
    const order = await world.state(ref, 'awaiting_payment');
    expect(await world.stock('HOODIE-BLK')).toBe(before - 2);
    expect(new Date(order.payBefore!).getTime() - new Date(order.createdAt).getTime()).toBeGreaterThan(
      44 * 60_000,
    );

    const session = await world.openPage(ref);
    const opened = await world.read(ref);
    expect(opened!.session).toMatchObject({ id: session });
    expect(opened!.hold!.expiresAt > opened!.session!.expiresAt).toBe(true);
    await world.pay(session);
    const placed = await world.state(ref, 'placed');
    expect(placed.storeOrder!.number).toMatch(/^\d+$/);
    expect((await world.storeOrders()).orders.filter((o) => o.orderRef === ref)).toHaveLength(1);

    let sequence = 100;
    for (const kind of ['created', 'shipped', 'out_for_delivery', 'delivered'] as const) {
      await world.say(recordFulfilment, {
        eventId: `evt_${kind}`,
        kind,
        orderRef: ref,
        fulfilmentId: 'ful_1',
        sequence: (sequence += 1),
        tracking: { carrier: 'Dune Express', trackingCode: 'DXB-4F7K-2291' },
        occurredAt: new Date().toISOString(),
      });
    }
    await world.state(ref, 'delivered');
    await world.idle();
    expect(await world.kinds(ref)).toEqual(
      ['ready_to_pay', 'paid', 'tracking_created', 'shipped', 'out_for_delivery', 'delivered'],
    ); // prettier-ignore
    const receipt = (await world.facts(ref)).find((f) => f.factId === 'paid')!.fact;
    expect(receipt).toMatchObject({ number: placed.storeOrder!.number, total: placed.accepted.total });
    expect(await world.parked()).toEqual([]);
  });

  it('shows how the order stands wherever the link is opened afterwards, and never pays again', async () => {
    const ref = await world.order('CREW-GRY');
    await world.pay(await world.openPage(ref));
    await world.state(ref, 'placed');
    const link = await world.link(ref);
    for (const url of [link, `${link}/return`]) {
      const page = await world.visit(url);
      expect([page.status, page.to]).toEqual([200, null]);
      expect(page.html).toContain('Thank you, your order is confirmed');
    }
    expect((await world.ledger()).sessions.filter((s) => s.client_reference_id === ref)).toHaveLength(1);
  });

  it('learns of the payment from the customer’s return when the webhook is late, and once only', async () => {
    world.webhooks = 'keep';
    const ref = await world.order('CREW-GRY');
    await world.pay(await world.openPage(ref));
    const landing = `${await world.link(ref)}/return`;
    const page = await world.visit(landing);
    expect(page.html).toContain('Confirming your payment');
    expect(page.html).toMatch(/http-equiv="refresh"/);
    await world.state(ref, 'placed');
    expect((await world.visit(landing)).html).toContain('your order is confirmed');
    world.webhooks = 'deliver';
    for (const delivery of world.kept.splice(0)) await world.deliver(delivery);
    await world.idle();
    expect(await world.kinds(ref)).toEqual(['ready_to_pay', 'paid']);
    expect((await world.ledger()).payments.filter((p) => p.metadata.waco_order === ref)).toMatchObject([{ amount_refunded: 0 }]); // prettier-ignore
  });

  it('says that nothing was paid when the customer turns back from the payment page', async () => {
    const ref = await world.order('CREW-GRY');
    await world.openPage(ref);
    const page = await world.visit(`${await world.link(ref)}/return`);
    expect(page.html).toContain('Your payment is not finished');
  });

  it('opens one page for two visits at once', async () => {
    const ref = await world.order('CREW-GRY');
    const link = await world.link(ref);
    const visits = await Promise.all([1, 2, 3, 4].map(() => world.visit(link)));
    expect(visits.map((v) => v.status)).toEqual([303, 303, 303, 303]);
    expect(new Set(visits.map((v) => v.to)).size).toBe(1);
    expect((await world.visit(link)).to).toBe(visits[0]!.to);
    expect((await world.ledger()).sessions.filter((s) => s.client_reference_id === ref)).toHaveLength(1);
  });

  it('gives the stock back and closes the page when the customer goes back to shopping', async () => {
    const before = await world.stock('CREW-GRY');
    const ref = await world.order('CREW-GRY');
    const session = await world.openPage(ref);
    await world.say(cancelOrder, { orderRef: ref, reason: 'back to shopping' });
    await world.state(ref, 'cancelled');
    await until('the stock is back', async () => (await world.stock('CREW-GRY')) === before);
    expect((await world.ledger()).sessions.find((s) => s.id === session)!.status).toBe('expired');
    expect((await world.visit(await world.link(ref))).html).toContain('This order was cancelled');
  });
});
