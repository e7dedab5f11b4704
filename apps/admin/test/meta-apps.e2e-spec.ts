import { onboard, startAdmin, type AdminUnderTest } from './support.js';

const APP = { appSecret: 'canary-app-secret-1', verifyToken: 'canary-verify-token' };
const STORE = {
  baseUrl: 'https://shop.example.com/waco',
  region: 'AE',
  apiKey: 'canary-store-key',
  webhookSecret: 'canary-shop-secret-1',
};
const STRIPE = { secretKey: 'sk_test_canary', webhookSecret: 'whsec_canary_secret_1' };
const DIALOG360 = {
  phoneNumberId: '316540352242922',
  businessAccountId: '116540352242922',
  displayPhoneNumber: '+971 50 123 4567',
  apiKey: 'canary-360-key',
  webhookSecret: 'canary-360-secret-that-is-long-1',
};

const ANY = { 'if-match': '*' };

let admin: AdminUnderTest;
beforeAll(async () => {
  admin = await startAdmin();
});
afterAll(() => admin?.close());

const former = async (merchantId: string): Promise<{ owner_id: string; secret: string; hours: number }[]> =>
  (
    await admin.owner.query(
      `SELECT owner_id, secret, round(extract(epoch FROM until - now()) / 3600)::int AS hours
       FROM tenancy.former_webhook_secrets WHERE merchant_id = $1 ORDER BY until, id`,
      [merchantId],
    )
  ).rows;

describe("merchants' own Meta apps", () => {
  it('are put, listed and taken away; their secrets are never shown and never stored in plain', async () => {
    const { merchantId, key } = await onboard(admin);
    const path = `/v1/merchants/${merchantId}/meta-apps`;
    const put = await admin.call('PUT', `${path}/1234567890`, { key, body: APP });
    expect(put.status).toBe(200);
    expect(put.json).toMatchObject({ app: '1234567890', appSecret: 'set', verifyToken: 'set' });
    expect(put.json.webhookUrl).toBe(`https://hooks.example.com/webhooks/whatsapp/${put.json.id}`);
    const list = await admin.call('GET', path, { key });
    expect(list.json.items).toHaveLength(1);
    expect(`${put.text}${list.text}`).not.toContain('canary');
    const stored = await admin.owner.query('SELECT * FROM tenancy.meta_apps');
    expect(JSON.stringify(stored.rows)).not.toContain('canary');
    expect((await admin.call('DELETE', `${path}/1234567890`, { key, headers: ANY })).status).toBe(204);
    expect((await admin.call('DELETE', `${path}/1234567890`, { key, headers: ANY })).status).toBe(404);
    expect((await admin.call('GET', path, { key })).json.items).toEqual([]);
  });

  it('are replaced and taken away only by those who know how they are now', async () => {
    const { merchantId, key } = await onboard(admin);
    const at = `/v1/merchants/${merchantId}/meta-apps/main`;
    const call = async (method: string, ifMatch?: string, body?: object) => {
      const headers: Record<string, string> = ifMatch === undefined ? {} : { 'if-match': ifMatch };
      const answer = await admin.call(method, at, { key, headers, ...(body && { body }) });
      return [answer.status, answer.json.code ?? answer.headers.get('etag')];
    };
    expect(await call('PUT', '"1"', APP)).toEqual([412, 'changed_since']);
    expect(await call('PUT', undefined, APP)).toEqual([200, '"1"']);
    expect(await call('PUT', undefined, APP)).toEqual([428, 'if_match_missing']);
    expect(await call('PUT', '"1"', { ...APP, appSecret: 'canary-app-secret-2' })).toEqual([200, '"2"']);
    expect(await call('PUT', '"1"', APP)).toEqual([412, 'changed_since']);
    expect(await call('GET')).toEqual([200, '"2"']);
    expect(await call('DELETE')).toEqual([428, 'if_match_missing']);
    expect(await call('DELETE', '"1"')).toEqual([412, 'changed_since']);
    expect((await call('DELETE', '"2"'))[0]).toBe(204);
    expect(await call('GET')).toEqual([404, 'meta_app_not_found']);

    const log = await admin.call('GET', `/v1/audit?merchantId=${merchantId}&limit=3`);
    const view = expect.objectContaining({ app: 'main', appSecret: 'set', verifyToken: 'set' });
    expect(log.json.items).toMatchObject([
      { action: 'meta_app.remove', before: view, after: null },
      { action: 'meta_app.update', before: view, after: view },
      { action: 'meta_app.connect', before: null, after: view },
    ]);
    expect(log.text).not.toContain('canary');
  });

  it('come page by page, and none is added to a merchant that is closed', async () => {
    const { merchantId } = await onboard(admin);
    const path = `/v1/merchants/${merchantId}/meta-apps`;
    for (const app of ['one', 'two', 'three']) await admin.call('PUT', `${path}/${app}`, { body: APP });
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { json } = await admin.call('GET', `${path}?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...json.items.map((item: { app: string }) => item.app));
      cursor = json.nextCursor as string | null;
    }
    expect(seen).toEqual(['one', 'two', 'three']);
    await admin.call('POST', `/v1/merchants/${merchantId}/close`, { body: { reason: 'gone' } });
    for (const method of ['PUT', 'DELETE']) {
      const body = method === 'PUT' ? APP : undefined;
      const refused = await admin.call(method, `${path}/one`, { body, headers: ANY });
      expect([refused.status, refused.json.code]).toEqual([409, 'merchant_closed']);
    }
    expect((await admin.call('GET', path)).json.items).toEqual([]);
  });

  it("keeps the address when secrets change, and two merchants' apps of one name apart", async () => {
    const [a, b] = [await onboard(admin), await onboard(admin)];
    const put = (m: typeof a, body: object): ReturnType<AdminUnderTest['call']> =>
      admin.call('PUT', `/v1/merchants/${m.merchantId}/meta-apps/main`, { key: m.key, body, headers: ANY });
    const first = await put(a, APP);
    const again = await put(a, { ...APP, appSecret: 'canary-app-secret-2' });
    expect(again.json.webhookUrl).toBe(first.json.webhookUrl);
    expect((await put(b, APP)).json.id).not.toBe(first.json.id);
    const strangers = await admin.call('PUT', `/v1/merchants/${b.merchantId}/meta-apps/main`, {
      key: a.key,
      body: APP,
    });
    expect(strangers.status).toBe(403);
  });

  it.each([
    ['a short secret', 'main', { ...APP, appSecret: 'short' }],
    ['no verify token', 'main', { appSecret: APP.appSecret }],
    ['an overlap of a month', 'main', { ...APP, overlapHours: 720 }],
    ['a name with a dot', 'ma.in', APP],
  ])('refuses %s', async (_what, app, body) => {
    const { merchantId, key } = await onboard(admin);
    const answer = await admin.call('PUT', `/v1/merchants/${merchantId}/meta-apps/${app}`, { key, body });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('canary');
  });
});

describe('a replaced webhook secret', () => {
  const routes = [
    ['meta-apps/main', APP, 'appSecret', 'canary-app-secret-'],
    ['store', STORE, 'webhookSecret', 'canary-shop-secret-'],
    ['payment-providers/stripe', STRIPE, 'webhookSecret', 'whsec_canary_secret_'],
    ['channel-accounts/dialog360', DIALOG360, 'webhookSecret', 'canary-360-secret-that-is-long-'],
  ] as const;

  it.each(routes)(
    'of %s is kept for a day, or as long as asked, and sealed',
    async (route, body, field, secret) => {
      const { merchantId, key } = await onboard(admin);
      const put = async (n: number, overlapHours?: number): Promise<void> => {
        const answer = await admin.call('PUT', `/v1/merchants/${merchantId}/${route}`, {
          key,
          headers: ANY,
          body: { ...body, [field]: `${secret}${n}`, ...(overlapHours !== undefined && { overlapHours }) },
        });
        expect(answer.status).toBe(200);
      };
      await put(1);
      await put(1);
      expect(await former(merchantId)).toEqual([]);
      await put(2);
      await put(3, 2);
      const kept = await former(merchantId);
      expect(kept.map((f) => f.hours)).toEqual([2, 24]);
      expect(JSON.stringify(kept)).not.toContain('canary');
      for (let n = 4; n < 9; n++) await put(n);
      expect((await former(merchantId)).length).toBeLessThanOrEqual(3);
      // One that got out: it ends at once, with all before it.
      await put(9, 0);
      expect(await former(merchantId)).toEqual([]);
    },
  );
});
