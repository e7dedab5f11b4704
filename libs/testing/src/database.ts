import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { LANES } from '#contracts';
import {
  closeDatabase,
  MIGRATIONS,
  migrate,
  QUEUE_ROLE,
  SERVICE_ROLES,
  type ServiceRole,
} from '../../../migrations/index.js';

const TEMPLATE = 'waco_template';
const LOCK = 7_229_100;

export interface TestDatabase {
  /** Superuser. */
  ownerUrl: string;
  /** A service's own role. */
  url(role: ServiceRole): string;
  /** BullMQ's own role, as `QUEUE_URL` takes it. */
  queueUrl: string;
  drop(): Promise<void>;
}

/**
 * A fresh, fully migrated database on the test run's PostgreSQL, cloned from a template that the first caller makes.
 * BullMQ's PostgreSQL schema is in it too.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = process.env.WACO_TEST_DATABASE_URL;
  if (!serverUrl)
    throw new Error('run this test through the int or e2e project: it needs the test PostgreSQL');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Client({ connectionString: serverUrl });
  await admin.connect();
  try {
    await admin.query('SELECT pg_advisory_lock($1)', [LOCK]);
    const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [TEMPLATE]);
    if (!rowCount) await makeTemplate(admin, serverUrl);
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
    await admin.query('SELECT pg_advisory_unlock($1)', [LOCK]);
  } finally {
    await admin.end();
  }
  await within(on(serverUrl, name), closeDatabase);
  return {
    ownerUrl: on(serverUrl, name),
    url: (role) => on(serverUrl, name, role),
    queueUrl: on(serverUrl, name, QUEUE_ROLE),
    drop: () => within(serverUrl, (c) => c.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
  };
}

async function makeTemplate(admin: pg.Client, serverUrl: string): Promise<void> {
  await admin.query(`CREATE DATABASE ${TEMPLATE}_new`);
  await migrate({
    url: on(serverUrl, `${TEMPLATE}_new`),
    migrations: MIGRATIONS,
    passwords: Object.fromEntries([...SERVICE_ROLES, QUEUE_ROLE].map((role) => [role, 'test'])),
    queues: LANES.map(({ name }) => name),
    sandbox: true,
  });
  // Renamed when complete, so that a run that was cut short leaves no half-made template.
  await admin.query(`ALTER DATABASE ${TEMPLATE}_new RENAME TO ${TEMPLATE}`);
}

async function within(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function on(serverUrl: string, database: string, role?: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  if (role) {
    url.username = role;
    url.password = 'test';
  }
  return url.href;
}
