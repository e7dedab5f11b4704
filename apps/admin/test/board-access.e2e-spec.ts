import { API_SCOPES, type ApiScope } from '#core/tenancy';
import { LANES } from '#contracts';
import { Waker } from '#queue';
import { cookieOf, login, onboard, startAdmin, type AdminUnderTest } from './support.js';

/** The changes that operators may make to queues. All other routes of the board are refused. */
const DONE_HERE = [
  'PUT /queues/api/queues/pause',
  'PUT /queues/api/queues/resume',
  'PUT /queues/api/queues/:queueName/pause',
  'PUT /queues/api/queues/:queueName/resume',
  'PUT /queues/api/queues/:queueName/retry/:queueStatus',
  'PUT /queues/api/queues/:queueName/promote',
  'PUT /queues/api/queues/:queueName/clean/:queueStatus',
  'PUT /queues/api/queues/:queueName/:jobId/retry',
  'PUT /queues/api/queues/:queueName/:jobId/promote',
  'PUT /queues/api/queues/:queueName/:jobId/clean',
];

describe('the routes of the queue dashboards', () => {
  let admin: AdminUnderTest;
  let routes: { method: string; path: string; at: string }[];
  const keys = new Map<ApiScope, string>();

  beforeAll(async () => {
    admin = await startAdmin();
    for (const scope of API_SCOPES) {
      const made = await admin.call('POST', '/v1/operator-keys', { body: { name: scope, scopes: [scope] } });
      keys.set(scope, made.json.key as string);
    }
    const places: Record<string, string> = { queueName: 'syncs', queueStatus: 'failed', '*': 'js/main.js' };
    routes = admin.routes
      .filter(({ path }) => path === '/queues' || path.startsWith('/queues/'))
      .flatMap(({ methods, path }) =>
        methods.map((method) => ({
          method,
          path,
          at: path.replace(/:(\w+)|\*/g, (whole, name: string = whole) => places[name] ?? '1'),
        })),
      );
  });
  afterAll(() => admin.close());

  const waker = () => admin.app.get(Waker, { strict: false });
  const ask = async ({ method, at }: { method: string; at: string }, key: string | null) => {
    const body = ['GET', 'HEAD'].includes(method) ? undefined : {};
    const { status, json } = await admin.call(method, at, { key, body });
    return [status, json.code as unknown];
  };
  const looks = (method: string): boolean => method === 'GET' || method === 'HEAD';

  it('are all known to this test', () => {
    expect(routes.length).toBeGreaterThan(50);
    expect(routes.filter(({ method }) => !looks(method)).length).toBeGreaterThan(20);
    const written = routes.map(({ method, path }) => `${method} ${path}`);
    for (const one of DONE_HERE) expect(written).toContain(one);
  });

  it('are open to nobody without a key, and to no merchant', async () => {
    const { key } = await onboard(admin);
    for (const route of routes) {
      const [status] = await ask(route, null);
      expect([route.method, route.path, status]).toEqual([route.method, route.path, 401]);
    }
    for (const route of routes.filter(({ method }) => !looks(method)).slice(0, 8)) {
      expect([route.path, (await ask(route, key))[0]]).toEqual([route.path, 401]);
    }
  }, 60_000);

  it('ask for operations:read to look and for operations:write to do anything, of keys of one scope each', async () => {
    const stays = await waker()
      .queue('syncs')
      .add('stays', { merchantId: 'mer_1', stream: 's' }, { delay: 3e6 });
    for (const [scope, key] of keys) {
      for (const route of routes) {
        const needed = looks(route.method) ? 'operations:read' : 'operations:write';
        if (scope === needed) continue;
        const [status, code] = await ask(route, key);
        const body = route.method === 'HEAD' ? undefined : 'scope_missing';
        expect([scope, route.method, route.path, status, code]).toEqual([
          scope,
          route.method,
          route.path,
          403,
          body,
        ]);
      }
    }
    expect(await waker().queue('syncs').isPaused()).toBe(false);
    expect(await stays.getState()).toBe('delayed');
    expect(await waker().queue('syncs').getJobCounts()).toMatchObject({ delayed: 1, waiting: 0 });
    await stays.remove();
  }, 120_000);

  it('are shown to who may look', async () => {
    for (const route of routes.filter(({ method }) => looks(method))) {
      const [status, code] = await ask(route, keys.get('operations:read')!);
      // There is no job of this name, and no file.
      expect([route.path, [200, 404].includes(status as number)]).toEqual([route.path, true]);
      expect([route.path, code]).not.toEqual([route.path, 'not_offered']);
    }
  });

  it('do what repairs something, and are otherwise not there, for whoever may change queues', async () => {
    const key = keys.get('operations:write')!;
    for (const route of routes.filter(({ method }) => !looks(method))) {
      const offered = DONE_HERE.includes(`${route.method} ${route.path}`);
      const [status, code] = await ask(route, key);
      expect([route.method, route.path, code === 'not_offered']).toEqual([
        route.method,
        route.path,
        !offered,
      ]);
      if (!offered) expect([route.path, status]).toEqual([route.path, 404]);
    }
    for (const status of ['wait', 'active', 'delayed', 'completed']) {
      const others = { method: 'PUT', at: `/queues/api/queues/syncs/clean/${status}` };
      expect(await ask(others, key)).toEqual([404, 'not_offered']);
    }
    for (const lane of LANES) await waker().queue(lane.name).resume();
  });

  it('show no more jobs at once than a page', async () => {
    const key = keys.get('operations:read')!;
    const page = (jobs: string) =>
      ask({ method: 'GET', at: `/queues/api/queues?activeQueue=syncs&jobsPerPage=${jobs}` }, key);
    expect(await page('100')).toEqual([200, undefined]);
    for (const many of ['101', '1000000', '1e9', 'Infinity', '0x1000', 'NaN']) {
      expect([many, ...(await page(many))]).toEqual([many, 400, 'too_many_jobs']);
    }
    expect(await page('5&jobsPerPage=100000')).toEqual([400, 'too_many_jobs']);
  });

  it('are a page with a reason for a browser, and without buttons for who may only look', async () => {
    const browser = async (scope: ApiScope) => ({
      accept: 'text/html',
      cookie: cookieOf((await login(admin, keys.get(scope)!)).headers.get('set-cookie')),
    });
    const refused = await admin.call('GET', '/queues', { key: null, headers: await browser('audit:read') });
    expect([refused.status, refused.headers.get('content-type')]).toEqual([403, 'text/html; charset=utf-8']);
    expect(refused.text).toContain('this needs a key with operations:read');

    const reader = await admin.call('GET', '/queues/api/queues', { key: keys.get('operations:read')! });
    for (const queue of reader.json.queues) {
      expect([queue.name, queue.readOnlyMode, queue.allowRetries]).toEqual([queue.name, true, false]);
    }
    const operator = await admin.call('GET', '/queues/api/queues');
    expect(operator.json.queues.every((queue: { readOnlyMode: boolean }) => !queue.readOnlyMode)).toBe(true);
  });

  it('are the only ones that the home page leads to, with figures that the key may see', async () => {
    await onboard(admin);
    const home = async (scope: ApiScope) => {
      const cookie = cookieOf((await login(admin, keys.get(scope)!)).headers.get('set-cookie'));
      return (await admin.call('GET', '/', { key: null, headers: { cookie } })).text;
    };
    const [merchants, operations, audit] = [
      await home('merchants:read'),
      await home('operations:read'),
      await home('audit:read'),
    ];
    expect(merchants).toContain('<dt>Merchants</dt>');
    expect(merchants).not.toMatch(/Dead letters<\/dt>|href="\/queues"/);
    expect(operations).toMatch(/Dead letters<\/dt>[^]*href="\/queues"/);
    expect(operations).not.toContain('<dt>Merchants</dt>');
    expect(audit).toContain('This key shows no figures here');
    expect(audit).not.toMatch(/<dt>|href="\/queues"/);
  });
});
