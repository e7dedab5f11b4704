import type pg from 'pg';
import { SERVICE_ROLES } from '../../../migrations/index.js';
import { ACROSS_MERCHANTS, BLIND, RIGHTS } from './grants.js';

/** Schemas of services. `bullmq` is the queue's, `sandbox` a simulated outside world: neither holds merchants' rows. */
const SCHEMAS = ['journal', 'tenancy', 'conversation', 'catalog', 'checkout', 'outbound'];
const OUTSIDE = ['bullmq', 'sandbox', 'public'];
const VERBS = ['INSERT', 'SELECT', 'UPDATE', 'DELETE'];
/** Helpers that own functions and views, and nothing else. */
const HELPERS = Object.keys(RIGHTS).filter((role) => !RIGHTS[role]!.login);

/** Every rule of isolation that this database breaks, in words. Empty: none. */
export async function violations(owner: pg.Client): Promise<string[]> {
  const all = [tables, policies, views, roles, ownership, memberships, rights, functions, everybody];
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
      return merchant || !OUTSIDE.includes(schema)
        ? [`${name}: a table with merchants' rows in no service's schema`]
        : [];
    }
    return [
      ...(merchant ? [] : [`${name}: has no merchant_id`]),
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
      return policy.roles.join() === exception
        ? []
        : [`${name}: is for ${policy.roles.join()}, not for ${exception}`];
    }
    const rules = [policy.using, policy.check].filter((rule) => rule !== null);
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

/** One of the rule's conjuncts, outermost, compares the row's merchant with the transaction's. */
export function holdsMerchant(rule: string): boolean {
  return conjuncts(rule).some((part) => MERCHANT.test(part));
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
  const found = await list<{ name: string; login: boolean; powers: string[] }>(
    owner,
    `SELECT rolname AS name, rolcanlogin AS login, array_remove(ARRAY[
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
    ...found
      .filter(({ name }) => !RIGHTS[name] && name !== 'waco_queue')
      .map(({ name }) => `${name}: is not known`),
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
     WHERE r.rolname LIKE 'waco\\_%' AND r.rolname NOT IN ('waco_sandbox', 'waco_queue')`,
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
     WHERE m.rolname LIKE 'waco\\_%' AND NOT (r.rolname = 'waco_queue' AND m.rolname = ANY ($1))`,
    [...SERVICE_ROLES],
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
     WHERE c.relkind IN ('r', 'p', 'v', 'f', 'm') AND r.rolname LIKE 'waco\\_%' AND r.rolname <> 'waco_sandbox'
       AND r.oid <> c.relowner AND NOT (n.nspname = 'bullmq' AND r.rolname = 'waco_queue')`,
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
    if (blind.length > 0 || (BLIND[role] && !columns))
      wrong.push(`${role}: sees ${blind.join() || 'all'} of ${name}`);
    if (schema === rule.own) {
      if (!VERBS.includes(verb)) wrong.push(`${role}: may ${verb} ${name}`);
      continue;
    }
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
  const schemas = await list<{ role: string; schema: string }>(
    owner,
    `SELECT r.rolname AS role, n.nspname AS schema FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) x
     JOIN pg_roles r ON r.oid = x.grantee WHERE x.privilege_type = 'CREATE' AND r.rolname LIKE 'waco\\_%'
       AND NOT (n.nspname = 'bullmq' AND r.rolname = 'waco_queue') AND r.rolname <> 'waco_sandbox'`,
  );
  return [...wrong, ...schemas.map(({ role, schema }) => `${role}: may create in schema ${schema}`)];
}

async function functions(owner: pg.Client): Promise<string[]> {
  const found = await list<{ name: string; owner: string; path: string | null; public: boolean }>(
    owner,
    `SELECT p.oid::regprocedure::text AS name, r.rolname AS owner,
       (SELECT s FROM unnest(p.proconfig) s WHERE s LIKE 'search_path=%') AS path,
       p.proacl IS NULL OR EXISTS (SELECT 1 FROM aclexplode(p.proacl) x WHERE x.grantee = 0) AS public
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles r ON r.oid = p.proowner
     WHERE p.prosecdef AND n.nspname !~ '^(pg_|information_schema)'`,
  );
  return found.flatMap(({ name, owner: by, path, public: open }) => [
    ...(/^search_path=(pg_catalog|""|'')(, pg_temp)?$/.test(path ?? '')
      ? []
      : [`${name}: has no fixed search_path`]),
    ...(open ? [`${name}: everybody may execute it`] : []),
    ...(HELPERS.includes(by) ? [] : [`${name}: runs as ${by}`]),
  ]);
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
     SELECT 'schema ' || n.nspname, x.privilege_type FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) x
     WHERE x.grantee = 0 AND n.nspname !~ '^(pg_|information_schema)' AND (n.nspname, x.privilege_type) <> ('public', 'USAGE')
     UNION ALL
     SELECT 'default rights', d.defaclobjtype::text FROM pg_default_acl d CROSS JOIN LATERAL aclexplode(d.defaclacl) x
     WHERE x.grantee = 0`,
  );
  return found.map(({ what, verb }) => `everybody: ${verb} on ${what}`);
}
