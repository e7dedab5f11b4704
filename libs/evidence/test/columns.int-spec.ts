import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '#testing';
import { SEEN_VIEWS } from '../src/index.js';

/** Made from a part of a column, where PostgreSQL does not say whether it may be null. */
const PARTS = ['cart', 'orders', 'open_order_ref', 'waiting_since'].map(
  (column) => `conversation.threads_seen.${column}`,
);
/** What opens something, or holds what does. */
const NOT_SHOWN = [
  'checkout.orders.link_token',
  'checkout.orders.nonce',
  'checkout.orders.session_url',
  'conversation.threads.state',
];

let database: TestDatabase;
let owner: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
});
afterAll(async () => {
  await owner?.end();
  await database?.drop();
});

interface Found {
  view: string;
  table: string;
  column: string;
  type: string;
  /** Whether the table's column of the same name may be null; null where there is none. */
  nullable: boolean | null;
}

async function found(): Promise<Found[]> {
  const { rows } = await owner.query<Found>(
    `SELECT n.nspname || '.' || v.relname AS view, n.nspname || '.' || t.relname AS "table", a.attname AS "column",
       format_type(a.atttypid, a.atttypmod) AS type, NOT b.attnotnull AS nullable
     FROM pg_class v JOIN pg_namespace n ON n.oid = v.relnamespace
     JOIN pg_class t ON t.relnamespace = n.oid AND t.relname = replace(v.relname, '_seen', '')
     JOIN pg_attribute a ON a.attrelid = v.oid AND a.attnum > 0 AND NOT a.attisdropped
     LEFT JOIN pg_attribute b ON b.attrelid = t.oid AND b.attname = a.attname AND b.attnum > 0
     WHERE v.relkind = 'v' AND v.relname LIKE '%\\_seen' ORDER BY 1, a.attnum`,
  );
  return rows;
}

it('each view has a row type', async () => {
  const there = new Set((await found()).map(({ view }) => view));
  expect(SEEN_VIEWS.map(({ name }) => name).toSorted()).toEqual([...there].toSorted());
});

it.each(SEEN_VIEWS)('$name has the columns of its row type, in their order', async ({ name, columns }) => {
  const there = (await found()).filter(({ view }) => view === name);
  expect(there.map(({ column, type }) => [column, type])).toEqual(
    Object.entries(columns).map(([column, { type }]) => [column, type]),
  );
});

it('row types say of a column that it may be null exactly where the table does', async () => {
  const columns = (await found()).map(({ view, column, nullable }) => ({
    name: `${view}.${column}`,
    nullable,
    declared: SEEN_VIEWS.find(({ name }) => name === view)?.columns[column]?.nullable,
  }));
  const said = columns.filter(({ nullable }) => nullable !== null);
  expect(said.filter(({ nullable, declared }) => nullable !== declared)).toEqual([]);
  expect(columns.filter(({ nullable }) => nullable === null).map(({ name }) => name)).toEqual(PARTS);
});

it('views show every column of their tables but what opens something', async () => {
  const views = await found();
  const tables = [...new Set(views.map(({ table }) => table))];
  const { rows } = await owner.query<{ table: string; column: string }>(
    `SELECT name AS "table", a.attname AS "column" FROM unnest($1::text[]) name
     JOIN pg_attribute a ON a.attrelid = name::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, 2`,
    [tables],
  );
  const hidden = rows.filter(
    (there) => !views.some(({ table, column }) => table === there.table && column === there.column),
  );
  expect(hidden.map(({ table, column }) => `${table}.${column}`)).toEqual(NOT_SHOWN);
});
