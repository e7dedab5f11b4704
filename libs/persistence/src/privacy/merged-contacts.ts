import type { EntityManager } from 'typeorm';
import { readable, type ReadsBy } from './find-person.js';

/**
 * Contacts that were merged into one of these, directly or by way of others: as far as outbound keeps where they lead.
 * For roles that may read outbound's recipients.
 */
export async function contactsMergedInto(
  tx: EntityManager,
  merchantId: string,
  contactIds: readonly string[],
  by: ReadsBy,
): Promise<string[]> {
  const recipients = readable('outbound.recipients', by);
  const rows = (await tx.query(
    `WITH RECURSIVE merged AS (
       SELECT contact_id FROM ${recipients} WHERE merchant_id = $1 AND merged_into = ANY ($2)
       UNION
       SELECT r.contact_id FROM merged m JOIN ${recipients} r ON r.merchant_id = $1 AND r.merged_into = m.contact_id
     ) SELECT contact_id AS "contactId" FROM merged`,
    [merchantId, contactIds],
  )) as { contactId: string }[];
  return rows.map((row) => row.contactId);
}
