import pg from 'pg';
import { lockNames, lockSlot, type LockKind } from '#persistence';
import { createTestDatabase, type TestDatabase } from '#testing';
import { migrate, MIGRATIONS, QUEUE_ROLE, SERVICE_ROLES } from '../../../migrations/index.js';
import { fillTenantTables, type TenantTable } from './fill.js';

/** No role can hold up another one: it takes every lock that it can get and keeps it, and the others do their work. */

const MERCHANTS = ['mer_a', 'mer_b'];
const ROLES = [...SERVICE_ROLES, QUEUE_ROLE];
const SERVICES = SERVICE_ROLES.filter((role) => role !== 'waco_ingest').map((r) => r.replace('waco_', ''));
const KINDS: readonly [service: string, kind: LockKind][] = [
  ...['conversation', 'catalog', 'checkout', 'outbound'].map((s) => [s, 'stream'] as [string, LockKind]),
  ['conversation', 'contact'],
  ['outbound', 'channel-id'],
  ['admin', 'business-account'],
  ['admin', 'audit-chain'],
];
/** Every mode of PostgreSQL, the strongest first. */
const MODES = [
  'ACCESS EXCLUSIVE',
  'EXCLUSIVE',
  'SHARE ROW EXCLUSIVE',
  'SHARE',
  'SHARE UPDATE EXCLUSIVE',
  'ROW EXCLUSIVE',
  'ROW SHARE',
  'ACCESS SHARE',
];

let database: TestDatabase;
let owner: pg.Client;
let tenantTables: TenantTable[];
let tables: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  owner = await connect(database.ownerUrl);
  tenantTables = await fillTenantTables(owner, MERCHANTS, SERVICES.length * 2);
  await owner.query(`UPDATE journal.items SET settled_at = NULL, parked_at = NULL, outcome = NULL`);
  await owner.query(`UPDATE journal.items SET service = ($1::text[])[id % $2 + 1]`, [
    SERVICES,
    SERVICES.length,
  ]);
  const { rows } = await owner.query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ '^(pg_|information_schema)'`,
  );
  tables = rows.map((row) => row.name);
});
afterAll(async () => {
  await owner?.end();
  await database?.drop();
});

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

function urlOf(role: string): string {
  return role === QUEUE_ROLE ? database.queueUrl : database.url(role as (typeof SERVICE_ROLES)[number]);
}

/** Runs one statement; what it is refused for does not end the transaction. */
async function attempt(client: pg.Client, sql: string, values: unknown[] = []): Promise<boolean> {
  await client.query('SAVEPOINT attempt');
  try {
    await client.query(sql, values);
    return true;
  } catch {
    await client.query('ROLLBACK TO SAVEPOINT attempt');
    return false;
  }
}

/** Opens a transaction that holds all that this role can lock, by whatever means. Returns its connection. */
async function holdAll(role: string): Promise<pg.Client> {
  const client = await connect(urlOf(role));
  // Whoever writes the client is not bound by its time-outs.
  await client.query(`SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; BEGIN`);
  for (const table of tables) {
    for (const mode of MODES) if (await attempt(client, `LOCK TABLE ${table} IN ${mode} MODE NOWAIT`)) break;
  }
  for (const merchant of ['', ...MERCHANTS]) {
    await client.query(
      `SELECT set_config('waco.merchant_id', $1, true), set_config('waco.quarantine', 'on', true)`,
      [merchant],
    );
    for (const table of tables) {
      for (const strength of ['UPDATE', 'NO KEY UPDATE', 'SHARE', 'KEY SHARE']) {
        if (await attempt(client, `SELECT FROM ${table} FOR ${strength} SKIP LOCKED`)) break;
      }
    }
  }
  for (const [service, kind] of KINDS) {
    for (let slot = 0; slot < 3; slot++) {
      await attempt(client, 'SELECT pg_advisory_lock($1)', [lockSlot(kind, `${service}/${slot}`)]);
    }
  }
  return client;
}

/** What this role does all day, in one transaction. Returns the statements that were held up for a second. */
async function work(role: string, held: readonly string[]): Promise<string[]> {
  const client = await connect(urlOf(role));
  const late: string[] = [];
  const run = async (sql: string, values: unknown[] = []): Promise<void> => {
    await client.query('SAVEPOINT working');
    await client.query(sql, values).catch(async ({ code }: { code?: string }) => {
      await client.query('ROLLBACK TO SAVEPOINT working');
      if (['55P03', '57014', '40P01'].includes(code ?? '')) late.push(sql);
    });
  };
  try {
    await client.query(`SET lock_timeout = '1s'; BEGIN`);
    await client.query(`SELECT set_config('waco.merchant_id', 'mer_a', true)`);
    for (const { name, insert } of tenantTables) {
      const { rows } = await owner.query<{ reads: boolean; adds: boolean; column: string | null }>(
        `SELECT has_table_privilege($1, $2, 'SELECT') AS reads, has_table_privilege($1, $2, 'INSERT') AS adds,
           (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = $2::regclass AND a.attnum > 0
             AND has_column_privilege($1, $2, a.attname, 'UPDATE') ORDER BY a.attname = 'merchant_id' LIMIT 1) AS column`,
        [role, name],
      );
      const { reads, adds, column } = rows[0]!;
      if (reads) await run(`SELECT * FROM ${name}`);
      if (adds) await run(`${insert} ON CONFLICT DO NOTHING`, ['mer_a']);
      if (column && !held.includes(name)) await run(`UPDATE ${name} SET ${column} = ${column}`);
    }
    for (const [service, kind] of KINDS.filter(([of]) => `waco_${of}` === role)) {
      const { rows } = await client.query(...lockNames(kind, ['one', 'two', 'three']));
      expect([service, kind, rows.length]).toEqual([service, kind, 3]);
    }
    if (role === QUEUE_ROLE) {
      await run(`SELECT add_job('threads','','wake','{}','{}',0,0,1,1,NULL,NULL,NULL,NULL,NULL,false)`);
      await run(`SELECT * FROM move_to_active('threads','token',5000,1,NULL,NULL,NULL)`);
    }
    return late;
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
    await client.end();
  }
}

it.each(ROLES)('%s can hold up nobody', async (role) => {
  const attacker = await holdAll(role);
  try {
    for (const other of ROLES.filter((r) => r !== role)) {
      // Operators repair and erase any service's items, and may have to wait for it: docs/security.md says so.
      const held = [role, other].includes('waco_admin') ? ['journal.items'] : [];
      expect([other, await work(other, held)]).toEqual([other, []]);
    }
  } finally {
    await attacker.end();
  }
});

it.each(SERVICE_ROLES)(
  '%s takes no key from what comes in another way, and adds nothing as if it had been tried',
  async (role) => {
    const client = await connect(urlOf(role));
    const add = (source: string, more: Record<string, unknown> = {}): Promise<string> => {
      const row = {
        merchant_id: MERCHANTS[0],
        service: 'outbound',
        queue: 'recipients',
        stream: 's',
        name: 'n',
        source,
        external_id: `${role}/${source}/${Object.keys(more).join()}`,
        payload: '{}',
        ...more,
      };
      const values = Object.values(row);
      return client
        .query(
          `INSERT INTO journal.items (${Object.keys(row).join(', ')}, occurred_at, due_at)
         VALUES (${values.map((_, i) => `$${i + 1}`).join(', ')}, now(), now())`,
          values,
        )
        .then(
          () => 'added',
          (error: { code: string }) => error.code,
        );
    };
    try {
      await client.query(`SET waco.merchant_id = '${MERCHANTS[0]}'`);
      const gateway = role === 'waco_ingest';
      const mayReplay = gateway || role === 'waco_admin';
      for (const source of ['whatsapp', 'stripe', 'store'])
        expect([source, await add(source)]).toEqual([source, mayReplay ? 'added' : '42501']);
      expect(await add('job')).toBe(gateway ? '42501' : 'added');
      for (const tried of [
        { attempts: 2_147_483_647 },
        { endings: 1 },
        { redrives: 1 },
        { parked_at: new Date() },
      ]) {
        expect([tried, await add(gateway ? 'store' : 'job', tried)]).toEqual([tried, '42501']);
      }
    } finally {
      await client.end();
      await owner.query(`DELETE FROM journal.items WHERE external_id LIKE $1`, [`${role}/%`]);
    }
  },
);

it('services can keep no migration from its turn', async () => {
  const attackers = [];
  for (const role of ROLES) attackers.push(await holdAll(role));
  try {
    const { ran } = await migrate({ url: database.ownerUrl, migrations: MIGRATIONS, queues: ['threads'] });
    expect(ran).toEqual([]);
  } finally {
    for (const attacker of attackers) await attacker.end();
  }
});

it.each(ROLES)('%s cannot take an advisory lock by any function', async (role) => {
  const { rows } = await owner.query<{ name: string; types: string[] }>(
    `SELECT proname AS name, proargtypes::regtype[]::text[] AS types FROM pg_proc
     WHERE pronamespace = 'pg_catalog'::regnamespace AND proname LIKE 'pg%advisory%lock%' AND proname NOT LIKE '%unlock%'`,
  );
  expect(rows.length).toBeGreaterThanOrEqual(16);
  const client = await connect(urlOf(role));
  await client.query('BEGIN');
  for (const { name, types } of rows) {
    const taken = await attempt(client, `SELECT ${name}(${types.map((type) => `1::${type}`).join()})`);
    expect([name, taken]).toEqual([name, role === QUEUE_ROLE]);
  }
  await client.end();
});

describe("the queue's role", () => {
  it.each([
    [
      'a function that fits better',
      `CREATE FUNCTION bullmq.jsonb_build_array(jsonb) RETURNS jsonb LANGUAGE sql AS 'SELECT $1'`,
    ],
    [
      'one that is called everywhere',
      `CREATE FUNCTION public.format(text, text) RETURNS text LANGUAGE sql AS 'SELECT $1'`,
    ],
    ['a table', `CREATE TABLE bullmq.now (at timestamptz)`],
    ['a type', `CREATE TYPE bullmq.job_state_2 AS ENUM ('x')`],
    [
      'an operator',
      `CREATE OPERATOR bullmq.= (LEFTARG = job_state, RIGHTARG = text, FUNCTION = pg_catalog.texteq)`,
    ],
    ['a schema', `CREATE SCHEMA mine`],
    ['a sequence', `CREATE SEQUENCE bullmq.job_seq_2`],
    [
      'a trigger',
      `CREATE TRIGGER t BEFORE INSERT ON bullmq.job FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
    ],
    [
      'a change of a function',
      `CREATE OR REPLACE FUNCTION bullmq.job_id_seq_name(p_queue text) RETURNS text LANGUAGE sql AS 'SELECT 1'`,
    ],
    ['an emptied ledger', `DELETE FROM bullmq.migration`],
    ['a ledger for a later client', `UPDATE bullmq.migration SET min_client_version = 99`],
    ['another role', `SET ROLE waco_admin`],
    ['rows of a service', `SELECT * FROM tenancy.api_keys`],
    ['the journal', `SELECT * FROM journal.items`],
  ])('cannot make or reach %s', async (_what, sql) => {
    const client = await connect(database.queueUrl);
    await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
    await client.end();
  });

  it.each(SERVICE_ROLES)('is no role that %s can become, or whose jobs it can see', async (role) => {
    const client = await connect(database.url(role));
    for (const sql of [
      `SET ROLE ${QUEUE_ROLE}`,
      'SELECT * FROM bullmq.job',
      `SELECT bullmq.next_delay('threads')`,
    ]) {
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
    }
    await client.end();
  });
});

it('every session of a service ends by itself when it hangs', async () => {
  for (const role of ROLES) {
    const client = await connect(urlOf(role));
    const { rows } = await client.query(
      `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
         current_setting('idle_in_transaction_session_timeout') AS idle`,
    );
    expect([role, rows[0]]).toEqual([role, { statement: '15s', lock: '10s', idle: '30s' }]);
    await client.end();
  }
});
