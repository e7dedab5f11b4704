import type { EntityManager } from 'typeorm';
import type { ErasureReport } from '#core/tenancy';

/** Contacts with their names and threads. Returns how many rows of what there were. */
export async function deleteContacts(
  tx: EntityManager,
  contactIds: readonly string[],
): Promise<ErasureReport> {
  const report: ErasureReport = {};
  // Names and threads hang on their contact.
  for (const table of ['threads', 'aliases', 'contacts']) {
    const result = (await tx.queryRunner!.query(
      `DELETE FROM conversation.${table} WHERE contact_id = ANY ($1)`,
      [contactIds],
      true,
    )) as { affected?: number };
    report[table] = result.affected ?? 0;
  }
  return report;
}
