import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootService, loadEnv } from '#platform';
import { TEST_MASTER_KEYS } from '#testing';
import { AdminEnv } from '../src/env.js';
import { newSessionId, sessionHash, sessionSeal } from '../src/auth/session.js';
import { adminService } from '../src/service.js';
import {
  cookieOf,
  login,
  onboard,
  OPERATOR_KEY,
  SESSION_SECRET,
  startAdmin,
  type AdminUnderTest,
} from './support.js';

const QUEUES = '/queues/api/queues';

describe("operators' sessions", () => {
  let admin: AdminUnderTest;
  let replica: AdminUnderTest;
  beforeAll(async () => {
    admin = await startAdmin();
    replica = await startAdmin({}, undefined, admin.database);
  });
  afterAll(async () => {
    await replica.close();
    await admin.close();
  });

  const signIn = async (key = OPERATOR_KEY, headers = {}): Promise<string> =>
    cookieOf((await login(admin, key, headers)).headers.get('set-cookie'));
  const status = async (cookie: string, at = admin): Promise<number> =>
    (await at.call('GET', QUEUES, { key: null, headers: { cookie } })).status;
  const makeKey = async (body: object = {}) =>
    (await admin.call('POST', '/v1/operator-keys', { body: { name: 'console', ...body } })).json;

  it('are random ids, of which the database has hashes', async () => {
    const cookie = await signIn();
    expect(cookie).toMatch(/^waco_session=[\w-]{43}$/);
    const id = cookie.split('=')[1]!;
    const { rows } = await admin.owner.query(`SELECT * FROM tenancy.sessions`);
    expect(rows.map((row) => row.id_hash)).toContain(sessionHash(id, SESSION_SECRET));
    expect(JSON.stringify(rows)).not.toContain(id);
    expect(await status(cookie)).toBe(200);
    expect(await status(cookie, replica)).toBe(200);
  });

  it('end when the operator signs out, on every replica', async () => {
    const cookie = await signIn();
    await replica.call('POST', '/logout', { key: null, headers: { cookie } });
    expect([await status(cookie), await status(cookie, replica)]).toEqual([401, 401]);
  });

  it('have a new id each time, and leave none behind in this browser', async () => {
    const first = await signIn();
    const second = await signIn(OPERATOR_KEY, { cookie: first });
    expect(second).not.toBe(first);
    expect([await status(first), await status(second)]).toEqual([401, 200]);
    // An id that somebody else planted is not taken over.
    const planted = `waco_session=${newSessionId()}`;
    expect(await signIn(OPERATOR_KEY, { cookie: planted })).not.toBe(planted);
    expect(await status(planted)).toBe(401);
  });

  it.each([
    'waco_session=',
    'waco_session=%00',
    '__Host-waco_session=x',
    'a=b; waco_session=key_bootstrap.1.2',
    ';;=',
  ])('are none behind the cookie %s', async (cookie) => {
    expect(await status(cookie)).toBe(401);
    const home = await admin.call('GET', '/', { key: null, headers: { cookie } });
    expect([home.status, home.headers.get('location')]).toEqual([303, '/login']);
  });

  it('end after eight hours, or one without use', async () => {
    const MINUTE = 60_000;
    const unused = async (ms: number) => status(await openedAgo(ms));
    expect([await unused(59 * MINUTE), await unused(61 * MINUTE)]).toEqual([200, 401]);
    const used = async (ms: number) => status(await openedAgo(ms, true));
    expect([await used(479 * MINUTE), await used(481 * MINUTE)]).toEqual([200, 401]);
    // Each use puts the end of an hour off.
    const cookie = await openedAgo(59 * MINUTE);
    expect(await status(cookie)).toBe(200);
    const { rows } = await admin.owner.query(
      `SELECT now() - used_at < interval '1 min' AS now FROM tenancy.sessions WHERE id_hash = $1`,
      [sessionHash(cookie.split('=')[1]!, SESSION_SECRET)],
    );
    expect(rows).toEqual([{ now: true }]);
  });

  /** A session that the service itself might have opened at that time, used just now or, without `inUse`, never. */
  async function openedAgo(ms: number, inUse = false): Promise<string> {
    const id = newSessionId();
    const openedAt = new Date(Date.now() - ms);
    const expiresAt = new Date(openedAt.getTime() + 8 * 3_600_000);
    const usedAt = inUse ? new Date(Math.min(Date.now(), expiresAt.getTime())) : openedAt;
    await admin.owner.query(`UPDATE tenancy.api_keys SET created_at = now() - interval '1 day'`);
    await admin.owner.query(
      `INSERT INTO tenancy.sessions (id_hash, seal, key_id, opened_at, expires_at, used_at)
       VALUES ($1, $2, 'key_bootstrap', $3, $4, $5)`,
      [
        sessionHash(id, SESSION_SECRET),
        sessionSeal(id, { keyId: 'key_bootstrap', openedAt, expiresAt }, SESSION_SECRET),
        openedAt,
        expiresAt,
        usedAt,
      ],
    );
    return `waco_session=${id}`;
  }

  it('cannot be longer than eight hours, by the database itself, and old ones go', async () => {
    const insert = (hours: string) =>
      admin.owner.query(
        `INSERT INTO tenancy.sessions (id_hash, seal, key_id, opened_at, expires_at, used_at)
         VALUES ($1, 's', 'key_bootstrap', now(), now() + $2::interval, now())`,
        [newSessionId(), hours],
      );
    await expect(insert('8 hours 1 second')).rejects.toThrow(/check constraint/);
    await expect(insert('10 years')).rejects.toThrow(/check constraint/);
    await openedAgo(9 * 3_600_000);
    await openedAgo(2 * 3_600_000);
    await signIn();
    const { rows } = await admin.owner.query(
      `SELECT count(*)::int AS n FROM tenancy.sessions WHERE expires_at < now() OR used_at < now() - interval '1 hour'`,
    );
    expect(rows).toEqual([{ n: 0 }]);
  });

  it('end at once, everywhere, when their key is revoked, rotated or over', async () => {
    const endings: ((keyId: string) => Promise<unknown>)[] = [
      (keyId) => admin.call('DELETE', `/v1/operator-keys/${keyId}`),
      (keyId) => admin.call('POST', `/v1/operator-keys/${keyId}/rotate`, { body: { overlapSeconds: 0 } }),
      (keyId) => admin.call('POST', `/v1/operator-keys/${keyId}/rotate`, { body: { overlapSeconds: 600 } }),
      (keyId) => admin.owner.query(`UPDATE tenancy.api_keys SET expires_at = now() WHERE id = $1`, [keyId]),
      (keyId) => admin.owner.query(`UPDATE tenancy.api_keys SET revoked_at = now() WHERE id = $1`, [keyId]),
    ];
    for (const end of endings) {
      const { id, key } = await makeKey();
      const cookie = await signIn(key as string);
      expect([await status(cookie), await status(cookie, replica)]).toEqual([200, 200]);
      await end(id as string);
      expect([await status(cookie), await status(cookie, replica)]).toEqual([401, 401]);
    }
  });

  it('end when the key of the environment is replaced, and not when it stays', async () => {
    const own = await startAdmin();
    try {
      const cookie = cookieOf((await login(own, OPERATOR_KEY)).headers.get('set-cookie'));
      await (await startAdmin({}, undefined, own.database)).close();
      expect(await status(cookie, own)).toBe(200);
      const other = { WACO_OPERATOR_KEY: randomBytes(24).toString('hex') };
      await (await startAdmin(other, undefined, own.database)).close();
      expect(await status(cookie, own)).toBe(401);
      expect((await own.owner.query(`SELECT FROM tenancy.sessions`)).rowCount).toBe(0);
      // Neither is one of the old key good that is stored a moment after the key was replaced.
      const late = newSessionId();
      const { rows } = await own.owner.query(
        `SELECT created_at FROM tenancy.api_keys WHERE id = 'key_bootstrap'`,
      );
      const replacedAt = (rows[0].created_at as Date).getTime();
      await insertRow(late, SESSION_SECRET, 'key_bootstrap', new Date(replacedAt - 1), own);
      expect(await status(`waco_session=${late}`, own)).toBe(401);
      const good = newSessionId();
      await insertRow(good, SESSION_SECRET, 'key_bootstrap', new Date(replacedAt), own);
      expect(await status(`waco_session=${good}`, own)).toBe(200);
    } finally {
      await own.close();
    }
  });

  async function insertRow(
    id: string,
    secret: string,
    keyId: string,
    openedAt = new Date(),
    at = admin,
  ): Promise<void> {
    const expiresAt = new Date(openedAt.getTime() + 3_600_000);
    await at.owner.query(
      `INSERT INTO tenancy.sessions (id_hash, seal, key_id, opened_at, expires_at, used_at)
       VALUES ($1, $2, $3, $4, $5, $4)`,
      [
        sessionHash(id, secret),
        sessionSeal(id, { keyId, openedAt, expiresAt }, secret),
        keyId,
        openedAt,
        expiresAt,
      ],
    );
  }

  describe('cannot be made up', () => {
    it('by whoever knows the master keys', async () => {
      const master = Buffer.from(TEST_MASTER_KEYS.split(':')[1]!, 'base64');
      const key = createHmac('sha256', master).update('waco admin session').digest();
      for (const expires of [Date.now() + 60_000, Date.now() + 10 * 365 * 86_400_000]) {
        const body = `key_bootstrap.${expires}`;
        const signature = createHmac('sha256', key).update(body).digest('hex');
        expect(await status(`waco_session=${body}.${signature}`)).toBe(401);
      }
      const id = newSessionId();
      await insertRow(id, TEST_MASTER_KEYS, 'key_bootstrap');
      expect(await status(`waco_session=${id}`)).toBe(401);
    });

    it('by whoever can write the table: not a new one, and not one of their own with another key or time', async () => {
      const id = newSessionId();
      await insertRow(id, 'a secret of their own, long enough', 'key_bootstrap');
      expect(await status(`waco_session=${id}`)).toBe(401);

      const narrow = await makeKey({ scopes: ['audit:read'] });
      const cookie = await signIn(narrow.key as string);
      expect(await status(cookie)).toBe(403);
      const hash = sessionHash(cookie.split('=')[1]!, SESSION_SECRET);
      await admin.owner.query(`UPDATE tenancy.sessions SET key_id = 'key_bootstrap' WHERE id_hash = $1`, [
        hash,
      ]);
      expect(await status(cookie)).toBe(401);
      await admin.owner.query(`UPDATE tenancy.sessions SET key_id = $2 WHERE id_hash = $1`, [
        hash,
        narrow.id,
      ]);
      expect(await status(cookie)).toBe(403);
      await admin.owner.query(
        `UPDATE tenancy.sessions SET opened_at = opened_at + interval '1 s', expires_at = expires_at + interval '1 s',
           used_at = used_at + interval '1 s' WHERE id_hash = $1`,
        [hash],
      );
      expect(await status(cookie)).toBe(401);
    });
  });

  it('are opened and closed by pages of this console only', async () => {
    const foreign = { origin: 'https://evil.example' };
    const refused = await login(admin, OPERATOR_KEY, foreign);
    expect([refused.status, refused.headers.get('set-cookie')]).toEqual([403, null]);
    const cookie = await signIn();
    const out = await admin.call('POST', '/logout', { key: null, headers: { cookie, ...foreign } });
    expect([out.status, await status(cookie)]).toEqual([403, 200]);
    // Nobody is believed about the host.
    const spoofed = { ...foreign, 'x-forwarded-host': 'evil.example' };
    expect((await login(admin, OPERATOR_KEY, spoofed)).status).toBe(403);
    expect((await login(admin, OPERATOR_KEY, { origin: admin.url })).status).toBe(303);
  });
});

describe('sign-ins that are refused', () => {
  it('are in the audit log with a word and without key and address, a flood of them in few rows', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'waco-clock-'));
    const clockFile = join(folder, 'clock.json');
    const admin = await startAdmin({ WACO_CLOCK_FILE: clockFile });
    try {
      const rows = async () =>
        (await admin.call('GET', '/v1/audit?action=console.login-refused&limit=200')).json.items.toReversed();
      const { key: merchantKey } = await onboard(admin);
      const revoked = (await admin.call('POST', '/v1/operator-keys', { body: { name: 'gone' } })).json;
      await admin.call('DELETE', `/v1/operator-keys/${revoked.id}`);
      const narrow = (
        await admin.call('POST', '/v1/operator-keys', { body: { name: 'n', scopes: ['audit:read'] } })
      ).json;

      await login(admin, `${OPERATOR_KEY}x`);
      await login(admin, merchantKey);
      await login(admin, revoked.key as string);
      await admin.call('GET', QUEUES, { key: merchantKey });
      await admin.call('PUT', `${QUEUES}/syncs/pause`, { key: narrow.key as string });
      // Nobody has tried anything with these.
      await login(admin, OPERATOR_KEY);
      await admin.call('GET', QUEUES, { key: null });
      const first = await rows();
      expect(first.map((row: Record<string, any>) => [row.target, row.after.place])).toEqual([
        ['unknown', '/login'],
        ['merchant_key', '/login'],
        ['revoked', '/login'],
        ['merchant_key', '/queues'],
        ['scope_missing', '/queues'],
      ]);
      expect(first[0]).toMatchObject({
        merchantId: null,
        actorKind: 'system',
        after: { from: expect.any(String) },
      });
      expect(first[4]).toMatchObject({ actor: narrow.id, actorKind: 'operator' });
      expect(new Set(first.map((row: Record<string, any>) => row.after.from)).size).toBe(1);

      for (let i = 0; i < 30; i++) await login(admin, merchantKey);
      expect(await rows()).toHaveLength(10);
      const text = JSON.stringify(await rows());
      for (const secret of [OPERATOR_KEY, merchantKey, revoked.key as string, '127.0.0.1']) {
        expect(text).not.toContain(secret);
      }
      writeFileSync(clockFile, JSON.stringify({ offsetMs: 61_000 }));
      await new Promise((resume) => setTimeout(resume, 100)); // the file is looked at every 50 ms
      await login(admin, merchantKey);
      expect((await rows()).at(-1).after).toMatchObject({ place: '/login', leftOut: 25 });
      expect((await admin.call('POST', '/v1/audit/verify', { body: {} })).json.sound).toBe(true);
    } finally {
      await admin.close();
      rmSync(folder, { recursive: true });
    }
  }, 30_000);
});

it('in production the cookie is for https and this host alone, whatever headers say, and browsers stay on https', async () => {
  const development = await startAdmin();
  const { PGPASSWORD } = process.env;
  process.env.PGPASSWORD = 'test'; // in an address, production would refuse it
  const [url, queueUrl] = [development.database.url('waco_admin'), development.database.queueUrl].map(
    (text) => text.replace(/:[^:@/]*@/, '@'),
  );
  const operatorKey = randomBytes(24).toString('hex');
  const env = loadEnv(AdminEnv, {
    NODE_ENV: 'production',
    LOG_LEVEL: 'silent',
    PORT: '0',
    DATABASE_URL: url,
    QUEUE_URL: queueUrl,
    WACO_MASTER_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    WACO_OPERATOR_KEY: operatorKey,
    ADMIN_SESSION_SECRET: randomBytes(24).toString('base64url'),
  });
  const app = await bootService(adminService(env));
  try {
    const { port } = app.getHttpServer().address() as { port: number };
    const production = { ...development, url: `http://127.0.0.1:${port}` };
    const call: AdminUnderTest['call'] = async (method, path, { headers = {}, body } = {}) => {
      const answer = await fetch(`${production.url}${path}`, {
        method,
        headers,
        redirect: 'manual' as const,
        body: body as string | undefined,
      });
      return { status: answer.status, headers: answer.headers, text: await answer.text(), json: {} };
    };
    for (const headers of [{}, { 'x-forwarded-proto': 'http' }, { 'x-forwarded-proto': 'https' }]) {
      const opened = await login({ ...production, call }, operatorKey, headers as Record<string, string>);
      const setCookie = opened.headers.get('set-cookie')!;
      expect(setCookie).toMatch(
        /^__Host-waco_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=28800; Secure$/,
      );
      expect(opened.headers.get('strict-transport-security')).toMatch(/^max-age=31536000/);
      const cookie = cookieOf(setCookie);
      expect((await call('GET', QUEUES, { headers: { cookie } })).status).toBe(200);
      const unprefixed = { cookie: cookie.replace('__Host-', '') };
      expect((await call('GET', QUEUES, { headers: unprefixed })).status).toBe(401);
      const out = await call('POST', '/logout', { headers: { cookie } });
      expect(out.headers.get('set-cookie')).toMatch(/^__Host-waco_session=; .*Max-Age=0; Secure$/);
    }
    const spoofed = await login(development, operatorKey, { 'x-forwarded-proto': 'https' });
    expect(spoofed.headers.get('set-cookie')).not.toContain('Secure');
    expect(spoofed.headers.get('strict-transport-security')).toBeNull();
  } finally {
    await app.close();
    if (PGPASSWORD === undefined) delete process.env.PGPASSWORD;
    else process.env.PGPASSWORD = PGPASSWORD;
    await development.close();
  }
});
