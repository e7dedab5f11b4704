import { LANES } from '#contracts';
import { syncStore, type SyncStorePayload } from '#contracts';
import { Journal, Tenants } from '#persistence';
import { toItem, Waker } from '#queue';
import { TEST_BACKENDS, until } from '#testing';
import { onboard, OPERATOR_KEY, startAdmin, type AdminUnderTest } from './support.js';

/** Puts a dead letter into the journal the way a worker does. */
async function park(admin: AdminUnderTest, merchantId: string, runId: string): Promise<string> {
  const now = new Date();
  const payload: SyncStorePayload = { mode: 'full', runId };
  const item = toItem(syncStore, payload, merchantId, now);
  const journal = admin.app.get(Journal, { strict: false });
  await admin.app
    .get(Tenants, { strict: false })
    .transaction(merchantId, (tx) => journal.append([item], now, tx));
  const { rows } = await admin.owner.query(
    `UPDATE journal.items SET parked_at = now(), attempts = 6, reason = 'GET /v1/products: 401', blocking = true
     WHERE merchant_id = $1 AND external_id = $2 RETURNING id::text`,
    [merchantId, item.externalId],
  );
  return rows[0].id as string;
}

describe.each(TEST_BACKENDS)('console with queues on %s', (kind) => {
  let admin: AdminUnderTest;

  beforeAll(async () => {
    admin = await startAdmin({}, kind === 'redis' ? process.env.WACO_TEST_REDIS_URL : undefined);
  });
  afterAll(() => admin.close());

  const login = (key: string, next = '/') =>
    admin.call('POST', '/login', {
      key: null,
      body: new URLSearchParams({ key, next }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  const cookieOf = (header: string | null) => (header ?? '').split(';')[0]!;

  it('shows nothing of the dashboards without a login', async () => {
    const browser = { accept: 'text/html' };
    const page = await admin.call('GET', '/queues', { key: null, headers: browser });
    expect([page.status, page.headers.get('location')]).toEqual([303, '/login?next=%2Fqueues']);
    const home = await admin.call('GET', '/', { key: null, headers: browser });
    expect([home.status, home.headers.get('location')]).toEqual([303, '/login']);
    for (const path of ['/queues/api/queues', '/queues/static/js/main.js', '/queues/']) {
      const answer = await admin.call('GET', path, { key: null });
      expect([path, answer.status]).toEqual([path, 401]);
    }
    const { key } = await onboard(admin);
    expect((await admin.call('GET', '/queues/api/queues', { key })).status).toBe(401);
    const forged = { cookie: `waco_session=key_bootstrap.9999999999999.${'0'.repeat(64)}` };
    expect((await admin.call('GET', '/queues/api/queues', { key: null, headers: forged })).status).toBe(401);
  });

  it('says clearly that a key is wrong, and takes its time', async () => {
    const started = Date.now();
    const wrong = await login('waco_wrong');
    expect(wrong.status).toBe(401);
    expect(wrong.text).toContain('This key is not known here');
    expect(Date.now() - started).toBeGreaterThanOrEqual(450);
    const { key } = await onboard(admin);
    expect((await login(key)).text).toContain('merchant&#39;s key');
  });

  it('opens a session with the operator key, shows every queue, and ends it', async () => {
    const opened = await login(OPERATOR_KEY, '/queues');
    expect([opened.status, opened.headers.get('location')]).toEqual([303, '/queues']);
    const setCookie = opened.headers.get('set-cookie')!;
    expect(setCookie).toMatch(/HttpOnly; SameSite=Strict; Max-Age=28800$/);
    expect(setCookie).not.toContain(OPERATOR_KEY);
    const headers = { cookie: cookieOf(setCookie) };

    const home = await admin.call('GET', '/', { key: null, headers });
    expect(home.text).toContain('href="/queues"');
    const board = await admin.call('GET', '/queues', { key: null, headers });
    expect(board.status).toBe(200);
    expect(board.text).toContain('__UI_CONFIG__');
    expect(board.text).not.toContain('googleapis');
    expect(board.headers.get('content-security-policy')).toContain("script-src 'self'");
    const queues = await admin.call('GET', '/queues/api/queues', { key: null, headers });
    const names = queues.json.queues.map((q: { name: string }) => q.name);
    expect(names.toSorted()).toEqual(LANES.map(({ name }) => name).toSorted());

    expect((await admin.call('GET', '/v1/merchants', { key: null, headers })).status).toBe(401);
    const out = await admin.call('POST', '/logout', { key: null, headers });
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0');
  });

  it('names no person on a board: not in names of jobs, not in what they are about', async () => {
    const headers = { cookie: cookieOf((await login(OPERATOR_KEY)).headers.get('set-cookie')) };
    const stream = 'thread/acc_1/971501234573';
    const queue = admin.app.get(Waker, { strict: false }).queue('threads');
    await queue.addBulk([{ name: `about ${stream}`, data: { merchantId: 'mer_1', stream }, opts: {} }]);
    const board = await admin.call('GET', '/queues/api/queues?activeQueue=threads&status=waiting', {
      key: null,
      headers,
    });
    const { jobs } = board.json.queues.find((q: { name: string }) => q.name === 'threads');
    expect(jobs).toMatchObject([
      { name: 'about thread/acc_1/•••73', data: { stream: 'thread/acc_1/•••73' } },
    ]);
    const one = await admin.call('GET', `/queues/api/queues/threads/${jobs[0].id}`, { key: null, headers });
    expect([one.status, `${board.text}${one.text}`.includes('971501234573')]).toEqual([200, false]);
  });

  it('takes changes to queues from its own pages only', async () => {
    const headers = { cookie: cookieOf((await login(OPERATOR_KEY)).headers.get('set-cookie')) };
    const pause = (more: Record<string, string>) =>
      admin.call('PUT', '/queues/api/queues/syncs/pause', { key: null, headers: { ...headers, ...more } });
    expect((await pause({ origin: 'http://127.0.0.1:1' })).status).toBe(403);
    expect((await pause({ 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect(await admin.app.get(Waker, { strict: false }).queue('syncs').isPaused()).toBe(false);
    expect((await pause({ origin: admin.url })).status).toBe(200);
    expect(await admin.app.get(Waker, { strict: false }).queue('syncs').isPaused()).toBe(true);
    await admin.app.get(Waker, { strict: false }).queue('syncs').resume();
    const newest = async () => (await admin.call('GET', '/v1/audit?limit=2')).json.items;
    await until('it is in the audit log', async () => (await newest())[0].action === 'PUT /queues');
    expect(await newest()).toMatchObject([
      { actor: 'key_bootstrap', target: '/queues/api/queues/syncs/pause' },
      { actor: 'key_bootstrap', action: 'console.login' },
    ]);
  });

  it('never leads elsewhere after signing in', async () => {
    for (const next of ['https://evil.example', '//evil.example', '/queues//../..//evil', '/\\evil']) {
      const location = (await login(OPERATOR_KEY, next)).headers.get('location')!;
      expect(new URL(location, admin.url).origin).toBe(admin.url);
    }
  });

  it('ends a session when its key is replaced', async () => {
    const headers = { cookie: cookieOf((await login(OPERATOR_KEY)).headers.get('set-cookie')) };
    expect((await admin.call('GET', '/queues/api/queues', { key: null, headers })).status).toBe(200);
    await admin.owner.query(
      `UPDATE tenancy.api_keys SET created_at = now() + interval '1 s' WHERE id = 'key_bootstrap'`,
    );
    expect((await admin.call('GET', '/queues/api/queues', { key: null, headers })).status).toBe(401);
    await admin.owner.query(`UPDATE tenancy.api_keys SET created_at = now() WHERE id = 'key_bootstrap'`);
  });

  it('lists dead letters, of all merchants for operators and of its own for a merchant', async () => {
    const [a, b] = [await onboard(admin), await onboard(admin)];
    const ids = [
      await park(admin, a.merchantId, 'a1'),
      await park(admin, b.merchantId, 'b1'),
      await park(admin, a.merchantId, 'a2'),
    ];
    const list = async (query: string, key?: string) =>
      (await admin.call('GET', `/v1/dead-letters${query}`, key ? { key } : {})).json;
    const idsOf = (page: Record<string, any>) => page.items.map((i: { id: string }) => i.id);
    expect(idsOf(await list(''))).toEqual(ids.toReversed());
    expect(idsOf(await list(`?merchantId=${a.merchantId}`))).toEqual([ids[2], ids[0]]);
    expect(idsOf(await list('', b.key))).toEqual([ids[1]]);
    const first = await list('?limit=2');
    expect(idsOf(first)).toEqual([ids[2], ids[1]]);
    const rest = await list(`?limit=2&cursor=${first.nextCursor}`);
    expect([idsOf(rest), rest.nextCursor]).toEqual([[ids[0]], null]);
    expect(first.items[0]).toEqual({
      id: ids[2],
      merchantId: a.merchantId,
      service: 'catalog',
      queue: 'syncs',
      stream: 'catalog.sync-store.v1/full_a2',
      name: 'catalog.sync-store.v1',
      source: 'job',
      reason: 'GET /v1/products: 401',
      attempts: 6,
      redrives: 0,
      occurredAt: expect.any(String),
      parkedAt: expect.any(String),
    });
    // Forgetting and retention end in this service, and may fail there.
    const ofService = async (service: string) => idsOf(await list(`?service=${service}`));
    expect(await ofService('catalog')).toEqual(ids.toReversed());
    expect(await ofService('admin')).toEqual([]);
    const foreign = await admin.call('GET', `/v1/dead-letters?merchantId=${a.merchantId}`, { key: b.key });
    expect(foreign.status).toBe(403);
    await admin.owner.query(`UPDATE journal.items SET settled_at = now(), outcome = 'skipped'`);
  });

  it('redrives a dead letter once: unparked, with all its attempts, and woken', async () => {
    const [a, b] = [await onboard(admin), await onboard(admin)];
    const id = await park(admin, a.merchantId, 'r1');
    expect((await admin.call('POST', `/v1/dead-letters/${id}/redrive`, { key: b.key })).status).toBe(404);
    const done = await admin.call('POST', `/v1/dead-letters/${id}/redrive`, { key: a.key });
    expect([done.status, done.json]).toEqual([
      202,
      { id, queue: 'syncs', stream: 'catalog.sync-store.v1/full_r1' },
    ]);
    const { rows } = await admin.owner.query(
      `SELECT parked_at, attempts, redrives FROM journal.items WHERE id = $1`,
      [id],
    );
    expect(rows).toEqual([{ parked_at: null, attempts: 0, redrives: 1 }]);
    const jobs = await admin.app.get(Waker, { strict: false }).queue('syncs').getJobs(['waiting']);
    expect(jobs.map((j) => j.data)).toContainEqual({
      merchantId: a.merchantId,
      stream: 'catalog.sync-store.v1/full_r1',
    });
    expect((await admin.call('POST', `/v1/dead-letters/${id}/redrive`)).status).toBe(404);
    expect((await admin.call('POST', '/v1/dead-letters/999999/redrive')).status).toBe(404);
    expect((await admin.call('POST', '/v1/dead-letters/abc/redrive')).status).toBe(400);
    const other = await park(admin, b.merchantId, 'r2');
    expect((await admin.call('POST', `/v1/dead-letters/${other}/redrive`)).status).toBe(202);
  });
});
