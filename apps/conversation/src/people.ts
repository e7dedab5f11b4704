import type { EntityManager } from 'typeorm';
import { formsOf, kindOf } from '#core/messaging';
import {
  groupsOf,
  judgeNumber,
  phoneProof,
  userIdProof,
  type NumberHolder,
  type Proof,
  type Proved,
  type WayToWriter,
} from '#core/people';
import { later, lockNames, query, removal } from '#persistence';
import { newId } from '#platform';

/** One transaction of one merchant. */
interface Work {
  tx: EntityManager;
  now: Date;
}

/**
 * Contacts that share a proof become one person. A proof that had ended holds again from `provedAt` on. What holds already keeps
 * its time.
 */
export async function joinContacts(
  work: Work,
  merchantId: string,
  contactIds: readonly string[],
  { kind, scheme, value }: Proof,
  provedAt = work.now,
): Promise<void> {
  // Of two at once, the second sees what the first has stored.
  later(work.tx, ...lockNames('contact', [JSON.stringify([merchantId, kind, scheme, value])]));
  later(
    work.tx,
    `INSERT INTO conversation.proofs (merchant_id, contact_id, kind, scheme, value, proved_at)
     SELECT $1, contact_id, $3, $4, $5, $6 FROM unnest($2::text[]) AS c(contact_id)
     ON CONFLICT (merchant_id, contact_id, kind, scheme, value)
     DO UPDATE SET proved_at = excluded.proved_at, ended_at = NULL WHERE proofs.ended_at IS NOT NULL`,
    [merchantId, contactIds, kind, scheme, value, provedAt],
  );
  await regroup(work, merchantId, contactIds);
}

/**
 * A contact writes from a number that its channel verifies, and this is news of it: it joins the contacts of the merchant that
 * are the same person by this number, and the number leaves those whose it is no more. The caller holds the number's lock.
 */
export async function followNumber(
  { tx, now }: Work,
  merchantId: string,
  contactId: string,
  phone: string,
  way: WayToWriter,
): Promise<void> {
  const holders = await holdersOf(tx, phone);
  const writer = holders.find((holder) => holder.contactId === contactId);
  const others = holders.filter((holder) => holder !== writer);
  if (!writer || others.length === 0) return;
  const { byUserId, byNumber, left } = judgeNumber(writer, others, way);
  const join = (same: readonly string[], proof: Proof): Promise<void> =>
    joinContacts({ tx, now }, merchantId, [contactId, ...same], proof);
  if (left.length > 0) await leaveNumber({ tx, now }, merchantId, phone, left);
  for (const userId of new Set(byUserId.map((one) => one.userId))) {
    const same = byUserId.filter((one) => one.userId === userId).map(contactIdOf);
    await join(same, userIdProof(writer.channel!, userId));
  }
  if (byNumber.length > 0) await join(byNumber, phoneProof(phone));
}

/**
 * A contact gave up a number: it proves nothing of the contact's person until somebody writes from it again. Whoever has it by
 * now keeps it. The caller holds the number's lock.
 */
export async function giveUpNumber(
  work: Work,
  merchantId: string,
  contactId: string,
  phone: string,
): Promise<void> {
  const person = new Set((await contactsOfPeople(work.tx, [contactId])).map(contactIdOf));
  const theirs = (await holdersOf(work.tx, phone)).map(contactIdOf).filter((id) => person.has(id));
  if (theirs.length > 0) await leaveNumber(work, merchantId, phone, theirs);
}

/** The lock of a number, in all its forms: it joins contacts of all accounts of a merchant. */
export const nameOfNumber = (merchantId: string, phone: string): string =>
  `${merchantId}/${formsOf(phone)[0]}`;

/** Nobody else joins or leaves by these numbers until the transaction ends. */
export function lockNumbers(tx: EntityManager, merchantId: string, phones: readonly string[]): void {
  if (phones.length === 0) return;
  const names = phones.map((phone) => nameOfNumber(merchantId, phone));
  later(tx, ...lockNames('contact', names));
}

const contactIdOf = ({ contactId }: { contactId: string }): string => contactId;

async function leaveNumber(
  { tx, now }: Work,
  merchantId: string,
  phone: string,
  contactIds: readonly string[],
): Promise<void> {
  const { kind, scheme, value } = phoneProof(phone);
  later(
    tx,
    `UPDATE conversation.aliases SET verified_by = NULL, verified_at = NULL
     WHERE contact_id = ANY ($1) AND kind = $2 AND value = ANY ($3) AND verified_by IS NOT NULL`,
    [contactIds, kindOf(scheme), formsOf(phone)],
  );
  later(
    tx,
    `UPDATE conversation.proofs SET ended_at = $5
     WHERE contact_id = ANY ($1) AND kind = $2 AND scheme = $3 AND value = $4 AND ended_at IS NULL`,
    [contactIds, kind, scheme, value, now],
  );
  await regroup({ tx, now }, merchantId, contactIds);
}

/** Contacts that have the number in one of its forms, verified, or are part of a person by it. */
async function holdersOf(tx: EntityManager, phone: string): Promise<NumberHolder[]> {
  const { kind, scheme, value } = phoneProof(phone);
  const rows = await query<Omit<NumberHolder, 'verifiedAt'> & { verifiedAt: Date | string | null }>(
    tx,
    `WITH known AS (
       SELECT contact_id, verified_by, verified_at FROM conversation.aliases
       WHERE kind = $2 AND value = ANY ($1) AND verified_by IS NOT NULL),
     joined AS (
       SELECT contact_id FROM conversation.proofs
       WHERE kind = $3 AND scheme = $4 AND value = $5 AND ended_at IS NULL)
     SELECT contact_id AS "contactId", min(known.verified_by) AS channel, max(known.verified_at) AS "verifiedAt",
       bool_or(joined.contact_id IS NOT NULL) AS "isJoined",
       ARRAY(SELECT u.value FROM conversation.aliases u
         WHERE u.contact_id = ids.contact_id AND u.kind = 'user_id') AS "userIds"
     FROM (SELECT contact_id FROM known UNION SELECT contact_id FROM joined) ids
     LEFT JOIN known USING (contact_id) LEFT JOIN joined USING (contact_id)
     GROUP BY contact_id ORDER BY contact_id`,
    [formsOf(phone), kindOf(scheme), kind, scheme, value],
  );
  return rows.map((row) => ({
    ...row,
    verifiedAt: row.verifiedAt === null ? null : new Date(row.verifiedAt),
  }));
}

/** Contacts that are one person with any of these, these among them. */
export async function contactsOfPeople(
  tx: EntityManager,
  contactIds: readonly string[],
): Promise<{ contactId: string; personId: string | null }[]> {
  return query(
    tx,
    `SELECT contact_id AS "contactId", person_id AS "personId" FROM conversation.contacts
     WHERE contact_id = ANY ($1) OR person_id IN (
       SELECT person_id FROM conversation.contacts WHERE contact_id = ANY ($1))
     ORDER BY contact_id FOR NO KEY UPDATE`,
    [contactIds],
  );
}

/**
 * Gives these contacts, and all who were or are one person with them, the person that proofs make them part of. The
 * oldest person of a group stays; of one that falls apart, the first group keeps it.
 */
export async function regroup(
  { tx, now }: Work,
  merchantId: string,
  contactIds: readonly string[],
): Promise<void> {
  let members = await contactsOfPeople(tx, contactIds);
  let proved: Proved[];
  for (;;) {
    const ids = members.map(contactIdOf);
    proved = await sharedProofs(tx, ids);
    const all = [...new Set([...ids, ...proved.map(contactIdOf)])];
    if (all.length === ids.length) break;
    members = await contactsOfPeople(tx, all);
  }
  const before = new Map(members.map(({ contactId, personId }) => [contactId, personId]));
  const free = new Set(members.flatMap(({ personId }) => personId ?? []).toSorted());
  const after = new Map<string, string>();
  for (const group of groupsOf(proved)) {
    const theirs = new Set(group.map((id) => before.get(id)));
    const kept = [...free].find((id) => theirs.has(id));
    const personId = kept ?? newPerson(tx, merchantId, now);
    free.delete(personId);
    for (const contactId of group) after.set(contactId, personId);
  }
  const changed = members.filter(({ contactId, personId }) => (after.get(contactId) ?? null) !== personId);
  if (changed.length === 0) return;
  later(
    tx,
    `UPDATE conversation.contacts c SET person_id = n.person_id
     FROM unnest($1::text[], $2::text[]) AS n(contact_id, person_id) WHERE c.contact_id = n.contact_id`,
    [changed.map(contactIdOf), changed.map(({ contactId }) => after.get(contactId) ?? null)],
  );
  removePeople(tx, [...free]);
}

/** The proofs that hold of these contacts, and of all who share one of them. */
function sharedProofs(tx: EntityManager, contactIds: readonly string[]): Promise<Proved[]> {
  return query(
    tx,
    `SELECT DISTINCT p.contact_id AS "contactId", p.kind, p.scheme, p.value
     FROM conversation.proofs own JOIN conversation.proofs p USING (kind, scheme, value)
     WHERE own.contact_id = ANY ($1) AND own.ended_at IS NULL AND p.ended_at IS NULL
     ORDER BY 1, 2, 3, 4`,
    [contactIds],
  );
}

/** Of these people, the rows of those who have no contact any more. */
export const PEOPLE_OF_NOBODY = `SELECT ctid FROM conversation.people p WHERE person_id = ANY ($1) AND NOT EXISTS (
  SELECT FROM conversation.contacts c WHERE c.person_id = p.person_id) FOR UPDATE`;

function newPerson(tx: EntityManager, merchantId: string, now: Date): string {
  const personId = newId('per');
  later(tx, `INSERT INTO conversation.people (merchant_id, person_id, created_at) VALUES ($1, $2, $3)`, [
    merchantId,
    personId,
    now,
  ]);
  return personId;
}

function removePeople(tx: EntityManager, personIds: readonly string[]): void {
  if (personIds.length === 0) return;
  later(tx, ...removal('conversation.people', PEOPLE_OF_NOBODY, [personIds]));
}
