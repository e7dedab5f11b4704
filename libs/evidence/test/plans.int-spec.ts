import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '#testing';
import type { ServiceRole } from '../../../migrations/index.js';
import { SEEN_VIEWS } from '../src/index.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

/** How PostgreSQL finds this for a merchant as the role, whatever it calls what it reads. */
async function planOf(role: ServiceRole, sql: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: database.url(role) });
  await client.connect();
  try {
    await client.query(`SELECT set_config('waco.merchant_id', 'mer_1', false)`);
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN (COSTS OFF) ${sql}`);
    return rows.map((row) => row['QUERY PLAN'].replaceAll(/\b[a-z_]+\.(?=[a-z_])/g, ''));
  } finally {
    await client.end();
  }
}

/** What tells rows of the table apart. */
async function keyOf(table: string): Promise<string[]> {
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  const { rows } = await owner.query<{ column: string }>(
    `SELECT a.attname AS "column" FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
     AND a.attnum = ANY (i.indkey) WHERE i.indrelid = $1::regclass AND i.indisprimary ORDER BY array_position(i.indkey, a.attnum)`,
    [table],
  );
  await owner.end();
  return rows.map((row) => row.column);
}

it.each(SEEN_VIEWS)('a page of $name is found as its service finds it in the table', async ({ name }) => {
  const table = name.replace(/_seen$/, '');
  const [schema] = table.split('.');
  const key = await keyOf(table);
  const order = key.length > 0 ? key : ['channel_message_id'];
  const page = (from: string): string =>
    `SELECT merchant_id FROM ${from} WHERE merchant_id = 'mer_1' ${order
      .filter((column) => column !== 'merchant_id')
      .map((column) => `AND ${column} > '7'`)
      .join(' ')} ORDER BY ${order.join(', ')} LIMIT 100`;
  const ofView = await planOf('waco_admin', page(name));
  expect(ofView.join('\n')).toMatch(/Index (Only )?Scan/);
  const service = schema === 'journal' ? 'waco_admin' : (`waco_${schema}` as ServiceRole);
  expect(ofView).toEqual(await planOf(service, page(table)));
});
