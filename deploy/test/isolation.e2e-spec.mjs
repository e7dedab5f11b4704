import { randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import { http } from '../local/customer.mjs';
import { startStack } from '../local/stack.mjs';
import { allFiles, allMetrics, allOfRedis, allRows, dashboards, find } from './support/everywhere.mjs';
import { adminApi, checkOut, openMerchant, purchase, untilQuiet } from './support/two-merchants.mjs';

jest.setTimeout(600_000);

const backends = process.env.WACO_TEST_REDIS_URL ? ['postgres', 'redis'] : ['postgres'];
const CARD = '4242 4242 4242 4242';
const secret = (prefix = '') => prefix + randomBytes(18).toString('hex');
/** Letters that no hash and no id of ours contain by chance. */
const newWord = () => `zq${Array.from({ length: 10 }, () => 'ghjkqvwxyz'[randomInt(10)]).join('')}`;

describe.each(backends)('two merchants on one stack, with queues on %s', (backend) => {
  let stack, dataDir, database, redis, a, b, bought, operator;
  /** Whatever Redis was told, finished jobs included. */
  const told = [];
  /** Wrong secrets that somebody tried. */
  const tried = {
    operatorKey: secret('waco_op_'),
    apiKey: secret('waco_key_'),
    login: secret('waco_op_'),
    verifyToken: secret(),
    accessToken: secret('EAAG'),
    stripeKey: secret('sk_test_'),
    storeKey: secret('shop_'),
    misplaced: secret('EAAG'),
    unparsable: secret('sk_live_'),
    inQuery: secret('EAAG'),
  };
  const answers = [];

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'waco-isolation-'));
    const portBase = 12_000 + randomInt(100) * 150;
    stack = await startStack({
      dataDir,
      portBase,
      quiet: true,
      demo: false,
      queueUrl: backend === 'redis' ? process.env.WACO_TEST_REDIS_URL : undefined,
      env: { QUEUE_PREFIX: `isolation-${portBase}`, LOG_LEVEL: 'debug' },
    });
    database = new pg.Client({ connectionString: stack.databaseUrl });
    await database.connect();
    if (backend === 'redis') {
      const client = new Redis(process.env.WACO_TEST_REDIS_URL);
      redis = await client.monitor(); // on a connection of its own
      client.disconnect();
      redis.on('monitor', (_time, args) => told.push(args.join(' ')));
    }
    operator = adminApi(stack.urls.admin, stack.secrets.operatorKey);
    a = await openMerchant(stack, newWord());
    b = await openMerchant(stack, newWord());
    bought = { a: await purchase(stack, a), b: await purchase(stack, b) };
    await untilQuiet(stack, database);
  });

  afterAll(async () => {
    redis?.disconnect();
    await database?.end();
    await stack?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** What stands outside the tables: logs and other files, metrics, queues, dashboards. */
  async function outside() {
    const places = [
      ...allFiles(dataDir, ['secrets.json', 'postgres']),
      ...(await allMetrics(stack.ports)),
      ...(await dashboards(operator)),
    ];
    if (backend !== 'redis') return places;
    const client = new Redis(process.env.WACO_TEST_REDIS_URL);
    places.push(...(await allOfRedis(client)), { where: 'commands to redis', text: told.join('\n') });
    client.disconnect();
    return places;
  }

  it('each word stands in rows of its own merchant, and only there', async () => {
    const rows = await allRows(database);
    for (const [mine, other] of [
      [a, b],
      [b, a],
    ]) {
      const own = rows.filter((row) => row.merchant === mine.merchantId);
      expect(new Set(find(own, mine.word).map((line) => line.split(':')[0])).size).toBeGreaterThanOrEqual(8);
      expect(find(own, other.word)).toEqual([]);
    }
    const nobodys = rows.filter((row) => ![a.merchantId, b.merchantId].includes(row.merchant));
    expect(nobodys.length).toBeGreaterThan(0);
    for (const { word } of [a, b]) expect(find(nobodys, word)).toEqual([]);
  });

  it('no word stands in queue names, jobs, logs, files, metric labels or dashboards', async () => {
    const places = await outside();
    expect(places.length).toBeGreaterThan(20);
    const logs = places.filter(({ where }) => where.startsWith('logs/') && !where.includes('sandbox'));
    expect(logs.length).toBeGreaterThanOrEqual(6);
    const ours = places.filter(({ where }) => !where.includes('sandbox') && where !== 'demo.json');
    for (const { word } of [a, b]) expect(find(ours, word)).toEqual([]);
  });

  it('what customers and merchants are shown says nothing of the other', async () => {
    const sandbox = http(stack.urls.sandbox);
    for (const [mine, other, { customer, shown }] of [
      [a, b, bought.a],
      [b, a, bought.b],
    ]) {
      const { messages } = await sandbox.get(`${customer.thread}?after=0`);
      expect(messages.length).toBeGreaterThan(8);
      expect(find([{ where: 'chat', text: JSON.stringify(messages) }], other.word)).toEqual([]);
      expect(shown).toContain(mine.word);
      expect(find([{ where: 'order page', text: shown }], other.word)).toEqual([]);
    }
  });

  describe('every route of the admin API', () => {
    let routes, ids;
    beforeAll(async () => {
      const { body } = await operator('GET', '/docs/openapi.json');
      routes = Object.entries(body.paths).flatMap(([path, verbs]) =>
        Object.keys(verbs).map((verb) => ({ path, method: verb.toUpperCase() })),
      );
      ids = {};
      for (const merchant of [a, b]) {
        const one = async (sql) =>
          Object.values((await database.query(sql, [merchant.merchantId])).rows[0] ?? {})[0];
        ids[merchant.merchantId] = {
          order: await one('SELECT order_ref FROM checkout.orders WHERE merchant_id = $1'),
          thread: await one('SELECT thread_id FROM conversation.threads WHERE merchant_id = $1'),
          message: await one('SELECT message_id FROM outbound.messages WHERE merchant_id = $1'),
          item: await one('SELECT id::text FROM journal.items WHERE merchant_id = $1'),
          webhook: await one(`SELECT id::text FROM journal.items WHERE merchant_id = $1 AND source <> 'job'`),
          key: await one('SELECT id FROM tenancy.api_keys WHERE merchant_id = $1'),
          account: await one('SELECT id FROM tenancy.channel_accounts WHERE merchant_id = $1'),
        };
      }
    });

    /** The route with `merchantId` of one merchant and every other id of another. */
    function fill(path, merchantId, of) {
      const given = ids[of];
      const candidates = path.includes('{')
        ? [
            given.order,
            given.thread,
            given.message,
            given.item,
            given.webhook,
            given.key,
            given.account,
            'default',
          ]
        : [''];
      return candidates.map((id) =>
        path.replace('{merchantId}', merchantId).replace(/\{\w+\}/g, encodeURIComponent(id ?? 'none')),
      );
    }

    it('refuses a merchant key that names another merchant, and says nothing of it', async () => {
      expect(routes.length).toBeGreaterThan(20);
      let asked = 0;
      for (const { path, method } of routes.filter((route) => route.path.includes('{merchantId}'))) {
        for (const url of new Set(fill(path, b.merchantId, b.merchantId))) {
          const { status, text } = await a.api(method, url, method === 'GET' ? undefined : {});

          expect([method, url, [403, 404].includes(status) || status]).toEqual([method, url, true]);
          expect(find([{ where: `${method} ${url}`, text }], b.word)).toEqual([]);
          asked++;
        }
      }
      expect(asked).toBeGreaterThan(20);
    });

    it('finds nothing of another merchant under one’s own, whatever id is asked for', async () => {
      for (const { path, method } of routes) {
        for (const url of new Set(fill(path, a.merchantId, b.merchantId))) {
          if (method !== 'GET' && !/\{(?!merchantId)/.test(path)) continue;
          const { status, text } = await a.api(method, url, method === 'GET' ? undefined : {});
          expect([method, url, status < 500]).toEqual([method, url, true]);
          expect(find([{ where: `${method} ${url}`, text }], b.word)).toEqual([]);
        }
      }
    });
  });

  it('webhooks with the other merchant’s signature are refused and leave nothing', async () => {
    const { createHmac } = await import('node:crypto');
    const count = async () =>
      (await database.query('SELECT count(*)::int AS n FROM journal.items')).rows[0].n;
    await untilQuiet(stack, database);
    const before = await count();
    const now = Math.floor(Date.now() / 1_000);
    const body = JSON.stringify({
      id: 'evt_cross',
      type: 'checkout.session.completed',
      data: { object: {} },
    });
    const sign = (key) => `t=${now},v1=${createHmac('sha256', key).update(`${now}.${body}`).digest('hex')}`;
    for (const [path, header, value] of [
      [`/webhooks/payments/stripe/${b.merchantId}`, 'stripe-signature', sign(a.secrets.stripeWebhookSecret)],
      [`/webhooks/store/${b.merchantId}`, 'waco-signature', sign(a.secrets.shopWebhookSecret)],
      [`/webhooks/store/${b.merchantId}`, 'waco-signature', sign(b.secrets.stripeWebhookSecret)],
      [`/webhooks/payments/stripe/${b.merchantId}`, 'stripe-signature', sign(b.secrets.shopWebhookSecret)],
    ]) {
      const answer = await fetch(`${stack.urls.gateway}${path}`, {
        method: 'POST',
        headers: { [header]: value },
        body,
      });
      expect([path, answer.status, await answer.text()]).toEqual([path, 401, '']);
    }
    expect(await count()).toBe(before);
  });

  describe('secrets, after everything that can go wrong has gone wrong', () => {
    beforeAll(async () => {
      answers.push(...(await goWrong()));
      await untilQuiet(stack, database);
    });

    async function goWrong() {
      const sandbox = http(stack.urls.sandbox);
      const { gateway, admin } = stack.urls;
      const merchant = `/v1/merchants/${a.merchantId}`;
      const said = [];
      const note = async (where, answer) => said.push({ where, text: (await answer).text });
      const page = async (where, url, options) => {
        const answer = await fetch(url, { redirect: 'manual', ...options });
        said.push({ where, text: `${JSON.stringify([...answer.headers])} ${await answer.text()}` });
      };
      // Keys that nobody has, in all the places where one is taken.
      await note('a wrong operator key', adminApi(admin, tried.operatorKey)('GET', '/v1/merchants'));
      await note('a wrong API key', adminApi(admin, tried.apiKey)('GET', merchant));
      await page('a wrong login', `${admin}/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `key=${tried.login}`,
      });
      await page(
        'a wrong verify token',
        `${gateway}/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=1&hub.verify_token=${tried.verifyToken}`,
      );
      await page('a token in a query', `${admin}${merchant}?access_token=${tried.inQuery}`);
      await page('a path that is none', `${admin}/v1/nothing?key=${tried.inQuery}`);
      // Requests that are not valid, with secrets in them, in the right place and in a wrong one.
      for (const body of [
        { accessToken: { value: tried.misplaced } },
        { acessToken: tried.misplaced, businessAccountId: tried.misplaced, phoneNumberId: tried.misplaced },
        {
          businessAccountId: a.wabaId,
          phoneNumberId: a.phoneNumberId,
          displayPhoneNumber: '+1',
          accessToken: [tried.misplaced],
        },
      ]) {
        await note('an invalid channel account', a.api('PUT', `${merchant}/channel-accounts/whatsapp`, body));
      }
      await note(
        'an invalid provider',
        a.api('PUT', `${merchant}/payment-providers/stripe`, {
          secretKey: [tried.misplaced],
          webhookSecret: tried.misplaced,
        }),
      );
      await note(
        'an invalid store',
        a.api('PUT', `${merchant}/store`, {
          baseUrl: `https://x:${tried.misplaced}@shop.example`,
          region: 'AE',
          apiKey: 7,
          webhookSecret: tried.misplaced,
        }),
      );
      await note(
        'JSON that is none',
        a.api('PUT', `${merchant}/payment-providers/stripe`, `{"secretKey":"${tried.unparsable}"`),
      );
      // A customer who types a card number.
      await bought.a.customer.write(`my card is ${CARD}, take it`);
      await bought.a.customer.next('an answer');
      // Vendors that fail, and vendors that are given wrong keys, while customers go on.
      await sandbox.put(`/control/shops/${a.shop}/faults`, { failNext: 3, status: 500 });
      await sandbox.put('/control/meta/faults', {
        nextSends: [{ kind: 'error', code: 131000 }, { kind: 'reset' }],
      });
      await bought.a.customer.write('hoodie');
      await bought.a.customer.next('an answer');
      // A payment page that cannot be opened: the provider fails twice, then refuses.
      const link = await checkOut(bought.a.customer);
      await sandbox.put('/control/stripe/faults', {
        nextRequests: [
          { kind: 'error', status: 500 },
          { kind: 'error', status: 402, code: 'card_declined' },
          { kind: 'reset-after-apply' },
        ],
      });
      for (let i = 0; i < 3; i++) await page('a payment page that fails', link.url);
      const store = {
        baseUrl: `${stack.urls.sandbox}/shops/${a.shop}`,
        region: 'AE',
        webhookSecret: a.secrets.shopWebhookSecret,
      };
      await note(
        'a wrong store key',
        operator('PUT', `${merchant}/store`, { ...store, apiKey: tried.storeKey }),
      );
      await note(
        'a wrong provider key',
        operator('PUT', `${merchant}/payment-providers/stripe`, {
          secretKey: tried.stripeKey,
          webhookSecret: a.secrets.stripeWebhookSecret,
        }),
      );
      const account = {
        businessAccountId: a.wabaId,
        phoneNumberId: a.phoneNumberId,
        displayPhoneNumber: '+971 50 555 0100',
      };
      await note(
        'a wrong access token',
        operator('PUT', `${merchant}/channel-accounts/whatsapp`, {
          ...account,
          accessToken: tried.accessToken,
        }),
      );
      await note('readiness with all of them', operator('GET', `${merchant}/readiness`));
      for (const test of [
        'store/test',
        'payment-providers/stripe/test',
        'channel-accounts/whatsapp/test',
        'test-message',
      ]) {
        await note(`test of ${test}`, operator('POST', `${merchant}/${test}`, {}));
      }
      // Other services remember connections for five seconds.
      await new Promise((resume) => setTimeout(resume, 6_000));
      await bought.a.customer.write('hi');
      await database.query(`SELECT pg_sleep(4)`);
      for (const path of [
        '/v1/dead-letters',
        `${merchant}/messages`,
        `${merchant}/deliveries`,
        `${merchant}/webhooks`,
        `${merchant}/orders`,
        `${merchant}/threads`,
        `${merchant}/channel-accounts`,
        `${merchant}/store`,
        `${merchant}/payment-providers/stripe`,
        `${merchant}/api-keys`,
        '/v1/operator-keys',
        '/v1/audit',
        '/v1/quarantine',
        `${merchant}/settings`,
        '/',
      ]) {
        await note(path, operator('GET', path));
      }
      return said;
    }

    /** Name to secret: what the stack, its merchants and those who tried have planted. */
    function planted() {
      const { roles, masterKeys, checkoutLinkKeys, ...own } = stack.secrets;
      const keyOf = (keys) => keys.split(':')[1];
      const {
        whatsappAccessToken,
        stripeSecretKey,
        stripeWebhookSecret,
        shopApiKey,
        shopWebhookSecret,
        ...app
      } = own;
      expect(
        [whatsappAccessToken, stripeSecretKey, stripeWebhookSecret, shopApiKey, shopWebhookSecret].every(
          Boolean,
        ),
      ).toBe(true);
      const ofMerchant = ({ word, secrets, apiKey }) =>
        Object.entries({ ...secrets, roles: undefined, apiKey })
          .filter(([name]) => !(name in app) && typeof name === 'string')
          .filter(([name]) =>
            [
              'whatsappAccessToken',
              'stripeSecretKey',
              'stripeWebhookSecret',
              'shopApiKey',
              'shopWebhookSecret',
              'apiKey',
            ].includes(name),
          )
          .map(([name, value]) => [`${name} of ${word}`, value]);
      return Object.entries({
        ...app,
        masterKey: keyOf(masterKeys),
        checkoutLinkKey: keyOf(checkoutLinkKeys),
        ...Object.fromEntries(
          Object.entries(roles).map(([role, password]) => [`password of ${role}`, password]),
        ),
        ...Object.fromEntries([...ofMerchant(a), ...ofMerchant(b)]),
        ...Object.fromEntries(Object.entries(tried).map(([name, value]) => [`tried ${name}`, value])),
        card: CARD,
        'card without spaces': CARD.replaceAll(' ', ''),
      });
    }

    it('more than twenty of them are planted, and the search finds what is there', async () => {
      const all = planted();
      expect(all.length).toBeGreaterThan(20);
      expect(all.filter(([, value]) => typeof value !== 'string' || value.length < 12)).toEqual([]);
      const kept = [{ where: 'secrets.json', text: await readFile(join(dataDir, 'secrets.json'), 'utf8') }];
      expect(find(kept, stack.secrets.operatorKey)).toHaveLength(1);
      const rows = await allRows(database);
      expect(find(rows, 'my card is').length).toBeGreaterThan(0);
      // Vendors were in fact asked with wrong keys, and said so.
      const failing = answers.find(({ where }) => where.startsWith('readiness')).text;
      expect(failing).toMatch(/does not accept/);
      const { rows: paused } = await database.query(
        `SELECT pause_reason FROM outbound.senders WHERE pause_reason IS NOT NULL AND merchant_id = $1`,
        [a.merchantId],
      );
      expect(paused).toHaveLength(1);
      const opened = answers.filter(({ where }) => where === 'a payment page that fails');
      expect(opened.length).toBeGreaterThan(1);
    });

    it('are in no row of any table', async () => {
      const rows = await allRows(database);
      expect(
        planted().flatMap(([name, value]) => find(rows, value).map((line) => `${name} in ${line}`)),
      ).toEqual([]);
    });

    it('are in no log, file, metric, queue, job or dashboard', async () => {
      const places = (await outside()).filter(({ where }) => !/sandbox/.test(where));
      expect(
        planted().flatMap(([name, value]) => find(places, value).map((line) => `${name} in ${line}`)),
      ).toEqual([]);
    });

    it('are in no answer, error or page', async () => {
      expect(answers.length).toBeGreaterThan(30);
      expect(
        planted().flatMap(([name, value]) => find(answers, value).map((line) => `${name} in ${line}`)),
      ).toEqual([]);
    });
  });
});
