import { randomBytes, randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import pg from 'pg';
import { chromium } from 'playwright-core';
import { checkPorts } from '../local/processes.mjs';
import { ROOT, SERVICES } from '../local/settings.mjs';
import { startStack } from '../local/stack.mjs';
import { exchange, isOpenAt } from './support/raw-http.mjs';

const BROWSER = process.env.WACO_TEST_CHROMIUM ?? '/usr/bin/chromium';
const itWithBrowser = existsSync(BROWSER) ? it : it.skip;
const addresses = Object.values(networkInterfaces()).flat();
const itWithIpv6 = addresses.some(({ address }) => address === '::1') ? it : it.skip;

jest.setTimeout(300_000);

const HEADERS = {
  'content-security-policy': /^default-src 'none';.*frame-ancestors 'none'/,
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^DENY$/,
  'referrer-policy': /^no-referrer$/,
  'cache-control': /^no-store$/,
};

/** Unlike anything that an answer says by itself. */
const canary = () => `zq${randomBytes(6).toString('hex')}`;

/** Addresses that lead somewhere, and one that does not, each with room for a word that nobody chose. */
const PATHS = [
  (w) => `/${w}`,
  (w) => `/${w}/${w}?${w}=${w}`,
  (w) => `/health/live/${w}`,
  (w) => `/health/${w}`,
  (w) => `/health/live?${w}`,
  (w) => `/metrics/${w}`,
  (w) => `/webhooks/${w}`,
  (w) => `/webhooks/whatsapp?hub.mode=subscribe&hub.verify_token=${w}&hub.challenge=${w}`,
  (w) => `/webhooks/whatsapp/${w}`,
  (w) => `/webhooks/store/${w}`,
  (w) => `/webhooks/payments/stripe/${w}/${w}`,
  (w) => `/c/${w}`,
  (w) => `/c/${w}/return`,
  (w) => `/c/${w}/${w}`,
  (w) => `/c/${w.repeat(120)}`,
  (w) => `/v1/merchants/${w}`,
  (w) => `/v1/${w}?cursor=${w}`,
  (w) => `/queues/${w}`,
  (w) => `/docs/${w}`,
  (w) => `/%E0%A4%A${w}`,
  (w) => `/${w}/%`,
  (w) => `/${w}%00`,
  (w) => `//${w}/../${w}`,
  (w) => `/${w};${w}`,
  (w) => `/\\${w}`,
  (w) => `http://${w}/${w}`,
  (w) => `/${w.repeat(1_500)}`,
  (w) => `*${w}`,
  (w) => `${w}`,
  (w) => `/<script>${w}</script>`,
];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY'];
const BODIES = [
  () => [],
  (w) => [`content-type: application/json`, `{"${w}":`],
  (w) => [`content-type: application/json`, `{"${w}":"${w}","__proto__":{"${w}":1}}`],
  (w) => [`content-type: application/${w}`, w],
  (w) => [`content-type: application/x-www-form-urlencoded`, `key=${w}&next=${w}`],
  (w) => [`content-encoding: ${w}`, w],
  (w) => [`expect: ${w}`, w],
];
const CREDENTIALS = [
  (w) => [`authorization: Bearer ${w}`],
  (w) => [`authorization: ${w} ${w}`],
  (w) => [`cookie: waco_session=${w}; ${w}=${w}`, `origin: https://${w}.example`],
  (w) => [`x-hub-signature-256: sha256=${w}`, `stripe-signature: t=${w}`, `waco-signature: ${w}`],
  (w) => [`idempotency-key: ${w}`, `if-match: "${w}"`, `x-forwarded-for: ${w}`, `${w}: ${w}`],
];

/** Requests that are HTTP, and wrong. */
function badRequest(word) {
  const pick = (list) => list[randomInt(list.length)];
  const method = pick(METHODS);
  const [type, body = ''] = method === 'GET' || method === 'HEAD' ? [] : pick(BODIES)(word);
  return [
    `${method} ${pick(PATHS)(word)} HTTP/1.1`,
    'host: localhost',
    'connection: close',
    ...pick(CREDENTIALS)(word),
    ...(type ? [type, `content-length: ${Buffer.byteLength(body)}`] : []),
    '',
    body,
  ].join('\r\n');
}

/** Requests that are no HTTP, or that Node answers by itself. */
const UNREADABLE = {
  'no HTTP at all': (w) => `${w}\r\n\r\n`,
  'a method that there is not': (w) => `${w.toUpperCase()} / HTTP/1.1\r\nhost: a\r\n\r\n`,
  'a version that there is not': (w) => `GET /${w} HTTP/7.${w}\r\nhost: a\r\n\r\n`,
  'no host': (w) => `GET /${w} HTTP/1.1\r\n\r\n`,
  'a header without a colon': (w) => `GET /${w} HTTP/1.1\r\nhost: a\r\n${w}\r\n\r\n`,
  'too many header bytes': (w) => `GET /${w} HTTP/1.1\r\nhost: a\r\n${w}: ${w.repeat(2_500)}\r\n\r\n`,
  'a length that is none': (w) => `POST /${w} HTTP/1.1\r\nhost: a\r\ncontent-length: ${w}\r\n\r\n`,
  'two lengths': (w) => `POST /${w} HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n`,
  'an unknown coding': (w) => `POST /${w} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: ${w}\r\n\r\n`,
  'chunks that are none': (w) =>
    `POST /${w} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${w}\r\n`,
  'an expectation': (w) => `POST /${w} HTTP/1.1\r\nhost: a\r\nexpect: ${w}\r\ncontent-length: 1\r\n\r\n`,
  'a body that is too large': (w) =>
    `POST /${w} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 99999999\r\n\r\n${w}`,
};

/** What is wrong with an answer: a header that is missing, or a word that was sent. */
function faultsOf(answer, word) {
  const missing = Object.entries(HEADERS).filter(([name, form]) => !form.test(answer.headers[name] ?? ''));
  const emptyOk = answer.status === 200 && answer.headers['content-length'] === '0';
  return [
    ...(emptyOk ? [] : missing.map(([name]) => `no ${name}`)),
    // A page that asks for a login is told where to go back to; an error tells nobody anything.
    ...(answer.status >= 400 && answer.text.toLowerCase().includes(word) ? ['repeats what was sent'] : []),
  ];
}

describe('the doors of a local stack', () => {
  const services = Object.keys(SERVICES).filter((name) => name !== 'sandbox');
  let dataDir;
  let stack;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'waco-doors-'));
    stack = await startStack({
      dataDir,
      portBase: 26_000 + randomInt(30) * 150,
      quiet: true,
      demo: false,
      env: {
        WACO_COMMIT: 'of-this-test',
        LOG_LEVEL: 'warn',
        RATE_LIMIT_PER_ADDRESS: '1000000',
        RATE_LIMIT_PER_KEY: '1000000',
      },
    });
  });

  afterAll(async () => {
    await stack?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('open to this machine and to no other, all of them', async () => {
    const outside = addresses
      .filter(({ internal, scopeid }) => !internal && !scopeid)
      .map(({ address }) => address);
    for (const [name, port] of Object.entries(stack.ports)) {
      expect([name, await isOpenAt(port, '127.0.0.1')]).toEqual([name, true]);
      for (const host of ['127.0.0.2', ...outside]) {
        expect([name, host, await isOpenAt(port, host)]).toEqual([name, host, false]);
      }
    }
  });

  itWithIpv6('are not begun beside something else under the name localhost', async () => {
    const other = createServer();
    await new Promise((listening) => other.listen(0, '::1', listening));
    const { port } = other.address();
    await expect(checkPorts({ phone: port })).rejects.toThrow(`Port ${port} (phone) is taken`);
    await new Promise((closed) => other.close(closed));
    await checkPorts({ phone: port });
  });

  it('tell the version, and by it what runs behind each', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    for (const service of Object.keys(SERVICES)) {
      const [health, metrics] = await Promise.all(
        ['health', 'metrics'].map(async (path) => {
          const answer = await fetch(`http://127.0.0.1:${stack.ports[service]}/${path}`);
          return answer.text();
        }),
      );
      expect(JSON.parse(health)).toEqual({ status: 'ok', service, version, commit: 'of-this-test' });
      expect(metrics).toContain(
        `waco_build_info{service="${service}",version="${version}",commit="of-this-test"} 1\n`,
      );
    }
  });

  it('lead to the queue as its own role, and as no service', async () => {
    const client = new pg.Client({ connectionString: stack.databaseUrl });
    await client.connect();
    const { rows } = await client.query(
      `SELECT DISTINCT usename FROM pg_stat_activity WHERE application_name = 'waco-queue'`,
    );
    await client.end();
    expect(rows).toEqual([{ usename: 'waco_queue' }]);
  });

  itWithBrowser('are found by a browser under the names that npm start prints', async () => {
    const browser = await chromium.launch({
      executablePath: BROWSER,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
    });
    try {
      const page = await browser.newPage();
      for (const url of [stack.urls.phone, stack.urls.queues, stack.urls.docs]) {
        expect(new URL(url).hostname).toBe('localhost');
        expect((await page.goto(url)).status()).toBeLessThan(400);
      }
    } finally {
      await browser.close();
    }
  });

  it.each(services)('%s says nothing of a bad request, and says it guarded', async (name) => {
    const port = stack.ports[name];
    const faults = [];
    let answered = 0;
    for (let n = 0; n < 400; n++) {
      const word = canary();
      const request = badRequest(word);
      const answer = await exchange({ port }, request);
      if (!answer) continue;
      answered++;
      const wrong = faultsOf(answer, word);
      if (wrong.length > 0)
        faults.push({ wrong, request: request.slice(0, 200), answer: answer.text.slice(0, 400) });
    }
    expect(faults.slice(0, 5)).toEqual([]);
    expect(answered).toBeGreaterThan(350);
  });

  describe.each(Object.entries(UNREADABLE))('a request with %s', (_what, write) => {
    it.each(services)('gets a guarded answer from %s that repeats nothing', async (name) => {
      const word = canary();
      const answer = await exchange({ port: stack.ports[name] }, write(word));
      expect(answer?.status).toBeGreaterThanOrEqual(400);
      expect(faultsOf(answer, word)).toEqual([]);
    });
  });
});
