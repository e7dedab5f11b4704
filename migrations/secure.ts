import pg from 'pg';
import { SERVICE_ROLES } from './support.js';

/** Schemas of services, each with the role whose it is; nobody owns the journal. */
export const SCHEMAS: Readonly<Record<string, string | undefined>> = {
  journal: undefined,
  tenancy: 'waco_admin',
  conversation: 'waco_conversation',
  catalog: 'waco_catalog',
  checkout: 'waco_checkout',
  outbound: 'waco_outbound',
  ingest: 'waco_ingest',
};
/** Roles of views and functions, through which services read tables of others. */
const FOR_OTHERS = ['waco_viewer', 'waco_dispatcher', 'waco_router', 'waco_scheduler'];
const QUEUE_SCHEMA = 'bullmq';
export const QUEUE_ROLE = 'waco_queue';
/** BullMQ reads it to learn the schema's version; only a migration writes it. */
const QUEUE_LEDGER = 'migration';
/** Parts of BullMQ's schema that nothing here uses. */
const UNUSED = /^relay_/;

/**
 * A session that hangs ends by itself, whatever client or pooler it came through. The plans are those that every
 * service wants: see `libs/persistence/src/connection.ts`.
 */
const SERVICE_SETTINGS = {
  statement_timeout: '15s',
  lock_timeout: '10s',
  idle_in_transaction_session_timeout: '30s',
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
};
const QUEUE_SETTINGS = {
  statement_timeout: '15s',
  lock_timeout: '10s',
  idle_in_transaction_session_timeout: '30s',
  search_path: QUEUE_SCHEMA,
};

export interface SecureOptions {
  /** BullMQ's queues in this database, each of which needs a sequence; undefined when the queue is elsewhere. */
  queues?: readonly string[];
}

/**
 * Puts in place what has to hold whatever the migrations before it did: paths of functions, who may lock and create
 * what, limits of sessions. It runs after every migration and may be repeated at will.
 * @returns what this server does not allow the owner to do, in words.
 */
export async function secure(owner: pg.Client, { queues }: SecureOptions): Promise<string[]> {
  await pinFunctions(owner, Object.keys(SCHEMAS), 'pg_catalog, pg_temp');
  await narrowWriting(owner);
  if (queues) await secureQueue(owner, queues);
  await closeDatabase(owner);
  const warnings = [
    ...(await closeAdvisoryLocks(owner)),
    ...(await setRole(owner, QUEUE_ROLE, QUEUE_SETTINGS)),
  ];
  for (const role of SERVICE_ROLES) warnings.push(...(await setRole(owner, role, SERVICE_SETTINGS)));
  return warnings;
}

/** Replacing a function resets its path, and a new one is everybody's to call. */
async function pinFunctions(owner: pg.Client, schemas: readonly string[], path: string): Promise<void> {
  const { rows } = await owner.query<{ name: string; pinned: boolean; open: boolean }>(
    `SELECT p.oid::regprocedure::text AS name, coalesce('search_path=' || $2 = ANY (p.proconfig), false) AS pinned,
       p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) x WHERE x.grantee = 0) AS open
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY ($1)`,
    [schemas, path],
  );
  for (const { name, pinned, open } of rows) {
    if (!pinned) await owner.query(`ALTER FUNCTION ${name} SET search_path = ${path}`);
    if (open) await owner.query(`REVOKE ALL ON FUNCTION ${name} FROM PUBLIC`);
  }
}

/**
 * A right to update or delete in a table is a right to lock all of it. Where several roles use a table, updates are
 * granted by column (never `merchant_id`: no row changes hands), and rows are removed by functions.
 */
async function narrowWriting(owner: pg.Client): Promise<void> {
  const { rows: tables } = await owner.query<{ name: string; schema: string; columns: string[] }>(
    `SELECT c.oid::regclass::text AS name, n.nspname AS schema,
       ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
         AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a' AND a.attname <> 'merchant_id') AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY ($1) AND c.relname <> 'locks'`,
    [Object.keys(SCHEMAS)],
  );
  for (const { name, schema, columns } of tables) {
    const { rows: writers } = await owner.query<{
      role: string;
      shared: boolean;
      whole: boolean;
      missing: string[];
    }>(
      `SELECT role, (SELECT count(*) FROM unnest($3::text[]) r WHERE has_any_column_privilege(r, $1, 'SELECT')) > 1 AS shared,
         has_table_privilege(role, $1, 'UPDATE, DELETE, TRUNCATE') AS whole,
         ARRAY(SELECT c FROM unnest($4::text[]) c WHERE NOT has_column_privilege(role, $1, c, 'UPDATE')) AS missing
       FROM unnest($2::text[]) role WHERE has_any_column_privilege(role, $1, 'UPDATE')`,
      [name, [...SERVICE_ROLES], [...SERVICE_ROLES, ...FOR_OTHERS], columns],
    );
    for (const { role, shared, whole, missing } of writers) {
      if (!shared) continue;
      if (whole) await owner.query(`REVOKE UPDATE, DELETE, TRUNCATE ON ${name} FROM ${role}`);
      const own = schema === 'journal' || SCHEMAS[schema] === role;
      if (!own || (!whole && missing.length === 0)) continue;
      const list = columns.map((column) => pg.escapeIdentifier(column)).join(', ');
      await owner.query(`GRANT UPDATE (${list}) ON ${name} TO ${role}`);
    }
  }
}

/**
 * Queue connections log in as a role of their own. Nobody but the owner can create in the schema whose functions they
 * run: an object that fits a call better than the one that is meant would run with their rights.
 */
async function secureQueue(owner: pg.Client, queues: readonly string[]): Promise<void> {
  await owner.query(`REVOKE ${QUEUE_ROLE} FROM ${SERVICE_ROLES.join(', ')}`);
  await owner.query(`REVOKE ALL ON SCHEMA ${QUEUE_SCHEMA} FROM PUBLIC, ${QUEUE_ROLE}`);
  await owner.query(`GRANT USAGE ON SCHEMA ${QUEUE_SCHEMA} TO ${QUEUE_ROLE}`);
  // Jobs are numbered by a sequence for each queue, which BullMQ would create with the first job.
  for (const queue of queues) {
    const { rows } = await owner.query<{ name: string }>(
      `SELECT ${QUEUE_SCHEMA}.job_id_seq_name($1) AS name`,
      [queue],
    );
    await owner.query(`CREATE SEQUENCE IF NOT EXISTS ${QUEUE_SCHEMA}.${rows[0]!.name}`);
  }
  await pinFunctions(owner, [QUEUE_SCHEMA], `${QUEUE_SCHEMA}, pg_temp`);
  const { rows } = await owner.query<QueueObject>(
    `SELECT o.*, ARRAY(SELECT x.privilege_type FROM aclexplode(o.acl) x JOIN pg_roles r ON r.oid = x.grantee
       WHERE r.rolname = $2 ORDER BY 1) AS rights, pg_get_userbyid(o.by) = $2 AS owned
     FROM (
       SELECT c.relname AS sort, c.oid::regclass::text AS name, CASE WHEN c.relkind = 'S' THEN 'sequence' ELSE 'table' END AS kind,
         c.relacl AS acl, c.relowner AS by
       FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'S')
       UNION ALL
       SELECT p.proname, p.oid::regprocedure::text, 'function', p.proacl, p.proowner FROM pg_proc p
       WHERE p.pronamespace = $1::regnamespace
     ) o`,
    [QUEUE_SCHEMA, QUEUE_ROLE],
  );
  for (const object of rows) await grantToQueue(owner, object);
}

interface QueueObject {
  /** Without its schema and arguments. */
  sort: string;
  name: string;
  kind: 'table' | 'sequence' | 'function';
  /** What the queue's role may do with it now, in alphabetical order. */
  rights: string[];
  owned: boolean;
}

/** Changes nothing that is right already: a grant waits for whoever has locked the table. */
async function grantToQueue(
  owner: pg.Client,
  { sort, name, kind, rights, owned }: QueueObject,
): Promise<void> {
  if (owned) await owner.query(`ALTER ${kind} ${name} OWNER TO CURRENT_USER`);
  const wanted = UNUSED.test(sort) ? [] : queueRights(kind, sort);
  if (!owned && wanted.join() === rights.join()) return;
  await owner.query(`REVOKE ALL ON ${kind} ${name} FROM ${QUEUE_ROLE}`);
  if (wanted.length > 0) await owner.query(`GRANT ${wanted.join(', ')} ON ${kind} ${name} TO ${QUEUE_ROLE}`);
}

/** In alphabetical order. */
function queueRights(kind: QueueObject['kind'], name: string): string[] {
  if (kind === 'function') return ['EXECUTE'];
  if (kind === 'sequence') return ['SELECT', 'USAGE'];
  return name === QUEUE_LEDGER ? ['SELECT'] : ['DELETE', 'INSERT', 'SELECT', 'UPDATE'];
}

/**
 * Temporary tables are BullMQ's alone; nothing is created where everybody may look names up. A copy of a database does
 * not copy this.
 */
export async function closeDatabase(owner: pg.Client): Promise<void> {
  const { rows } = await owner.query<{ name: string }>(`SELECT quote_ident(current_database()) AS name`);
  const database = rows[0]!.name;
  await owner.query(`REVOKE CREATE, TEMPORARY ON DATABASE ${database} FROM PUBLIC`);
  await owner.query(`GRANT TEMPORARY ON DATABASE ${database} TO ${QUEUE_ROLE}`);
  await owner.query(`REVOKE CREATE ON SCHEMA public FROM PUBLIC`);
}

/**
 * An advisory lock has no owner: whoever takes one first has it. Only BullMQ's functions use them. Superusers alone can
 * say who may call PostgreSQL's own functions.
 */
async function closeAdvisoryLocks(owner: pg.Client): Promise<string[]> {
  const { rows } = await owner.query<{ name: string }>(
    `SELECT p.oid::regprocedure::text AS name FROM pg_proc p
     WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname LIKE 'pg\\_%advisory%'
       AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) x WHERE x.grantee = 0))`,
  );
  try {
    for (const { name } of rows) {
      await owner.query(`REVOKE ALL ON FUNCTION ${name} FROM PUBLIC`);
      await owner.query(`GRANT EXECUTE ON FUNCTION ${name} TO ${QUEUE_ROLE}, CURRENT_USER`);
    }
    return [];
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error;
    return [
      'advisory locks stay open to all roles, as only a superuser can close them: a role can hold up the queues while they are in this database (with QUEUE_URL=redis://… it cannot)',
    ];
  }
}

/** For all databases of the cluster, as roles are; changed only where it differs, since several may run this at once. */
async function setRole(
  owner: pg.Client,
  role: string,
  settings: Readonly<Record<string, string>>,
): Promise<string[]> {
  const { rows } = await owner.query<{ config: string[] | null; elsewhere: string[] }>(
    `SELECT rolconfig AS config, ARRAY(SELECT quote_ident(d.datname) FROM pg_db_role_setting s
       JOIN pg_database d ON d.oid = s.setdatabase WHERE s.setrole = r.oid) AS elsewhere
     FROM pg_roles r WHERE rolname = $1`,
    [role],
  );
  const wanted = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  let known = rows[0]?.config ?? [];
  try {
    // A role may set anything for its own sessions to come, for one database as well: that would count more.
    for (const database of rows[0]?.elsewhere ?? []) {
      await owner.query(`ALTER ROLE ${role} IN DATABASE ${database} RESET ALL`);
    }
    if (known.some((setting) => !wanted.includes(setting))) {
      await owner.query(`ALTER ROLE ${role} RESET ALL`);
      known = [];
    }
    for (const [name, value] of Object.entries(settings)) {
      if (known.includes(`${name}=${value}`)) continue;
      await owner.query(`ALTER ROLE ${role} SET ${name} = '${value}'`);
    }
    return [];
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error;
    return [`${role}: time-outs were not set, as its owner is somebody else`];
  }
}
