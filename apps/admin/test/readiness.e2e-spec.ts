import { onboard, startAdmin, type AdminUnderTest } from './support.js';
import { businessAccountOf, connect, vendorServer } from './vendor-server.js';

const HOOKS = 'https://hooks.example.com';
let phone = 706_540_352_242_000;

describe('readiness, in both directions', () => {
  let admin: AdminUnderTest;
  let vendor: Awaited<ReturnType<typeof vendorServer>>;

  beforeAll(async () => {
    vendor = await vendorServer();
    admin = await startAdmin({
      WHATSAPP_BASE_URL: `${vendor.url}/graph`,
      DIALOG360_BASE_URL: vendor.url,
      STRIPE_BASE_URL: vendor.url,
    });
  });
  afterAll(async () => {
    await admin.close();
    vendor.server.closeAllConnections();
    vendor.server.close();
  });
  afterEach(() => vendor.setEndpoints(undefined));

  async function merchant() {
    const { merchantId, key } = await onboard(admin);
    const number = String((phone += 1));
    const base = `/v1/merchants/${merchantId}`;
    const look = async () => (await admin.call('GET', `${base}/readiness`)).json;
    return {
      merchantId,
      key,
      base,
      number,
      waba: businessAccountOf(number),
      connect: () => connect(admin, vendor.url, merchantId, number),
      step: async (name: string) => (await look()).steps.find((s: { step: string }) => s.step === name),
      connection: async (name: string) =>
        (await look()).connections.find((c: { name: string }) => c.name === name),
      /** As the gateway writes it down. */
      gateway: (row: Record<string, unknown>) => {
        const full = { merchant_id: merchantId, ...row };
        const names = Object.keys(full);
        return admin.owner.query(
          `INSERT INTO ingest.webhook_senders (${names.join(', ')}) VALUES (${names.map((_, i) => `$${i + 1}`).join(', ')})
           ON CONFLICT (merchant_id, port, kind, id) DO UPDATE SET ${names.map((n) => `${n} = EXCLUDED.${n}`).join(', ')}`,
          Object.values(full),
        );
      },
    };
  }

  const REFUSED = {
    port: 'store',
    kind: 'store',
    id: 'rest',
    refused: 3,
    refused_since: '2026-11-27T10:02:00Z',
    refused_at: '2026-11-27T10:05:00Z',
    reasons: { wrong_signature: 3 },
    latest: JSON.stringify([
      {
        at: '2026-11-27T10:05:00.000Z',
        reason: 'wrong_signature',
        route: '/webhooks/store/:merchant',
        bytes: 120,
      },
    ]),
  };

  it('has a step for the webhooks of each connection, with no tick for what nobody has seen', async () => {
    const of = await merchant();
    const { whatsApp } = await of.connect();
    expect(await of.step(`webhooks:${whatsApp.json.id}`)).toEqual({
      step: `webhooks:${whatsApp.json.id}`,
      ok: true,
    });
    expect(await of.step('webhooks:stripe')).toMatchObject({
      ok: true,
      note: expect.stringMatching(/no webhook .* has come yet; the key may not read the webhook endpoints/),
    });
    expect(await of.step('webhooks:store')).toMatchObject({
      ok: true,
      note: expect.stringContaining('no webhook of the shop has come yet'),
    });
    expect(await of.connection('store')).toEqual({
      name: 'store',
      port: 'store',
      kind: 'rest',
      calls: { state: 'ok', why: null },
      webhooks: {
        address: `${HOOKS}/webhooks/store/${of.merchantId}`,
        subscribed: 'unknown',
        why: expect.any(String),
        lastReceivedAt: null,
        refused: null,
      },
    });
    await of.gateway({ port: 'store', kind: 'store', id: 'rest', accepted_at: '2026-11-27T09:00:00Z' });
    expect(await of.step('webhooks:store')).toEqual({ step: 'webhooks:store', ok: true });
    expect((await of.connection('store')).webhooks.lastReceivedAt).toBe('2026-11-27T09:00:00.000Z');
  });

  it('is not ready while all webhooks were refused, and is when one has come', async () => {
    const of = await merchant();
    await of.connect();
    await of.gateway(REFUSED);
    const step = await of.step('webhooks:store');
    expect(step).toMatchObject({
      ok: false,
      missing: expect.stringMatching(
        /^3 webhooks were refused since 2026-11-27 10:02 UTC.*signature does not match/,
      ),
      fix: expect.stringContaining(`PUT ${of.base}/store`),
    });
    expect((await of.connection('store')).webhooks.refused).toEqual({
      count: 3,
      since: '2026-11-27T10:02:00.000Z',
      lastAt: '2026-11-27T10:05:00.000Z',
      reasons: { wrong_signature: 3 },
    });
    await of.gateway({ ...REFUSED, accepted_at: '2026-11-27T10:06:00Z' });
    expect(await of.step('webhooks:store')).toEqual({ step: 'webhooks:store', ok: true });
  });

  it('leaves a doubt, and no tick, when a stray caller is refused after a webhook was accepted', async () => {
    const of = await merchant();
    await of.connect();
    const accepted = '2026-11-27T10:01:00Z';
    await of.gateway({ ...REFUSED, accepted_at: accepted, reasons: JSON.stringify({ no_signature: 3 }) });
    expect(await of.step('webhooks:store')).toEqual({
      step: 'webhooks:store',
      ok: true,
      note: expect.stringMatching(
        /^3 webhooks were refused since 2026-11-27 10:02 UTC.*Anybody can send.*if the vendor did: have the vendor sign them/,
      ),
    });
    // A secret that was changed.
    await of.gateway({ ...REFUSED, accepted_at: accepted });
    expect(await of.step('webhooks:store')).toMatchObject({ ok: false });
  });

  it('has seen to work what answers, and nothing else', async () => {
    const of = await merchant();
    await of.connect();
    const keys = { secretKey: 'sk_test_unknown', webhookSecret: 'whsec_of_nobody' };
    await admin.call('PUT', `${of.base}/payment-providers/stripe-sa`, { body: keys });
    const verified = async (path: string) => (await admin.call('GET', `${of.base}/${path}`)).json.verifiedAt;
    expect(await verified('store')).toBeNull();
    expect((await of.connection('stripe-sa')).calls.state).toBe('failed');
    const { items } = (await admin.call('GET', `${of.base}/channel-accounts`)).json;
    expect(items).toEqual([expect.objectContaining({ verifiedAt: expect.any(String) })]);
    expect(await verified('store')).toEqual(expect.any(String));
    expect(await verified('payment-providers/stripe')).toEqual(expect.any(String));
    expect(await verified('payment-providers/stripe-sa')).toBeNull();
  });

  it('tells of webhooks to an account that does not exist, and of those that an own app signs wrongly', async () => {
    const of = await merchant();
    const { whatsApp } = await of.connect();
    await of.gateway({
      ...REFUSED,
      port: 'payment',
      kind: 'stripe',
      id: '',
      reasons: { unknown_account: 3 },
    });
    expect(await of.step('webhooks:stripe')).toMatchObject({
      ok: true,
      note: expect.stringContaining(`enter ${HOOKS}/webhooks/payments/stripe/${of.merchantId} there`),
    });
    await of.gateway({ ...REFUSED, port: 'channel_app', kind: 'whatsapp', id: 'app_1' });
    expect(await of.step(`webhooks:${whatsApp.json.id}`)).toMatchObject({ ok: false });
  });

  it('is not ready when no app is subscribed, and one call mends it', async () => {
    const of = await merchant();
    vendor.unsubscribed.add(of.waba);
    const { whatsApp } = await of.connect();
    const name = `webhooks:${whatsApp.json.id}`;
    const path = `${of.base}/channel-accounts/${whatsApp.json.id}/subscribe`;
    expect(await of.step(name)).toEqual({
      step: name,
      ok: false,
      missing: 'no app is subscribed to the business account at Meta',
      fix: `POST ${path}`,
    });
    expect((await of.connection(whatsApp.json.id)).webhooks.subscribed).toBe('no');
    const answer = await admin.call('POST', path);
    expect([answer.status, answer.json]).toEqual([200, { subscribed: 'yes', why: null }]);
    expect(await of.step(name)).toEqual({ step: name, ok: true });
    // Once more changes nothing: an address of the account's own would be lost.
    const calls = () =>
      vendor.calls.filter((call) => call.startsWith('POST') && call.includes(of.waba)).length;
    const before = calls();
    expect((await admin.call('POST', path)).status).toBe(200);
    expect(calls()).toBe(before);
    const { rows } = await admin.owner.query(
      `SELECT FROM tenancy.audit_log WHERE merchant_id = $1 AND action = 'channel_account.subscribe'`,
      [of.merchantId],
    );
    expect(rows).toHaveLength(2);
  });

  it('says who refuses to subscribe, and which channel cannot', async () => {
    const of = await merchant();
    const put = (kind: string, body: object) =>
      admin.call('PUT', `${of.base}/channel-accounts/${kind}`, { body });
    const wrong = await put('whatsapp', {
      businessAccountId: of.waba,
      phoneNumberId: of.number,
      displayPhoneNumber: '+971 50 555 0100',
      accessToken: 'EAAG-wrong-token',
    });
    const page = await put('messenger', {
      pageId: '110123456789012',
      displayName: 'P',
      accessToken: 'EAAG-page',
    });
    const subscribe = (id: string) => admin.call('POST', `${of.base}/channel-accounts/${id}/subscribe`);
    const refused = await subscribe(wrong.json.id);
    expect([refused.status, refused.json.code]).toEqual([422, 'vendor_refused']);
    expect(refused.text).not.toContain('EAAG');
    expect((await subscribe(page.json.id)).json.code).toBe('no_subscription');
    expect((await subscribe('acc_nobodys')).status).toBe(404);
    const connection = await of.connection(wrong.json.id);
    expect(connection.calls).toEqual({ state: 'failed', why: expect.stringContaining('access token') });
    expect(connection.webhooks.subscribed).toBe('unknown');
    await admin.call('PATCH', `${of.base}/channel-accounts/${wrong.json.id}`, { body: { enabled: false } });
    expect((await of.connection(wrong.json.id)).calls.state).toBe('not_tried');
    expect(await of.step(`webhooks:${wrong.json.id}`)).toBeUndefined();
  });

  it.each<[string, (address: string) => object[], RegExp | null]>([
    ['none', () => [], /no webhook endpoint/],
    [
      'another address',
      (url) => [{ url: `${url}x`, status: 'enabled', enabled_events: ['*'] }],
      /no webhook endpoint/,
    ],
    ['one that is off', (url) => [{ url, status: 'disabled', enabled_events: ['*'] }], /no webhook endpoint/],
    [
      'too few events',
      (url) => [{ url, status: 'enabled', enabled_events: ['checkout.session.completed'] }],
      /lacks the events checkout.session.async_payment_succeeded, .*charge.refunded/,
    ],
    ['all events', (url) => [{ url, status: 'enabled', enabled_events: ['*'] }], null],
  ])("reads a payment provider's endpoints: %s", async (_what, endpoints, missing) => {
    const of = await merchant();
    await of.connect();
    vendor.setEndpoints(endpoints(`${HOOKS}/webhooks/payments/stripe/${of.merchantId}`));
    const step = await of.step('webhooks:stripe');
    if (missing) expect(step).toMatchObject({ ok: false, missing: expect.stringMatching(missing) });
    else expect(step).toEqual({ step: 'webhooks:stripe', ok: true });
  });

  it('lists what was refused to the merchant it is of, and to nobody else', async () => {
    const [one, other] = [await merchant(), await merchant()];
    await one.gateway(REFUSED);
    await one.gateway({ port: 'payment', kind: 'stripe', id: 'stripe', accepted_at: '2026-11-27T09:00:00Z' });
    const list = (of: typeof one, key: string) => admin.call('GET', `${of.base}/refused-webhooks`, { key });
    expect((await list(one, one.key)).json).toEqual({
      items: [
        {
          port: 'store',
          source: 'store',
          account: 'rest',
          lastReceivedAt: null,
          refused: {
            count: 3,
            since: '2026-11-27T10:02:00.000Z',
            lastAt: '2026-11-27T10:05:00.000Z',
            reasons: { wrong_signature: 3 },
          },
          latest: [
            {
              at: '2026-11-27T10:05:00.000Z',
              reason: 'wrong_signature',
              route: '/webhooks/store/:merchant',
              bytes: 120,
            },
          ],
        },
      ],
      nextCursor: null,
    });
    expect((await list(other, other.key)).json.items).toEqual([]);
    expect([403, 404]).toContain((await list(one, other.key)).status);
    expect((await admin.call('GET', `/v1/merchants/mer_nobody/refused-webhooks`)).status).toBe(404);
  });
});
