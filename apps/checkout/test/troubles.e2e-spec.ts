import { cancelOrder, recordPayment, recordStoreOrder } from '#contracts';
import { until } from '#testing';
import { LinkTokens } from '../src/link.js';
import { LINK_KEYS, PUBLIC_URL, World } from './support/world.js';

const price = (minor: number) => ({ price: { minor, currency: 'AED' } });

describe('what goes wrong', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.open();
  });
  afterAll(() => world.close());
  afterEach(async () => {
    world.webhooks = 'deliver';
    world.kept.splice(0);
    await world.outside.call('PUT', '/control/shops/demo/faults', { failNext: 0 });
    await world.outside.call('PUT', '/control/stripe/faults', { nextRequests: [] });
  });
  const sessionsOf = async (ref: string) =>
    (await world.ledger()).sessions.filter((s) => s.client_reference_id === ref);
  const paymentsOf = async (ref: string) =>
    (await world.ledger()).payments.filter((p) => p.metadata.waco_order === ref);

  it('payment webhooks that come many times and in the wrong order have one effect', async () => {
    world.webhooks = 'keep';
    const ref = await world.order('TEE-WHT', 2);
    await world.pay(await world.openPage(ref));
    await until('the webhook is here', () => world.kept.length > 0);
    const [paid] = world.kept;
    await Promise.all([1, 2, 3, 4, 5].map(() => world.deliver(paid!)));
    await world.state(ref, 'placed');
    const order = (await world.read(ref))!;
    const late = {
      provider: 'stripe' as const,
      orderRef: ref,
      sessionId: order.session!.id!,
      occurredAt: order.updatedAt,
    };
    await world.say(recordPayment, { ...late, eventId: 'evt_late_expired', kind: 'expired' });
    await world.say(recordPayment, { ...late, eventId: 'evt_late_pending', kind: 'pending' });
    await world.deliver(paid!);
    await world.idle();
    expect((await world.read(ref))!.state).toBe('placed');
    expect(await world.kinds(ref)).toEqual(['ready_to_pay', 'paid']);
    expect((await world.storeOrders()).orders.filter((o) => o.orderRef === ref)).toHaveLength(1);
    expect(await paymentsOf(ref)).toMatchObject([{ amount_refunded: 0 }]);
  });

  it('a price that moved since the customer agreed is asked about again, and nothing is held', async () => {
    const accepted = await world.order('TEE-BLK');
    await world.state(accepted, 'awaiting_payment');
    await world.setProduct('TEE-BLK', price(5_900));
    const stock = await world.stock('TEE-BLK');
    const page = await world.visit(await world.link(accepted));
    expect([page.status, page.to]).toEqual([200, null]);
    expect(page.html).toContain('Something changed since you ordered');
    expect(page.html).toContain('AED 59.00');
    await world.state(accepted, 'declined');
    await until('the hold is released', async () => (await world.stock('TEE-BLK')) === stock + 1);
    expect(await sessionsOf(accepted)).toEqual([]);
    const changed = (await world.facts(accepted)).find((f) => f.fact.kind === 'changed')!.fact;
    expect(changed).toMatchObject({
      changes: [{ kind: 'price', from: { minor: 4_900 }, to: { minor: 5_900 } }],
    });
    expect((await world.visit(await world.link(accepted))).html).toContain('Something changed');
  });

  it('a price that moved while the payment page was open closes the page', async () => {
    const ref = await world.order('TEE-MINT');
    const session = await world.openPage(ref);
    await world.setProduct('TEE-MINT', price(6_500));
    await world.visit(await world.link(ref));
    await world.state(ref, 'declined');
    await until('the page is closed', async () => (await sessionsOf(ref)).some((s) => s.id === session && s.status === 'expired')); // prettier-ignore
  });

  it('the last piece goes to one of two, whose link still works when the shop shows none', async () => {
    const [first, second] = [await world.order('THROW-KNIT'), await world.order('THROW-KNIT')];
    const states = await Promise.all(
      [first, second].map((r) => world.state(r, 'awaiting_payment', 'declined')),
    );
    expect(states.map((o) => o.state).toSorted()).toEqual(['awaiting_payment', 'declined']);
    const [winner, loser] = states[0]!.state === 'declined' ? [second, first] : [first, second];
    expect((await world.facts(loser)).map((f) => f.fact)).toMatchObject([
      { kind: 'changed', changes: [{ kind: 'stock', available: 0 }] },
    ]);
    await world.pay(await world.openPage(winner));
    await world.state(winner, 'placed');
  });

  it('a link that is not opened in time says so, releases the hold, and never pays again', async () => {
    const stock = await world.stock('MUG-SET');
    const ref = await world.order('MUG-SET');
    await world.state(ref, 'awaiting_payment');
    await world.outside.advance(46);
    await world.state(ref, 'expired');
    await until('the stock is back', async () => (await world.stock('MUG-SET')) === stock);
    const page = await world.visit(await world.link(ref));
    expect([page.status, page.to]).toEqual([200, null]);
    expect(page.html).toContain('The time to pay is over');
    expect(await world.kinds(ref)).toEqual(['ready_to_pay', 'expired']);
    expect(await sessionsOf(ref)).toEqual([]);
  });

  it('a page opened at the last minute lives its time with its stock held, then ends', async () => {
    const ref = await world.order('MUG-SET');
    await world.state(ref, 'awaiting_payment');
    const stock = await world.stock('MUG-SET');
    await world.outside.advance(44);
    const session = await world.openPage(ref);
    await world.outside.advance(29);
    expect(await world.stock('MUG-SET')).toBe(stock);
    const held = (await world.read(ref))!;
    expect(held.hold!.expiresAt > held.session!.expiresAt).toBe(true);
    await world.idle();
    expect((await world.read(ref))!.state).toBe('awaiting_payment');
    expect((await sessionsOf(ref))[0]).toMatchObject({ id: session, status: 'open' });
    await world.outside.advance(3);
    await world.state(ref, 'expired');
  });

  it('a payment in the last moment, of which no webhook told, is found when the page is closed', async () => {
    world.webhooks = 'keep';
    const ref = await world.order('CUSH-TERRA');
    await world.pay(await world.openPage(ref));
    await world.outside.advance(46);
    await world.state(ref, 'placed');
    expect(await world.kinds(ref)).toEqual(['ready_to_pay', 'paid']);
  });

  describe('money that comes after the order was over', () => {
    /** A bank transfer that is under way when the customer goes back to shopping. */
    async function transferUnderWay(sku: string): Promise<{ ref: string; session: string }> {
      const ref = await world.order(sku);
      const session = await world.openPage(ref);
      await world.pay(session, 'delayed');
      await until('the transfer is noticed', async () => (await world.read(ref))!.pending);
      expect((await world.visit(await world.link(ref))).html).toContain('Your payment is on its way');
      await world.say(cancelOrder, { orderRef: ref, reason: 'back to shopping' });
      await world.state(ref, 'cancelled');
      await world.idle();
      expect((await world.read(ref))!.hold).toBeNull();
      return { ref, session };
    }
    const arrive = (session: string) =>
      world.outside.call('POST', `/control/stripe/sessions/${session}/settle`, { outcome: 'succeeded' });

    it('becomes an order when there is stock', async () => {
      const { ref, session } = await transferUnderWay('VASE-ARCH');
      await arrive(session);
      await world.state(ref, 'placed');
      expect(await world.kinds(ref)).toEqual(['ready_to_pay', 'paid']);
    });

    it('goes back when there is none, and the customer is told', async () => {
      const { ref, session } = await transferUnderWay('LAMP-MUSH');
      await world.setProduct('LAMP-MUSH', { available: 0 });
      await arrive(session);
      await world.state(ref, 'refunded');
      await world.idle();
      const [payment] = await paymentsOf(ref);
      expect(payment!.amount_refunded).toBe(payment!.amount);
      const facts = (await world.facts(ref)).map((f) => f.fact);
      expect(facts.at(-1)).toMatchObject({ kind: 'refunded', reason: 'out_of_stock' });
      expect((await world.visit(await world.link(ref))).html).toContain('refunded');
    });
  });

  it('a delayed payment keeps its stock for days and becomes an order when it arrives', async () => {
    const ref = await world.order('SHIRT-LIN');
    const session = await world.openPage(ref);
    await world.pay(session, 'delayed');
    await until('the hold is prolonged', async () => {
      const { pending, reserving, hold } = (await world.read(ref))!;
      return pending && !reserving && new Date(hold!.expiresAt).getTime() > (await world.outside.now()).getTime() + 40 * 3_600_000; // prettier-ignore
    });
    await world.outside.advance(24 * 60);
    await world.idle();
    await world.outside.call('POST', `/control/stripe/sessions/${session}/settle`, { outcome: 'succeeded' });
    await world.state(ref, 'placed');
  });

  it('a delayed payment that fails is told, and another page can be opened', async () => {
    const ref = await world.order('SHIRT-OXF');
    const session = await world.openPage(ref);
    await world.pay(session, 'delayed');
    await until('the transfer is noticed', async () => (await world.read(ref))!.pending);
    await world.outside.call('POST', `/control/stripe/sessions/${session}/settle`, { outcome: 'failed' });
    await until('it is told', async () => (await world.kinds(ref)).includes('payment_failed'));
    const second = await world.openPage(ref);
    expect(second).not.toBe(session);
    await world.pay(second);
    await world.state(ref, 'placed');
  });

  it('a second payment of one order goes back', async () => {
    const ref = await world.order('SCARF-MODAL');
    const first = await world.openPage(ref);
    const at = (await world.outside.now()).toISOString();
    await world.say(recordPayment, { provider: 'stripe', eventId: 'evt_f1', kind: 'failed', orderRef: ref, sessionId: first, occurredAt: at }); // prettier-ignore
    await until('the first page is given up', async () => (await world.read(ref))!.session === null);
    const second = await world.openPage(ref);
    await world.pay(second);
    await world.state(ref, 'placed');
    await world.pay(first);
    await until('the duplicate is given back', async () => (await world.kinds(ref)).includes('refunded'));
    const payments = await paymentsOf(ref);
    expect(payments.find((p) => p.session === first)!.amount_refunded).toBeGreaterThan(0);
    expect(payments.find((p) => p.session === second)!.amount_refunded).toBe(0);
    expect((await world.read(ref))!.state).toBe('placed');
  });

  it('a paid order whose stock the shop has lost is refunded, never left paid', async () => {
    world.webhooks = 'keep';
    const ref = await world.order('ABAYA-SAGE');
    await world.pay(await world.openPage(ref));
    const { hold } = (await world.read(ref))!;
    const released = await fetch(
      `${world.outside.url}/shops/demo/v1/reservations/${hold!.reservationId}/release`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${world.merchant.storeApiKey}` },
      },
    );
    expect(released.status).toBe(200);
    await world.setProduct('ABAYA-SAGE', { available: 0 });
    for (const delivery of world.kept) await world.deliver(delivery);
    await world.state(ref, 'refunded');
    expect(await world.kinds(ref)).toEqual(['ready_to_pay', 'refunded']);
    expect((await world.storeOrders()).orders.some((o) => o.orderRef === ref)).toBe(false);
  });

  it('an order that the shop cancels is refunded', async () => {
    const ref = await world.order('CNDL-AMBER');
    await world.pay(await world.openPage(ref));
    await world.state(ref, 'placed');
    const occurredAt = (await world.outside.now()).toISOString();
    await world.say(recordStoreOrder, { eventId: 'evt_so', orderRef: ref, status: 'cancelled', sequence: 9_999, occurredAt }); // prettier-ignore
    await world.state(ref, 'refunded');
    expect((await world.facts(ref)).at(-1)!.fact).toMatchObject({ kind: 'refunded', reason: 'cancelled' });
  });

  it('a shop that does not answer is told to the customer after twenty seconds, not after hours', async () => {
    await world.outside.call('PUT', '/control/shops/demo/faults', { failNext: 10_000 });
    const ref = await world.order('TOTE-CNV').catch(() => undefined);
    expect(ref).toBeUndefined(); // not even a quote
    await world.outside.call('PUT', '/control/shops/demo/faults', { failNext: 0 });
    const quote = await world.quote('TOTE-CNV', 1);
    await world.outside.call('PUT', '/control/shops/demo/faults', { failNext: 10_000 });
    const second = await world.order('TOTE-CNV', 1, quote);
    await world.state(second, 'reserving');
    await world.outside.advance(0.4);
    await world.state(second, 'declined');
    expect(await world.kinds(second)).toEqual(['unavailable']);
  });

  it('a shop that fails while the paid order is written is asked again until it has it, once', async () => {
    world.webhooks = 'keep';
    const ref = await world.order('TOTE-CNV');
    await world.pay(await world.openPage(ref));
    await world.outside.call('PUT', '/control/shops/demo/faults', { failNext: 2 });
    for (const delivery of world.kept) await world.deliver(delivery);
    await world.state(ref, 'placed');
    expect((await world.storeOrders()).orders.filter((o) => o.orderRef === ref)).toHaveLength(1);
  });

  it('an answer of Stripe that is lost costs another try and opens no second page', async () => {
    const ref = await world.order('HOODIE-SND');
    const link = await world.link(ref);
    const fault = { kind: 'reset-after-apply', path: '/v1/checkout/sessions' };
    await world.outside.call('PUT', '/control/stripe/faults', { nextRequests: [fault, fault] });
    const lost = await world.visit(link);
    expect(lost.status).toBe(503);
    expect(lost.html).toContain('Your items are still held for you');
    const found = await world.visit(link);
    expect(found.status).toBe(303);
    expect(await sessionsOf(ref)).toHaveLength(1);
  });

  it('links that too many open at once wait, few at a time, or ask again by themselves; a page is shown in any case', async () => {
    const link = await world.link(await world.order('HOODIE-SND'));
    const release = await world.holdOrders();
    let answered = 0;
    const visits = Array.from({ length: 560 }, () => world.visit(link).finally(() => answered++));
    const first = await Promise.race(visits);
    await until('all others are told', () => answered === 560 - 504);
    expect([first.status, first.headers.get('content-type')]).toEqual([503, 'text/html; charset=utf-8']);
    expect(first.html).toContain('One moment, please');
    expect(first.html).toContain(`href="${new URL(link).pathname}"`);
    await release();
    const pages = await Promise.all(visits);
    expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([303, 503]));
    expect(pages.filter(({ status }) => status === 303)).toHaveLength(504);
    expect(new Set(pages.filter(({ status }) => status === 303).map(({ to }) => to)).size).toBe(1);
  }, 60_000);

  it('a link that was tampered with, belongs elsewhere or is too old shows one and the same page', async () => {
    const ref = await world.order('HOODIE-SND');
    const link = await world.link(ref);
    const token = link.split('/').at(-1)!;
    const order = (await world.read(ref))!;
    const keys = new LinkTokens(LINK_KEYS);
    const later = new Date((await world.outside.now()).getTime() + 3_600_000);
    const made = (change: object, until = later) => keys.make({ ...order, ...change }, until);
    const bad = [
      `${token.slice(0, -3)}AAA`,
      'nonsense',
      await made({ nonce: 'another' }),
      await made({ orderRef: 'WNOBODY' }),
      await made({ merchantId: 'mer_other' }),
      await made({}, new Date(Date.now() - 86_400_000)),
      await new LinkTokens(`k1:${Buffer.alloc(32, 9).toString('base64')}`).make(order, later),
    ];
    const pages = await Promise.all(
      bad
        .flatMap((t) => [`${world.url}/c/${t}`, `${world.url}/c/${t}/return`])
        .map((url) => world.visit(url)),
    );
    for (const page of pages) {
      expect(page.status).toBe(404);
      expect(page.html).toBe(pages[0]!.html);
    }
    expect((await world.visit(`${world.url}/c/${await made({})}`)).status).toBe(303);
    expect(order.token).toBe(token);
    expect((await world.facts(ref))[0]!.fact).toMatchObject({ url: `${PUBLIC_URL}/c/${token}` });
  });

  it('every page forbids scripts, framing, referrers and caching, and escapes what it shows', async () => {
    await world
      .setProduct('KAFTAN-RSE', { title: 'Kaftan <script>alert("x")</script>' })
      .catch(() => undefined);
    const ref = await world.order('KAFTAN-RSE');
    await world.pay(await world.openPage(ref));
    await world.state(ref, 'placed');
    const { headers, html } = await world.visit(await world.link(ref));
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; .*frame-ancestors 'none'$/); // prettier-ignore
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
  });
});
