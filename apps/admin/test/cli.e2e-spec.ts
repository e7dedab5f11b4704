import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadEnv } from '#platform';
import { SandboxEnv } from '../../sandbox/src/env.js';
import { startSandbox } from '../../sandbox/src/start.js';
import { OPERATOR_KEY, onboard, startAdmin, type AdminUnderTest } from './support.js';
import { runWaco, type Ended } from './waco.js';

const SECRETS = {
  WACO_WHATSAPP_ACCESS_TOKEN: 'EAAG-token-of-the-terminal',
  WACO_STORE_API_KEY: 'shop-key-of-the-terminal',
  WACO_STORE_WEBHOOK_SECRET: 'shop-secret-of-the-terminal',
  WACO_STRIPE_SECRET_KEY: 'sk_test_keyoftheterminal',
  WACO_STRIPE_WEBHOOK_SECRET: 'whsec_secretoftheterminal',
};
const PURPOSES = [
  'order_receipt',
  'order_shipped',
  'order_out_for_delivery',
  'order_delivered',
  'delivery_failed',
  'order_refunded',
];

describe('the command-line client', () => {
  let admin: AdminUnderTest;
  let sandbox: Awaited<ReturnType<typeof startSandbox>>;
  let sandboxUrl: string;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'waco-cli-'));
    sandbox = await startSandbox(loadEnv(SandboxEnv, { NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: '0' }));
    sandboxUrl = `http://127.0.0.1:${(sandbox.getHttpServer().address() as { port: number }).port}`;
    admin = await startAdmin({
      WHATSAPP_BASE_URL: `${sandboxUrl}/graph`,
      STRIPE_BASE_URL: sandboxUrl,
      VENDOR_TIMEOUT_MS: '5000',
    });
  });
  afterAll(async () => {
    await admin.close();
    await sandbox.close();
    rmSync(folder, { recursive: true });
  });

  const waco = (args: string[], env?: Record<string, string>): Promise<Ended> =>
    runWaco(admin, folder, args, env);

  async function outside(method: string, path: string, body: object): Promise<void> {
    const answer = await fetch(`${sandboxUrl}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  }

  /** What a merchant has at Meta, at Stripe and as a shop, before Waco. */
  async function merchantsWorld(): Promise<void> {
    await outside('PUT', '/control/meta/wabas/102290129340398', {
      appId: 'app-1',
      portfolioId: 'portfolio-1',
      accessToken: SECRETS.WACO_WHATSAPP_ACCESS_TOKEN,
      name: 'Desert Threads',
      phoneNumbers: [
        { id: '106540352242922', displayPhoneNumber: '+971 50 555 0100', verifiedName: 'Desert Threads' },
      ],
      subscribed: false,
    });
    await stripeAccount('http://127.0.0.1:9/none');
    await outside('PUT', '/control/shops/desert', {
      name: 'Desert Threads',
      currency: 'AED',
      apiKey: SECRETS.WACO_STORE_API_KEY,
      webhookUrl: 'http://127.0.0.1:9/none',
      webhookSecret: SECRETS.WACO_STORE_WEBHOOK_SECRET,
      seed: 'demo',
      publicUrl: sandboxUrl,
    });
  }

  function stripeAccount(webhookUrl: string): Promise<void> {
    return outside('PUT', '/control/stripe/accounts/acct_terminal', {
      secretKey: SECRETS.WACO_STRIPE_SECRET_KEY,
      webhookUrl,
      webhookSecret: SECRETS.WACO_STRIPE_WEBHOOK_SECRET,
      publicUrl: sandboxUrl,
    });
  }

  it('onboards a merchant from a file, says what is missing, and ends well when nothing is', async () => {
    await merchantsWorld();
    const file = join(folder, 'merchant.json');
    const template = (purpose: string) => ({
      name: `${purpose}_v1`,
      language: 'en',
      category: 'utility',
      body: 'About your order {{1}}, there is news for you.',
      parameters: ['order'],
    });
    writeFileSync(
      file,
      JSON.stringify({
        merchant: { slug: 'desert-threads', name: 'Desert Threads', country: 'AE', currency: 'AED' },
        whatsapp: {
          businessAccountId: '102290129340398',
          phoneNumberId: '106540352242922',
          displayPhoneNumber: '+971 50 555 0100',
        },
        store: { baseUrl: `${sandboxUrl}/shops/desert`, region: 'AE' },
        stripe: {},
        templates: Object.fromEntries(PURPOSES.map((purpose) => [purpose, template(purpose)])),
      }),
    );
    const first = await waco(['onboard', '--file', file, '--wait', '0'], SECRETS);
    expect(first.err).toMatch(/✔ merchant desert-threads taken on: mer_/);
    expect(first.err).toMatch(
      /✔ whatsapp connected, and a call with it went well\n {2}its webhooks are brought to /,
    );
    expect(first.err).toMatch(/✔ store connected.*\n {2}enter this address .*\/webhooks\/store\/mer_/);
    expect(first.out).toMatch(/✔ channel_account\n✔ store\n✖ first_sync\n {4}missing: .*\n {4}fix: /);
    expect(first.out).toContain('    or:      waco connect store');
    expect(first.out).toMatch(/✔ payment_provider\n✔ payment_routing\n✔ template:order_receipt/);
    expect([first.code, first.out.trim().split('\n').at(-1)]).toEqual([1, 'not ready yet']);
    for (const secret of Object.values(SECRETS)) expect(first.out + first.err).not.toContain(secret);

    const sent = await waco(['-m', 'desert-threads', 'test-message', '+971500000001']);
    expect([sent.code, sent.out]).toEqual([0, expect.stringMatching(/^sent as msg_/)]);
    await whatTheOtherServicesDo();

    // Stripe has another address than the answer names.
    expect(first.out).toMatch(
      /✖ webhooks:stripe\n {4}missing: no webhook endpoint that is switched on has this address/,
    );
    const [address] = /\S+\/webhooks\/payments\/stripe\/mer_\w+/.exec(first.err) ?? [];
    await stripeAccount(address!);

    const again = await waco(['onboard', '--file', file, '--wait', '0', '--json'], SECRETS);
    expect(again.err).toContain('✔ merchant desert-threads is there already');
    expect(JSON.parse(again.out)).toMatchObject({ ready: true });
    expect(again.code).toBe(0);
    const ready = await waco(['readiness', '-m', 'desert-threads']);
    expect([ready.code, ready.out.trim().split('\n').at(-1)]).toEqual([
      0,
      'ready: a first customer could buy now, if what has a ? works',
    ]);
  });

  /** Catalog-sync and outbound do not run here: what they store when they have done their work. */
  async function whatTheOtherServicesDo(): Promise<void> {
    await admin.owner.query(
      `UPDATE journal.items SET settled_at = now(), outcome = 'done' WHERE name = 'catalog.sync-store.v1'`,
    );
    await admin.owner.query(
      `INSERT INTO outbound.messages (merchant_id, message_id, channel_account_id, contact_id, person, content,
         thread_id, state, open, created_at, delivered_at)
       SELECT merchant_id, payload->>'messageId', payload->>'channelAccountId', payload->>'contactId',
         payload->'person', payload->'content', payload->>'threadId', 'delivered', false, now(), now()
       FROM journal.items WHERE name = 'outbound.send-message.v1'`,
    );
  }

  it('tests what a merchant is connected to, all or by name', async () => {
    const list = await waco(['connections', 'list', '-m', 'desert-threads']);
    expect(list.out).toMatch(
      /^store +http.*\nstripe +payment account .*\nacc_\w+ +whatsapp \+971 50 555 0100/m,
    );
    const all = await waco(['connections', 'test', '-m', 'desert-threads']);
    expect([all.code, all.out.match(/✔/g)]).toEqual([0, ['✔', '✔', '✔']]);
    const saudi = await waco(['connect', 'stripe', '--account', 'stripe-sa', '-m', 'desert-threads'], {
      WACO_STRIPE_SECRET_KEY: 'sk_test_nobodys',
      WACO_STRIPE_WEBHOOK_SECRET: 'whsec_saudi',
    });
    expect(saudi.out).toMatch(/webhookUrl +\S+\/stripe-sa\n/);
    const one = await waco(['connections', 'test', 'stripe-sa', '-m', 'desert-threads']);
    expect([one.code, one.out]).toEqual([
      1,
      expect.stringMatching(/✖ +stripe-sa +.*does not accept the key/),
    ]);
    const none = await waco(['connections', 'test', 'paypal', '-m', 'desert-threads']);
    expect([none.code, none.err]).toEqual([1, expect.stringContaining('no connection paypal')]);
  });

  it('tells which webhooks were refused, and has a channel bring them here', async () => {
    const at = (...args: string[]) => waco([...args, '-m', 'desert-threads']);
    expect(await at('webhooks', 'refused')).toEqual({ code: 0, out: '', err: 'nothing\n' });
    const { rows } = await admin.owner.query(
      `SELECT merchant_id FROM tenancy.merchants WHERE slug = 'desert-threads'`,
    );
    await admin.owner.query(
      `INSERT INTO ingest.webhook_senders (merchant_id, port, kind, id, refused, refused_since, refused_at, reasons)
       VALUES ($1, 'store', 'store', 'rest', 3, '2026-11-27T10:02:00Z', '2026-11-27T10:05:00Z', '{"wrong_signature": 3}')`,
      [rows[0].merchant_id],
    );
    const refused = await at('webhooks', 'refused');
    expect(refused.out).toMatch(
      /store +rest +3 +2026-11-27 10:02:00 +2026-11-27 10:05:00 +- +wrong_signature \(3\)\n/,
    );
    const readiness = await at('readiness');
    expect([readiness.code, readiness.out]).toEqual([
      1,
      expect.stringMatching(/✖ webhooks:store\n {4}missing: 3 webhooks were refused since/),
    ]);
    await admin.owner.query('DELETE FROM ingest.webhook_senders');
    expect((await at('readiness')).out).toMatch(/\? webhooks:store\n {4}note: {4}no webhook of the shop/);

    const answer = await fetch(`${sandboxUrl}/graph/v25.0/102290129340398/subscribed_apps`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${SECRETS.WACO_WHATSAPP_ACCESS_TOKEN}` },
    });
    expect(answer.status).toBe(200);
    const mute = await at('readiness');
    const [, command] = /✖ webhooks:acc_[^]*? or: +waco (webhooks subscribe acc_\w+)\n/.exec(mute.out) ?? [];
    expect([mute.code, command]).toEqual([1, expect.any(String)]);
    const subscribed = await at(...command!.split(' '));
    expect([subscribed.code, subscribed.out]).toEqual([0, expect.stringMatching(/subscribed +yes\n/)]);
    expect((await at('readiness')).out).toMatch(/✔ webhooks:acc_/);
  });

  it('reads and sets settings, and overwrites nobody', async () => {
    const { merchantId } = await onboard(admin);
    const settings = (...args: string[]) => waco(['settings', ...args, '-m', merchantId]);
    expect(await settings('get')).toEqual({ code: 0, out: '{}\n', err: 'etag: "0"\n' });
    const nowhere = await settings(
      'set',
      'payments',
      '{"routes": [{"country": "SA", "provider": "stripe-sa"}]}',
    );
    expect([nowhere.code, nowhere.err]).toEqual([
      1,
      expect.stringMatching(
        /payments\.routes\.0\.provider: provider must be .* that is connected \[connected\]/,
      ),
    ]);
    const set = await settings('set', 'limits', '{"openOrdersPerCustomer": 3}');
    expect([set.code, set.err]).toEqual([0, 'etag: "1"\n']);
    const file = join(folder, 'settings.json');
    writeFileSync(file, JSON.stringify({ regions: ['AE'] }));
    expect((await settings('set', '--file', file)).code).toBe(0);
    expect(JSON.parse((await settings('get')).out)).toEqual({
      limits: { openOrdersPerCustomer: 3 },
      regions: ['AE'],
    });
    expect(JSON.parse((await settings('get', 'regions')).out)).toEqual(['AE']);
    const late = await settings('set', 'regions', '["KW"]', '--etag', '"1"');
    expect([late.code, late.err]).toEqual([1, expect.stringContaining('(412, changed_since)')]);
    expect((await settings('set', '--file', file, '--all')).out).toBe(
      '{\n  "regions": [\n    "AE"\n  ]\n}\n',
    );
    const wrong = await settings('set', 'regions', '["Arabia"]');
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('regions')]);
    for (const args of [
      ['set'],
      ['set', 'regions'],
      ['set', 'regions', '{'],
      ['set', 'regions', '[]', '--all'],
    ]) {
      expect([args, (await settings(...args)).code]).toEqual([args, 2]);
    }
  });

  it('tells its version by itself and in its help, in whichever folder it is called', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await waco(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
    const { code, out } = await waco(['--help']);
    expect([code, out]).toEqual([0, expect.stringContaining(`Waco ${version}: `)]);
  });

  it('lists merchants as a table and as JSON, page by page', async () => {
    await onboard(admin);
    await onboard(admin);
    const table = await waco(['merchants', 'list', '--limit', '1']);
    expect(table.out).toMatch(/^id +slug +name +status +country +currency +since\nmer_\w+ +\S+ .*active/);
    expect(table.err).toMatch(/^more: --cursor \S+, or --all/);
    const all = JSON.parse((await waco(['merchants', 'list', '--limit', '1', '--all', '--json'])).out);
    expect(all.items.length).toBeGreaterThanOrEqual(2);
    expect(all.nextCursor).toBeNull();
  });

  it('takes a merchant through its life', async () => {
    const flags = ['--slug', 'short-lived', '--name', 'Short', '--country', 'AE', '--currency', 'AED'];
    const created = await waco(['merchants', 'create', ...flags, '--json']);
    expect(JSON.parse(created.out)).toMatchObject({ slug: 'short-lived', status: 'active' });
    const suspended = await waco(['merchants', 'suspend', 'short-lived', '--reason', 'unpaid invoice']);
    expect(suspended.out).toMatch(/status +suspended/);
    expect((await waco(['merchants', 'resume', 'short-lived'])).out).toMatch(/status +active/);
    const silent = await waco(['merchants', 'close', 'short-lived']);
    expect([silent.code, silent.err]).toEqual([2, 'waco: reason is missing: give it with --reason\n']);
    expect((await waco(['merchants', 'close', 'short-lived', '--reason', 'gone'])).out).toMatch(
      /status +closed/,
    );
    const shown = await waco(['merchants', 'show', 'short-lived', '--json']);
    expect(JSON.parse(shown.out)).toMatchObject({ status: 'closed', statusReason: 'gone' });
    const audit = await waco(['audit', 'list', '--limit', '3']);
    expect(audit.out).toMatch(/merchant\.close/);
  });

  it('recomputes the audit log, and remembers in a file where it stood', async () => {
    const { merchantId } = await onboard(admin);
    const heads = join(folder, 'heads.json');
    const first = await waco(['audit', 'verify', heads]);
    expect([first.code, first.out]).toEqual([0, expect.stringMatching(/^sound: \d+ rows in \d+ chains\n$/)]);
    const kept = JSON.parse(readFileSync(heads, 'utf8')) as { chain: string; seq: number }[];
    expect(kept.map((head) => head.chain)).toContain(merchantId);
    writeFileSync(heads, JSON.stringify([{ ...kept[0], seq: kept[0]!.seq + 100 }]));
    const cut = await waco(['audit', 'verify', heads]);
    expect([cut.code, cut.out]).toEqual([1, expect.stringMatching(/^broken: chain .*: missing\n$/)]);
    expect(JSON.parse(readFileSync(heads, 'utf8'))).toHaveLength(1);
    expect((await waco(['audit', 'verify', '--database'])).code).toBe(2);
    writeFileSync(heads, 'none');
    expect((await waco(['audit', 'verify', heads])).code).toBe(2);
  });

  it('repeats field and rule of a problem', async () => {
    const flags = ['--slug', 'No Slug', '--name', 'x', '--country', 'XX', '--currency', 'AED'];
    const ended = await waco(['merchants', 'create', ...flags]);
    expect([ended.code, ended.out]).toEqual([1, '']);
    expect(ended.err).toMatch(/^waco: these fields break a rule: slug, country \(400, validation_failed\)\n/);
    expect(ended.err).toMatch(/ {2}slug: slug must be 2 to 63 lowercase letters.* \[matches\]/);
    expect(ended.err).toMatch(
      / {2}country: country must be an ISO 3166-1 alpha-2 code.* \[isISO31661Alpha2\]/,
    );
  });

  it('takes secrets from files and the environment, and has no flag for them', async () => {
    const { merchantId } = await onboard(admin);
    const secretFile = join(folder, 'secret-key');
    writeFileSync(secretFile, 'sk_test_fromafile\n');
    const missing = await waco(['connect', 'stripe', '-m', merchantId, '--secret-key-file', secretFile]);
    expect([missing.code, missing.err]).toEqual([
      2,
      'waco: stripe webhookSecret is missing: set WACO_STRIPE_WEBHOOK_SECRET, or name a file with --webhook-secret-file\n',
    ]);
    const connected = await waco(['connect', 'stripe', '-m', merchantId, '--secret-key-file', secretFile], {
      WACO_STRIPE_WEBHOOK_SECRET: 'whsec_fromtheenvironment',
    });
    // It is stored, and the key is nobody's: no tick for that.
    expect([connected.code, connected.out]).toEqual([1, expect.stringMatching(/secretKey +set\n/)]);
    expect(connected.out).toMatch(/test +stored, but a call with it failed: it does not accept the key\n/);
    for (const args of [
      ['connect', 'stripe', '--secret-key', 'sk_test_1'],
      ['connect', 'whatsapp', '--access-token', 'EAAG'],
      ['--key', OPERATOR_KEY, 'merchants', 'list'],
    ]) {
      const refused = await waco(args);
      expect([args.join(' '), refused.code]).toEqual([args.join(' '), 2]);
    }
  });

  it('makes, rotates and revokes keys, and shows a new one alone on its standard output', async () => {
    const { merchantId } = await onboard(admin);
    const made = await waco([
      'keys',
      'create',
      '-m',
      merchantId,
      '--name',
      'reader',
      '--scopes',
      'operations:read',
    ]);
    expect(made.out).toMatch(/^waco_[a-z0-9]+_[0-9a-f]{64}\n$/);
    const key = { WACO_API_KEY: made.out.trim() };
    expect((await waco(['threads', 'list', '-m', merchantId], key)).code).toBe(0);
    const forbidden = await waco(['keys', 'list', '-m', merchantId], key);
    expect([forbidden.code, forbidden.err]).toEqual([
      1,
      expect.stringContaining('keys:read (403, scope_missing)'),
    ]);

    const { items } = JSON.parse((await waco(['keys', 'list', '-m', merchantId, '--json'])).out);
    const { id } = items.find((k: { name: string }) => k.name === 'reader');
    const rotated = await waco(['keys', 'rotate', id, '-m', merchantId, '--overlap', '60']);
    expect(rotated.out).toMatch(/^waco_/);
    expect((await waco(['keys', 'revoke', id, '-m', merchantId])).out).toBe(`${id} is revoked\n`);
    expect((await waco(['threads', 'list', '-m', merchantId], key)).err).toContain('(401, key_revoked)');
  });

  it('says that nobody answers, that there is no key, and which merchant is meant', async () => {
    const away = await waco(['merchants', 'list', '--url', 'http://127.0.0.1:9']);
    expect([away.code, away.err]).toEqual([
      3,
      expect.stringMatching(/^waco: http:\/\/127\.0\.0\.1:9 does not answer/),
    ]);
    const keyless = await waco(['merchants', 'list'], { WACO_API_KEY: '' });
    expect([keyless.code, keyless.err]).toEqual([2, expect.stringContaining('set WACO_API_KEY')]);
    const whose = await waco(['threads', 'list']);
    expect([whose.code, whose.err]).toEqual([2, expect.stringContaining('--merchant')]);
    const unknown = await waco(['threads', 'list', '-m', 'nobody']);
    expect([unknown.code, unknown.err]).toEqual([1, 'waco: there is no merchant nobody\n']);
    expect((await waco(['nonsense'])).code).toBe(2);
    const help = await waco(['--help']);
    expect([help.code, help.out]).toEqual([0, expect.stringContaining('onboard')]);
  });

  it("finds the local stack's operator key on a development machine, and never in production", async () => {
    mkdirSync(join(folder, '.waco'));
    writeFileSync(join(folder, '.waco', 'secrets.json'), JSON.stringify({ operatorKey: OPERATOR_KEY }));
    expect((await waco(['merchants', 'list'], { WACO_API_KEY: '' })).code).toBe(0);
    const production = await waco(['merchants', 'list'], { WACO_API_KEY: '', NODE_ENV: 'production' });
    expect(production.code).toBe(2);
  });
});
