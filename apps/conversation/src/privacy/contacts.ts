import type { EntityManager } from 'typeorm';
import type { ErasureReport } from '#core/tenancy';
import { removeRows } from '#persistence';

/** Contacts with their names and threads. Returns how many rows of what there were. */
export async function deleteContacts(
  tx: EntityManager,
  contactIds: readonly string[],
): Promise<ErasureReport> {
  const report: ErasureReport = {};
  // Names and threads hang on their contact.
  for (const table of ['threads', 'aliases', 'contacts']) {
    const theirs = `SELECT ctid FROM conversation.${table} WHERE contact_id = ANY ($1) FOR UPDATE`;
    report[table] = await removeRows(tx, `conversation.${table}`, theirs, [contactIds]);
  }
  return report;
}
