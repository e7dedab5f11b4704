import type { EntityManager } from 'typeorm';
import { schemeOf, valuesOfAlias } from '#core/messaging';
import { joinSubjects, type PersonSubject } from '#core/tenancy';

interface Alias {
  contactId: string;
  kind: string;
  value: string;
}

/** A service reads its own tables; of another one's it reads the views that they are shown by. */
export type ReadsBy = 'tables' | 'views';

/** The name of a table as the connected role may read it. */
export function readable(table: string, by: ReadsBy): string {
  return by === 'views' ? `${table}_seen` : table;
}

/**
 * All names of a person at a merchant, and contacts and threads on all its channel accounts, from the few names in
 * `seed`. Somebody who never wrote is known by those alone.
 */
export async function findPerson(
  tx: EntityManager,
  merchantId: string,
  seed: PersonSubject,
  by: ReadsBy,
): Promise<PersonSubject> {
  let contactIds = await contactsBy(tx, by, seed);
  let aliases = await aliasesOf(tx, by, contactIds);
  for (;;) {
    const known = await withJoined(tx, by, await sameOnOtherAccounts(tx, by, aliases, contactIds));
    if (known.length === contactIds.length) break;
    contactIds = known;
    aliases = await aliasesOf(tx, by, contactIds);
  }
  const named = (ofNames: boolean): string[] =>
    aliases.filter((a) => (a.kind === 'username') === ofNames).map((a) => a.value);
  const found: PersonSubject = { ...seed, keys: named(false), usernames: named(true), contactIds };
  return nameStreams(tx, merchantId, by, joinSubjects(seed, found));
}

/** The subject with its threads, and the lines of the journal that its names and contacts have. */
export async function nameStreams(
  tx: EntityManager,
  merchantId: string,
  by: ReadsBy,
  subject: PersonSubject,
): Promise<PersonSubject> {
  const rows = (await tx.query(
    `SELECT thread_id AS "threadId", former_ids AS "formerIds", stream FROM ${readable('conversation.threads', by)}
     WHERE merchant_id = $1 AND contact_id = ANY ($2)`,
    [merchantId, subject.contactIds],
  )) as { threadId: string; formerIds: string[]; stream: string }[];
  const threadIds = new Set([...subject.threadIds, ...rows.flatMap((r) => [r.threadId, ...r.formerIds])]);
  const streams = [...subject.streams, ...rows.map((r) => r.stream)];
  return nameLines(tx, merchantId, { ...subject, threadIds: [...threadIds], streams });
}

/** The subject with the lines of the journal that its names and contacts have. */
export async function nameLines(
  tx: EntityManager,
  merchantId: string,
  subject: PersonSubject,
): Promise<PersonSubject> {
  const lines = [...subject.streams, ...(await linesOf(tx, merchantId, subject))];
  return { ...subject, streams: [...new Set(lines)] };
}

/** On each of the merchant's channel accounts, also those that it gave up. */
async function linesOf(
  tx: EntityManager,
  merchantId: string,
  { keys, contactIds }: PersonSubject,
): Promise<string[]> {
  const accounts = (await tx.query(`SELECT id FROM tenancy.channel_accounts WHERE merchant_id = $1`, [
    merchantId,
  ])) as { id: string }[];
  return accounts.flatMap(({ id }) => [
    ...keys.map((key) => `thread/${id}/${key}`),
    ...contactIds.map((contactId) => `recipient/${id}/${contactId}`),
  ]);
}

async function contactsBy(
  tx: EntityManager,
  by: ReadsBy,
  { keys, usernames, contactIds }: PersonSubject,
): Promise<string[]> {
  const rows = (await tx.query(
    `SELECT contact_id AS "contactId" FROM ${readable('conversation.aliases', by)}
     WHERE (kind <> 'username' AND value = ANY ($1))
       OR (kind = 'username' AND lower(value) = ANY ($2))
     UNION SELECT contact_id FROM ${readable('conversation.contacts', by)} WHERE contact_id = ANY ($3)`,
    [keys, usernames.map((name) => name.toLowerCase()), contactIds],
  )) as { contactId: string }[];
  return rows.map((row) => row.contactId);
}

async function aliasesOf(tx: EntityManager, by: ReadsBy, contactIds: readonly string[]): Promise<Alias[]> {
  return (await tx.query(
    `SELECT contact_id AS "contactId", kind, value FROM ${readable('conversation.aliases', by)}
     WHERE contact_id = ANY ($1)`,
    [contactIds],
  )) as Alias[];
}

/** With the contacts that were proved to be the same person. */
async function withJoined(tx: EntityManager, by: ReadsBy, contactIds: readonly string[]): Promise<string[]> {
  const table = readable('conversation.contacts', by);
  const rows = (await tx.query(
    `SELECT contact_id AS "contactId" FROM ${table} WHERE person_id IN (
       SELECT person_id FROM ${table} WHERE contact_id = ANY ($1))`,
    [contactIds],
  )) as { contactId: string }[];
  return [...new Set([...contactIds, ...rows.map((row) => row.contactId)])];
}

/** A number may have passed on: a contact with a user id of its own is only the one who has that user id. */
async function sameOnOtherAccounts(
  tx: EntityManager,
  by: ReadsBy,
  aliases: readonly Alias[],
  known: readonly string[],
): Promise<string[]> {
  const named = aliases
    .filter((a) => a.kind !== 'username')
    .flatMap(({ kind, value }) =>
      valuesOfAlias({ scheme: schemeOf(kind), value }).map((form) => ({ kind, value: form })),
    );
  const userIds = aliases.filter((a) => a.kind === 'user_id').map((a) => a.value);
  const table = readable('conversation.aliases', by);
  const rows = (await tx.query(
    `SELECT DISTINCT a.contact_id AS "contactId" FROM ${table} a
     JOIN unnest($1::text[], $2::text[]) AS n(kind, value) USING (kind, value)
     WHERE NOT EXISTS (SELECT FROM ${table} u WHERE u.contact_id = a.contact_id AND u.kind = 'user_id')
       OR EXISTS (SELECT FROM ${table} u
         WHERE u.contact_id = a.contact_id AND u.kind = 'user_id' AND u.value = ANY ($3))`,
    [named.map((a) => a.kind), named.map((a) => a.value), userIds],
  )) as { contactId: string }[];
  return [...new Set([...known, ...rows.map((row) => row.contactId)])];
}
