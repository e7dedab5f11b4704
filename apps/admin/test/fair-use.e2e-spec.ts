import { createServer, type Server, type ServerResponse } from 'node:http';
import { until } from '#testing';
import { onboard, startAdmin, type AdminUnderTest, type Answer } from './support.js';

const code = (answer: Answer) => [answer.status, answer.json.code];

/** A shop that lets its callers wait until it is told to answer. */
async function slowShop() {
  const waiting: ServerResponse[] = [];
  const server: Server = createServer((_request, response) => void waiting.push(response));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    waiting,
    answerAll: () => {
      for (const response of waiting.splice(0)) response.writeHead(500).end('{}');
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe('a merchant', () => {
  let admin: AdminUnderTest;
  let shop: Awaited<ReturnType<typeof slowShop>>;

  beforeAll(async () => {
    shop = await slowShop();
    admin = await startAdmin({ VENDOR_TIMEOUT_MS: '3000' });
  });
  afterAll(async () => {
    shop.close();
    await admin.close();
  });

  async function withShop() {
    const merchant = await onboard(admin);
    const path = `/v1/merchants/${merchant.merchantId}`;
    const body = {
      baseUrl: shop.url,
      region: 'AE',
      apiKey: 'key-of-the-shop',
      webhookSecret: 'secret-of-it',
    };
    expect((await admin.call('PUT', `${path}/store`, { body })).status).toBe(200);
    const more = await admin.call('POST', `${path}/api-keys`, { body: { name: 'more' } });
    return { ...merchant, path, keys: [merchant.key, more.json.key as string] };
  }

  it('has so many requests in progress at once, with all its keys, and others are not held up by it', async () => {
    const { path, keys } = await withShop();
    const slow = Array.from({ length: 8 }, (_, i) =>
      admin.call('POST', `${path}/store/test`, { key: keys[i % 2]! }),
    );
    await until('the shop was called', () => shop.waiting.length === 2); // the others wait until these are done
    await new Promise((resume) => setTimeout(resume, 500));
    expect(shop.waiting.length).toBe(2);
    for (const key of keys) {
      const refused = await admin.call('GET', path, { key });
      expect(code(refused)).toEqual([429, 'too_many_at_once']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    const other = await onboard(admin);
    expect((await admin.call('GET', `/v1/merchants/${other.merchantId}`, { key: other.key })).status).toBe(
      200,
    );
    expect((await admin.call('GET', path)).status).toBe(200);
    const answering = setInterval(() => shop.answerAll(), 20);
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual(slow.map(() => 200));
    clearInterval(answering);
    for (const key of keys) expect((await admin.call('GET', path, { key })).status).toBe(200);
  });

  it('makes no room by leaving before the answer, and has it when the work has ended', async () => {
    const { path, key } = await withShop();
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${key}` };
    const slow = Array.from({ length: 8 }, () =>
      fetch(`${admin.url}${path}/store/test`, { method: 'POST', headers, signal: leaving.signal }),
    );
    await until('the shop was called', () => shop.waiting.length === 2);
    await new Promise((resume) => setTimeout(resume, 500));
    leaving.abort();
    expect((await Promise.allSettled(slow)).map(({ status }) => status)).toEqual(slow.map(() => 'rejected'));
    expect(code(await admin.call('GET', path, { key }))).toEqual([429, 'too_many_at_once']);
    const answering = setInterval(() => shop.answerAll(), 20);
    await until('there is room', async () => (await admin.call('GET', path, { key })).status === 200);
    clearInterval(answering);
  });

  it('keeps no place with requests that failed, in whatever way', async () => {
    const { path, key } = await withShop();
    for (const [method, at, body] of [
      ['GET', `${path}/orders/NONE`, undefined],
      ['POST', `${path}/api-keys`, { nonsense: 1 }],
      ['POST', `${path}/api-keys`, '{"broken'],
      ['GET', '/v1/merchants', undefined],
      ['GET', `${path}/webhooks?limit=x`, undefined],
    ] as const) {
      for (let i = 0; i < 10; i++) {
        expect((await admin.call(method, at, { key, body })).status).toBeGreaterThanOrEqual(400);
      }
    }
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${key}` };
    const all = Array.from({ length: 40 }, () =>
      fetch(`${admin.url}${path}`, { headers, signal: leaving.signal }),
    );
    leaving.abort();
    await Promise.allSettled(all);
    // Those that were on their way when they left still arrive: until none of them is there any more.
    await until('there is room for eight', async () => {
      const eight = await Promise.all(Array.from({ length: 8 }, () => admin.call('GET', path, { key })));
      return eight.every(({ status }) => status === 200);
    });
  });

  it('keeps a place while it reads an export, and none when it leaves in the middle', async () => {
    const { merchantId, path } = await withShop();
    const unmasking = await admin.call('POST', `${path}/api-keys`, {
      body: { name: 'export', scopes: ['people:unmask', 'merchants:read'] },
    });
    const key = unmasking.json.key as string;
    // More than sockets hold on their way.
    await admin.owner.query(
      `INSERT INTO journal.items (merchant_id, service, queue, stream, name, source, external_id, payload, occurred_at,
         due_at, settled_at, outcome)
       SELECT $1, 'ingest', 'ingest', 'ingest/store', 'ingest.ignored', 'store', 'x' || i,
         json_build_object('text', repeat('x', 40000)), now(), now(), now(), 'ignored' FROM generate_series(1, 2000) i`,
      [merchantId],
    );
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${key}` };
    const exports = await Promise.all(
      Array.from({ length: 8 }, () =>
        fetch(`${admin.url}${path}/export`, { headers, signal: leaving.signal }),
      ),
    );
    expect(exports.map(({ status }) => status)).toEqual(exports.map(() => 200));
    expect(code(await admin.call('GET', path, { key }))).toEqual([429, 'too_many_at_once']);
    leaving.abort();
    await until('there is room', async () => (await admin.call('GET', path, { key })).status === 200);
  }, 60_000);

  it('has a hundred keys that are good at the same time, and no more', async () => {
    const { merchantId, keyId } = await onboard(admin);
    const path = `/v1/merchants/${merchantId}/api-keys`;
    await admin.owner.query(
      `INSERT INTO tenancy.api_keys (id, merchant_id, name, hash, scopes, created_at, expires_at, revoked_at)
       SELECT 'key_' || md5($1 || i), $1, 'many', md5($1 || i), '{merchant}', now(),
         CASE WHEN i > 150 THEN now() - interval '1 s' END, CASE WHEN i > 98 AND i <= 150 THEN now() END
       FROM generate_series(1, 200) i`,
      [merchantId],
    );
    const make = () => admin.call('POST', path, { body: { name: 'one more' } });
    expect((await make()).status).toBe(201);
    expect(code(await make())).toEqual([409, 'too_many_keys']);
    const rotate = (overlapSeconds: number) =>
      admin.call('POST', `${path}/${keyId}/rotate`, { body: { overlapSeconds } });
    expect(code(await rotate(60))).toEqual([409, 'too_many_keys']);
    expect((await rotate(0)).status).toBe(201);
    await admin.call('DELETE', `${path}/key_${'0'.repeat(32)}`);
    const { rows } = await admin.owner.query(
      `SELECT id FROM tenancy.api_keys WHERE merchant_id = $1 AND revoked_at IS NULL AND expires_at IS NULL LIMIT 1`,
      [merchantId],
    );
    await admin.call('DELETE', `${path}/${rows[0].id}`);
    const many = await Promise.all(Array.from({ length: 5 }, make));
    expect(many.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409, 409]);
  });
});

it('a merchant has one rate with all its keys, an operator one with each', async () => {
  const admin = await startAdmin({ RATE_LIMIT_PER_KEY: '10' });
  try {
    const { merchantId, key } = await onboard(admin);
    const path = `/v1/merchants/${merchantId}`;
    const keys = [key];
    for (let i = 0; i < 3; i++) {
      keys.push(
        (await admin.call('POST', `${path}/api-keys`, { body: { name: 'more' } })).json.key as string,
      );
    }
    const statuses: number[] = [];
    for (let i = 0; i < 16; i++) statuses.push((await admin.call('GET', path, { key: keys[i % 4]! })).status);
    expect(statuses).toEqual([...Array(10).fill(200), ...Array(6).fill(429)]);
    const operator = await admin.call('POST', '/v1/operator-keys', { body: { name: 'second' } });
    expect((await admin.call('GET', path, { key: operator.json.key as string })).status).toBe(200);
  } finally {
    await admin.close();
  }
});
