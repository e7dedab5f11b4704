import type { EntityManager } from 'typeorm';

/**
 * Contacts that were merged into one of these, directly or by way of others: as far as outbound keeps where they lead.
 * For roles that may read `outbound.recipients`.
 */
export async function contactsMergedInto(
  tx: EntityManager,
  merchantId: string,
  contactIds: readonly string[],
): Promise<string[]> {
  const rows = (await tx.query(
    `WITH RECURSIVE merged AS (
       SELECT contact_id FROM outbound.recipients WHERE merchant_id = $1 AND merged_into = ANY ($2)
       UNION
       SELECT r.contact_id FROM merged m JOIN outbound.recipients r ON r.merchant_id = $1 AND r.merged_into = m.contact_id
     ) SELECT contact_id AS "contactId" FROM merged`,
    [merchantId, contactIds],
  )) as { contactId: string }[];
  return rows.map((row) => row.contactId);
}
