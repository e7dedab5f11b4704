import { onboard, startAdmin, type AdminUnderTest } from './support.js';
import { connect, SECRETS, vendorServer } from './vendor-server.js';

const KEYS = { secretKey: SECRETS.stripeKey, webhookSecret: SECRETS.stripeSecret };

describe('payment accounts', () => {
  let admin: AdminUnderTest;
  let vendor: Awaited<ReturnType<typeof vendorServer>>;
  let phone = 700_000_000;

  beforeAll(async () => {
    vendor = await vendorServer();
    admin = await startAdmin({ WHATSAPP_BASE_URL: `${vendor.url}/graph`, STRIPE_BASE_URL: vendor.url });
  });
  afterAll(async () => {
    await admin.close();
    vendor.server.closeAllConnections();
    vendor.server.close();
  });

  /** A merchant that sells to the United Arab Emirates, with the account `stripe`. */
  async function merchant() {
    const { merchantId } = await onboard(admin);
    await connect(admin, vendor.url, merchantId, String((phone += 1)));
    const base = `/v1/merchants/${merchantId}`;
    const step = async (name: string) => {
      const { json } = await admin.call('GET', `${base}/readiness`);
      return json.steps.find((s: { step: string }) => s.step === name);
    };
    return {
      merchantId,
      step,
      put: (account: string, body: object = KEYS) =>
        admin.call('PUT', `${base}/payment-providers/${account}`, { body }),
      call: (method: string, path: string) => admin.call(method, `${base}/payment-providers${path}`),
      route: (routes: object[]) =>
        admin.call('PATCH', `${base}/settings`, {
          body: { payments: { routes } },
          headers: { 'if-match': '*' },
        }),
      patch: (body: object) =>
        admin.call('PATCH', `${base}/settings`, { body, headers: { 'if-match': '*' } }),
      settings: async () => (await admin.call('GET', `${base}/settings`)).json,
      /** As they may have become: the API takes none that lead nowhere. */
      stored: (routes: object[]) =>
        admin.owner.query(
          `INSERT INTO tenancy.merchant_settings (merchant_id, document, version, updated_at) VALUES ($1, $2, 1, now())
           ON CONFLICT (merchant_id) DO UPDATE SET document = EXCLUDED.document`,
          [merchantId, JSON.stringify({ payments: { routes } })],
        ),
    };
  }

  it('are several, each with a key, secrets and a webhook address of its own', async () => {
    const of = await merchant();
    const saudi = await of.put('stripe-sa', { ...KEYS, webhookSecret: 'whsec_saudi' });
    const webhooks = `https://hooks.example.com/webhooks/payments/stripe/${of.merchantId}`;
    expect([saudi.status, saudi.json]).toEqual([
      200,
      expect.objectContaining({ account: 'stripe-sa', kind: 'stripe', webhookUrl: `${webhooks}/stripe-sa` }),
    ]);
    const list = await of.call('GET', '');
    expect(list.json.items.map((a: Record<string, string>) => [a.account, a.webhookUrl])).toEqual([
      ['stripe', webhooks],
      ['stripe-sa', `${webhooks}/stripe-sa`],
    ]);
    expect(list.text).not.toContain('whsec_');
    // New secrets are the same account's; what the vendor signs with the old one is still taken.
    const again = await of.put('stripe-sa', { ...KEYS, webhookSecret: 'whsec_saudi_2' });
    expect(again.json.id).toBe(saudi.json.id);
    const { rows } = await admin.owner.query(
      `SELECT owner_id FROM tenancy.former_webhook_secrets WHERE merchant_id = $1`,
      [of.merchantId],
    );
    expect(rows).toEqual([{ owner_id: saudi.json.id }]);
    expect((await of.call('GET', '/stripe-sa')).json.account).toBe('stripe-sa');
    const tested = await of.call('POST', '/stripe-sa/test');
    expect(tested.json).toMatchObject({ ok: true });
    expect((await of.call('GET', '/stripe-sa')).json.verifiedAt).toBe(tested.json.testedAt);
    expect((await of.call('GET', '/stripe')).json.verifiedAt).toBeNull();
  });

  it('have keys that say the provider, and are not without number', async () => {
    const of = await merchant();
    for (const account of ['paypal', 'Stripe', 'stripe-', 'stripe-%C3%A4', 'stripe--x', 'stripe_sa']) {
      const answer = await of.put(account);
      expect([account, answer.status, answer.json.errors?.[0].field]).toEqual([account, 400, 'account']);
    }
    expect((await of.call('GET', '/stripe-kw')).status).toBe(404);
    for (let i = 2; i <= 20; i++) expect((await of.put(`stripe-${i}`)).status).toBe(200);
    const beyond = await of.put('stripe-21');
    expect([beyond.status, beyond.json.code]).toEqual([422, 'too_many_accounts']);
    expect((await of.put('stripe-20')).status).toBe(200);
  });

  it('without which an order cannot be paid are named by the readiness, with what mends it', async () => {
    const of = await merchant();
    expect(await of.step('payment_routing')).toEqual({ step: 'payment_routing', ok: true });

    await of.stored([{ country: 'KW', provider: 'stripe' }]);
    expect(await of.step('payment_routing')).toMatchObject({
      ok: false,
      missing: 'no route is for orders in AED to AE',
      fix: expect.stringContaining('payments.routes'),
    });

    await of.stored([{ country: 'AE', provider: 'stripe-ae' }, { provider: 'stripe' }]);
    const routing = await of.step('payment_routing');
    expect(routing.missing).toMatch(/AED to AE are routed to stripe-ae, which is not connected/);
    expect(routing.fix).toContain(`PUT /v1/merchants/${of.merchantId}/payment-providers/stripe-ae`);

    await of.put('stripe-ae', { ...KEYS, secretKey: 'sk_test_wrong' });
    expect(await of.step('payment_routing')).toMatchObject({ ok: true });
    expect((await of.step('payment_provider')).missing).toMatch(/stripe-ae: it does not accept the key/);
    await of.put('stripe-ae');
    expect(await of.step('payment_provider')).toMatchObject({ ok: true });
  });

  it('are what routes lead to: a merchant is never left without one', async () => {
    const of = await merchant();
    const refused = async (routes: object[]) => {
      const { status, json } = await of.route(routes);
      return [status, json.errors?.[0].field, json.errors?.[0].rule];
    };
    expect(await refused([{ provider: 'paypal' }])).toEqual([400, 'payments.routes.0.provider', 'matches']);
    expect(await refused([{ provider: 'stripe' }, { country: 'SA', provider: 'stripe-sa' }])).toEqual([
      400,
      'payments.routes.1.provider',
      'connected',
    ]);
    // What is sold now, in AED to AE, would have none.
    expect(await refused([{ country: 'KW', provider: 'stripe' }])).toEqual([400, 'payments.routes', 'route']);
    const spoken = await of.route([{ country: 'AE', provider: 'stripe-zz' }]);
    expect(spoken.text).not.toContain('stripe-zz');
    expect((await of.settings()).payments).toBeUndefined();
    expect(await of.step('payment_routing')).toMatchObject({ ok: true });

    await of.put('stripe-sa');
    const both = [{ country: 'SA', provider: 'stripe-sa' }, { provider: 'stripe' }];
    expect((await of.route(both)).status).toBe(200);
    expect((await of.route([])).status).toBe(200);
    // Stored before the rule, or with another shop: the other sections can be changed all the same.
    await of.stored([{ country: 'AE', provider: 'stripe-gone' }]);
    expect((await of.patch({ regions: ['AE'] })).status).toBe(200);
  });

  it('that are not called by their kind alone leave no payment without routes', async () => {
    const { merchantId } = await onboard(admin);
    const base = `/v1/merchants/${merchantId}`;
    await admin.call('PUT', `${base}/payment-providers/stripe-ae`, { body: KEYS });
    const set = (routes: object[], method = 'PATCH') =>
      admin.call(method, `${base}/settings`, {
        body: method === 'PUT' ? {} : { payments: { routes } },
        headers: { 'if-match': '*' },
      });
    expect((await set([])).json.errors[0]).toMatchObject({ field: 'payments.routes', rule: 'route' });
    expect((await set([{ provider: 'stripe-ae' }])).status).toBe(200);
    expect((await set([], 'PUT')).json.errors[0]).toMatchObject({ field: 'payments.routes', rule: 'route' });
  });
});
