import { insertTestMerchant } from '#testing';
import { newMerchant, onboard, startAdmin, type AdminUnderTest, type Answer } from './support.js';

const code = (answer: Answer) => [answer.status, answer.json.code];
const WHATSAPP = {
  displayPhoneNumber: '+971 50 555 0100',
  accessToken: 'EAAG-a-token-of-the-test',
};

/** Each with a business account of its own. */
const whatsApp = (phoneNumberId: string, businessAccountId = `7${phoneNumberId}`) => ({
  ...WHATSAPP,
  phoneNumberId,
  businessAccountId,
});

let admin: AdminUnderTest;
beforeAll(async () => {
  admin = await startAdmin();
});
afterAll(() => admin.close());

const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  admin.call(method, path, { body, headers });
const pathOf = async () => `/v1/merchants/${(await onboard(admin)).merchantId}`;

describe('two who change the same thing', () => {
  it('are told, for a merchant: no change is lost', async () => {
    const path = await pathOf();
    expect(code(await call('PATCH', path, { name: 'A' }))).toEqual([428, 'if_match_missing']);
    const read = await call('GET', path);
    const tag = read.headers.get('etag')!;
    expect(tag).toBe('"1"');
    const [first, second] = await Promise.all([
      call('PATCH', path, { name: 'A' }, { 'if-match': tag }),
      call('PATCH', path, { name: 'B' }, { 'if-match': tag }),
    ]);
    const statuses = [first.status, second.status].toSorted((a, b) => a - b);
    expect(statuses).toEqual([200, 412]);
    const won = first.status === 200 ? first : second;
    expect(won.headers.get('etag')).toBe('"2"');
    expect((await call('GET', path)).json.name).toBe(won.json.name);
    expect((await call('PATCH', path, { name: 'C' }, { 'if-match': '"1", "2"' })).status).toBe(200);
    expect((await call('PATCH', path, { name: 'D' }, { 'if-match': '*' })).status).toBe(200);
  });

  it('are told, for its settings', async () => {
    const path = `${await pathOf()}/settings`;
    const empty = await call('GET', path);
    expect([empty.json, empty.headers.get('etag')]).toEqual([{}, '"0"']);
    expect(code(await call('PUT', path, { regions: ['AE'] }))).toEqual([428, 'if_match_missing']);
    const stored = await call('PUT', path, { regions: ['AE'] }, { 'if-match': '"0"' });
    expect([stored.status, stored.headers.get('etag')]).toEqual([200, '"1"']);
    expect(code(await call('PUT', path, {}, { 'if-match': '"0"' }))).toEqual([412, 'changed_since']);
  });
});

describe('two who change what a merchant is connected to', () => {
  const store = {
    baseUrl: 'https://shop.example.com/waco',
    region: 'AE',
    apiKey: 'shop-api-key-of-the-test',
    webhookSecret: 'shop-webhook-secret-of-the-test',
  };
  const stripe = { secretKey: 'sk_test_keyofthetest', webhookSecret: 'whsec_secretofthetest' };
  const whatsapp = whatsApp('5550009');

  it.each([
    ['shop', 'store', store],
    ['payment account', 'payment-providers/stripe', stripe],
    ['number', 'channel-accounts/whatsapp', whatsapp],
  ])('are told, for the %s, when they say what they have read', async (_what, at, body) => {
    const path = `${await pathOf()}/${at}`;
    expect(code(await call('PUT', path, body, { 'if-match': '"read"' }))).toEqual([412, 'changed_since']);
    const first = (await call('PUT', path, body)).headers.get('etag')!;
    expect(first).toMatch(/^"[0-9a-f]{32}"$/);
    expect((await call('GET', path)).headers.get('etag')).toBe(first);
    // New secrets are a change, though nobody is shown them.
    const [a, b] = await Promise.all([1, 2].map(() => call('PUT', path, body, { 'if-match': first })));
    expect([a!.status, b!.status].toSorted((x, y) => x - y)).toEqual([200, 412]);
    expect((await call('PUT', path, body, { 'if-match': '*' })).status).toBe(200);
    expect((await call('PUT', path, body)).status).toBe(200);
  });

  it('are told, for one of its channel accounts; a test that went well is no change', async () => {
    const accounts = `${await pathOf()}/channel-accounts`;
    const { json } = await call('PUT', `${accounts}/whatsapp`, whatsApp('5550010'));
    const path = `${accounts}/${String(json.id)}`;
    const tag = (await call('GET', path)).headers.get('etag')!;
    await admin.owner.query(`UPDATE tenancy.channel_accounts SET verified_at = now() WHERE id = $1`, [
      json.id,
    ]);
    const switched = await call('PATCH', path, { enabled: false }, { 'if-match': tag });
    expect(switched.status).toBe(200);
    expect(code(await call('PATCH', path, { enabled: true }, { 'if-match': tag }))).toEqual([
      412,
      'changed_since',
    ]);
    expect((await call('GET', path)).json.enabled).toBe(false);
    const next = { 'if-match': switched.headers.get('etag')! };
    expect((await call('PATCH', path, { enabled: true }, next)).status).toBe(200);
  });
});

describe('settings', () => {
  const SETTINGS = {
    payments: { routes: [{ country: 'AE', currency: 'AED', provider: 'stripe' }, { provider: 'stripe' }] },
    couriers: [
      {
        code: 'aramex',
        name: 'Aramex',
        trackingUrl: 'https://www.aramex.com/track?code={code}',
        countries: ['AE'],
      },
    ],
    languages: { first: 'en', others: ['ar'] },
    regions: ['AE', 'KW'],
    businessHours: {
      timeZone: 'Asia/Dubai',
      open: [
        { day: 'monday', from: '09:00', to: '13:00' },
        { day: 'monday', from: '16:00', to: '22:00' },
      ],
      closedOn: ['2026-12-02'],
    },
    limits: { messagesPerDay: 5_000, openOrdersPerCustomer: 3, maxOrderMinor: 1_000_000 },
    budgets: { currency: 'USD', messagingMinorPerMonth: 50_000 },
    staff: [{ name: 'Layla', email: 'layla@example.com', phone: '+971500000000', languages: ['ar'] }],
  };

  it('come back as they were stored, and change by section', async () => {
    const merchant = await pathOf();
    const path = `${merchant}/settings`;
    const any = { 'if-match': '*' };
    const keys = { secretKey: 'sk_test_settings', webhookSecret: 'whsec_settings' };
    expect((await call('PUT', `${merchant}/payment-providers/stripe`, keys)).status).toBe(200);
    expect((await call('PUT', path, SETTINGS, any)).json).toEqual(SETTINGS);
    const patched = await call('PATCH', path, { regions: ['SA'], staff: [] }, any);
    expect(patched.json).toEqual({ ...SETTINGS, regions: ['SA'], staff: [] });
    expect((await call('GET', path)).json).toEqual(patched.json);
    expect((await call('PUT', path, {}, any)).json).toEqual({});
  });

  it.each<[string, object, string]>([
    ['no such provider', { payments: { routes: [{ provider: 'cash' }] } }, 'payments.routes.0.provider'],
    ['no such country', { payments: { routes: [{ country: 'ZZ', provider: 'stripe' }] } }, 'payments.routes.0.country'],
    ['a section that is not there', { secrets: {} }, 'secrets'],
    ['null for a section', { limits: null }, 'limits'],
    ['a negative limit', { limits: { messagesPerDay: -1 } }, 'limits.messagesPerDay'],
    [
      'an hour that is not there',
      { businessHours: { timeZone: 'UTC', open: [{ day: 'monday', from: '24:00', to: '25:00' }] } },
      'businessHours.open.0.from',
    ],
    ['no time zone', { businessHours: { timeZone: 'Mars/Base', open: [] } }, 'businessHours.timeZone'],
    ['a date that is not there', { businessHours: { timeZone: 'UTC', open: [], closedOn: ['2026-02-30'] } }, 'businessHours.closedOn'],
    ['a courier twice', { couriers: [SETTINGS.couriers[0], SETTINGS.couriers[0]] }, 'couriers'],
    ['a tracking URL without a place', { couriers: [{ ...SETTINGS.couriers[0], trackingUrl: 'https://a.example' }] }, 'couriers.0.trackingUrl'],
    ['a person whose phone is none', { staff: [{ name: 'x', phone: 'call me' }] }, 'staff.0.phone'],
  ])('refuse %s, naming the field', async (_what, body, field) => {
    const answer = await call('PUT', `${await pathOf()}/settings`, body, { 'if-match': '*' });
    expect(code(answer)).toEqual([400, 'validation_failed']);
    expect(answer.json.errors.map((e: { field: string }) => e.field)).toContain(field);
  }); // prettier-ignore
});

describe('channel accounts', () => {
  it('are several numbers of one merchant, each its own, sharing templates', async () => {
    const path = `${await pathOf()}/channel-accounts`;
    const business = '75550000';
    const one = await call('PUT', `${path}/whatsapp`, whatsApp('5550001', business));
    const templates = `INSERT INTO tenancy.templates
        (id, merchant_id, channel_account_id, purpose, name, language, category, body)
      SELECT 'tpl_' || id, merchant_id, id, 'order_receipt', 'receipt', 'en', 'utility', 'Thanks.'
      FROM tenancy.channel_accounts WHERE id = $1`;
    await admin.owner.query(templates, [one.json.id]);
    const headers = { 'idempotency-key': 'second-number' };
    const add = () => call('POST', `${path}/whatsapp`, whatsApp('5550002', business), headers);
    const two = await add();
    expect(two.status).toBe(201);
    expect(two.json).toMatchObject({ kind: 'whatsapp', senderId: '5550002', accessToken: 'set' });
    expect((await add()).json).toEqual(two.json);
    const shared = await admin.owner.query(
      `SELECT name FROM tenancy.templates WHERE channel_account_id = $1`,
      [two.json.id],
    );
    expect(shared.rows).toEqual([{ name: 'receipt' }]);
    const third = whatsApp('5550003', business);
    expect(code(await call('PUT', `${path}/whatsapp`, third))).toEqual([409, 'several_numbers']);
    const named = await call('PUT', `${path}/whatsapp`, {
      ...whatsApp('5550002', business),
      messagesPerSecond: 5,
    });
    expect(named.json).toMatchObject({ id: two.json.id, messagesPerSecond: 5 });
    expect((await call('GET', `${path}/whatsapp`)).json.id).toBe(one.json.id);
    const off = await call('PATCH', `${path}/${two.json.id}`, { enabled: false, displayName: 'Second' });
    expect(off.json).toMatchObject({ enabled: false, displayName: 'Second', senderId: '5550002' });
    const first = await call('GET', `${path}?limit=1`);
    const rest = await call('GET', `${path}?limit=1&cursor=${first.json.nextCursor}`);
    expect([...first.json.items, ...rest.json.items].map((a) => a.id)).toEqual([one.json.id, two.json.id]);
    const elsewhere = `${await pathOf()}/channel-accounts/whatsapp`;
    expect(code(await call('POST', elsewhere, whatsApp('5550003')))).toEqual([201, undefined]);
    const taken = whatsApp('5550002');
    expect(code(await call('POST', elsewhere, taken))).toEqual([409, 'already_in_use']);
    // Naming another merchant's business account would have what concerns all of it quarantined.
    const theirs = { ...whatsApp('5550004'), businessAccountId: business };
    const refused = await call('POST', elsewhere, theirs);
    expect([...code(refused), refused.json.detail]).toEqual([
      409,
      'already_in_use',
      'businessAccountId: this business account is connected elsewhere',
    ]);
    expect(code(await call('PUT', elsewhere, theirs))).toEqual([409, 'already_in_use']);
  });

  it('are pages and Instagram accounts that are stored and wait for their channel', async () => {
    const path = `${await pathOf()}/channel-accounts`;
    const page = { pageId: '110123456789012', displayName: 'Shop', accessToken: 'EAAP-page-token' };
    const messenger = await call('POST', `${path}/messenger`, page);
    expect(messenger.json).toMatchObject({ kind: 'messenger', senderId: page.pageId, accessToken: 'set' });
    for (const strange of [{ catalogId: '12345' }, { messagesPerSecond: 3 }, { overlapHours: 1 }]) {
      const patched = await call('PATCH', `${path}/${messenger.json.id}`, strange);
      expect([strange, patched.status]).toEqual([strange, 400]);
    }
    const instagram = await call('POST', `${path}/instagram`, {
      ...page,
      instagramAccountId: '17841400000000000',
    });
    expect(instagram.json).toMatchObject({ kind: 'instagram', accountId: page.pageId });
    expect(code(await call('POST', `${path}/instagram`, page))).toEqual([400, 'validation_failed']);
    // They are no WhatsApp numbers.
    expect(code(await call('GET', `${path}/whatsapp`))).toEqual([404, 'not_connected']);
  });
});

describe('closing a merchant', () => {
  it('waits for open orders unless forced, then ends its keys, accounts and credentials for good', async () => {
    const merchant = await insertTestMerchant(admin.database.ownerUrl);
    const path = `/v1/merchants/${merchant.merchantId}`;
    const made = await call('POST', `${path}/api-keys`, { name: 'own' });
    const order = (state: string, ref: string) =>
      admin.owner.query(
        `INSERT INTO checkout.orders (merchant_id, order_ref, thread_id, thread_stream, person, state, version,
           accepted_quote, nonce, work, created_at, updated_at)
         VALUES ($1, $2, 't', 't', '{}', $3, 1, '{}', 'n', '{}', now(), now())`,
        [merchant.merchantId, ref, state],
      );
    await order('delivered', 'W1');
    await order('paid', 'W2');
    const refused = await call('POST', `${path}/close`, { reason: 'moved away' });
    expect([...code(refused), refused.json.openOrders]).toEqual([409, 'orders_open', 1]);
    expect((await call('GET', path)).json.status).toBe('active');

    const closed = await call('POST', `${path}/close`, { reason: 'moved away', force: true });
    expect(closed.json).toMatchObject({ status: 'closed', statusReason: 'moved away' });
    expect((await call('POST', `${path}/close`, { reason: 'again' })).json).toEqual(closed.json);
    const own = await admin.call('GET', path, { key: made.json.key as string });
    expect(code(own)).toEqual([401, 'key_revoked']);
    const accounts = await call('GET', `${path}/channel-accounts`);
    expect(accounts.json.items).toMatchObject([{ enabled: false, releasedAt: expect.any(String) }]);
    for (const thing of ['store', 'payment-providers/stripe', 'channel-accounts/whatsapp']) {
      expect(code(await call('GET', `${path}/${thing}`))).toEqual([404, 'not_connected']);
    }
    const left = await admin.owner.query(
      `SELECT (SELECT count(*) FROM tenancy.store_connections WHERE merchant_id = $1)
         + (SELECT count(*) FROM tenancy.payment_providers WHERE merchant_id = $1) AS rows`,
      [merchant.merchantId],
    );
    expect(left.rows).toEqual([{ rows: '0' }]);

    for (const [method, at, body] of [
      ['POST', '/resume', undefined],
      ['POST', '/suspend', { reason: 'x' }],
      ['PATCH', '', { name: 'x' }],
      ['PUT', '/settings', {}],
      ['POST', '/api-keys', { name: 'x' }],
      ['PUT', '/channel-accounts/whatsapp', whatsApp('777001')],
      ['POST', '/channel-accounts/whatsapp', whatsApp('777001')],
      ['POST', '/test-message', { to: '971500000001' }],
      ['POST', '/store/test', undefined],
    ] as const) {
      const answer = await call(method, `${path}${at}`, body, { 'if-match': '*' });
      expect([method, at, ...code(answer)]).toEqual([method, at, 409, 'merchant_closed']);
    }
    const readiness = await call('GET', `${path}/readiness`);
    expect(readiness.json.steps[0]).toMatchObject({ step: 'merchant_active', ok: false });
    // Its number may go on elsewhere, and leads there.
    const next = await call('POST', '/v1/merchants', newMerchant());
    const moved = await call('PUT', `/v1/merchants/${next.json.merchantId}/channel-accounts/whatsapp`, {
      ...WHATSAPP,
      businessAccountId: merchant.businessAccountId,
      phoneNumberId: merchant.phoneNumberId,
    });
    expect(moved.status).toBe(200);
    const route = await admin.owner.query(
      `SELECT p.merchant_id AS phone, b.merchant_id AS business FROM tenancy.route_phone_number($1) p,
         tenancy.route_business_account($2) b`,
      [merchant.phoneNumberId, merchant.businessAccountId],
    );
    expect(route.rows).toEqual([{ phone: next.json.merchantId, business: next.json.merchantId }]);
  });
});
