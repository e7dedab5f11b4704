import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '#testing';
import { holdsMerchant, violations } from './catalog-rules.js';

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

it('every table, policy, view, role, right and function keeps merchants apart', async () => {
  expect(await violations(owner)).toEqual([]);
});

/** Each breaks one rule in a transaction that is rolled back. */
const BREACHES: [rule: string, sql: string, finding: string | RegExp][] = [
  [
    'a table without row-level security',
    `CREATE TABLE checkout.notes (merchant_id text)`,
    'checkout.notes: row-level security is not enabled',
  ],
  [
    'row-level security that its owner escapes',
    `ALTER TABLE checkout.orders NO FORCE ROW LEVEL SECURITY`,
    'checkout.orders: row-level security is not forced',
  ],
  [
    'a table without a policy',
    `CREATE TABLE outbound.notes (merchant_id text); ALTER TABLE outbound.notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`,
    'outbound.notes: has no policy',
  ],
  [
    'a table without a merchant',
    `CREATE TABLE catalog.things (id text)`,
    'catalog.things: has no merchant_id',
  ],
  [
    "merchants' rows outside the services' schemas",
    `CREATE TABLE public.copies (merchant_id text)`,
    /^public\.copies: /,
  ],
  [
    'a second policy that lets everything through',
    `CREATE POLICY support ON conversation.threads FOR SELECT USING (true)`,
    /^conversation\.threads\.support: /,
  ],
  [
    'an alternative to the merchant',
    `CREATE POLICY shared ON catalog.products USING (merchant_id = current_setting('waco.merchant_id', true) OR sku = 'free')`,
    /^catalog\.products\.shared: /,
  ],
  [
    'a policy that checks reads and not writes',
    `CREATE POLICY half ON catalog.products USING (merchant_id = current_setting('waco.merchant_id', true)) WITH CHECK (true)`,
    /^catalog\.products\.half: /,
  ],
  [
    'an exception that is widened to everybody',
    `ALTER POLICY operators ON tenancy.merchants TO PUBLIC`,
    /^tenancy\.merchants\.operators: is for public/,
  ],
  ['a role that bypasses it', `ALTER ROLE waco_checkout BYPASSRLS`, 'waco_checkout: is BYPASSRLS'],
  ['a role that may do anything', `ALTER ROLE waco_checkout SUPERUSER`, 'waco_checkout: is SUPERUSER'],
  [
    'a role that owns a table',
    `ALTER TABLE checkout.orders OWNER TO waco_checkout`,
    'waco_checkout: owns relation checkout.orders',
  ],
  [
    'a role that may become another',
    `GRANT waco_router TO waco_catalog`,
    'waco_catalog: may become waco_router',
  ],
  [
    "a right to another service's table",
    `GRANT SELECT ON checkout.orders TO waco_catalog`,
    'waco_catalog: may SELECT checkout.orders',
  ],
  [
    'a right to one column of it',
    `GRANT UPDATE (state) ON outbound.messages TO waco_checkout`,
    'waco_checkout: may UPDATE (columns) outbound.messages',
  ],
  [
    'a right to empty a table',
    `GRANT TRUNCATE ON checkout.orders TO waco_checkout`,
    'waco_checkout: may TRUNCATE checkout.orders',
  ],
  [
    'a right to make tables',
    `GRANT CREATE ON SCHEMA checkout TO waco_checkout`,
    'waco_checkout: may create in schema checkout',
  ],
  [
    'a dispatcher that sees payloads',
    `GRANT SELECT (payload) ON journal.items TO waco_dispatcher`,
    /^waco_dispatcher: sees payload/,
  ],
  [
    'a table for everybody',
    `GRANT SELECT ON tenancy.templates TO PUBLIC`,
    'everybody: SELECT on tenancy.templates',
  ],
  [
    'a column for everybody',
    `GRANT SELECT (slug) ON tenancy.merchants TO PUBLIC`,
    'everybody: SELECT on tenancy.merchants',
  ],
  [
    'a function with rights that everybody may call, with a path that the caller sets',
    `CREATE FUNCTION journal.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM journal.items'`,
    /^journal\.peek\(\): has no fixed search_path$/,
  ],
  [
    'the same, called by everybody',
    `CREATE FUNCTION journal.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT 1'`,
    'everybody: may execute journal.peek()',
  ],
  [
    "a view by the owner's rights",
    `CREATE VIEW checkout.seen AS SELECT * FROM checkout.orders`,
    /^checkout\.seen: shows rows by the rights of/,
  ],
  [
    'an exception that is widened from looking to changing',
    `DROP POLICY operators ON tenancy.api_keys; CREATE POLICY operators ON tenancy.api_keys TO waco_admin USING (true)`,
    'tenancy.api_keys.operators: is for ALL, not for SELECT',
  ],
  [
    'locks of another service',
    `ALTER POLICY own_waco_catalog ON journal.locks USING (true)`,
    'journal.locks.own_waco_catalog: does not hold rows to the service',
  ],
  [
    'a right that locks a table which others use',
    `GRANT UPDATE ON journal.items TO waco_catalog`,
    /^waco_catalog: may lock journal\.items, which .*waco_outbound.* use$/,
  ],
  [
    'the same through a view',
    `GRANT DELETE ON conversation.threads TO waco_conversation`,
    'waco_conversation: may lock conversation.threads, which waco_conversation,waco_viewer use',
  ],
  [
    'locks that anybody may take',
    `GRANT EXECUTE ON FUNCTION pg_try_advisory_xact_lock_shared(int, int) TO PUBLIC`,
    'everybody: may execute pg_try_advisory_xact_lock_shared(integer,integer)',
  ],
  [
    'a service that may become the queue',
    `GRANT waco_queue TO waco_catalog`,
    'waco_catalog: may become waco_queue',
  ],
  [
    "somebody who creates where BullMQ's functions are run",
    `GRANT CREATE ON SCHEMA bullmq TO waco_queue`,
    'waco_queue: may create in schema bullmq',
  ],
  [
    'somebody who creates where everybody looks names up',
    `GRANT CREATE ON SCHEMA public TO PUBLIC`,
    'everybody: may create in schema public',
  ],
  [
    'temporary tables, which hide others',
    `DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO waco_catalog', current_database()); END $$`,
    'waco_catalog: may temporary in this database',
  ],
  [
    "the queue's ledger, which keeps services from starting",
    `GRANT UPDATE ON bullmq.migration TO waco_queue`,
    'waco_queue: may UPDATE bullmq.migration',
  ],
  [
    'the ledger of migrations',
    `GRANT SELECT ON public.waco_migrations TO waco_admin`,
    'waco_admin: may SELECT public.waco_migrations',
  ],
  [
    'a table of nobody',
    `CREATE TABLE public.notes (text text)`,
    /^public\.notes: a table with merchants' rows/,
  ],
  [
    'a function that is replaced, and has the path of its caller again',
    `CREATE OR REPLACE FUNCTION journal.expect(p_found bigint, p_wanted bigint) RETURNS void LANGUAGE plpgsql AS 'BEGIN END'`,
    'journal.expect(bigint,bigint): has no fixed search_path',
  ],
  [
    'one that looks into the temporary schema first',
    `ALTER FUNCTION journal.backlog(timestamptz) SET search_path = pg_catalog`,
    'journal.backlog(timestamp with time zone): has no fixed search_path',
  ],
  [
    "a function of the queue's with another path",
    `ALTER FUNCTION bullmq.relay_get_namespaces() RESET search_path`,
    'bullmq.relay_get_namespaces(): has no fixed search_path',
  ],
  [
    'a function of another service',
    `GRANT EXECUTE ON FUNCTION journal.dead_letters(bigint, integer) TO waco_catalog`,
    'waco_catalog: may execute journal.dead_letters(bigint,integer)',
  ],
  [
    'the simulated outside world in the stores of services',
    `GRANT USAGE ON SCHEMA checkout TO waco_sandbox`,
    'waco_sandbox: may use schema checkout',
  ],
  [
    'a session that may hang for ever',
    `ALTER ROLE waco_outbound SET lock_timeout = 0`,
    'waco_outbound: has no lock_timeout',
  ],
  [
    'a copy without row-level security',
    `CREATE MATERIALIZED VIEW checkout.copy AS SELECT * FROM checkout.orders`,
    /^checkout\.copy: a materialized view/,
  ],
];

it.each(BREACHES)('notices %s', async (_rule, sql, finding) => {
  await owner.query('BEGIN');
  try {
    await owner.query(sql);
    const found = await violations(owner);
    expect(found).toContainEqual(typeof finding === 'string' ? finding : expect.stringMatching(finding));
  } finally {
    await owner.query('ROLLBACK');
  }
});

it('reads a policy as PostgreSQL prints it', () => {
  const merchant = `(merchant_id = current_setting('waco.merchant_id'::text, true))`;
  const once = `(merchant_id = ( SELECT current_setting('waco.merchant_id'::text, true) AS current_setting))`;
  for (const rule of [merchant, once, `((service = 'x'::text) AND ${merchant})`, `(${once} AND (a OR b))`]) {
    expect(holdsMerchant(rule)).toBe(true);
  }
  for (const rule of [
    'true',
    `(true OR ${merchant})`,
    `(${merchant} OR (merchant_id IS NULL))`,
    `((a OR ${merchant}) AND b)`,
    `(NOT ${merchant})`,
    `(other_id = current_setting('waco.merchant_id'::text, true))`,
    `(merchant_id = current_setting('waco.other'::text, true))`,
    `(merchant_id <> current_setting('waco.merchant_id'::text, true))`,
  ]) {
    expect(holdsMerchant(rule)).toBe(false);
  }
});
