import { newMerchant, onboard, startAdmin, type AdminUnderTest } from './support.js';

describe('answers', () => {
  let admin: AdminUnderTest;

  beforeAll(async () => {
    admin = await startAdmin();
  });
  afterAll(() => admin.close());

  const put = (merchantId: string, path: string, body: object) =>
    admin.call('PUT', `/v1/merchants/${merchantId}/${path}`, { body });

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
    expect([deep.status, deep.json.code]).toEqual([413, 'body_too_large']);
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
