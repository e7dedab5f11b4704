import type { EntityManager } from 'typeorm';
import type { PersonRef } from '#core/messaging';
import { newId } from '#platform';
import { mergeContacts } from './merges.js';

type AliasKind = 'user_id' | 'parent_user_id' | 'wa_id' | 'username';

/** Names that identify one person. A username can pass on to somebody else at any time, so it is only noted. */
const IDENTIFYING: readonly AliasKind[] = ['user_id', 'parent_user_id', 'wa_id'];

interface Alias {
  kind: AliasKind;
  value: string;
}

/** Whose contacts: one merchant's, on one channel account. */
export interface Book {
  merchantId: string;
  channelAccountId: string;
}

/**
 * The contact behind a person on a channel account, made when there is none. All names of the message are remembered,
 * so that a person who is later known by one of them only (a user id without a phone number) is the same contact.
 * Names of two contacts in one message show that they are one: the older contact keeps everything.
 */
export async function resolveContact(
  tx: EntityManager,
  book: Book,
  person: PersonRef,
  now: Date,
): Promise<string> {
  await lockNames(tx, book, person);
  const known = await contactsOf(tx, book, person);
  const contactId = known[0] ?? (await createContact(tx, book, person));
  await mergeContacts(tx, contactId, known.slice(1));
  await nameContact(tx, book, contactId, person, now);
  return contactId;
}

/**
 * A person got a new number or user id: the new names lead to the contact that the old ones led to, and what the
 * contact had under the new ones already comes to it. A number that was given up is forgotten: it will be somebody
 * else's. Returns the contact.
 */
export async function linkContact(
  tx: EntityManager,
  book: Book,
  previous: PersonRef,
  current: PersonRef,
  now: Date,
): Promise<string> {
  await lockNames(tx, book, previous, current);
  const known = [
    ...new Set([...(await contactsOf(tx, book, previous)), ...(await contactsOf(tx, book, current))]),
  ];
  const [contactId, ...others] = known.length > 0 ? await oldestFirst(tx, known) : [];
  const kept = contactId ?? (await createContact(tx, book, current));
  await mergeContacts(tx, kept, others);
  await tx.query(
    `DELETE FROM conversation.aliases WHERE contact_id = $1 AND kind = 'wa_id' AND value IS DISTINCT FROM $2`,
    [kept, current.waId ?? null],
  );
  // Never given to anybody else, and older than the new names: late messages under the old id find their way.
  const { userId, parentUserId } = previous;
  if (known.length === 0) await nameContact(tx, book, kept, { userId, parentUserId }, new Date(0));
  await nameContact(tx, book, kept, current, now);
  return kept;
}

/** The freshest name of each kind: how to address the contact now. */
export async function personOf(tx: EntityManager, contactId: string): Promise<PersonRef> {
  const rows = (await tx.query(
    `SELECT DISTINCT ON (kind) kind, value, (SELECT name FROM conversation.contacts WHERE contact_id = $1) AS name
     FROM conversation.aliases WHERE contact_id = $1 ORDER BY kind, seen_at DESC`,
    [contactId],
  )) as (Alias & { name: string | null })[];
  const value = (kind: AliasKind): string | undefined => rows.find((r) => r.kind === kind)?.value;
  const person: PersonRef = {
    userId: value('user_id'),
    parentUserId: value('parent_user_id'),
    waId: value('wa_id'),
    username: value('username'),
    name: rows[0]?.name ?? undefined,
  };
  return Object.fromEntries(Object.entries(person).filter(([, v]) => v !== undefined));
}

function aliasesOf(person: PersonRef): Alias[] {
  const candidates: { kind: AliasKind; value: string | undefined }[] = [
    { kind: 'user_id', value: person.userId },
    { kind: 'parent_user_id', value: person.parentUserId },
    { kind: 'wa_id', value: person.waId },
    { kind: 'username', value: person.username },
  ];
  return candidates.filter((a): a is Alias => Boolean(a.value));
}

const identifying = (person: PersonRef): Alias[] =>
  aliasesOf(person).filter((a) => IDENTIFYING.includes(a.kind));

/** Two lines may bring the same new person at once: the second waits, and then finds the contact of the first. */
async function lockNames(tx: EntityManager, book: Book, ...people: PersonRef[]): Promise<void> {
  const names = people.flatMap(identifying).map(({ kind, value }) => `${kind}/${value}`);
  await tx.query(
    `SELECT pg_advisory_xact_lock(hashtextextended(key, 0))
     FROM (SELECT DISTINCT $1 || '/' || name AS key FROM unnest($2::text[]) AS n(name) ORDER BY key) AS keys`,
    [`contact/${book.merchantId}/${book.channelAccountId}`, names],
  );
}

/**
 * Contacts that any of the person's names leads to, oldest first. A user id belongs to one person for ever, a number
 * does not: a contact with a user id of its own is not the one who now writes from its number under another.
 */
async function contactsOf(tx: EntityManager, book: Book, person: PersonRef): Promise<string[]> {
  const aliases = identifying(person);
  const rows = (await tx.query(
    `SELECT c.contact_id FROM conversation.contacts c WHERE c.contact_id IN (
       SELECT a.contact_id FROM conversation.aliases a
       JOIN unnest($2::text[], $3::text[]) AS n(kind, value) USING (kind, value)
       WHERE a.channel_account_id = $1)
     AND ($4::text IS NULL
       OR NOT EXISTS (SELECT FROM conversation.aliases u WHERE u.contact_id = c.contact_id AND u.kind = 'user_id')
       OR EXISTS (SELECT FROM conversation.aliases u
         WHERE u.contact_id = c.contact_id AND u.kind = 'user_id' AND u.value = $4))
     ORDER BY c.created_at, c.contact_id`,
    [book.channelAccountId, aliases.map((a) => a.kind), aliases.map((a) => a.value), person.userId ?? null],
  )) as { contact_id: string }[];
  return rows.map((r) => r.contact_id);
}

async function oldestFirst(tx: EntityManager, contactIds: string[]): Promise<string[]> {
  const rows = (await tx.query(
    `SELECT contact_id FROM conversation.contacts WHERE contact_id = ANY($1) ORDER BY created_at, contact_id`,
    [contactIds],
  )) as { contact_id: string }[];
  return rows.map((r) => r.contact_id);
}

async function createContact(tx: EntityManager, book: Book, person: PersonRef): Promise<string> {
  const contactId = newId('con');
  await tx.query(
    `INSERT INTO conversation.contacts (merchant_id, contact_id, channel_account_id, name) VALUES ($1, $2, $3, $4)`,
    [book.merchantId, contactId, book.channelAccountId, person.name ?? null],
  );
  return contactId;
}

/** Notes the names of a contact, taking them from whoever had them; the freshest of a kind is the one to use. */
async function nameContact(
  tx: EntityManager,
  book: Book,
  contactId: string,
  person: PersonRef,
  now: Date,
): Promise<void> {
  const aliases = aliasesOf(person);
  await tx.query(
    `INSERT INTO conversation.aliases (merchant_id, channel_account_id, kind, value, contact_id, seen_at)
     SELECT $1, $2, kind, value, $3, $4 FROM unnest($5::text[], $6::text[]) AS a(kind, value)
     ON CONFLICT (merchant_id, channel_account_id, kind, value)
     DO UPDATE SET contact_id = excluded.contact_id, seen_at = excluded.seen_at`,
    [
      book.merchantId,
      book.channelAccountId,
      contactId,
      now,
      aliases.map((a) => a.kind),
      aliases.map((a) => a.value),
    ],
  );
  if (!person.name) return;
  await tx.query(
    `UPDATE conversation.contacts SET name = $2 WHERE contact_id = $1 AND name IS DISTINCT FROM $2`,
    [contactId, person.name],
  );
}
