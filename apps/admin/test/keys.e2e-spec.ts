import { API_SCOPES } from '#core/tenancy';
import { onboard, OPERATOR_KEY, startAdmin, type AdminUnderTest, type Answer } from './support.js';

const code = (answer: Answer) => [answer.status, answer.json.code];

describe('keys', () => {
  let admin: AdminUnderTest;
  beforeAll(async () => {
    admin = await startAdmin();
  });
  afterAll(() => admin.close());

  const make = (path: string, body: object, key?: string) =>
    admin.call('POST', path, { body: { name: 'test', ...body }, ...(key ? { key } : {}) });

  it('do what their scopes say and no more', async () => {
    const { merchantId } = await onboard(admin);
    const path = `/v1/merchants/${merchantId}`;
    const reader = await make(`${path}/api-keys`, { scopes: ['merchants:read'] });
    const key = reader.json.key as string;
    expect(reader.json).toMatchObject({ scopes: ['merchants:read'], createdBy: 'key_bootstrap' });
    expect((await admin.call('GET', path, { key })).status).toBe(200);
    for (const [method, at, body] of [
      ['PATCH', path, { name: 'x' }],
      ['GET', `${path}/api-keys`, undefined],
      ['POST', `${path}/api-keys`, { name: 'x' }],
      ['GET', '/v1/audit', undefined],
      ['GET', '/v1/dead-letters', undefined],
      ['POST', '/v1/dead-letters/1/redrive', undefined],
    ] as const) {
      const answer = await admin.call(method, at, { key, body, headers: { 'if-match': '*' } });
      expect([method, at, ...code(answer)]).toEqual([method, at, 403, 'scope_missing']);
    }
  });

  it('of operators with every scope but one get nothing where that one is needed, on any route', async () => {
    const { json: document } = await admin.call('GET', '/docs/openapi.json', { key: null });
    const routes = Object.entries(document.paths as Record<string, Record<string, object>>).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(([method, o]) => ({
          at: path.replace(/\{\w+\}/g, 'stripe'),
          method: method.toUpperCase(),
          scope: (o as Record<string, string>)['x-required-scope'],
        })),
    );
    const asked = routes.filter(({ at }) => at.startsWith('/v1/'));
    expect(asked.length).toBeGreaterThanOrEqual(60);
    const without = new Map<string, string>();
    for (const scope of API_SCOPES) {
      const made = await make('/v1/operator-keys', { scopes: API_SCOPES.filter((s) => s !== scope) });
      without.set(scope, made.json.key as string);
    }
    for (const { at, method, scope } of asked) {
      const body = ['GET', 'DELETE'].includes(method) ? undefined : {};
      const answer = await admin.call(method, at, { key: without.get(scope!)!, body });
      expect([method, at, scope, ...code(answer)]).toEqual([method, at, scope, 403, 'scope_missing']);
    }
  });

  it('give nothing that they do not have, to a new key or one that they rotate', async () => {
    const { merchantId, keyId } = await onboard(admin);
    const path = `/v1/merchants/${merchantId}/api-keys`;
    const maker = await make(path, { scopes: ['keys:write', 'keys:read'] });
    const key = maker.json.key as string;
    expect(code(await make(path, { scopes: ['merchants:write'] }, key))).toEqual([403, 'scope_missing']);
    expect((await make(path, {}, key)).json.scopes).toEqual(['keys:read', 'keys:write']);
    expect((await make(path, { scopes: ['keys:read'] }, key)).status).toBe(201);
    expect(code(await admin.call('POST', `${path}/${keyId}/rotate`, { key, body: {} }))).toEqual([
      403,
      'scope_missing',
    ]);
    expect(code(await make(path, { scopes: ['operator'] }))).toEqual([400, 'validation_failed']);
    expect(code(await make(path, { scopes: [] }))).toEqual([400, 'validation_failed']);
  });

  it('end no key that may do more than they, the environment’s neither', async () => {
    const { merchantId, keyId } = await onboard(admin);
    const path = `/v1/merchants/${merchantId}/api-keys`;
    const narrow = await make(path, { scopes: ['keys:write', 'keys:read'] });
    const platform = await make('/v1/operator-keys', { scopes: ['keys:write', 'merchants:read'] });
    const wide = await make('/v1/operator-keys', { scopes: ['keys:write', 'merchants:write'] });
    for (const [by, at] of [
      [narrow, `${path}/${keyId}`],
      [platform, `${path}/${keyId}`],
      [platform, '/v1/operator-keys/key_bootstrap'],
      [platform, `/v1/operator-keys/${wide.json.id}`],
      [wide, `/v1/operator-keys/${platform.json.id}`],
    ] as const) {
      const key = by.json.key as string;
      expect([at, ...code(await admin.call('DELETE', at, { key }))]).toEqual([at, 403, 'scope_missing']);
      const rotate = await admin.call('POST', `${at}/rotate`, { key, body: { overlapSeconds: 0 } });
      expect([at, rotate.status >= 400]).toEqual([at, true]);
    }
    const { rows } = await admin.owner.query(
      `SELECT id FROM tenancy.api_keys WHERE id = ANY($1) AND revoked_at IS NULL AND expires_at IS NULL`,
      [[keyId, 'key_bootstrap', wide.json.id, platform.json.id]],
    );
    expect(rows).toHaveLength(4);
    // A key with the same scopes may, and each key may end itself.
    expect((await admin.call('DELETE', `${path}/${keyId}`)).status).toBe(204);
    const own = narrow.json.key as string;
    expect((await admin.call('DELETE', `${path}/${narrow.json.id}`, { key: own })).status).toBe(204);
    expect(code(await admin.call('GET', path, { key: own }))).toEqual([401, 'key_revoked']);
  });

  it('of the environment are ended by who may do as much, and come back changed', async () => {
    const one = await startAdmin();
    try {
      const whole = await one.call('POST', '/v1/operator-keys', { body: { name: 'whole' } });
      const key = whole.json.key as string;
      expect((await one.call('DELETE', '/v1/operator-keys/key_bootstrap', { key })).status).toBe(204);
      expect(code(await one.call('GET', '/v1/merchants'))).toEqual([401, 'key_revoked']);
      const same = await startAdmin({}, undefined, one.database);
      expect(code(await same.call('GET', '/v1/merchants'))).toEqual([401, 'key_revoked']);
      await same.close();
      const changed = `waco_test_${'7'.repeat(40)}`;
      await (await startAdmin({ WACO_OPERATOR_KEY: changed }, undefined, one.database)).close();
      expect((await one.call('GET', '/v1/merchants', { key: changed })).status).toBe(200);
      expect(code(await one.call('GET', '/v1/merchants'))).toEqual([401, 'key_unknown']);
    } finally {
      await one.close();
    }
  });

  it('are rotated with an overlap, after which the old one is over', async () => {
    const { merchantId, key: old, keyId } = await onboard(admin);
    const path = `/v1/merchants/${merchantId}`;
    const headers = { 'idempotency-key': 'rotate-1' };
    const rotate = () =>
      admin.call('POST', `${path}/api-keys/${keyId}/rotate`, { body: { overlapSeconds: 60 }, headers });
    const rotated = await rotate();
    expect(rotated.status).toBe(201);
    const again = await rotate();
    expect([again.json.key, again.headers.get('idempotency-replayed')]).toEqual([rotated.json.key, 'true']);
    const fresh = rotated.json.key as string;
    for (const key of [old, fresh]) expect((await admin.call('GET', path, { key })).status).toBe(200);
    const { rows } = await admin.owner.query(
      `SELECT replaced_by, expires_at - now() BETWEEN '50 s' AND '60 s' AS soon FROM tenancy.api_keys WHERE id = $1`,
      [keyId],
    );
    expect(rows).toEqual([{ replaced_by: rotated.json.id, soon: true }]);
    await admin.owner.query(`UPDATE tenancy.api_keys SET expires_at = now() WHERE id = $1`, [keyId]);
    expect(code(await admin.call('GET', path, { key: old }))).toEqual([401, 'key_expired']);
    const late = await admin.call('POST', `${path}/api-keys/${keyId}/rotate`, { body: {} });
    expect(code(late)).toEqual([409, 'key_over']);

    const at = await admin.call('POST', `${path}/api-keys/${rotated.json.id}/rotate`, {
      key: fresh,
      body: { overlapSeconds: 0 },
    });
    expect(code(await admin.call('GET', path, { key: fresh }))).toEqual([401, 'key_expired']);
    expect((await admin.call('GET', path, { key: at.json.key as string })).status).toBe(200);
  });

  it('know when they were last used, and are listed page by page', async () => {
    const { merchantId, key, keyId } = await onboard(admin);
    const path = `/v1/merchants/${merchantId}/api-keys`;
    const of = async () => (await admin.call('GET', path)).json.items;
    expect(await of()).toMatchObject([{ id: keyId, lastUsedAt: null }]);
    await admin.call('GET', path, { key });
    expect(Date.now() - Date.parse((await of())[0].lastUsedAt)).toBeLessThan(10_000);
    await make(path, {});
    const first = await admin.call('GET', `${path}?limit=1`);
    const rest = await admin.call('GET', `${path}?limit=1&cursor=${first.json.nextCursor}`);
    expect([first.json.items[0].id, rest.json.items.length, rest.json.nextCursor]).toEqual([keyId, 1, null]);
  });

  it("of operators are made, narrowed, rotated and revoked like merchants', but the environment's is changed there", async () => {
    const { merchantId } = await onboard(admin);
    const narrow = await make('/v1/operator-keys', { scopes: ['merchants:read', 'keys:write'] });
    const key = narrow.json.key as string;
    expect((await admin.call('GET', '/v1/merchants', { key })).status).toBe(200);
    const suspend = { key, body: { reason: 'x' } };
    expect(code(await admin.call('POST', `/v1/merchants/${merchantId}/suspend`, suspend))).toEqual([
      403,
      'scope_missing',
    ]);
    const wide = { scopes: ['merchants:write'] };
    expect(code(await make(`/v1/merchants/${merchantId}/api-keys`, wide, key))).toEqual([
      403,
      'scope_missing',
    ]);
    expect(code(await make('/v1/operator-keys', wide, key))).toEqual([403, 'scope_missing']);
    const bootstrap = '/v1/operator-keys/key_bootstrap/rotate';
    expect(code(await admin.call('POST', bootstrap, { body: {} }))).toEqual([409, 'key_from_environment']);
    const rotated = await admin.call('POST', `/v1/operator-keys/${narrow.json.id}/rotate`, { body: {} });
    expect(rotated.json.scopes).toEqual(['merchants:read', 'keys:write']);
    const listed = await admin.call('GET', '/v1/operator-keys');
    expect(listed.json.items.map((k: { id: string }) => k.id)).toEqual(
      expect.arrayContaining(['key_bootstrap', narrow.json.id, rotated.json.id]),
    );
    expect((await admin.call('DELETE', `/v1/operator-keys/${narrow.json.id}`)).status).toBe(204);
    expect(code(await admin.call('GET', '/v1/merchants', { key }))).toEqual([401, 'key_revoked']);
    expect((await make('/v1/operator-keys', {})).json.scopes).toHaveLength(8);
  });

  it('of a merchant are not reached through the operators', async () => {
    const { keyId } = await onboard(admin);
    expect(code(await admin.call('DELETE', `/v1/operator-keys/${keyId}`))).toEqual([404, 'key_not_found']);
  });
});

describe('limits', () => {
  it('on a key and on an address, each with its own count, and none on probes', async () => {
    const admin = await startAdmin({ RATE_LIMIT_PER_KEY: '5', RATE_LIMIT_PER_ADDRESS: '20' });
    try {
      const { merchantId, key } = await onboard(admin); // two calls of the operator's
      const path = `/v1/merchants/${merchantId}`;
      for (let i = 4; i >= 0; i--) {
        const answer = await admin.call('GET', path, { key });
        expect([answer.status, answer.headers.get('ratelimit-remaining')]).toEqual([200, String(i)]);
      }
      const refused = await admin.call('GET', path, { key });
      expect(code(refused)).toEqual([429, 'rate_limited']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(refused.headers.get('x-content-type-options')).toBe('nosniff');
      expect((await admin.call('GET', path)).status).toBe(200);

      // Whatever is asked for, whoever is said to ask.
      const statuses: number[] = [];
      for (let i = 0; i < 15; i++) {
        const headers = { 'x-forwarded-for': `203.0.113.${i}` };
        statuses.push((await admin.call('GET', '/nowhere', { key: null, headers })).status);
      }
      expect(statuses.slice(0, 5)).toEqual([404, 404, 404, 404, 404]);
      expect(statuses.slice(-2)).toEqual([429, 429]);
      expect((await admin.call('GET', '/login', { key: null })).status).toBe(429);
      expect((await admin.call('GET', '/health/live', { key: null })).status).toBe(200);
      expect((await admin.call('GET', '/health', { key: null })).status).toBe(200);
    } finally {
      await admin.close();
    }
  });

  it('are counted together by all replicas, and by each alone while the database does not say', async () => {
    const one = await startAdmin({ RATE_LIMIT_PER_KEY: '6' });
    const two = await startAdmin({ RATE_LIMIT_PER_KEY: '6' }, undefined, one.database);
    try {
      const ask = async (admin: typeof one) => (await admin.call('GET', '/v1/merchants')).status;
      const statuses: number[] = [];
      for (let i = 0; i < 4; i++) statuses.push(await ask(one), await ask(two));
      expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 429, 429]);
      expect(
        JSON.stringify((await one.owner.query(`SELECT * FROM tenancy.request_counts`)).rows),
      ).not.toMatch(/key_bootstrap|127\.0\.0\.1/);
      // A minute later, by the clock that all of them go by.
      await one.owner.query(`UPDATE tenancy.request_counts SET started_at = started_at - interval '61 s'`);
      expect([await ask(one), await ask(two)]).toEqual([200, 200]);

      // Wrong keys are slowed by what the other replica has seen.
      const wrong = async (admin: typeof one) => {
        const started = performance.now();
        await admin.call('GET', '/v1/merchants', { key: `${OPERATOR_KEY}x` });
        return performance.now() - started;
      };
      await Promise.all([wrong(one), wrong(one), wrong(one)]);
      expect(await wrong(two)).toBeGreaterThanOrEqual(1_950);

      await one.owner.query(`REVOKE INSERT ON tenancy.request_counts FROM waco_admin`);
      const alone: number[] = [];
      for (let i = 0; i < 8; i++) alone.push(await ask(two));
      expect(alone.slice(-2)).toEqual([429, 429]);
    } finally {
      await two.close();
      await one.close();
    }
  }, 20_000);

  it('believe the word of a trusted proxy about the address', async () => {
    const admin = await startAdmin({ RATE_LIMIT_PER_ADDRESS: '2', TRUSTED_PROXIES: '1' });
    try {
      const from = async (forwarded: string) =>
        (await admin.call('GET', '/login', { key: null, headers: { 'x-forwarded-for': forwarded } })).status;
      expect([await from('203.0.113.1'), await from('203.0.113.1'), await from('203.0.113.1')]).toEqual([
        200, 200, 429,
      ]);
      expect(await from('203.0.113.2')).toBe(200);
      // What the caller itself wrote stands further out.
      expect(await from('203.0.113.9, 203.0.113.1')).toBe(429);
    } finally {
      await admin.close();
    }
    // A peer that is none of the proxies counts by its own address.
    const direct = await startAdmin({ RATE_LIMIT_PER_ADDRESS: '2', TRUSTED_PROXIES: '10.0.0.0/8' });
    try {
      const statuses: number[] = [];
      for (let i = 0; i < 3; i++) {
        const headers = { 'x-forwarded-for': `203.0.113.${i}` };
        statuses.push((await direct.call('GET', '/login', { key: null, headers })).status);
      }
      expect(statuses).toEqual([200, 200, 429]);
    } finally {
      await direct.close();
    }
  });

  it('make guessing of keys slower with each wrong one, without holding up a right one', async () => {
    const admin = await startAdmin();
    try {
      const guess = async (i: number) => {
        const started = performance.now();
        const answer = await admin.call('GET', '/v1/merchants', { key: `${OPERATOR_KEY}${i}` });
        return { answer, ms: performance.now() - started };
      };
      const guesses = Promise.all([guess(1), guess(2), guess(3)]);
      const right = admin.call('GET', '/v1/merchants').then(({ status }) => status);
      expect(await Promise.race([right, guesses.then(() => 'held up')])).toBe(200);
      const slow = (await guesses).map((g) => g.ms).toSorted((a, b) => a - b);
      expect(slow[0]).toBeGreaterThanOrEqual(450);
      expect(slow[2]).toBeGreaterThanOrEqual(1_450);
      expect((await guesses).map((g) => g.answer.status)).toEqual([401, 401, 401]);
    } finally {
      await admin.close();
    }
  });
});
