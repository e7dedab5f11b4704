import { unseal, parseKeyRing } from '#platform';
import { secretBinding } from '#persistence';
import { TEST_MASTER_KEYS } from '#testing';
import { onboard, startAdmin, type AdminUnderTest } from './support.js';
import { connect, SECRETS, vendorServer } from './vendor-server.js';

describe('connections', () => {
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
  const connected = (merchantId: string, phoneNumberId: string) =>
    connect(admin, vendor.url, merchantId, phoneNumberId);

  it('tests each connection when asked to, and remembers when one was good', async () => {
    const { merchantId, key } = await onboard(admin);
    const path = `/v1/merchants/${merchantId}`;
    for (const thing of ['store', 'payment-providers/stripe']) {
      const answer = await admin.call('POST', `${path}/${thing}/test`, { key });
      expect([answer.status, answer.json.code]).toEqual([404, 'not_connected']);
    }
    const { whatsApp } = await connected(merchantId, '216540352242922');
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
    // Meta's webhooks name the business account too: with another one they would all be quarantined.
    await admin.owner.query(
      `UPDATE tenancy.channel_accounts SET business_account_id = '999999999999999' WHERE id = $1`,
      [whatsApp.json.id],
    );
    const strange = await admin.call('POST', `${path}/channel-accounts/${whatsApp.json.id}/test`);
    expect(strange.json).toMatchObject({ ok: false, why: expect.stringContaining('999999999999999') });
    await admin.call('PATCH', `${path}/channel-accounts/${whatsApp.json.id}`, {
      body: { accessToken: 'EAAG-wrong-token' },
    });
    const refused = await admin.call('POST', `${path}/channel-accounts/${whatsApp.json.id}/test`);
    expect(refused.json).toMatchObject({ ok: false, why: expect.stringMatching(/access token/) });
    const account = await admin.call('GET', `${path}/channel-accounts/${whatsApp.json.id}`);
    expect(account.json.verifiedAt).toBeNull();
  });

  it('answer a GET with the ETag of the PUT before, whatever the order of the fields', async () => {
    const { merchantId, key } = await onboard(admin);
    const path = `/v1/merchants/${merchantId}/store`;
    const shop = { webhookSecret: 'canary-shop-secret', apiKey: 'canary-shop-key', country: 'AE' };
    const body = {
      kind: 'vendure',
      region: 'AE',
      ...shop,
      channelToken: 'shop',
      baseUrl: 'https://shop.example',
    };
    const put = await admin.call('PUT', path, { key, body });
    expect([put.status, put.json.code]).toEqual([200, undefined]);
    const tag = put.headers.get('etag')!;
    expect((await admin.call('GET', path, { key })).headers.get('etag')).toBe(tag);
    const again = await admin.call('PUT', path, { key, body, headers: { 'if-match': tag } });
    expect(again.status).toBe(200);
  });

  it('shows no secret in any answer and stores none in plain text', async () => {
    const { merchantId, key } = await onboard(admin);
    const answers = Object.values(await connected(merchantId, '306540352242922'));
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
});
