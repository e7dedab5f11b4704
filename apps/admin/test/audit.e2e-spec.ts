import pg from 'pg';
import { verifyAudit, type Ask } from '../src/audit/verify.js';
import { newMerchant, onboard, OPERATOR_KEY, startAdmin, type AdminUnderTest } from './support.js';

const SECRETS = ['EAAG-secret-of-the-audit', 'shop-secret-of-the-audit', 'sk_test_secretoftheaudit'];
const STAFF = { name: 'Layla Hadid', email: 'layla@example.com', phone: '+971500009876' };

const via =
  (client: pg.Client): Ask =>
  async (sql, values) =>
    (await client.query(sql, values)).rows as never;

describe('the audit log', () => {
  let admin: AdminUnderTest;
  let asAdmin: pg.Client;

  beforeAll(async () => {
    admin = await startAdmin();
    asAdmin = new pg.Client({ connectionString: admin.database.url('waco_admin') });
    await asAdmin.connect();
  });
  afterAll(async () => {
    await asAdmin.end();
    await admin.close();
  });

  const log = async (query: string, key?: string): Promise<Record<string, any>[]> =>
    (await admin.call('GET', `/v1/audit?limit=200${query}`, key ? { key } : {})).json.items;

  it('has every change: who, what, when, before and after, without secrets', async () => {
    const { merchantId, key, keyId } = await onboard(admin);
    const path = `/v1/merchants/${merchantId}`;
    const any = { 'if-match': '*' };
    const steps: [string, string, object | undefined, string][] = [
      ['PATCH', path, { name: 'Renamed' }, 'merchant.update'],
      ['PUT', `${path}/settings`, { regions: ['AE'], staff: [STAFF] }, 'settings.update'],
      [
        'PUT',
        `${path}/channel-accounts/whatsapp`,
        {
          businessAccountId: '99001',
          phoneNumberId: '99002',
          displayPhoneNumber: '+97150',
          accessToken: SECRETS[0],
        },
        'channel_account.connect',
      ],
      [
        'PUT',
        `${path}/store`,
        {
          baseUrl: 'https://shop.example.com/waco',
          region: 'AE',
          apiKey: SECRETS[1],
          webhookSecret: SECRETS[1],
        },
        'store.connect',
      ],
      [
        'PUT',
        `${path}/payment-providers/stripe`,
        { secretKey: SECRETS[2], webhookSecret: 'whsec_secretoftheaudit' },
        'payment_provider.connect',
      ],
      ['POST', `${path}/payment-providers/stripe/test`, undefined, 'payment_provider.test'],
      ['POST', `${path}/test-message`, { to: '971500000009' }, 'test_message.send'],
      [
        'PUT',
        `${path}/meta-apps/own`,
        { appSecret: 'a'.repeat(32), verifyToken: 'secret-of-the-audit-1' },
        'meta_app.connect',
      ],
      ['POST', `${path}/suspend`, { reason: 'unpaid' }, 'merchant.suspend'],
      ['POST', `${path}/resume`, undefined, 'merchant.resume'],
      ['POST', `${path}/api-keys/${keyId}/rotate`, { overlapSeconds: 600 }, 'api_key.rotate'],
      ['DELETE', `${path}/api-keys/${keyId}`, undefined, 'api_key.revoke'],
      ['POST', `${path}/close`, { reason: 'over' }, 'merchant.close'],
    ];
    const expected = ['merchant.create', 'api_key.create'];
    for (const [method, at, body, action] of steps) {
      const before = (await log(`&merchantId=${merchantId}`)).length;
      const answer = await admin.call(method, at, {
        body,
        headers: { ...any, 'x-request-id': 'request-of-test' },
      });
      expect([action, answer.status < 300, answer.json.detail]).toEqual([action, true, undefined]);
      const rows = await log(`&merchantId=${merchantId}`);
      expect([action, rows.length]).toEqual([action, before + 1]);
      expect(rows[0]).toMatchObject({
        action,
        merchantId,
        actor: 'key_bootstrap',
        actorKind: 'operator',
        requestId: 'request-of-test',
      });
      expected.push(action);
    }
    const rows = await log(`&merchantId=${merchantId}`);
    expect(rows.map((r) => r.action).toReversed()).toEqual(expected);
    expect(rows.map((r) => r.seq).toReversed()).toEqual(expected.map((_, i) => i + 1));
    const [update] = await log(`&merchantId=${merchantId}&action=merchant.update`);
    expect([update!.before.name, update!.after.name]).toEqual([expect.stringMatching(/^Shop/), 'Renamed']);
    const everything = await admin.owner.query(
      `SELECT string_agg(a::text, ' ') AS text FROM tenancy.audit_log a`,
    );
    // The log is kept for good, so it names none of the staff.
    for (const secret of [
      ...SECRETS,
      key,
      OPERATOR_KEY,
      'secretoftheaudit',
      'secret-of-the-audit-1',
      ...Object.values(STAFF),
    ]) {
      expect(everything.rows[0].text).not.toContain(secret);
    }
  });

  it('says nothing of what failed, of what was only read, and of what was repeated', async () => {
    const headers = { 'idempotency-key': 'audit-once' };
    const body = newMerchant();
    const made = await admin.call('POST', '/v1/merchants', { body, headers });
    await admin.call('POST', '/v1/merchants', { body, headers });
    await admin.call('POST', '/v1/merchants', { body });
    const { merchantId } = made.json as { merchantId: string };
    await admin.call('GET', `/v1/merchants/${merchantId}`);
    await admin.call('PATCH', `/v1/merchants/${merchantId}`, { body: { name: 'x' } });
    expect((await log(`&merchantId=${merchantId}`)).map((r) => r.action)).toEqual(['merchant.create']);
  });

  it("shows a merchant its own rows, and operators all and the platform's; filters and pages them", async () => {
    const [a, b] = [await onboard(admin), await onboard(admin)];
    await admin.call('PATCH', `/v1/merchants/${a.merchantId}`, {
      key: a.key,
      body: { name: 'By the merchant' },
      headers: { 'if-match': '*' },
    });
    const own = await log('', a.key);
    expect(own[0]).toMatchObject({ actor: a.keyId, actorKind: 'merchant', action: 'merchant.update' });
    expect(own.every((r) => r.merchantId === a.merchantId)).toBe(true);
    const foreign = await admin.call('GET', `/v1/audit?merchantId=${a.merchantId}`, { key: b.key });
    expect(foreign.status).toBe(403);
    const operatorKey = await admin.call('POST', '/v1/operator-keys', { body: { name: 'second' } });
    const [platform] = await log('');
    expect(platform).toMatchObject({
      merchantId: null,
      action: 'api_key.create',
      target: operatorKey.json.id,
    });
    expect((await log(`&actor=${a.keyId}`)).map((r) => r.action)).toEqual(['merchant.update']);
    expect((await log(`&target=${b.keyId}`)).map((r) => r.action)).toEqual(['api_key.create']);
    expect(await log('&to=2020-01-01T00:00:00Z')).toEqual([]);
    expect(await log('&from=2099-01-01T00:00:00Z')).toEqual([]);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await admin.call('GET', `/v1/audit?limit=7${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.json.items.map((r: { id: string }) => r.id));
      cursor = page.json.nextCursor as string | null;
    }
    expect(seen).toEqual((await log('')).map((r) => r.id).slice(0, seen.length));
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('is one chain a merchant, whoever writes at once', async () => {
    const { merchantId } = await onboard(admin);
    const path = `/v1/merchants/${merchantId}/api-keys`;
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, i) => admin.call('POST', path, { body: { name: `key ${i}` } })),
    );
    expect(made.every((m) => m.status === 201)).toBe(true);
    const report = await verifyAudit(via(asAdmin));
    expect(report.breaks).toEqual([]);
    expect(report.heads.find((h) => h.chain === merchantId)?.seq).toBe(14);
    expect(report.heads.map((h) => h.chain)).toContain('platform');
  });

  it('cannot be changed by the service, and not by the owner while the triggers stand', async () => {
    for (const statement of [
      `UPDATE tenancy.audit_log SET actor = 'nobody'`,
      `DELETE FROM tenancy.audit_log`,
      `TRUNCATE tenancy.audit_log`,
    ]) {
      await expect(asAdmin.query(statement)).rejects.toThrow(/permission denied/);
      await expect(admin.owner.query(statement)).rejects.toThrow(/only ever added to/);
    }
    await asAdmin.query(`SELECT set_config('waco.merchant_id', 'mer_a', false)`);
    const forge = `INSERT INTO tenancy.audit_log (chain, seq, merchant_id, at, actor, actor_kind, action, target,
       previous_hash, hash) VALUES ('mer_b', 1, 'mer_b', now(), 'x', 'operator', 'x', 'x', 'x', 'x')`;
    await expect(asAdmin.query(forge)).rejects.toThrow(/row-level security/);
    await asAdmin.query(`SELECT set_config('waco.merchant_id', '', false)`);
  });

  it('is recomputed for operators who ask, from heads that they have kept', async () => {
    const { merchantId, key } = await onboard(admin);
    const verify = (body: object, by?: string) =>
      admin.call('POST', '/v1/audit/verify', { body, ...(by ? { key: by } : {}) });
    expect((await verify({}, key)).status).toBe(403);
    const first = await verify({});
    expect([first.status, first.json.sound, first.json.breaks]).toEqual([200, true, []]);
    const { heads } = first.json as { heads: { chain: string; seq: number; hash: string }[] };
    const own = heads.find((head) => head.chain === merchantId)!;
    expect(own.seq).toBeGreaterThan(0);
    expect((await verify({ heads })).json).toMatchObject({ sound: true });
    // As if the last row of this chain had been cut off since: there is none of that place.
    const cut = await verify({ heads: [{ ...own, seq: own.seq + 1 }] });
    expect(cut.json).toMatchObject({
      sound: false,
      breaks: [{ chain: merchantId, seq: own.seq + 1, why: 'missing' }],
    });
    const wrong = await verify({ heads: [{ ...own, hash: 'no hash' }] });
    expect([wrong.status, wrong.json.errors[0].field]).toEqual([400, 'heads.0.hash']);
    expect(await log('&action=audit.verify')).toMatchObject([
      { merchantId: null, after: { sound: false } },
      { after: { sound: true } },
      { after: { sound: true } },
    ]);
  });

  describe('when the owner of the database tampers with it', () => {
    let merchantId: string;
    let heads: Awaited<ReturnType<typeof verifyAudit>>['heads'];

    beforeEach(async () => {
      ({ merchantId } = await onboard(admin));
      for (const name of ['one', 'two', 'three']) {
        await admin.call('POST', `/v1/merchants/${merchantId}/api-keys`, { body: { name } });
      }
      ({ heads } = await verifyAudit(via(asAdmin)));
      await admin.owner.query('BEGIN');
      await admin.owner.query('ALTER TABLE tenancy.audit_log DISABLE TRIGGER USER');
    });
    afterEach(() => admin.owner.query('ROLLBACK'));

    const tamper = async (statement: string, values: unknown[] = [merchantId]) => {
      await admin.owner.query(statement, values);
      return (await verifyAudit(via(admin.owner), heads)).breaks;
    };

    it.each([
      ['a field', `UPDATE tenancy.audit_log SET actor = 'key_other' WHERE chain = $1 AND seq = 3`, 3, 'altered'],
      ['the time', `UPDATE tenancy.audit_log SET at = at - interval '1 s' WHERE chain = $1 AND seq = 2`, 2, 'altered'],
      ['what it was', `UPDATE tenancy.audit_log SET after = '{}' WHERE chain = $1 AND seq = 1`, 1, 'altered'],
      ['a row in the middle', `DELETE FROM tenancy.audit_log WHERE chain = $1 AND seq = 2`, 2, 'missing'],
      ['the rows at the end', `DELETE FROM tenancy.audit_log WHERE chain = $1 AND seq > 3`, 4, 'missing'],
      ['the whole chain', `DELETE FROM tenancy.audit_log WHERE chain = $1`, 1, 'missing'],
    ])('names the first broken row: %s', async (_what, statement, seq, why) => {
      expect(await tamper(statement)).toEqual([{ chain: merchantId, seq, why }]);
    }); // prettier-ignore

    it('misses rows that were cut off at the end only without the heads of an earlier run', async () => {
      await admin.owner.query(`DELETE FROM tenancy.audit_log WHERE chain = $1 AND seq > 3`, [merchantId]);
      expect((await verifyAudit(via(admin.owner))).breaks).toEqual([]);
      expect((await verifyAudit(via(admin.owner), heads)).breaks).toHaveLength(1);
    });
  });
});
