import Stripe from 'stripe';
import { eventually, openStand, type Answer, type Stand } from './stand.js';

const SECRET_KEY = 'sk_test_sandbox_main';
const HOOK_SECRET = 'whsec_sandbox_main';

interface Ledger {
  sessions: { id: string }[];
  payments: { payment_intent: string; status: string; session: string }[];
  refunds: { charge: string; amount: number }[];
}

describe('the Stripe simulator', () => {
  let stand: Stand;
  let stripe: Stripe;

  const client = (key: string, more: Stripe.StripeConfig = {}): Stripe => {
    const { hostname, port } = new URL(stand.url);
    return new Stripe(key, {
      host: hostname,
      port: Number(port),
      protocol: 'http',
      telemetry: false,
      ...more,
    });
  };

  beforeAll(async () => {
    stand = await openStand();
    await openAccount('acct_main', SECRET_KEY);
    await openAccount('acct_other', 'sk_test_sandbox_other');
    stripe = client(SECRET_KEY);
  });
  afterAll(() => stand.close());

  const openAccount = (id: string, secretKey: string) =>
    stand.call('PUT', `/control/stripe/accounts/${id}`, {
      secretKey,
      webhookUrl: `${stand.hookUrl}/${id}`,
      webhookSecret: HOOK_SECRET,
    });

  const params = (
    more: Partial<Stripe.Checkout.SessionCreateParams> = {},
  ): Stripe.Checkout.SessionCreateParams => ({
    mode: 'payment',
    success_url: 'http://localhost/paid?session={CHECKOUT_SESSION_ID}',
    cancel_url: 'http://localhost/cancelled',
    client_reference_id: 'ord_1',
    metadata: { merchant: 'm_1', order: 'ord_1' },
    payment_intent_data: { metadata: { order: 'ord_1' } },
    line_items: [
      {
        quantity: 2,
        price_data: { currency: 'aed', unit_amount: 8900, product_data: { name: 'Black Hoodie' } },
      },
      { quantity: 1, price_data: { currency: 'aed', unit_amount: 2000, product_data: { name: 'Delivery' } } },
    ],
    ...more,
  });
  const complete = (id: string, body: object) =>
    stand.call<{ status: string; payment_status: string; redirect: string }>(
      'POST',
      `/pay/${id}/complete`,
      body,
    );
  const ledger = async (): Promise<Ledger> =>
    (await stand.call<Ledger>('GET', '/control/stripe/ledger')).body;
  const order = (...nextRequests: object[]) => stand.call('PUT', '/control/stripe/faults', { nextRequests });
  const paid = async (): Promise<Stripe.Checkout.Session> => {
    const { id } = await stripe.checkout.sessions.create(params());
    await complete(id, { outcome: 'paid' });
    return stripe.checkout.sessions.retrieve(id);
  };
  const refusal = async (work: Promise<unknown>): Promise<Stripe.errors.StripeError> => {
    try {
      await work;
    } catch (error) {
      if (error instanceof Stripe.errors.StripeError) return error;
      throw error;
    }
    throw new Error('was not refused');
  };

  /** Every webhook is verified with the SDK, at the platform's time. */
  const verified = (path: string): Stripe.Event[] =>
    stand.received
      .filter((r) => r.path === path)
      .map((r) => {
        const signature = String(r.headers['stripe-signature']);
        const at = Number(/t=(\d+)/.exec(signature)![1]) * 1000;
        return stripe.webhooks.constructEvent(r.raw, signature, HOOK_SECRET, 300, undefined, at);
      });
  const eventAbout = (type: string, id: string, path = '/acct_main'): Promise<Stripe.Event> =>
    eventually(`${type} about ${id}`, () =>
      verified(path).find((e) => e.type === type && (e.data.object as { id?: string }).id === id),
    );

  it('creates a session that the SDK reads back, with its lines', async () => {
    const session = await stripe.checkout.sessions.create(params({ customer_email: 'a@example.com' }));
    expect(session).toMatchObject({
      object: 'checkout.session',
      status: 'open',
      payment_status: 'unpaid',
      amount_total: 19_800,
      currency: 'aed',
      client_reference_id: 'ord_1',
      metadata: { merchant: 'm_1', order: 'ord_1' },
      payment_intent: null,
      url: `${stand.url}/pay/${session.id}`,
    });
    expect(session.expires_at - session.created).toBe(86_400);
    expect(session.lastResponse.requestId).toMatch(/^req_/);
    expect(session.lastResponse.apiVersion).toBe('2026-10-28.endive');

    const lines = await stripe.checkout.sessions.listLineItems(session.id, { limit: 1 });
    expect(lines).toMatchObject({ has_more: true, data: [{ description: 'Black Hoodie', quantity: 2 }] });
    const all = await stripe.checkout.sessions.listLineItems(session.id).autoPagingToArray({ limit: 10 });
    expect(all.map((line) => line.amount_total)).toEqual([17_800, 2000]);
    const full = await stripe.checkout.sessions.retrieve(session.id, { expand: ['line_items'] });
    expect(full.line_items!.data).toHaveLength(2);
    const account = await stripe.accounts.retrieveCurrent();
    expect(account).toMatchObject({ id: 'acct_main', charges_enabled: true });
  });

  it.each<[string, Partial<Stripe.Checkout.SessionCreateParams> | { nonsense: number }, string, string]>([
    ['no lines', { line_items: [] }, 'parameter_missing', 'line_items'],
    ['an unknown parameter', { nonsense: 1 }, 'parameter_unknown', 'nonsense'],
    ['a bad URL', { success_url: 'paid' }, 'url_invalid', 'success_url'],
  ])('refuses %s', async (_name, change, code, param) => {
    const error = await refusal(stripe.checkout.sessions.create(params(change as object)));
    expect(error).toMatchObject({ type: 'StripeInvalidRequestError', statusCode: 400, code, param });
  });

  it('refuses bad lines by name of the parameter', async () => {
    const withLine = (line: object): Promise<Stripe.errors.StripeError> =>
      refusal(stripe.checkout.sessions.create(params({ line_items: [line] as never })));
    const price = { currency: 'aed', unit_amount: 8900, product_data: { name: 'x' } };
    expect(await withLine({ price_data: price })).toMatchObject({ param: 'line_items[0][quantity]' });
    expect(await withLine({ quantity: 1, price_data: { ...price, unit_amount: 1.5 } })).toMatchObject({
      code: 'parameter_invalid_integer',
      param: 'line_items[0][price_data][unit_amount]',
    });
    expect(await withLine({ quantity: 1, price_data: { ...price, currency: 'xxx' } })).toMatchObject({
      param: 'line_items[0][price_data][currency]',
    });
    expect(await withLine({ quantity: 1, price_data: { ...price, unit_amount: 100 } })).toMatchObject({
      code: 'amount_too_small',
    });
    expect(await withLine({ quantity: 1, price: 'price_none' })).toMatchObject({ code: 'resource_missing' });
    const mixed = [price, { ...price, currency: 'usd' }].map((p) => ({ quantity: 1, price_data: p }));
    expect(await refusal(stripe.checkout.sessions.create(params({ line_items: mixed })))).toMatchObject({
      param: 'line_items',
    });
  });

  it('keeps sessions between 30 minutes and 24 hours', async () => {
    const now = Math.floor((await stand.now()).getTime() / 1000);
    for (const expires_at of [now + 1700, now + 87_000]) {
      const error = await refusal(stripe.checkout.sessions.create(params({ expires_at })));
      expect(error).toMatchObject({ statusCode: 400, param: 'expires_at' });
    }
    const ok = await stripe.checkout.sessions.create(params({ expires_at: now + 1900 }));
    expect(ok.expires_at).toBe(now + 1900);
  });

  it('knows accounts by their key, and shows none of another', async () => {
    expect(await refusal(client('sk_test_wrong_key_0000').accounts.retrieveCurrent())).toMatchObject({
      type: 'StripeAuthenticationError',
      statusCode: 401,
    });
    const { id } = await stripe.checkout.sessions.create(params());
    const other = client('sk_test_sandbox_other');
    expect(await refusal(other.checkout.sessions.retrieve(id))).toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
    });
    expect(
      await refusal(stripe.checkout.sessions.retrieve(id, {}, { stripeAccount: 'acct_other' })),
    ).toMatchObject({ statusCode: 403, code: 'account_invalid' });
    const basic = await fetch(`${stand.url}/v1/account`, {
      headers: { authorization: `Basic ${Buffer.from(`${SECRET_KEY}:`).toString('base64')}` },
    });
    expect(basic.status).toBe(200);
    const unknown = await fetch(`${stand.url}/v1/customers`, {
      headers: { authorization: `Bearer ${SECRET_KEY}` },
    });
    expect(unknown.status).toBe(404);
  });

  it('takes the money once, and says so in a webhook that verifies', async () => {
    const { id } = await stripe.checkout.sessions.create(params());
    const answers = await Promise.all([complete(id, { outcome: 'paid' }), complete(id, { outcome: 'paid' })]);
    expect(answers.map((a) => a.status).sort()).toEqual([200, 409]);
    const first: Answer<{ redirect: string }> = answers.find((a) => a.status === 200)!;
    expect(first.body.redirect).toBe(`http://localhost/paid?session=${id}`);

    const session = await stripe.checkout.sessions.retrieve(id, {
      expand: ['payment_intent.latest_charge'],
    });
    expect(session).toMatchObject({ status: 'complete', payment_status: 'paid', url: null });
    const intent = session.payment_intent as Stripe.PaymentIntent;
    expect(intent).toMatchObject({
      status: 'succeeded',
      amount_received: 19_800,
      metadata: { order: 'ord_1' },
    });
    expect(intent.latest_charge).toMatchObject({ object: 'charge', paid: true });

    const event = await eventAbout('checkout.session.completed', id);
    expect(event.data.object).toMatchObject({ payment_status: 'paid', payment_intent: intent.id });
    expect(await stripe.events.retrieve(event.id)).toMatchObject({ id: event.id, type: event.type });
    expect((await ledger()).payments.filter((p) => p.session === id)).toHaveLength(1);
    const tampered = stand.received.find((r) => r.raw.includes(id))!;
    expect(() =>
      stripe.webhooks.constructEvent(
        tampered.raw.replace('19800', '1'),
        String(tampered.headers['stripe-signature']),
        HOOK_SECRET,
      ),
    ).toThrow(Stripe.errors.StripeSignatureVerificationError);
  });

  it('leaves a declined session open for another try on the same intent', async () => {
    const { id } = await stripe.checkout.sessions.create(params());
    expect((await complete(id, { outcome: 'declined' })).body).toMatchObject({
      status: 'open',
      redirect: null,
    });
    const declined = await stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent'] });
    const intent = declined.payment_intent as Stripe.PaymentIntent;
    expect(intent).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code: 'card_declined' },
    });
    await complete(id, { outcome: 'paid' });
    expect(await stripe.paymentIntents.retrieve(intent.id)).toMatchObject({
      status: 'succeeded',
      last_payment_error: null,
    });
    const charges = (await ledger()).payments.filter((p) => p.session === id);
    expect(charges.map((c) => c.status)).toEqual(['failed', 'succeeded']);
  });

  it.each([
    ['succeeded', 'paid'],
    ['failed', 'unpaid'],
  ] as const)('settles a delayed payment later: %s', async (settlesAs, status) => {
    const { id } = await stripe.checkout.sessions.create(params());
    await complete(id, { outcome: 'delayed', settlesAs, settleAfterMs: 3_600_000 });
    const completed = await eventAbout('checkout.session.completed', id);
    expect(completed.data.object).toMatchObject({ payment_status: 'unpaid' });
    await stand.advance(3_601_000);
    const settled = await eventAbout(`checkout.session.async_payment_${settlesAs}`, id);
    expect(settled.data.object).toMatchObject({ payment_status: status });
    expect((await stripe.checkout.sessions.retrieve(id)).payment_status).toBe(status);
  });

  it('settles a delayed payment when told to, once', async () => {
    const { id } = await stripe.checkout.sessions.create(params());
    await complete(id, { outcome: 'delayed', settleAfterMs: 3_600_000 });
    const settle = () => stand.call('POST', `/control/stripe/sessions/${id}/settle`, { outcome: 'failed' });
    expect((await settle()).status).toBe(200);
    expect((await settle()).status).toBe(409);
    await eventAbout('checkout.session.async_payment_failed', id);
  });

  it('expires by itself when its time is over, and by request only while open', async () => {
    const now = Math.floor((await stand.now()).getTime() / 1000);
    const { id } = await stripe.checkout.sessions.create(params({ expires_at: now + 1900 }));
    await stand.advance(1_901_000);
    await eventAbout('checkout.session.expired', id);
    expect((await complete(id, { outcome: 'paid' })).status).toBe(409);
    expect((await ledger()).payments.filter((p) => p.session === id)).toHaveLength(0);

    const second = await stripe.checkout.sessions.create(params());
    expect(await stripe.checkout.sessions.expire(second.id)).toMatchObject({ status: 'expired', url: null });
    await eventAbout('checkout.session.expired', second.id);
    const done = await paid();
    expect(await refusal(stripe.checkout.sessions.expire(done.id))).toMatchObject({
      type: 'StripeInvalidRequestError',
      message: expect.stringContaining('status of complete') as string,
    });
  });

  it('refunds in parts, never more than was paid', async () => {
    const session = await paid();
    const payment_intent = session.payment_intent as string;
    const first = await stripe.refunds.create({ payment_intent, amount: 5000, metadata: { why: 'late' } });
    expect(first).toMatchObject({ status: 'succeeded', amount: 5000, payment_intent });
    expect(await refusal(stripe.refunds.create({ payment_intent, amount: 15_000 }))).toMatchObject({
      message: 'Refund amount (AED 150.00) is greater than unrefunded amount on charge (AED 148.00)',
    });
    const rest = await stripe.refunds.create({ payment_intent });
    expect(rest.amount).toBe(14_800);
    expect(await refusal(stripe.refunds.create({ payment_intent }))).toMatchObject({
      code: 'charge_already_refunded',
    });
    expect(await stripe.refunds.retrieve(first.id, { expand: ['charge'] })).toMatchObject({
      metadata: { why: 'late' },
      charge: { amount_refunded: 19_800, refunded: true },
    });
    await eventAbout('refund.created', rest.id);
    await eventAbout('charge.refunded', rest.charge as string);

    const open = await stripe.checkout.sessions.create(params());
    await complete(open.id, { outcome: 'declined' });
    const unpaid = (await stripe.checkout.sessions.retrieve(open.id)).payment_intent as string;
    expect((await refusal(stripe.refunds.create({ payment_intent: unpaid }))).message).toContain(
      'does not have a successful charge',
    );
  });

  describe('with an idempotency key', () => {
    it('answers a repeat with the first answer, and refuses other parameters', async () => {
      const [a, b] = await Promise.all([
        stripe.checkout.sessions.create(params(), { idempotencyKey: 'key-1' }),
        stripe.checkout.sessions.create(params(), { idempotencyKey: 'key-1' }),
      ]);
      expect(b.id).toBe(a.id);
      const error = await refusal(
        stripe.checkout.sessions.create(params({ client_reference_id: 'ord_2' }), {
          idempotencyKey: 'key-1',
        }),
      );
      expect(error).toMatchObject({ type: 'StripeIdempotencyError', statusCode: 400 });
      await stand.advance(25 * 3_600_000);
      const later = await stripe.checkout.sessions.create(params(), { idempotencyKey: 'key-1' });
      expect(later.id).not.toBe(a.id);
    });

    it('repeats a failure that ran, but not a refusal of the parameters', async () => {
      const session = await paid();
      const body = { payment_intent: session.payment_intent as string };
      await stripe.refunds.create(body);
      const once = await refusal(stripe.refunds.create(body, { idempotencyKey: 'key-2' }));
      const again = await refusal(stripe.refunds.create(body, { idempotencyKey: 'key-2' }));
      expect([once.code, again.code]).toEqual(['charge_already_refunded', 'charge_already_refunded']);
      expect(again.headers?.['idempotent-replayed']).toBe('true');

      await refusal(stripe.checkout.sessions.create(params({ line_items: [] }), { idempotencyKey: 'key-3' }));
      await stripe.checkout.sessions.create(params(), { idempotencyKey: 'key-3' });

      await order({ kind: 'error', status: 500, code: 'api_error' });
      const broken = await refusal(stripe.checkout.sessions.create(params(), { idempotencyKey: 'key-4' }));
      const stays = await refusal(stripe.checkout.sessions.create(params(), { idempotencyKey: 'key-4' }));
      expect([broken.statusCode, stays.statusCode]).toEqual([500, 500]);
    });

    it('survives a connection that is cut after the work was done', async () => {
      const session = await paid();
      const payment_intent = session.payment_intent as string;
      await order({ kind: 'reset-after-apply' });
      const refund = await stripe.refunds.create(
        { payment_intent, amount: 100 },
        { idempotencyKey: 'key-5', maxNetworkRetries: 2 },
      );
      const made = (await ledger()).refunds.filter((r) => r.charge === refund.charge);
      expect(made).toHaveLength(1);
    });
  });

  it('goes wrong as ordered, for the calls it is ordered for', async () => {
    await order(
      { kind: 'error', status: 429, path: '/v1/refunds' },
      { kind: 'delay', ms: 150 },
      { kind: 'error', status: 402, code: 'card_declined' },
    );
    const started = Date.now();
    await stripe.accounts.retrieveCurrent();
    expect(Date.now() - started).toBeGreaterThanOrEqual(145);
    const once = client(SECRET_KEY, { maxNetworkRetries: 0 });
    expect(await refusal(once.refunds.create({ payment_intent: 'pi_x' }))).toMatchObject({
      type: 'StripeRateLimitError',
    });
    expect(await refusal(once.accounts.retrieveCurrent())).toMatchObject({ type: 'StripeCardError' });
    await once.accounts.retrieveCurrent();
  });

  it('serves the pay page under a strict policy, with its data apart', async () => {
    const { id, url } = await stripe.checkout.sessions.create(params());
    const page = await fetch(url!);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    const { body } = await stand.call('GET', `/pay/${id}/details`);
    expect(body).toMatchObject({ status: 'open', total: 19_800, currency: 'AED', decimals: 2 });
    expect((await stand.call('GET', '/pay/cs_test_none')).status).toBe(404);
  });
});
