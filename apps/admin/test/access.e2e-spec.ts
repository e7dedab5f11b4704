import type { Answer, AdminUnderTest } from './support.js';
import { newMerchant, onboard, OPERATOR_KEY, startAdmin } from './support.js';

const WHATSAPP = {
  businessAccountId: '102290129340398',
  phoneNumberId: '106540352242922',
  displayPhoneNumber: '+971 50 555 0100',
  accessToken: 'EAAG-a-token-of-the-test',
};
const STORE = {
  baseUrl: 'https://shop.example.com/waco',
  region: 'AE',
  apiKey: 'shop-api-key-of-the-test',
  webhookSecret: 'shop-webhook-secret-of-the-test',
};
const STRIPE = { secretKey: 'sk_test_keyofthetest', webhookSecret: 'whsec_secretofthetest' };
const TEMPLATE = {
  name: 'order_shipped_v1',
  language: 'en',
  category: 'utility',
  body: 'Your order {{1}} has shipped.',
  parameters: ['order'],
};

/** Bodies that would do something; where none is needed the guard must come first all the same. */
const bodies: Record<string, unknown> = {
  'patch /v1/merchants/{merchantId}': { name: 'Taken over' },
  'put /v1/merchants/{merchantId}/settings': { regions: ['KW'] },
  'patch /v1/merchants/{merchantId}/settings': { regions: ['KW'] },
  'put /v1/merchants/{merchantId}/channel-accounts/whatsapp': WHATSAPP,
  'post /v1/merchants/{merchantId}/channel-accounts/whatsapp': WHATSAPP,
  'patch /v1/merchants/{merchantId}/channel-accounts/{accountId}': { enabled: false },
  'put /v1/merchants/{merchantId}/store': STORE,
  'put /v1/merchants/{merchantId}/payment-providers/{account}': STRIPE,
  'put /v1/merchants/{merchantId}/templates/{purpose}': TEMPLATE,
  'post /v1/merchants/{merchantId}/api-keys': { name: 'stolen' },
  'post /v1/merchants/{merchantId}/api-keys/{keyId}/rotate': { overlapSeconds: 0 },
  'post /v1/merchants/{merchantId}/test-message': { to: '971500000001' },
  'post /v1/merchants/{merchantId}/suspend': { reason: 'no reason' },
  'post /v1/merchants/{merchantId}/close': { reason: 'no reason', force: true },
};

function expectProblem(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.json.code]).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.json).toMatchObject({ type: 'about:blank', status, title: expect.any(String) });
}

describe('who may do what', () => {
  let admin: AdminUnderTest;

  beforeAll(async () => {
    admin = await startAdmin();
  });
  afterAll(() => admin.close());

  it('asks for a key, and takes only a good one', async () => {
    const none = await admin.call('GET', '/v1/merchants', { key: null });
    expectProblem(none, 401, 'key_missing');
    expect(none.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expectProblem(await admin.call('GET', '/v1/merchants', { key: `${OPERATOR_KEY}x` }), 401, 'key_unknown');
    expectProblem(await admin.call('GET', '/v1/merchants', { key: 'nonsense' }), 401, 'key_unknown');
    expect((await admin.call('GET', '/v1/merchants')).status).toBe(200);
  });

  it('leaves health, metrics and the API page open', async () => {
    for (const path of [
      '/health',
      '/health/live',
      '/health/ready',
      '/metrics',
      '/docs',
      '/docs/openapi.json',
    ]) {
      expect([path, (await admin.call('GET', path, { key: null })).status]).toEqual([path, 200]);
    }
  });

  it('refuses a revoked key from that moment, and an expired one', async () => {
    const { merchantId, key, keyId } = await onboard(admin);
    expect((await admin.call('GET', `/v1/merchants/${merchantId}`, { key })).status).toBe(200);
    expect((await admin.call('DELETE', `/v1/merchants/${merchantId}/api-keys/${keyId}`)).status).toBe(204);
    expectProblem(await admin.call('GET', `/v1/merchants/${merchantId}`, { key }), 401, 'key_revoked');

    const soon = await admin.call('POST', `/v1/merchants/${merchantId}/api-keys`, {
      body: { name: 'short', expiresAt: '2099-01-01T00:00:00Z' },
    });
    await admin.owner.query(`UPDATE tenancy.api_keys SET expires_at = '2020-01-01' WHERE id = $1`, [
      soon.json.id,
    ]);
    expectProblem(
      await admin.call('GET', `/v1/merchants/${merchantId}`, { key: soon.json.key as string }),
      401,
      'key_expired',
    );
  });

  it('does not bring a revoked bootstrap key back', async () => {
    const other = await startAdmin();
    try {
      await other.owner.query(
        `UPDATE tenancy.api_keys SET revoked_at = now() - interval '1 s' WHERE id = 'key_bootstrap'`,
      );
      expectProblem(await other.call('GET', '/v1/merchants'), 401, 'key_revoked');
    } finally {
      await other.close();
    }
  });

  it("keeps a merchant's key out of every route of another merchant", async () => {
    const own = await onboard(admin);
    const foreign = { ...(await onboard(admin)), accountId: '' };
    const connected = await admin.call(
      'PUT',
      `/v1/merchants/${foreign.merchantId}/channel-accounts/whatsapp`,
      { body: WHATSAPP },
    );
    foreign.accountId = connected.json.id as string;
    const document = await admin.call('GET', '/docs/openapi.json', { key: null });
    const ids: Record<string, string> = {
      keyId: foreign.keyId,
      accountId: foreign.accountId,
      account: 'stripe',
    };
    let tried = 0;
    for (const [path, operations] of Object.entries(document.json.paths as Record<string, object>)) {
      if (!path.includes('{merchantId}')) continue;
      for (const method of Object.keys(operations)) {
        const operation = `${method} ${path}`;
        const body = method === 'get' || method === 'delete' ? undefined : (bodies[operation] ?? {});
        for (const id of [foreign.merchantId, 'mer_that_is_not_there']) {
          const at = path
            .replace('{merchantId}', id)
            .replace(/\{(\w+)\}/g, (_whole, name: string) => ids[name] ?? 'order_shipped');
          const answer = await admin.call(method.toUpperCase(), at, {
            key: own.key,
            body,
            headers: { 'if-match': '*' },
          });
          // The same answer whether there is such a merchant or not.
          expect([operation, answer.status, answer.json.code]).toEqual([operation, 403, 'forbidden']);
        }
        tried++;
      }
    }
    expect(tried).toBeGreaterThanOrEqual(30);
    // What belongs to the other merchant is not there under the caller's own address either.
    const under = `/v1/merchants/${own.merchantId}`;
    for (const [method, at, body] of [
      ['GET', `/channel-accounts/${foreign.accountId}`, undefined],
      ['PATCH', `/channel-accounts/${foreign.accountId}`, { enabled: false }],
      ['POST', `/channel-accounts/${foreign.accountId}/test`, undefined],
      ['POST', `/api-keys/${foreign.keyId}/rotate`, { overlapSeconds: 0 }],
      ['POST', '/test-message', { to: '971500000001', channelAccountId: foreign.accountId }],
    ] as const) {
      const answer = await admin.call(method, `${under}${at}`, { key: own.key, body });
      expect([method, at, answer.status]).toEqual([method, at, 404]);
    }
    for (const at of ['/v1/audit', '/v1/dead-letters']) {
      const answer = await admin.call('GET', `${at}?merchantId=${foreign.merchantId}`, { key: own.key });
      expectProblem(answer, 403, 'forbidden');
    }
    const log = await admin.call('GET', '/v1/audit?limit=200', { key: own.key });
    expect(log.json.items.length).toBeGreaterThan(0);
    expect(log.text).not.toContain(foreign.merchantId);
    const untouched = await admin.call('GET', `/v1/merchants/${foreign.merchantId}`);
    expect(untouched.json.name).not.toBe('Taken over');
    const keys = await admin.call('GET', `/v1/merchants/${foreign.merchantId}/api-keys`);
    expect(keys.json.items).toHaveLength(1);
    const accounts = await admin.call('GET', `/v1/merchants/${foreign.merchantId}/channel-accounts`);
    expect(accounts.json.items).toMatchObject([{ id: foreign.accountId, enabled: true }]);
  });

  it("does not let a merchant's key revoke another merchant's key under its own address", async () => {
    const own = await onboard(admin);
    const foreign = await onboard(admin);
    const path = `/v1/merchants/${own.merchantId}/api-keys/${foreign.keyId}`;
    expectProblem(await admin.call('DELETE', path, { key: own.key }), 404, 'key_not_found');
    expect(
      (await admin.call('GET', `/v1/merchants/${foreign.merchantId}`, { key: foreign.key })).status,
    ).toBe(200);
  });

  it('keeps what is for operators from merchants', async () => {
    const { merchantId, key } = await onboard(admin);
    expectProblem(await admin.call('GET', '/v1/merchants', { key }), 403, 'forbidden');
    expectProblem(await admin.call('POST', '/v1/merchants', { key, body: newMerchant() }), 403, 'forbidden');
    const path = `/v1/merchants/${merchantId}`;
    for (const [verb, body] of Object.entries({
      suspend: { reason: 'x' },
      resume: undefined,
      close: { reason: 'x' },
    })) {
      expectProblem(await admin.call('POST', `${path}/${verb}`, { key, body }), 403, 'forbidden');
    }
    for (const [method, at] of [
      ['GET', '/v1/operator-keys'],
      ['DELETE', '/v1/operator-keys/key_bootstrap'],
      ['POST', '/v1/operator-keys/key_bootstrap/rotate'],
    ]) {
      expectProblem(await admin.call(method!, at!, { key, body: undefined }), 403, 'forbidden');
    }
    const headers = { 'if-match': '"1"' };
    expectProblem(
      await admin.call('PATCH', path, { key, headers, body: { status: 'closed' } }),
      400,
      'validation_failed',
    );
    const renamed = await admin.call('PATCH', path, { key, headers, body: { name: 'New name' } });
    expect(renamed.json.name).toBe('New name');
    expectProblem(
      await admin.call('PUT', `${path}/store`, {
        key,
        body: { ...STORE, baseUrl: 'http://169.254.169.254' },
      }),
      400,
      'validation_failed',
    );
  });

  it('asks for the key before it says anything of the body', async () => {
    expectProblem(
      await admin.call('POST', '/v1/merchants', { key: null, body: { nonsense: 1 } }),
      401,
      'key_missing',
    );
  });
});
