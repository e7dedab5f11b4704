import type pg from 'pg';
import { WITHOUT_MERCHANTS } from './grants.js';

export interface TenantTable {
  name: string;
  /** Adds one more row for the merchant `$1`. */
  insert: string;
}

interface Column {
  table: string;
  name: string;
  type: string;
  length: number | null;
  fixed: boolean;
}

/**
 * Puts `each` rows for each merchant into every table that has a merchant_id, whatever its columns are: a new table is
 * attacked from the day it is there. Constraints between tables and checks are taken off, as made-up rows do not keep
 * them; row-level security is not touched.
 */
export async function fillTenantTables(
  owner: pg.Client,
  merchants: readonly string[],
  each: number,
): Promise<TenantTable[]> {
  const { rows: columns } = await owner.query<Column>(
    `SELECT c.table_schema || '.' || c.table_name AS table, c.column_name AS name, c.udt_name AS type,
       c.character_maximum_length AS length,
       c.is_generated = 'ALWAYS' OR coalesce(c.identity_generation = 'ALWAYS', false) AS fixed
     FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
     WHERE t.table_type = 'BASE TABLE' AND c.table_schema !~ '^(pg_|information_schema|bullmq|sandbox|public)'
     ORDER BY c.ordinal_position`,
  );
  const tables = new Map<string, Column[]>();
  for (const column of columns) tables.set(column.table, [...(tables.get(column.table) ?? []), column]);
  const filled: TenantTable[] = [];
  await owner.query(`SET session_replication_role = replica`);
  for (const [table, all] of tables) {
    if (WITHOUT_MERCHANTS.includes(table)) continue;
    if (!all.some(({ name }) => name === 'merchant_id')) throw new Error(`${table} has no merchant_id`);
    await dropChecks(owner, table);
    const given = all.filter((column) => !column.fixed);
    const values = given.map((column) => (column.name === 'merchant_id' ? 'm' : valueOf(column)));
    const insert = `INSERT INTO ${table} (${given.map((c) => `"${c.name}"`).join()}) SELECT ${values.join()}`;
    filled.push({ name: table, insert: `${insert} FROM (SELECT $1::text AS m, 90 AS k, 90 AS i) t` });
    await owner.query(
      `${insert} FROM unnest($1::text[]) WITH ORDINALITY AS t(m, k), generate_series(1, $2::int) AS i
       ON CONFLICT DO NOTHING`,
      [merchants, each],
    );
  }
  await owner.query(`SET session_replication_role = DEFAULT`);
  return filled;
}

async function dropChecks(owner: pg.Client, table: string): Promise<void> {
  const { rows } = await owner.query<{ name: string }>(
    `SELECT conname AS name FROM pg_constraint WHERE contype = 'c' AND conrelid = $1::regclass`,
    [table],
  );
  for (const { name } of rows) await owner.query(`ALTER TABLE ${table} DROP CONSTRAINT "${name}"`);
}

/** SQL for a value that differs from row to row; `k` numbers the merchant, `i` its row. */
function valueOf({ table, name, type, length }: Column): string {
  switch (type) {
    case 'text':
    case 'varchar':
      return `'row of ' || m || '/' || i`;
    case 'bpchar':
      return `left('XY', ${length ?? 1})`;
    case 'bool':
      return 'false';
    case 'int2':
    case 'int4':
    case 'int8':
    case 'float8':
    case 'numeric':
      return `(k * 100 + i)::${type}`;
    case 'timestamptz':
      return 'now()';
    case 'json':
    case 'jsonb':
      return `jsonb_build_object('of', m)::${type}`;
    case '_text':
      return 'ARRAY[m]';
    case 'bytea':
      return 'convert_to(m, $$UTF8$$)';
    default:
      throw new Error(`no made-up value for ${table}.${name}: ${type}`);
  }
}
