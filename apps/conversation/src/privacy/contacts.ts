import type { EntityManager } from 'typeorm';
import type { ErasureReport } from '#core/tenancy';
import { removeRows } from '#persistence';
import { contactsOfPeople, PEOPLE_OF_NOBODY, regroup } from '../people.js';

/** Contacts with their names, threads and proofs. Returns how many rows of what there were. */
export async function deleteContacts(
  { tx, now }: { tx: EntityManager; now: Date },
  merchantId: string,
  contactIds: readonly string[],
): Promise<ErasureReport> {
  const report: ErasureReport = {};
  const people = contactIds.length > 0 ? await contactsOfPeople(tx, contactIds) : [];
  // Names, threads and proofs hang on their contact.
  for (const table of ['threads', 'aliases', 'proofs', 'contacts']) {
    const theirs = `SELECT ctid FROM conversation.${table} WHERE contact_id = ANY ($1) FOR UPDATE`;
    report[table] = await removeRows(tx, `conversation.${table}`, theirs, [contactIds]);
  }
  const left = people.map(({ contactId }) => contactId).filter((id) => !contactIds.includes(id));
  if (left.length > 0) await regroup({ tx, now }, merchantId, left);
  const ids = people.flatMap(({ personId }) => personId ?? []);
  report.people = await removeRows(tx, 'conversation.people', PEOPLE_OF_NOBODY, [ids]);
  return report;
}
