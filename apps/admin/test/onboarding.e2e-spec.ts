import { createServer, type Server } from 'node:http';
import { unseal, parseKeyRing } from '#platform';
import { secretBinding } from '#persistence';
import { TEST_MASTER_KEYS } from '#testing';
import { newMerchant, onboard, startAdmin, type AdminUnderTest } from './support.js';

const SECRETS = {
  accessToken: 'EAAG-access-token-9f31',
  apiKey: 'shop-api-key-9f32',
  shopSecret: 'shop-webhook-secret-9f33',
  stripeKey: 'sk_test_secret9f34',
  stripeSecret: 'whsec_secret9f35',
};
const PURPOSES = [
  'order_receipt',
  'order_shipped',
  'order_out_for_delivery',
  'order_delivered',
  'delivery_failed',
  'order_refunded',
];

/** Answers as Meta, Stripe and a shop do for the few calls that onboarding makes, and checks the keys. */
function vendorServer(): Promise<{
  server: Server;
  url: string;
  templates: Map<string, object>;
  calls: string[];
}> {
  const templates = new Map<string, object>();
  const calls: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const path = request.url!.split('?')[0]!;
      calls.push(`${request.method} ${path}`);
      const answer = (status: number, json: object): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
      };
      const bearer = request.headers.authorization;
      const refused = {
        error: { code: 190, message: `Malformed access token ${bearer}`, type: 'OAuthException' },
      };
      if (path.startsWith('/graph/') && bearer !== `Bearer ${SECRETS.accessToken}`)
        return answer(401, refused);
      if (path.endsWith('/message_templates') && request.method === 'GET') {
        return answer(200, { data: [...templates.values()], paging: {} });
      }
      if (path.endsWith('/message_templates')) {
        const { name, language, category } = JSON.parse(body) as Record<string, string>;
        templates.set(`${name}/${language}`, { id: '1', name, language, category, status: 'APPROVED' });
        return answer(200, { id: '1', status: 'APPROVED', category });
      }
      if (path.startsWith('/graph/'))
        return answer(200, { display_phone_number: '+971', verified_name: 'x' });
      if (path === '/v1/account') return answer(bearer === `Bearer ${SECRETS.stripeKey}` ? 200 : 401, {});
      if (path === '/shop/v1/products' && bearer === `Bearer ${SECRETS.apiKey}`) {
        return answer(200, { products: [PRODUCT], nextCursor: null });
      }
      return answer(401, { code: 'unauthorized', title: 'no' });
    });
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      resolve({ server, url: `http://127.0.0.1:${port}`, templates, calls });
    }),
  );
}

const PRODUCT = {
  sku: 'HOODIE-BLK',
  title: 'Black Hoodie',
  description: '',
  category: { id: 'hoodies', title: 'Hoodies' },
  imageUrl: 'https://shop.example.com/h.jpg',
  price: { minor: 8900, currency: 'AED' },
  available: 14,
  regions: null,
  sequence: 1,
  updatedAt: '2026-11-21T08:00:00.000Z',
  deleted: false,
};

/** Asks for a test message and lets outbound have done with it. */
async function sendTest(admin: AdminUnderTest, merchantId: string, state: string, why?: string) {
  const sent = await admin.call('POST', `/v1/merchants/${merchantId}/test-message`, {
    body: { to: '+971500000001' },
  });
  expect(sent.status).toBe(202);
  const { rows } = await admin.owner.query(
    `SELECT payload FROM journal.items WHERE merchant_id = $1 AND external_id = $2`,
    [merchantId, `outbound.send-message.v1/${sent.json.messageId}`],
  );
  const { messageId, channelAccountId, contactId, person, content, threadId } = rows[0].payload;
  expect([person, content.type]).toEqual([{ waId: '971500000001' }, 'text']);
  await admin.owner.query(
    `INSERT INTO outbound.messages (merchant_id, message_id, channel_account_id, contact_id, person, content, thread_id,
       state, verdict, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now())`,
    [merchantId, messageId, channelAccountId, contactId, person, content, threadId, state, { why }],
  );
  return rows[0].payload;
}

describe('onboarding', () => {
  let admin: AdminUnderTest;
  let vendor: Awaited<ReturnType<typeof vendorServer>>;

  beforeAll(async () => {
    vendor = await vendorServer();
    admin = await startAdmin({ WHATSAPP_BASE_URL: `${vendor.url}/graph`, STRIPE_BASE_URL: vendor.url });
  });
  afterAll(async () => {
    await admin.close();
    vendor.server.closeAllConnections();
    vendor.server.close();
  });

  const put = (merchantId: string, path: string, body: object, key?: string) =>
    admin.call('PUT', `/v1/merchants/${merchantId}/${path}`, { body, ...(key ? { key } : {}) });

  const connect = async (merchantId: string, phoneNumberId: string) => {
    const whatsApp = await put(merchantId, 'channel-accounts/whatsapp', {
      businessAccountId: '102290129340398',
      phoneNumberId,
      displayPhoneNumber: '+971 50 555 0100',
      catalogId: '4567890123456789',
      accessToken: SECRETS.accessToken,
    });
    const stripe = await put(merchantId, 'payment-providers/stripe', {
      secretKey: SECRETS.stripeKey,
      webhookSecret: SECRETS.stripeSecret,
    });
    const store = await put(merchantId, 'store', {
      baseUrl: `${vendor.url}/shop/`,
      region: 'AE',
      apiKey: SECRETS.apiKey,
      webhookSecret: SECRETS.shopSecret,
    });
    return { whatsApp, stripe, store };
  };

  it('takes a merchant from nothing to ready, and says at each point what is missing', async () => {
    const created = await admin.call('POST', '/v1/merchants', {
      body: newMerchant({ slug: 'desert-threads' }),
    });
    expect(created.status).toBe(201);
    expect(created.json).toMatchObject({ slug: 'desert-threads', status: 'active', currency: 'AED' });
    const { merchantId } = created.json as { merchantId: string };
    const readiness = async () => (await admin.call('GET', `/v1/merchants/${merchantId}/readiness`)).json;

    const before = await readiness();
    expect(before.ready).toBe(false);
    expect(before.steps.filter((s: { ok: boolean }) => s.ok)).toEqual([
      { step: 'merchant_active', ok: true },
    ]);

    const { whatsApp, stripe, store } = await connect(merchantId, '106540352242922');
    expect(whatsApp.json).toMatchObject({
      accessToken: 'set',
      messagesPerSecond: 80,
      enabled: true,
      webhookUrl: 'https://hooks.example.com/webhooks/whatsapp',
    });
    expect(stripe.json).toMatchObject({
      secretKey: 'set',
      webhookSecret: 'set',
      webhookUrl: `https://hooks.example.com/webhooks/payments/stripe/${merchantId}`,
    });
    expect(store.json).toMatchObject({
      baseUrl: `${vendor.url}/shop`,
      apiKey: 'set',
      maxAgeSeconds: 900,
      webhookUrl: `https://hooks.example.com/webhooks/store/${merchantId}`,
    });

    for (const purpose of PURPOSES) {
      const template = {
        name: purpose,
        language: 'en',
        category: 'utility',
        body: 'Your order {{1}} has news.',
        parameters: ['order'],
      };
      const first = await put(merchantId, `templates/${purpose}`, template);
      expect([first.status, first.json.created, first.json.status]).toEqual([200, true, 'APPROVED']);
    }
    const again = await put(merchantId, 'templates/order_receipt', {
      name: 'order_receipt',
      language: 'en',
      category: 'utility',
      body: 'Your order {{1}} has news.',
      parameters: ['order'],
    });
    expect(again.json.created).toBe(false);
    expect(vendor.templates.size).toBe(PURPOSES.length);
    expect((await admin.call('GET', `/v1/merchants/${merchantId}/templates`)).json.items).toHaveLength(
      PURPOSES.length,
    );

    const open = (await readiness()).steps.filter((s: { ok: boolean }) => !s.ok);
    expect(open.map((s: { step: string }) => s.step)).toEqual(['first_sync', 'test_message']);
    await admin.owner.query(
      `UPDATE journal.items SET outcome = 'done', settled_at = now() WHERE merchant_id = $1 AND name = 'catalog.sync-store.v1'`,
      [merchantId],
    );
    expect((await readiness()).ready).toBe(false);
    await sendTest(admin, merchantId, 'accepted');
    expect((await readiness()).ready).toBe(true);
  });

  it('asks the vendors with the stored keys and says who refuses', async () => {
    const { merchantId } = await onboard(admin);
    await connect(merchantId, '206540352242922');
    await put(merchantId, 'payment-providers/stripe', {
      secretKey: 'sk_test_wrong',
      webhookSecret: 'whsec_wrong',
    });
    await put(merchantId, 'channel-accounts/whatsapp', {
      businessAccountId: '102290129340398',
      phoneNumberId: '206540352242922',
      displayPhoneNumber: '+971 50 555 0100',
      accessToken: 'EAAG-wrong-token',
    });
    const answer = await admin.call('GET', `/v1/merchants/${merchantId}/readiness`);
    const step = (name: string) => answer.json.steps.find((s: { step: string }) => s.step === name);
    expect(step('payment_provider').missing).toMatch(/does not accept the key/);
    expect(step('channel_account').missing).toMatch(/does not accept the access token/);
    expect(step('store').ok).toBe(true);
    expect(answer.text).not.toContain('EAAG-wrong-token');
    const template = await put(merchantId, 'templates/order_receipt', {
      name: 'x',
      language: 'en',
      category: 'utility',
      body: 'Thank you.',
      parameters: [],
    });
    expect([template.status, template.json.code]).toEqual([422, 'vendor_refused']);
    expect(template.text).not.toContain('EAAG-wrong-token');
  });

  it('tests each connection when asked to, and remembers when one was good', async () => {
    const { merchantId, key } = await onboard(admin);
    const path = `/v1/merchants/${merchantId}`;
    for (const thing of ['store', 'payment-providers/stripe']) {
      const answer = await admin.call('POST', `${path}/${thing}/test`, { key });
      expect([answer.status, answer.json.code]).toEqual([404, 'not_connected']);
    }
    const { whatsApp } = await connect(merchantId, '216540352242922');
    const things = ['store', 'payment-providers/stripe', `channel-accounts/${whatsApp.json.id}`];
    for (const thing of things) {
      expect((await admin.call('GET', `${path}/${thing}`)).json.verifiedAt).toBeNull();
      const answer = await admin.call('POST', `${path}/${thing}/test`, { key });
      expect([answer.status, answer.json]).toEqual([
        200,
        { ok: true, why: null, testedAt: expect.any(String) },
      ]);
      expect((await admin.call('GET', `${path}/${thing}`)).json.verifiedAt).toBe(answer.json.testedAt);
    }
    await admin.call('PATCH', `${path}/channel-accounts/${whatsApp.json.id}`, {
      body: { accessToken: 'EAAG-wrong-token' },
    });
    const refused = await admin.call('POST', `${path}/channel-accounts/${whatsApp.json.id}/test`);
    expect(refused.json).toMatchObject({ ok: false, why: expect.stringMatching(/access token/) });
    const account = await admin.call('GET', `${path}/channel-accounts/${whatsApp.json.id}`);
    expect(account.json.verifiedAt).toBeNull();
  });

  it('sends a test message once, to the line of the person it is for, and says how it went', async () => {
    const { merchantId } = await onboard(admin);
    const path = `/v1/merchants/${merchantId}/test-message`;
    const early = await admin.call('POST', path, { body: { to: '+971500000001' } });
    expect([early.status, early.json.code]).toEqual([404, 'not_connected']);
    const { whatsApp } = await connect(merchantId, '226540352242922');
    const channelAccountId = whatsApp.json.id as string;
    await admin.owner.query(
      `INSERT INTO conversation.contacts (merchant_id, contact_id, channel_account_id) VALUES ($1, 'con_1', $2)`,
      [merchantId, channelAccountId],
    );
    await admin.owner.query(
      `INSERT INTO conversation.aliases (merchant_id, channel_account_id, kind, value, contact_id, seen_at)
       VALUES ($1, $2, 'wa_id', '971500000001', 'con_1', now())`,
      [merchantId, channelAccountId],
    );
    const body = { to: '+971500000001', template: 'order_receipt' };
    const headers = { 'idempotency-key': 'test-message-1' };
    const first = await admin.call('POST', path, { body, headers });
    const again = await admin.call('POST', path, { body, headers });
    expect([first.status, again.json]).toEqual([202, first.json]);
    const { rows } = await admin.owner.query(
      `SELECT payload FROM journal.items WHERE merchant_id = $1 AND name = 'outbound.send-message.v1'`,
      [merchantId],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0].payload).toMatchObject({
      channelAccountId,
      contactId: 'con_1',
      template: { purpose: 'order_receipt', facts: {} },
      deadline: expect.any(String),
    });
    const step = async () => {
      const answer = await admin.call('GET', `/v1/merchants/${merchantId}/readiness`);
      return answer.json.steps.find((s: { step: string }) => s.step === 'test_message');
    };
    expect((await step()).missing).toMatch(/on its way/);
    await sendTest(admin, merchantId, 'waiting', 'no_template');
    expect((await step()).fix).toMatch(/write to the number from that phone/);
    const wrong = await admin.call('POST', path, { body: { to: 'my phone' } });
    expect(wrong.json.errors[0].field).toBe('to');
  });

  it('shows no secret in any answer and stores none in plain text', async () => {
    const { merchantId, key } = await onboard(admin);
    const answers = Object.values(await connect(merchantId, '306540352242922'));
    for (const path of [
      '',
      '/channel-accounts/whatsapp',
      '/store',
      '/payment-providers/stripe',
      '/api-keys',
      '/readiness',
    ]) {
      answers.push(await admin.call('GET', `/v1/merchants/${merchantId}${path}`, { key }));
    }
    const keyed = await admin.call('POST', `/v1/merchants/${merchantId}/api-keys`, {
      body: { name: 'kept' },
      headers: { 'idempotency-key': 'secrets-test' },
    });
    const secrets = [...Object.values(SECRETS), key, keyed.json.key as string];
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      for (const secret of secrets) expect(answer.text).not.toContain(secret);
    }
    const tables = await admin.owner.query(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    for (const { name } of tables.rows as { name: string }[]) {
      const { rows } = await admin.owner.query(
        `SELECT coalesce(string_agg(t::text, ' '), '') AS all FROM ${name} t`,
      );
      for (const secret of secrets)
        expect([name, (rows[0].all as string).includes(secret)]).toEqual([name, false]);
    }
    const { rows } = await admin.owner.query(
      `SELECT id, api_key FROM tenancy.store_connections WHERE merchant_id = $1`,
      [merchantId],
    );
    const binding = secretBinding('store_connections', rows[0].id, 'api_key');
    expect(unseal(rows[0].api_key, binding, parseKeyRing(TEST_MASTER_KEYS))).toBe(SECRETS.apiKey);
  });

  it('starts a full sync each time the shop is connected', async () => {
    const { merchantId } = await onboard(admin);
    const body = {
      baseUrl: `${vendor.url}/shop`,
      region: 'AE',
      apiKey: SECRETS.apiKey,
      webhookSecret: SECRETS.shopSecret,
    };
    const first = await put(merchantId, 'store', body);
    const second = await put(merchantId, 'store', { ...body, maxAgeSeconds: 60 });
    expect(second.json).toMatchObject({ id: first.json.id, maxAgeSeconds: 60 });
    const { rows } = await admin.owner.query(
      `SELECT service, payload->>'mode' AS mode FROM journal.items WHERE merchant_id = $1`,
      [merchantId],
    );
    expect(rows).toEqual([
      { service: 'catalog', mode: 'full' },
      { service: 'catalog', mode: 'full' },
    ]);
  });

  it('refuses a phone number that another merchant has, and a slug in use', async () => {
    const [a, b] = [await onboard(admin), await onboard(admin)];
    await connect(a.merchantId, '406540352242922');
    const { whatsApp } = await connect(b.merchantId, '406540352242922');
    expect([whatsApp.status, whatsApp.json.code]).toEqual([409, 'already_in_use']);
    const merchant = newMerchant();
    expect((await admin.call('POST', '/v1/merchants', { body: merchant })).status).toBe(201);
    const twice = await admin.call('POST', '/v1/merchants', { body: merchant });
    expect([twice.status, twice.json.code]).toEqual([409, 'already_in_use']);
  });

  it('names each field and rule that is broken, and repeats no value', async () => {
    const { merchantId } = await onboard(admin);
    const answer = await admin.call('POST', '/v1/merchants', {
      body: {
        name: '',
        slug: 'Not A Slug',
        country: 'ae',
        currency: 'XYZ',
        language: 'english',
        admin: true,
      },
    });
    expect([answer.status, answer.json.code]).toEqual([400, 'validation_failed']);
    const rules = answer.json.errors.map((e: { field: string; rule: string }) => `${e.field} ${e.rule}`);
    expect(rules).toEqual(
      expect.arrayContaining([
        'name isLength',
        'slug matches',
        'country matches',
        'currency isISO4217CurrencyCode',
        'language matches',
        'admin whitelistValidation',
      ]),
    );

    const odd = await admin.call('POST', '/v1/merchants', {
      body: { ...newMerchant(), name: ' \u0000', slug: `a${'-a'.repeat(32)}` },
    });
    expect(odd.json.errors).toEqual([
      { field: 'name', rule: 'matches', detail: expect.stringContaining('visible') },
      { field: 'slug', rule: 'matches', detail: expect.stringContaining('2 to 63') },
    ]);
    const deep = await admin.call('POST', '/v1/merchants', {
      body: '['.repeat(100_000) + ']'.repeat(100_000),
    });
    expect([deep.status, deep.json.code]).toEqual([400, 'bad_request']);
    expect((await admin.call('GET', '/v1/merchants/%00')).status).toBe(404);
    expect((await admin.call('GET', '/v1/dead-letters?merchantId=%00')).status).toBe(404);

    const secret = 'sk_live with a space 4242';
    const stripe = await put(merchantId, 'payment-providers/stripe', {
      secretKey: secret,
      webhookSecret: 'whsec_abcd',
    });
    expect(stripe.json.errors).toEqual([
      { field: 'secretKey', rule: 'matches', detail: expect.stringContaining('secretKey must be') },
    ]);
    expect(stripe.text).not.toContain('4242');
    const broken = await admin.call('PUT', `/v1/merchants/${merchantId}/payment-providers/stripe`, {
      body: '{"secretKey": "sk_live_secret4242", oops',
    });
    expect([broken.status, broken.json.detail]).toEqual([400, 'the body is not valid JSON']);
    expect(broken.text).not.toContain('4242');
    const nulls = await admin.call('PATCH', `/v1/merchants/${merchantId}`, {
      body: { name: null },
      headers: { 'if-match': '*' },
    });
    expect([nulls.status, nulls.json.errors[0].field]).toEqual([400, 'name']);
    const form = await admin.call('POST', '/v1/merchants', {
      body: 'x',
      headers: { 'content-type': 'text/csv' },
    });
    expect([form.status, form.json.code]).toEqual([415, 'unsupported_media_type']);
    const nowhere = await admin.call('GET', '/v1/nowhere');
    expect([nowhere.status, nowhere.json.code]).toEqual([404, 'not_found']);
    const purpose = await put(merchantId, 'templates/party_invitation', {
      name: 'x',
      language: 'en',
      category: 'utility',
      body: 'Come to our party.',
      parameters: [],
    });
    expect(purpose.json.errors[0].field).toBe('purpose');
  });

  it('gives the first answer again for the same Idempotency-Key, and refuses another body', async () => {
    const body = newMerchant();
    const headers = { 'idempotency-key': 'create-1' };
    const [first, second] = await Promise.all([
      admin.call('POST', '/v1/merchants', { body, headers }),
      admin.call('POST', '/v1/merchants', {
        body: Object.fromEntries(Object.entries(body).toReversed()),
        headers,
      }),
    ]);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.json).toEqual(first.json);
    const other = await admin.call('POST', '/v1/merchants', { body: newMerchant(), headers });
    expect([other.status, other.json.code]).toEqual([422, 'idempotency_key_reused']);

    const { merchantId, key } = await onboard(admin);
    const path = `/v1/merchants/${merchantId}/api-keys`;
    const made = await admin.call('POST', path, { body: { name: 'once' }, headers });
    const again = await admin.call('POST', path, {
      body: { name: 'once' },
      headers: { 'idempotency-key': 'once' },
    });
    expect(made.status).toBe(422); // the operator used that key for a merchant above
    const replay = await admin.call('POST', path, {
      body: { name: 'once' },
      headers: { 'idempotency-key': 'once' },
    });
    expect(replay.json).toEqual(again.json);
    // Another caller's keys are its own.
    const own = await admin.call('POST', path, {
      key,
      body: { name: 'once' },
      headers: { 'idempotency-key': 'once' },
    });
    expect([own.status, own.json.id === again.json.id]).toEqual([201, false]);
  });

  it('leaves a key unused when the creation failed', async () => {
    const taken = newMerchant();
    await admin.call('POST', '/v1/merchants', { body: taken });
    const headers = { 'idempotency-key': 'create-2' };
    expect((await admin.call('POST', '/v1/merchants', { body: taken, headers })).status).toBe(409);
    expect((await admin.call('POST', '/v1/merchants', { body: newMerchant(), headers })).status).toBe(201);
  });

  it('pages through all merchants, each once', async () => {
    for (let i = 0; i < 5; i++) await onboard(admin);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await admin.call('GET', `/v1/merchants?limit=3${cursor && `&cursor=${cursor}`}`);
      expect(page.json.items.length).toBeLessThanOrEqual(3);
      seen.push(...page.json.items.map((m: { merchantId: string }) => m.merchantId));
      cursor = page.json.nextCursor as string | null;
    }
    const { rows } = await admin.owner.query(
      `SELECT merchant_id FROM tenancy.merchants ORDER BY merchant_id`,
    );
    expect(seen).toEqual(rows.map((r: { merchant_id: string }) => r.merchant_id));
  });
});
