import type { QueryRunner } from 'typeorm';

/** Postgres roles, one per service: no owner, no superuser, no BYPASSRLS. `migrate` gives them a login. */
export const SERVICE_ROLES = [
  'waco_ingest',
  'waco_conversation',
  'waco_catalog',
  'waco_checkout',
  'waco_outbound',
  'waco_admin',
] as const;
export type ServiceRole = (typeof SERVICE_ROLES)[number];

/** Creates a role if the cluster does not have it: roles are shared by all databases of a cluster. */
export async function createRole(runner: QueryRunner, role: string): Promise<void> {
  await runner.query(
    `DO $$ BEGIN
       CREATE ROLE ${role} NOLOGIN NOINHERIT;
     EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
     END $$`,
  );
}

/** For a release whose services cannot work beside those of before. @throws Error naming who is connected. */
export async function noServiceRuns(runner: QueryRunner): Promise<void> {
  const rows = (await runner.query(
    `SELECT DISTINCT usename::text AS role FROM pg_stat_activity
     WHERE datname = current_database() AND usename = ANY ($1) ORDER BY 1`,
    [SERVICE_ROLES],
  )) as { role: string }[];
  if (rows.length === 0) return;
  const roles = rows.map(({ role }) => role).join(', ');
  throw new Error(`this release needs all services stopped while it migrates: ${roles} are connected`);
}

/** Creates a service's schema and lets its role, and nobody else, work in it. */
export async function createServiceSchema(
  runner: QueryRunner,
  schema: string,
  role: ServiceRole,
): Promise<void> {
  await runner.query(`CREATE SCHEMA ${schema}`);
  await runner.query(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
}

/**
 * Forces row-level security on a table with merchant data: a transaction sees the rows whose `merchant_id` is
 * its own (`waco.merchant_id`), and without one, none. `role` may read and write, `readers` may read.
 */
export async function protectTenantTable(
  runner: QueryRunner,
  table: string,
  role: ServiceRole,
  readers: readonly ServiceRole[] = [],
): Promise<void> {
  await runner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
  await runner.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
  await runner.query(
    `CREATE POLICY tenant ON ${table}
       USING (merchant_id = current_setting('waco.merchant_id', true))
       WITH CHECK (merchant_id = current_setting('waco.merchant_id', true))`,
  );
  await runner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${role}`);
  if (readers.length > 0) await runner.query(`GRANT SELECT ON ${table} TO ${readers.join(', ')}`);
}

/**
 * Shows these columns of a service's table to others, by the view `<table>_seen`. Repeated with more columns, which come last,
 * it shows those as well.
 */
export async function showTable(
  runner: QueryRunner,
  table: string,
  columns: readonly string[],
): Promise<void> {
  const [schema] = table.split('.');
  const list = columns.join(', ');
  await runner.query(`GRANT waco_viewer TO CURRENT_USER`);
  await runner.query(`GRANT USAGE, CREATE ON SCHEMA ${schema} TO waco_viewer`);
  await runner.query(`GRANT SELECT (${list}) ON ${table} TO waco_viewer`);
  await runner.query(`CREATE OR REPLACE VIEW ${table}_seen AS SELECT ${list} FROM ${table}`);
  await runner.query(`GRANT SELECT ON ${table}_seen TO waco_admin`);
  await runner.query(`ALTER VIEW ${table}_seen OWNER TO waco_viewer`);
  await runner.query(`REVOKE CREATE ON SCHEMA ${schema} FROM waco_viewer`);
}

/** Makes a function run as `role`, so that it may do the one thing that its callers may not. */
export async function ownFunction(
  runner: QueryRunner,
  signature: string,
  schema: string,
  role: string,
): Promise<void> {
  await runner.query(`GRANT ${role} TO CURRENT_USER`);
  await runner.query(`GRANT CREATE ON SCHEMA ${schema} TO ${role}`);
  await runner.query(`ALTER FUNCTION ${signature} OWNER TO ${role}`);
  await runner.query(`REVOKE CREATE ON SCHEMA ${schema} FROM ${role}`);
  await runner.query(`REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC`);
}
