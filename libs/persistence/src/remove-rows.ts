import type { EntityManager } from 'typeorm';

/**
 * The statement that removes rows of a table which other services read as well. A right to delete would be a right to
 * lock the whole table and hold them up, so the rows go through a function of the table's schema (migrations/0023).
 * @param ctids a query for the rows, e.g. `SELECT ctid FROM outbound.messages WHERE message_id = ANY ($1) FOR UPDATE`.
 */
export function removal(
  table: string,
  ctids: string,
  parameters: unknown[],
): [sql: string, parameters: unknown[]] {
  const [schema, name] = table.split('.');
  return [`SELECT ${schema}.remove_rows('${name}', ARRAY(${ctids}))::int AS removed`, parameters];
}

/** Removes rows as {@link removal} says, and returns how many there were. */
export async function removeRows(
  tx: EntityManager,
  table: string,
  ctids: string,
  parameters: unknown[],
): Promise<number> {
  const rows = (await tx.query(...removal(table, ctids, parameters))) as { removed: number }[];
  return rows[0]!.removed;
}
