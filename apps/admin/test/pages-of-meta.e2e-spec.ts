import { loadEnv } from '#platform';
import { SandboxEnv } from '../../sandbox/src/env.js';
import { startSandbox } from '../../sandbox/src/start.js';
import { onboard, startAdmin, type AdminUnderTest } from './support.js';

const PAGE = '110123456789012';
const INSTAGRAM = '17841400000000000';
const TOKEN = 'EAAP-token-of-the-page';

describe('Messenger pages and Instagram accounts', () => {
  let admin: AdminUnderTest;
  let sandbox: Awaited<ReturnType<typeof startSandbox>>;
  let sandboxUrl: string;

  beforeAll(async () => {
    sandbox = await startSandbox(loadEnv(SandboxEnv, { NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: '0' }));
    sandboxUrl = `http://127.0.0.1:${(sandbox.getHttpServer().address() as { port: number }).port}`;
    admin = await startAdmin({ WHATSAPP_BASE_URL: `${sandboxUrl}/graph`, VENDOR_TIMEOUT_MS: '5000' });
    await page(PAGE, { accessToken: TOKEN, instagramAccountId: INSTAGRAM });
    await page('110999999999999', { accessToken: 'EAAP-token-of-a-bare-page' });
  });
  afterAll(async () => {
    await admin.close();
    await sandbox.close();
  });

  async function page(id: string, body: object): Promise<void> {
    const answer = await fetch(`${sandboxUrl}/control/meta/pages/${id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Desert Threads', ...body }),
    });
    if (!answer.ok) throw new Error(await answer.text());
  }
  async function connected(kind: string, body: object) {
    const { merchantId } = await onboard(admin);
    const path = `/v1/merchants/${merchantId}/channel-accounts`;
    const made = await admin.call('POST', `${path}/${kind}`, { body: { displayName: 'Shop', ...body } });
    expect(made.status).toBe(201);
    const account = `${path}/${made.json.id}`;
    return {
      test: () => admin.call('POST', `${account}/test`),
      verifiedAt: async () => (await admin.call('GET', account)).json.verifiedAt,
      audited: async () =>
        (await admin.call('GET', `/v1/audit?target=${made.json.id}&action=channel_account.test`)).json.items,
      end: () =>
        admin.owner.query(`DELETE FROM tenancy.channel_accounts WHERE merchant_id = $1`, [merchantId]),
    };
  }

  it.each([
    ['messenger', { pageId: PAGE, accessToken: TOKEN }],
    ['instagram', { pageId: PAGE, instagramAccountId: INSTAGRAM, accessToken: TOKEN }],
  ])('are asked about with the stored token, and verified when Meta knows them: %s', async (kind, body) => {
    const account = await connected(kind, body);
    expect(await account.verifiedAt()).toBeNull();
    const { status, json } = await account.test();
    expect([status, json]).toEqual([200, { ok: true, why: null, testedAt: expect.any(String) }]);
    expect(await account.verifiedAt()).toBe(json.testedAt);
    expect(await account.audited()).toMatchObject([{ after: { ok: true } }]);
    await account.end();
  });

  it.each<[string, string, object, RegExp]>([
    ['a token that is none', 'messenger', { pageId: PAGE, accessToken: 'EAAP-wrong' }, /access token/],
    ['a page of another token', 'messenger', { pageId: '110888888888888', accessToken: TOKEN }, /\(#100\)/],
    [
      'an Instagram account of another page',
      'instagram',
      { pageId: PAGE, instagramAccountId: '17841411111111111', accessToken: TOKEN },
      /not linked/,
    ],
    [
      'a page without an Instagram account',
      'instagram',
      { pageId: '110999999999999', instagramAccountId: INSTAGRAM, accessToken: 'EAAP-token-of-a-bare-page' },
      /not linked/,
    ],
  ])('say what is wrong with %s, and quote no token', async (_what, kind, body, why) => {
    const account = await connected(kind, body);
    const { text, json } = await account.test();
    expect(json).toMatchObject({ ok: false, why: expect.stringMatching(why) });
    expect(text).not.toContain('EAAP');
    expect(await account.verifiedAt()).toBeNull();
    await account.end();
  });
});
