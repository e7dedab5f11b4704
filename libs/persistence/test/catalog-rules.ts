import type pg from 'pg';
import { SERVICE_ROLES } from '../../../migrations/index.js';
import { ACROSS_MERCHANTS, BLIND, RIGHTS, WITHOUT_MERCHANTS } from './grants.js';

const SCHEMAS = ['journal', 'tenancy', 'conversation', 'catalog', 'checkout', 'outbound', 'ingest'];
/** Schemas without merchants' rows: the queue's, the simulated outside world's, and where migrations keep their ledger. */
const OUTSIDE = ['bullmq', 'sandbox', 'public'];
const LEDGER = ['public.waco_migrations', 'public.waco_migration_turn', 'public.waco_policies'];
const VERBS = ['INSERT', 'SELECT', 'UPDATE', 'DELETE'];
/** Helpers that own functions and views, and nothing else. */
const HELPERS = Object.keys(RIGHTS).filter((role) => !RIGHTS[role]!.login);
/** Every role of ours, the sandbox's included, and everybody. */
const ROLES = `SELECT oid, rolname FROM pg_roles WHERE rolname LIKE 'waco\\_%' UNION ALL SELECT 0, 'everybody'`;
const NOT_SYSTEM = `n.nspname !~ '^(pg_|information_schema)'`;
/** Sessions of these roles end by themselves. */
const TIME_OUTS = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];

/** Every rule of isolation that this database breaks, in words. Empty: none. */
export async function violations(owner: pg.Client): Promise<string[]> {
  const all = [
    tables,
    policies,
    views,
    roles,
    ownership,
    memberships,
    rights,
    locking,
    functions,
    calls,
    creation,
    everybody,
  ];
  const found = [];
  for (const rule of all) found.push(...(await rule(owner)));
  return found;
}

async function list<T extends pg.QueryResultRow>(
  owner: pg.Client,
  sql: string,
  ...values: unknown[]
): Promise<T[]> {
  return (await owner.query<T>(sql, values)).rows;
}

async function tables(owner: pg.Client): Promise<string[]> {
  const found = await list<{
    name: string;
    rls: boolean;
    forced: boolean;
    merchant: boolean;
    schema: string;
  }>(
    owner,
    `SELECT n.nspname AS schema, n.nspname || '.' || c.relname AS name, c.relrowsecurity AS rls,
       c.relforcerowsecurity AS forced, EXISTS (SELECT 1 FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attname = 'merchant_id' AND NOT a.attisdropped) AS merchant
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname !~ '^(pg_|information_schema)'`,
  );
  return found.flatMap(({ name, rls, forced, merchant, schema }) => {
    if (!SCHEMAS.includes(schema)) {
      const known = OUTSIDE.includes(schema) && (schema !== 'public' || LEDGER.includes(name));
      return merchant || !known ? [`${name}: a table with merchants' rows in no service's schema`] : [];
    }
    return [
      ...(merchant || WITHOUT_MERCHANTS.includes(name) ? [] : [`${name}: has no merchant_id`]),
      ...(rls ? [] : [`${name}: row-level security is not enabled`]),
      ...(forced ? [] : [`${name}: row-level security is not forced`]),
    ];
  });
}

/** Permissive policies are alternatives: each of them has to hold the merchant, or be one of the known exceptions. */
async function policies(owner: pg.Client): Promise<string[]> {
  const found = await list<{
    table: string;
    name: string;
    roles: string[];
    using: string | null;
    check: string | null;
    cmd: string;
  }>(
    owner,
    `SELECT schemaname || '.' || tablename AS table, policyname AS name, roles::text[], qual AS using,
       with_check AS check, cmd FROM pg_policies WHERE permissive = 'PERMISSIVE' AND schemaname = ANY ($1)`,
    SCHEMAS,
  );
  const wrong = found.flatMap((policy) => {
    const name = `${policy.table}.${policy.name}`;
    const exception = ACROSS_MERCHANTS[name];
    if (exception !== undefined) {
      const [role, verb] = exception;
      return [
        ...(policy.roles.join() === role ? [] : [`${name}: is for ${policy.roles.join()}, not for ${role}`]),
        ...(policy.cmd === verb ? [] : [`${name}: is for ${policy.cmd}, not for ${verb}`]),
      ];
    }
    const rules = [policy.using, policy.check].filter((rule) => rule !== null);
    if (WITHOUT_MERCHANTS.includes(policy.table)) {
      const own = `(service = '${policy.roles.join().replace('waco_', '')}'::text)`;
      return rules.join() === own ? [] : [`${name}: does not hold rows to the service`];
    }
    return rules.length > 0 && rules.every(holdsMerchant)
      ? []
      : [`${name}: does not hold rows to the transaction's merchant`];
  });
  const covered = new Set(found.map((policy) => policy.table));
  const bare = await list<{ name: string }>(
    owner,
    `SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE schemaname = ANY ($1)`,
    SCHEMAS,
  );
  return [
    ...wrong,
    ...bare.filter(({ name }) => !covered.has(name)).map(({ name }) => `${name}: has no policy`),
  ];
}

const MERCHANT =
  /^\(*merchant_id = (\( *SELECT )?\(?current_setting\('waco\.merchant_id'::text, true\)( AS current_setting)?\)*$/;
/** Of the merchant; where the transaction has none, of none. */
const MERCHANT_OR_NONE =
  /^\(*NOT \(merchant_id IS DISTINCT FROM NULLIF\(current_setting\('waco\.merchant_id'::text, true\), ''::text\)\)+$/;

/** One of the rule's conjuncts, outermost, compares the row's merchant with the transaction's. */
export function holdsMerchant(rule: string): boolean {
  return conjuncts(rule).some((part) => MERCHANT.test(part) || MERCHANT_OR_NONE.test(part));
}

function conjuncts(rule: string): string[] {
  let text = rule.trim();
  while (text.startsWith('(') && closes(text, 0) === text.length - 1) text = text.slice(1, -1).trim();
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++;
    if (text[at] === ')') depth--;
    if (depth === 0 && text.startsWith(' OR ', at)) return [text]; // an alternative: nothing holds for all rows
    if (depth === 0 && text.startsWith(' AND ', at)) {
      parts.push(text.slice(from, at));
      from = at + ' AND '.length;
    }
  }
  return [...parts, text.slice(from)].map((part) => part.trim());
}

function closes(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '(') depth++;
    if (text[at] === ')' && --depth === 0) return at;
  }
  return -1;
}

/** A view shows rows by its owner's rights: that must be somebody whom the policies hold. */
async function views(owner: pg.Client): Promise<string[]> {
  const found = await list<{ name: string; kind: string; owner: string; invoker: boolean }>(
    owner,
    `SELECT n.nspname || '.' || c.relname AS name, c.relkind AS kind, r.rolname AS owner,
       coalesce(c.reloptions::text ~ 'security_invoker=(true|on|1)', false) AS invoker
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner
     WHERE c.relkind IN ('v', 'm') AND n.nspname = ANY ($1)`,
    SCHEMAS,
  );
  return found.flatMap(({ name, kind, owner: by, invoker }) => {
    if (kind === 'm') return [`${name}: a materialized view has no row-level security`];
    return invoker || HELPERS.includes(by) ? [] : [`${name}: shows rows by the rights of ${by}`];
  });
}

async function roles(owner: pg.Client): Promise<string[]> {
  const found = await list<{ name: string; login: boolean; powers: string[]; settings: string[] | null }>(
    owner,
    `SELECT rolname AS name, rolcanlogin AS login, rolconfig AS settings, array_remove(ARRAY[
       CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
       CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,
       CASE WHEN rolreplication THEN 'REPLICATION' END, CASE WHEN rolinherit THEN 'INHERIT' END], NULL) AS powers
     FROM pg_roles WHERE rolname LIKE 'waco\\_%' AND rolname <> 'waco_sandbox'`,
  );
  const missing = SERVICE_ROLES.filter((role) => !found.some(({ name }) => name === role));
  return [
    ...missing.map((role) => `${role}: does not exist`),
    ...found
      .filter(({ powers }) => powers.length > 0)
      .map(({ name, powers }) => `${name}: is ${powers.join()}`),
    ...found
      .filter(({ name, login }) => login && !RIGHTS[name]?.login)
      .map(({ name }) => `${name}: may connect`),
    ...found.filter(({ name }) => !RIGHTS[name]).map(({ name }) => `${name}: is not known`),
    ...found
      .filter(({ name }) => RIGHTS[name]?.login)
      .flatMap(({ name, settings }) =>
        TIME_OUTS.filter(
          (limit) => !settings?.some((s) => s.startsWith(`${limit}=`) && s !== `${limit}=0`),
        ).map((limit) => `${name}: has no ${limit}`),
      ),
  ];
}

async function ownership(owner: pg.Client): Promise<string[]> {
  const found = await list<{ role: string; what: string; kind: string }>(
    owner,
    `SELECT r.rolname AS role, o.kind, o.what FROM pg_roles r JOIN (
       SELECT relowner AS by, CASE WHEN relkind = 'v' THEN 'view' ELSE 'relation' END AS kind, oid::regclass::text AS what FROM pg_class
       UNION ALL SELECT proowner, CASE WHEN prosecdef THEN 'function' ELSE 'plain function' END, oid::regprocedure::text FROM pg_proc
       UNION ALL SELECT nspowner, 'schema', nspname FROM pg_namespace
       UNION ALL SELECT datdba, 'database', datname FROM pg_database
       UNION ALL SELECT typowner, 'type', oid::regtype::text FROM pg_type WHERE typrelid = 0 AND typelem = 0
     ) o ON o.by = r.oid
     WHERE r.rolname LIKE 'waco\\_%' AND r.rolname <> 'waco_sandbox'`,
  );
  return found
    .filter(({ role, kind }) => !(HELPERS.includes(role) && ['view', 'function'].includes(kind)))
    .map(({ role, kind, what }) => `${role}: owns ${kind} ${what}`);
}

/** A member may become the other one, and has its rights then. */
async function memberships(owner: pg.Client): Promise<string[]> {
  const found = await list<{ member: string; of: string }>(
    owner,
    `SELECT m.rolname AS member, r.rolname AS of FROM pg_auth_members a
     JOIN pg_roles m ON m.oid = a.member JOIN pg_roles r ON r.oid = a.roleid
     WHERE m.rolname LIKE 'waco\\_%'`,
  );
  return found.map(({ member, of }) => `${member}: may become ${of}`);
}

/** What is granted, against the matrix. */
async function rights(owner: pg.Client): Promise<string[]> {
  const relations = await list<{
    role: string;
    schema: string;
    name: string;
    verb: string;
    columns: string[] | null;
  }>(
    owner,
    `SELECT r.rolname AS role, n.nspname AS schema, n.nspname || '.' || c.relname AS name, g.privilege_type AS verb,
       g.columns FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN LATERAL (
       SELECT grantee, privilege_type, NULL::text[] AS columns FROM aclexplode(c.relacl)
       UNION ALL
       SELECT x.grantee, x.privilege_type, array_agg(a.attname::text) FROM pg_attribute a
         CROSS JOIN LATERAL aclexplode(a.attacl) x WHERE a.attrelid = c.oid GROUP BY 1, 2
     ) g JOIN pg_roles r ON r.oid = g.grantee
     WHERE c.relkind IN ('r', 'p', 'v', 'f', 'm') AND r.rolname LIKE 'waco\\_%' AND r.oid <> c.relowner`,
  );
  const wrong: string[] = [];
  const granted = new Map<string, Map<string, string[]>>();
  for (const { role, schema, name, verb, columns } of relations) {
    const rule = RIGHTS[role];
    if (!rule) {
      wrong.push(`${role}: may ${verb} ${name}`);
      continue;
    }
    const blind = (columns ?? []).filter((column) => BLIND[role]?.includes(column));
    if (blind.length > 0 || (BLIND[role] && !columns && verb === 'SELECT'))
      wrong.push(`${role}: sees ${blind.join() || 'all'} of ${name}`);
    if (schema === rule.own && VERBS.includes(verb)) continue;
    const of = granted.get(role) ?? new Map<string, string[]>();
    granted.set(role, of.set(name, [...(of.get(name) ?? []), columns ? `${verb} (columns)` : verb]));
  }
  for (const [role, of] of granted) {
    for (const [name, verbs] of of) {
      const allowed = RIGHTS[role]!.foreign[name]?.split(', ') ?? [];
      const more = verbs.filter(
        (verb) => !allowed.includes(verb) && !allowed.includes(verb.replace(' (columns)', '')),
      );
      if (more.length > 0) wrong.push(`${role}: may ${more.toSorted().join()} ${name}`);
    }
  }
  return wrong;
}

/**
 * A right to update, delete or truncate in a table is a right to lock all of it, and to hold up whoever else reads it. So
 * where several roles that may connect use a table, by themselves or through views and functions, none has it.
 */
async function locking(owner: pg.Client): Promise<string[]> {
  const found = await list<{ table: string; role: string; readers: string[] }>(
    owner,
    `SELECT c.oid::regclass::text AS table, w.role, u.readers FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN LATERAL (
       SELECT array_agg(role) AS readers FROM unnest($1::text[]) role WHERE has_any_column_privilege(role, c.oid, 'SELECT')
     ) u
     CROSS JOIN unnest($2::text[]) AS w(role)
     WHERE c.relkind IN ('r', 'p') AND ${NOT_SYSTEM} AND u.readers <> ARRAY[w.role]
       AND has_table_privilege(w.role, c.oid, 'UPDATE, DELETE, TRUNCATE, MAINTAIN')`,
    [...Object.keys(RIGHTS).filter((role) => role !== 'waco_remover'), 'waco_sandbox'],
    [...Object.keys(RIGHTS).filter((role) => RIGHTS[role]!.login), 'waco_sandbox'],
  );
  return found.map(({ table, role, readers }) => `${role}: may lock ${table}, which ${readers.join()} use`);
}

/** Every function, whose ever rights it has: what it names must not depend on who calls it, or on what they created. */
async function functions(owner: pg.Client): Promise<string[]> {
  const found = await list<{
    name: string;
    schema: string;
    owner: string;
    path: string | null;
    definer: boolean;
  }>(
    owner,
    `SELECT p.oid::regprocedure::text AS name, n.nspname AS schema, r.rolname AS owner, p.prosecdef AS definer,
       (SELECT s FROM unnest(p.proconfig) s WHERE s LIKE 'search_path=%') AS path
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles r ON r.oid = p.proowner
     WHERE ${NOT_SYSTEM}`,
  );
  return found.flatMap(({ name, schema, owner: by, path, definer }) => [
    // The temporary schema is searched first unless it is named: here it is named last.
    ...(path === `search_path=${schema === 'bullmq' ? 'bullmq' : 'pg_catalog'}, pg_temp`
      ? []
      : [`${name}: has no fixed search_path`]),
    ...(definer && !HELPERS.includes(by) ? [`${name}: runs as ${by}`] : []),
  ]);
}

/** Who may call what: functions of ours against the matrix, and those that lock, by their names. */
async function calls(owner: pg.Client): Promise<string[]> {
  const found = await list<{ role: string; name: string; signature: string; system: boolean }>(
    owner,
    `SELECT r.rolname AS role, n.nspname || '.' || p.proname AS name, p.oid::regprocedure::text AS signature,
       n.nspname = 'pg_catalog' AS system
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
     JOIN (${ROLES}) r ON r.oid = x.grantee
     WHERE (${NOT_SYSTEM} OR n.nspname = 'pg_catalog' AND p.proname LIKE 'pg\\_%advisory%') AND x.grantee <> p.proowner`,
  );
  return found.flatMap(({ role, name, signature, system }) => {
    const allowed = system ? role === 'waco_queue' : mayCall(role, name);
    return allowed ? [] : [`${role}: may execute ${signature}`];
  });
}

function mayCall(role: string, name: string): boolean {
  const allowed = RIGHTS[role]?.functions.split(/,\s*/) ?? [];
  return allowed.includes(name) || allowed.includes(`${name.split('.')[0]}.*`);
}

/** What somebody creates where others look names up, they may run. */
async function creation(owner: pg.Client): Promise<string[]> {
  const found = await list<{ role: string; right: string; where: string }>(
    owner,
    `SELECT r.rolname AS role, x.privilege_type AS right, 'schema ' || n.nspname AS where FROM pg_namespace n
       CROSS JOIN LATERAL aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) x JOIN (${ROLES}) r ON r.oid = x.grantee
     WHERE ${NOT_SYSTEM} AND x.grantee <> n.nspowner
     UNION ALL
     SELECT r.rolname, x.privilege_type, 'this database' FROM pg_database d
       CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x JOIN (${ROLES}) r ON r.oid = x.grantee
     WHERE d.datname = current_database() AND x.grantee <> d.datdba`,
  );
  return found.flatMap(({ role, right, where }) => {
    if (right === 'CONNECT' || (right === 'TEMPORARY' && role === 'waco_queue')) return [];
    if (right === 'USAGE')
      return mayUse(role, where.replace('schema ', '')) ? [] : [`${role}: may use ${where}`];
    if (role === 'waco_sandbox' && where === 'schema sandbox') return [];
    return [`${role}: may ${right.toLowerCase()} in ${where}`];
  });
}

function mayUse(role: string, schema: string): boolean {
  if (role === 'everybody') return schema === 'public';
  if (role === 'waco_sandbox' || schema === 'sandbox') return role === 'waco_sandbox' && schema === 'sandbox';
  const { own, foreign, functions: calls } = RIGHTS[role]!;
  return own === schema || `${Object.keys(foreign).join()},${calls}`.includes(`${schema}.`);
}

/** What PUBLIC has, every role has. */
async function everybody(owner: pg.Client): Promise<string[]> {
  const found = await list<{ what: string; verb: string }>(
    owner,
    `SELECT DISTINCT n.nspname || '.' || c.relname AS what, g.privilege_type AS verb
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN LATERAL (
       SELECT grantee, privilege_type FROM aclexplode(c.relacl)
       UNION ALL SELECT x.grantee, x.privilege_type FROM pg_attribute a CROSS JOIN LATERAL aclexplode(a.attacl) x
         WHERE a.attrelid = c.oid
     ) g WHERE g.grantee = 0 AND n.nspname !~ '^(pg_|information_schema)'
     UNION ALL
     SELECT 'default rights', d.defaclobjtype::text FROM pg_default_acl d CROSS JOIN LATERAL aclexplode(d.defaclacl) x
     WHERE x.grantee = 0`,
  );
  return found.map(({ what, verb }) => `everybody: ${verb} on ${what}`);
}
