import { phoneOf } from '#core/messaging';
import { newMerchant, onboard, startAdmin, type AdminUnderTest } from './support.js';
import { businessAccountOf, connect, SECRETS, vendorServer } from './vendor-server.js';

const PURPOSES = [
  'order_receipt',
  'order_shipped',
  'order_out_for_delivery',
  'order_delivered',
  'delivery_failed',
  'order_refunded',
];

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
  expect([phoneOf(person), content.type]).toEqual(['971500000001', 'text']);
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

  const put = (merchantId: string, path: string, body: object) =>
    admin.call('PUT', `/v1/merchants/${merchantId}/${path}`, { body });
  const connected = (merchantId: string, phoneNumberId: string) =>
    connect(admin, vendor.url, merchantId, phoneNumberId);

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

    const { whatsApp, stripe, store } = await connected(merchantId, '106540352242922');
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

    // Neither the journal nor the test message is kept for good: a merchant that sells stays ready.
    await admin.owner.query(`DELETE FROM journal.items WHERE merchant_id = $1`, [merchantId]);
    const forgotten = (await readiness()).steps.filter((s: { ok: boolean }) => !s.ok);
    expect(forgotten.map((s: { step: string }) => s.step)).toEqual(['first_sync']);
    await admin.owner.query(
      `INSERT INTO catalog.sync_cursors (merchant_id, full_at) VALUES ($1, now() - interval '1 year')`,
      [merchantId],
    );
    expect((await readiness()).ready).toBe(true);
    await admin.owner.query(
      `UPDATE outbound.messages SET thread_id = 'thr_of_a_customer', state = 'failed' WHERE merchant_id = $1`,
      [merchantId],
    );
    expect((await readiness()).ready).toBe(false);
    await admin.owner.query(`UPDATE outbound.messages SET state = 'delivered' WHERE merchant_id = $1`, [
      merchantId,
    ]);
    expect((await readiness()).ready).toBe(true);
  });

  it('knows a business account of WhatsApp by whichever way it comes', async () => {
    const [one, other] = [await onboard(admin), await onboard(admin)];
    const number = {
      businessAccountId: '402290129340398',
      phoneNumberId: '406540352242922',
      displayPhoneNumber: '+971 50 555 0360',
    };
    const keys = { apiKey: 'd360-key-of-the-number', webhookSecret: 'a-long-secret-for-the-webhooks' };
    const token = { accessToken: 'EAAG-some-token' };
    const claim = async ({ merchantId }: typeof one, kind: string, secrets: object) =>
      (await put(merchantId, `channel-accounts/${kind}`, { ...number, ...secrets })).status;
    expect(await claim(one, 'whatsapp', token)).toBe(200);
    expect(await claim(other, 'dialog360', keys)).toBe(409);
    expect(await claim(one, 'dialog360', keys)).toBe(200);
  });

  it('stores templates only where a channel that is connected has them', async () => {
    const { merchantId } = await onboard(admin);
    const messenger = await put(merchantId, 'channel-accounts/messenger', {
      pageId: '306540352242922',
      displayName: 'Desert Threads',
      accessToken: 'EAAG-token-of-the-page',
    });
    expect(messenger.status).toBe(200);
    await connected(merchantId, '316540352242922');
    const template = await put(merchantId, 'templates/order_receipt', {
      name: 'order_receipt',
      language: 'en',
      category: 'utility',
      body: 'Your order {{1}} has news.',
      parameters: ['order'],
    });
    expect(template.status).toBe(200);
    // Outbound would send it by a number that has none.
    const { rows } = await admin.owner.query(
      `SELECT a.kind FROM tenancy.templates t JOIN tenancy.channel_accounts a ON a.id = t.channel_account_id
       WHERE t.merchant_id = $1`,
      [merchantId],
    );
    expect(rows).toEqual([{ kind: 'whatsapp' }]);
  });

  it('hands a template in at each business account that has none, whichever way leads there', async () => {
    const { merchantId } = await onboard(admin);
    await connected(merchantId, '326540352242922');
    const dialog360 = await put(merchantId, 'channel-accounts/dialog360', {
      businessAccountId: '302290129340398',
      phoneNumberId: '306540352242922',
      displayPhoneNumber: '+971 50 555 0360',
      apiKey: 'd360-key-of-the-number',
      webhookSecret: 'a-long-secret-for-the-webhooks',
    });
    expect(dialog360.status).toBe(200);
    const given = {
      name: 'shipped_by_either_way',
      language: 'en',
      category: 'utility',
      body: 'Your order {{1}} is on its way.',
      parameters: ['order'],
    };
    const from = vendor.calls.length;
    expect((await put(merchantId, 'templates/order_shipped', given)).status).toBe(200);
    expect((await put(merchantId, 'templates/order_shipped', given)).status).toBe(200);
    const handedIn = vendor.calls.slice(from).filter((call) => call.startsWith('POST '));
    expect(handedIn.map((call) => call.split('/').at(-1)).toSorted()).toEqual([
      'message_templates',
      'templates',
    ]);
    const { rows } = await admin.owner.query(
      `SELECT a.kind FROM tenancy.templates t JOIN tenancy.channel_accounts a ON a.id = t.channel_account_id
       WHERE t.merchant_id = $1 ORDER BY a.kind`,
      [merchantId],
    );
    expect(rows).toEqual([{ kind: 'dialog360' }, { kind: 'whatsapp' }]);
  });

  it('asks the vendors with the stored keys and says who refuses', async () => {
    const { merchantId } = await onboard(admin);
    await connected(merchantId, '206540352242922');
    await put(merchantId, 'payment-providers/stripe', {
      secretKey: 'sk_test_wrong',
      webhookSecret: 'whsec_wrong',
    });
    await put(merchantId, 'channel-accounts/whatsapp', {
      businessAccountId: businessAccountOf('206540352242922'),
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

  it('bounds how many numbers and languages a merchant has', async () => {
    const { merchantId } = await onboard(admin);
    const { whatsApp } = await connected(merchantId, '236540352242922');
    await admin.owner.query(
      `INSERT INTO tenancy.channel_accounts (id, merchant_id, kind, business_account_id, phone_number_id,
         display_phone_number, access_token, messages_per_second, enabled, created_at)
       SELECT 'acc_' || $1 || i, $1, 'messenger', '99', 'page-' || i, 'Page', 'sealed', 80, false, now()
       FROM generate_series(2, 50) i`,
      [merchantId],
    );
    const account = {
      businessAccountId: businessAccountOf('236540352242922'),
      phoneNumberId: '236540352242923',
      displayPhoneNumber: '+971 50 555 0101',
      accessToken: SECRETS.accessToken,
    };
    const beyond = await admin.call('POST', `/v1/merchants/${merchantId}/channel-accounts/whatsapp`, {
      body: account,
    });
    expect([beyond.status, beyond.json.code]).toEqual([422, 'too_many_accounts']);
    const same = await put(merchantId, 'channel-accounts/whatsapp', {
      ...account,
      phoneNumberId: '236540352242922',
    });
    expect([same.status, same.json.id]).toEqual([200, whatsApp.json.id]);

    const template = { name: 'n', category: 'utility', body: 'About {{1}}, at last.', parameters: ['order'] };
    const inLanguage = (language: string) =>
      put(merchantId, 'templates/order_receipt', { ...template, language });
    expect((await inLanguage('aaa')).status).toBe(200);
    await admin.owner.query(
      `INSERT INTO tenancy.templates (id, merchant_id, channel_account_id, purpose, name, language, category, body,
         parameters, created_at)
       SELECT id || i, merchant_id, channel_account_id, purpose, name, 'l' || i, category, body, parameters, now()
       FROM tenancy.templates, generate_series(2, 100) i WHERE merchant_id = $1`,
      [merchantId],
    );
    const one = await inLanguage('aab');
    expect([one.status, one.json.code]).toEqual([422, 'too_many_languages']);
    expect((await inLanguage('aaa')).status).toBe(200);
  });

  it('sends a test message once, to the line of the person it is for, and says how it went', async () => {
    const { merchantId } = await onboard(admin);
    const path = `/v1/merchants/${merchantId}/test-message`;
    const early = await admin.call('POST', path, { body: { to: '+971500000001' } });
    expect([early.status, early.json.code]).toEqual([404, 'not_connected']);
    const none = await admin.call('POST', path, { body: { to: 'my phone' } });
    expect([none.status, none.json.errors?.[0]]).toEqual([400, expect.objectContaining({ field: 'to' })]);
    const { whatsApp } = await connected(merchantId, '226540352242922');
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
    const body = { to: '050 000-0001', template: 'order_receipt' };
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
      person: { waId: '971500000001', aliases: [{ scheme: 'phone', value: '971500000001' }] },
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
    await connected(a.merchantId, '406540352242922');
    const { whatsApp } = await connected(b.merchantId, '406540352242922');
    expect([whatsApp.status, whatsApp.json.code]).toEqual([409, 'already_in_use']);
    const merchant = newMerchant();
    expect((await admin.call('POST', '/v1/merchants', { body: merchant })).status).toBe(201);
    const twice = await admin.call('POST', '/v1/merchants', { body: merchant });
    expect([twice.status, twice.json.code]).toEqual([409, 'already_in_use']);
  });
});
