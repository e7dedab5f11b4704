import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import pg from 'pg';
import { bootService, loadEnv } from '#platform';
import { createTestDatabase, TEST_MASTER_KEYS, type TestDatabase } from '#testing';
import { AdminEnv } from '../src/env.js';
import { adminService } from '../src/service.js';
import { closeTables } from './closed-tables.js';

export const OPERATOR_KEY = `waco_test_${'5'.repeat(40)}`;
export const SESSION_SECRET = 'session-secret-of-the-admin-tests';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json: Record<string, any>;
}

export interface Route {
  methods: string[];
  /** With `:name` where a parameter stands. */
  path: string;
}

export interface AdminUnderTest {
  app: NestFastifyApplication;
  database: TestDatabase;
  url: string;
  owner: pg.Client;
  /** Every route that the server knows. */
  routes: readonly Route[];
  /** A call with a key (the operator's unless said otherwise; null: none). */
  call(
    method: string,
    path: string,
    options?: { key?: string | null; body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer>;
  close(): Promise<void>;
}

/** The whole service, as `main.ts` makes it, on a free port and a database of its own, or that of `shared`. */
export async function startAdmin(
  settings: Record<string, string> = {},
  queueUrl?: string,
  shared?: TestDatabase,
): Promise<AdminUnderTest> {
  const database = shared ?? (await createTestDatabase());
  await closeTables(database);
  const env = loadEnv(AdminEnv, {
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    PORT: '0',
    DATABASE_URL: database.url('waco_admin'),
    QUEUE_URL: queueUrl ?? database.queueUrl,
    QUEUE_PREFIX: 'admin-test',
    WACO_MASTER_KEYS: TEST_MASTER_KEYS,
    WACO_OPERATOR_KEY: OPERATOR_KEY,
    ADMIN_SESSION_SECRET: SESSION_SECRET,
    PUBLIC_GATEWAY_URL: 'https://hooks.example.com',
    VENDOR_TIMEOUT_MS: '1000',
    RATE_LIMIT_PER_ADDRESS: '100000',
    RATE_LIMIT_PER_KEY: '100000',
    ...settings,
  });
  const service = adminService(env);
  const routes: Route[] = [];
  const app = await bootService({
    ...service,
    configure: async (starting) => {
      const server = starting.getHttpAdapter().getInstance();
      server.addHook(
        'onRoute',
        ({ method, url }) => void routes.push({ methods: [method].flat(), path: url }),
      );
      await service.configure?.(starting);
    },
  });
  const { port } = app.getHttpServer().address() as { port: number };
  const url = `http://127.0.0.1:${port}`;
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  return {
    app,
    database,
    url,
    owner,
    routes,
    async call(method, path, { key = OPERATOR_KEY, body, headers = {} } = {}) {
      const answer = await fetch(`${url}${path}`, {
        method,
        redirect: 'manual',
        headers: {
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
      });
      const text = await answer.text();
      const isJson = text !== '' && /[/+]json/.test(answer.headers.get('content-type') ?? '');
      return { status: answer.status, headers: answer.headers, text, json: isJson ? JSON.parse(text) : {} };
    },
    async close() {
      const closed = app.close();
      // A connection that a client opened and has not used yet is not idle to Node.
      app.getHttpServer().closeAllConnections();
      await closed;
      await owner.end();
      if (!shared) await database.drop();
    },
  };
}

let shops = 0;

export function newMerchant(overrides: object = {}): Record<string, string> {
  shops++;
  return {
    name: `Shop ${shops}`,
    slug: `shop-${shops}`,
    country: 'AE',
    currency: 'AED',
    language: 'en',
    ...overrides,
  };
}

/** A merchant with a key of its own. */
export async function onboard(
  admin: AdminUnderTest,
): Promise<{ merchantId: string; key: string; keyId: string }> {
  const created = await admin.call('POST', '/v1/merchants', { body: newMerchant() });
  const { merchantId } = created.json as { merchantId: string };
  const key = await admin.call('POST', `/v1/merchants/${merchantId}/api-keys`, { body: { name: 'own' } });
  return { merchantId, key: key.json.key as string, keyId: key.json.id as string };
}

/** The `name=value` of a `Set-Cookie` header. */
export function cookieOf(header: string | null): string {
  return (header ?? '').split(';')[0]!;
}

/** Signs in as a browser does. */
export function login(
  admin: AdminUnderTest,
  key: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return admin.call('POST', '/login', {
    key: null,
    body: new URLSearchParams({ key, next: '/' }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });
}
