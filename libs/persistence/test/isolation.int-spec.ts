import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '#testing';
import { SERVICE_ROLES, type ServiceRole } from '../../../migrations/index.js';
import { fillTenantTables, type TenantTable } from './fill.js';
import { ACROSS_MERCHANTS } from './grants.js';

const [A, B] = ['mer_a', 'mer_b'];
/** One for each service that does work of the journal. */
const WORKERS = SERVICE_ROLES.filter((role) => role !== 'waco_ingest').map((role) =>
  role.replace('waco_', ''),
);

/** Cheaper than any policy and willing to tell: PostgreSQL must ask the policy first all the same. */
const LOUD = `CREATE SCHEMA loud; GRANT USAGE ON SCHEMA loud TO PUBLIC;
  CREATE FUNCTION loud.tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
    $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$`;

let database: TestDatabase;
let owner: pg.Client;
let tables: TenantTable[];
/** Where rows of merchant B are, by table. */
const placesOfB = new Map<string, string[]>();
const services = new Map<ServiceRole, pg.Client>();

beforeAll(async () => {
  database = await createTestDatabase();
  owner = await connect(database.ownerUrl);
  tables = await fillTenantTables(owner, [A, B], WORKERS.length);
  await owner.query(`UPDATE journal.items SET service = ($1::text[])[id % $2 + 1]`, [
    WORKERS,
    WORKERS.length,
  ]);
  for (const { name } of tables) {
    const { rows } = await owner.query<{ place: string }>(
      `SELECT ctid::text AS place FROM ${name} WHERE merchant_id = $1`,
      [B],
    );
    placesOfB.set(
      name,
      rows.map((row) => row.place),
    );
  }
  await owner.query(LOUD);
  for (const role of SERVICE_ROLES) services.set(role, await connect(database.url(role)));
});
afterAll(async () => {
  for (const client of [...services.values(), owner]) await client?.end();
  await database?.drop();
});

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

/** Runs `work` in a transaction of `merchant`, or of none, and takes it back. */
async function within<T>(
  role: ServiceRole,
  merchant: string | undefined,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = services.get(role)!;
  await client.query('BEGIN');
  try {
    if (merchant !== undefined)
      await client.query(`SELECT set_config('waco.merchant_id', $1, true)`, [merchant]);
    return await work(client);
  } finally {
    await client.query('ROLLBACK');
  }
}

/** Tables on which `role` has `verb`, on at least one column. */
async function allowed(role: ServiceRole, verb: 'SELECT' | 'UPDATE' | 'DELETE'): Promise<string[]> {
  const check = verb === 'DELETE' ? 'has_table_privilege' : 'has_any_column_privilege';
  const { rows } = await owner.query<{ name: string }>(
    `SELECT name FROM unnest($1::text[]) name WHERE ${check}($2, name, $3)`,
    [tables.map((t) => t.name), role, verb],
  );
  return rows.map((row) => row.name);
}

/** A column that `role` may update, for each table where there is one. */
async function columnsToUpdate(role: ServiceRole): Promise<Map<string, string>> {
  const { rows } = await owner.query<{ name: string; column: string }>(
    `SELECT DISTINCT ON (name) name, a.attname AS column FROM unnest($1::text[]) name
     JOIN pg_attribute a ON a.attrelid = name::regclass AND a.attnum > 0
     WHERE has_column_privilege($2, name, a.attname, 'UPDATE') ORDER BY name, a.attname <> 'merchant_id' DESC`,
    [tables.map((t) => t.name), role],
  );
  return new Map(rows.map((row) => [row.name, row.column]));
}

/** Tables whose rows `role` removes through its schema's function. */
async function removable(role: ServiceRole): Promise<Set<string>> {
  const { rows } = await owner.query<{ name: string }>(
    `SELECT name FROM unnest($1::text[]) name JOIN pg_proc p ON p.proname = 'remove_rows'
       AND p.pronamespace = split_part(name, '.', 1)::regnamespace
     WHERE has_function_privilege($2, p.oid, 'EXECUTE') AND has_table_privilege(p.proowner, name, 'DELETE')`,
    [tables.map((t) => t.name), role],
  );
  return new Set(rows.map((row) => row.name));
}

/** Tables that a role may read, or change as well, across merchants, because that is its work. */
function exempt(role: ServiceRole, doing: 'reading' | 'changing'): string[] {
  return Object.entries(ACROSS_MERCHANTS)
    .filter(([, [of, verb]]) => of === role && (doing === 'reading' || !['SELECT', 'UPDATE'].includes(verb)))
    .map(([policy]) => policy.slice(0, policy.lastIndexOf('.')))
    .filter((table) => !(role === 'waco_admin' && table === 'journal.items'));
}

/** What a statement did: rows, or why not. */
async function attempt(client: pg.Client, sql: string, values: unknown[] = []): Promise<number | string> {
  await client.query('SAVEPOINT attempt');
  try {
    return (await client.query(sql, values)).rowCount ?? 0;
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT attempt');
    return (error as Error).message;
  }
}

const REFUSED = /permission denied|violates row-level security policy|are not removed|does not exist/;

it('has rows of both merchants in every table with merchants’ data', async () => {
  expect(tables.length).toBeGreaterThanOrEqual(18);
  for (const { name } of tables) {
    const { rows } = await owner.query(`SELECT DISTINCT merchant_id AS m FROM ${name} ORDER BY 1`);
    expect([name, rows.map((row) => row.m)]).toEqual([name, [A, B]]);
  }
});

describe.each(SERVICE_ROLES)('%s', (role) => {
  it('sees nothing without a merchant, of any table', async () => {
    for (const merchant of [undefined, '', 'mer_nobody']) {
      await within(role, merchant, async (client) => {
        for (const { name } of tables) {
          if (exempt(role, 'reading').includes(name)) continue;
          const seen = await attempt(client, `SELECT merchant_id FROM ${name}`);
          expect([name, seen]).toEqual([name, typeof seen === 'number' ? 0 : expect.stringMatching(REFUSED)]);
        }
      });
    }
  });

  it('sees its merchant’s rows and no other, and finds none by asking for them', async () => {
    await within(role, A, async (client) => {
      for (const name of await allowed(role, 'SELECT')) {
        if (exempt(role, 'reading').includes(name)) continue;
        const { rows } = await client.query<{ m: string }>(`SELECT merchant_id AS m FROM ${name}`);
        expect([name, rows.filter((row) => row.m !== A)]).toEqual([name, []]);
        for (const trick of [
          `SELECT merchant_id FROM ${name} WHERE merchant_id = '${B}' OR true`,
          `SELECT merchant_id FROM ${name} WHERE merchant_id <> '${A}'`,
          `SELECT merchant_id FROM ${name} UNION ALL SELECT merchant_id FROM ${name}`,
          `SELECT x.merchant_id FROM ${name} x RIGHT JOIN ${name} y ON x.merchant_id <> y.merchant_id`,
          `WITH RECURSIVE r AS (SELECT merchant_id FROM ${name}) SELECT merchant_id FROM r`,
          `SELECT merchant_id FROM ONLY ${name} TABLESAMPLE SYSTEM (100)`,
        ]) {
          const found = await client.query<{ merchant_id: string | null }>(trick);
          expect([trick, found.rows.filter((row) => row.merchant_id === B)]).toEqual([trick, []]);
        }
      }
    });
  });

  it('sees its merchant’s rows and no other through views', async () => {
    const { rows: views } = await owner.query<{ name: string }>(
      `SELECT schemaname || '.' || viewname AS name FROM pg_views
       WHERE schemaname !~ '^(pg_|information_schema)' AND has_table_privilege($1, schemaname || '.' || viewname, 'SELECT')`,
      [role],
    );
    if (role === 'waco_admin') expect(views.length).toBeGreaterThanOrEqual(12);
    for (const merchant of [A, undefined]) {
      await within(role, merchant, async (client) => {
        for (const { name } of views) {
          const { rows } = await client.query(`SELECT DISTINCT merchant_id AS m FROM ${name}`);
          expect([name, rows]).toEqual([name, merchant ? [{ m: A }] : []]);
        }
      });
    }
  });

  it('cannot change, delete, take or add rows of another merchant', async () => {
    const count = async (): Promise<unknown> => {
      const all = tables.map(
        ({ name }) => `SELECT '${name}' AS name, count(*)::int, md5(string_agg(t::text, '' ORDER BY t::text))
          FROM ${name} t WHERE merchant_id = '${B}'`,
      );
      return (await owner.query(`${all.join(' UNION ALL ')} ORDER BY 1`)).rows;
    };
    const before = await count();
    const [updates, deletes] = [await columnsToUpdate(role), await allowed(role, 'DELETE')];
    const rowsGo = await removable(role);
    const skip = exempt(role, 'changing');
    // What is committed is what counts, so these are not rolled back.
    const client = services.get(role)!;
    for (const name of tables.map((t) => t.name).filter((t) => !skip.includes(t))) {
      await client.query('BEGIN');
      await client.query(`SELECT set_config('waco.merchant_id', $1, true)`, [A]);
      const column = updates.get(name) ?? 'merchant_id';
      const changed = await attempt(
        client,
        `UPDATE ${name} SET ${column} = ${column} WHERE merchant_id = '${B}'`,
      );
      expect([name, changed]).toEqual([name, updates.has(name) ? 0 : expect.stringMatching(REFUSED)]);
      const deleted = await attempt(client, `DELETE FROM ${name} WHERE merchant_id = '${B}'`);
      expect([name, deleted]).toEqual([name, deletes.includes(name) ? 0 : expect.stringMatching(REFUSED)]);
      const [schema, table] = name.split('.');
      const remove = `SELECT FROM (SELECT ${schema}.remove_rows('${table}', $1::tid[]) AS n) r WHERE n > 0`;
      const removed = await attempt(client, remove, [placesOfB.get(name)]);
      expect([name, removed]).toEqual([name, rowsGo.has(name) ? 0 : expect.stringMatching(REFUSED)]);
      const given = await attempt(client, `UPDATE ${name} SET merchant_id = '${B}'`);
      expect([name, given]).toEqual([name, expect.stringMatching(REFUSED)]);
      const added = await attempt(client, tables.find((t) => t.name === name)!.insert, [B]);
      expect([name, added]).toEqual([name, expect.stringMatching(REFUSED)]);
      await client.query('COMMIT');
    }
    expect(await count()).toEqual(before);
  });

  it('cannot get around it: no other role, no row_security, no leaking function, no statistics', async () => {
    await within(role, A, async (client) => {
      for (const other of [...SERVICE_ROLES, 'waco_router', 'waco_dispatcher', 'postgres']) {
        if (other === role) continue;
        expect(await attempt(client, `SET ROLE ${other}`)).toMatch(/permission denied to set role/);
        expect(await attempt(client, `SET SESSION AUTHORIZATION ${other}`)).toMatch(/permission denied/);
      }
      expect(await attempt(client, `ALTER ROLE ${role} BYPASSRLS`)).toMatch(/permission denied/);
      expect(await attempt(client, `COPY tenancy.merchants TO PROGRAM 'cat'`)).toMatch(/permission denied/);
      expect(await attempt(client, `SELECT pg_read_file('/etc/passwd')`)).toMatch(/permission denied/);
      const said: string[] = [];
      const listen = (notice: { message?: string }): number => said.push(notice.message ?? '');
      client.on('notice', listen);
      for (const name of await allowed(role, 'SELECT')) {
        expect(await attempt(client, `ALTER TABLE ${name} DISABLE ROW LEVEL SECURITY`)).toMatch(
          /must be owner/,
        );
        expect(await attempt(client, `CREATE POLICY mine ON ${name} USING (true)`)).toMatch(/must be owner/);
        if (exempt(role, 'reading').includes(name)) continue;
        await client.query('SAVEPOINT leak');
        await client.query(`SELECT merchant_id FROM ${name} WHERE loud.tell(merchant_id)`);
        const { rows } = await client.query(
          `SELECT * FROM pg_stats WHERE schemaname || '.' || tablename = $1 AND attname = 'merchant_id'`,
          [name],
        );
        expect([name, rows]).toEqual([name, []]);
        await client.query(`SET LOCAL row_security = off`);
        expect(await attempt(client, `SELECT merchant_id FROM ${name}`)).toMatch(
          /row-level security|permission denied/,
        );
        await client.query('ROLLBACK TO SAVEPOINT leak');
      }
      client.off('notice', listen);
      expect(said.filter((text) => text !== A)).toEqual([]);
      expect(said).toContain(A);
    });
  });
});

it('a service may choose its merchant, and has its own tables only, whichever it chooses', async () => {
  // This is the boundary: row-level security holds against mistakes and injected conditions, not against a process
  // that was taken over. docs/security.md says so.
  await within('waco_checkout', A, async (client) => {
    await client.query(`SELECT set_config('waco.merchant_id', '${B}', true)`);
    const { rows } = await client.query(`SELECT DISTINCT merchant_id FROM checkout.orders`);
    expect(rows).toEqual([{ merchant_id: B }]);
    for (const name of [
      'conversation.threads',
      'outbound.messages',
      'tenancy.api_keys',
      'catalog.products',
    ]) {
      expect(await attempt(client, `SELECT 1 FROM ${name}`)).toMatch(/permission denied/);
    }
  });
});
