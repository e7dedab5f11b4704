import pg from 'pg';

/**
 * `DROP OWNED BY CURRENT_USER` takes a role out of every policy that names it, and whoever has the role may say so. What the
 * migrations have made is written down, to be put in place again.
 */
const LEDGER = 'public.waco_policies';

interface Policy {
  schema: string;
  table: string;
  name: string;
  permissive: string;
  roles: string[];
  cmd: string;
  using: string | null;
  check: string | null;
}

/** What is there now, without its expressions: to print those, PostgreSQL waits for the table. */
const PRESENT = `SELECT n.nspname AS schema, c.relname AS "table", p.polname AS name,
    CASE WHEN 0 = ANY (p.polroles) THEN ARRAY['public']
      ELSE ARRAY(SELECT rolname::text FROM pg_roles WHERE oid = ANY (p.polroles) ORDER BY 1) END AS roles
  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace`;

const LAST_MIGRATION = '(SELECT max(id) FROM public.waco_migrations)';

/**
 * Puts in place what is missing since the last time, or names other roles. Resolves with their names. Nothing is restored
 * after a migration of which it was not written down what it made: that one may have meant it.
 */
export async function restorePolicies(owner: pg.Client): Promise<string[]> {
  await owner.query(`CREATE TABLE IF NOT EXISTS ${LEDGER} (policy json NOT NULL, as_of integer NOT NULL)`);
  const { rows: known } = await owner.query(`SELECT FROM ${LEDGER} LIMIT 1`);
  if (known.length === 0) return []; // before the first migration there is no table of them either
  const { rows: lost } = await owner.query<{ policy: Policy; there: boolean }>(
    `SELECT l.policy, p.name IS NOT NULL AS there FROM ${LEDGER} l LEFT JOIN (${PRESENT}) p
       ON p.schema = l.policy ->> 'schema' AND p."table" = l.policy ->> 'table' AND p.name = l.policy ->> 'name'
     WHERE l.as_of = ${LAST_MIGRATION} AND array_to_json(p.roles)::text IS DISTINCT FROM (l.policy -> 'roles')::text
       AND to_regclass(format('%I.%I', l.policy ->> 'schema', l.policy ->> 'table')) IS NOT NULL`,
  );
  for (const { policy, there } of lost) await restore(owner, policy, there);
  return lost.map(({ policy: { schema, table, name } }) => `${schema}.${table}: ${name}`);
}

async function restore(owner: pg.Client, policy: Policy, there: boolean): Promise<void> {
  const [name, table] = [
    pg.escapeIdentifier(policy.name),
    `${policy.schema}.${pg.escapeIdentifier(policy.table)}`,
  ];
  const create =
    `CREATE POLICY ${name} ON ${table} AS ${policy.permissive} FOR ${policy.cmd} TO ${policy.roles.join(', ')}` +
    (policy.using === null ? '' : ` USING (${policy.using})`) +
    (policy.check === null ? '' : ` WITH CHECK (${policy.check})`);
  await owner.query(there ? `DROP POLICY ${name} ON ${table}; ${create}` : create);
}

/** Writes down the policies as they are after the last migration, once. */
export async function recordPolicies(owner: pg.Client, schemas: readonly string[]): Promise<void> {
  const { rows: known } = await owner.query(`SELECT FROM ${LEDGER} WHERE as_of = ${LAST_MIGRATION} LIMIT 1`);
  if (known.length > 0) return;
  await owner.query(
    `WITH before AS (DELETE FROM ${LEDGER})
     INSERT INTO ${LEDGER} SELECT row_to_json(p), ${LAST_MIGRATION} FROM (
       SELECT now.*, known.permissive, known.cmd, known.qual AS "using", known.with_check AS "check" FROM (${PRESENT}) now
       JOIN pg_policies known ON known.schemaname = now.schema AND known.tablename = now."table" AND known.policyname = now.name
       WHERE now.schema = ANY ($1)) p`,
    [schemas],
  );
}
