import type { EntityManager } from 'typeorm';
import {
  aliasOf,
  formsOf,
  identifyingAliases,
  kindOf,
  personOf,
  phoneOf,
  schemeOf,
  userIdOf,
  valuesOfAlias,
  type PersonRef,
} from '#core/messaging';
import { NUMBER_HOLDS_MS, type WayToWriter } from '#core/people';
import { later, lockNames, query, removal } from '#persistence';
import { newId } from '#platform';
import { mergeContacts, type Work } from './merges.js';
import { followNumber, giveUpNumber, lockNumbers, nameOfNumber } from './people.js';
import type { Verification } from './verifiers.js';

/** An alias as it is stored: see `kindOf`. */
interface Alias {
  kind: string;
  value: string;
}

const PHONE = kindOf('phone');

/** Whose contacts: one merchant's, on one channel account. */
export interface Book {
  merchantId: string;
  channelAccountId: string;
  /** Where the channel verifies the number of who writes. */
  verified?: Verification;
}

/**
 * The contact behind a person on a channel account, made when there is none. All names of the message are remembered,
 * so that a person who is later known by one of them only (a user id without a phone number) is the same contact.
 * Names of two contacts in one message show that they are one: the older contact keeps everything.
 */
export async function resolveContact(work: Work, book: Book, person: PersonRef): Promise<string> {
  const { tx, now } = work;
  // Before anything is read: two contacts may be becoming one, and one of them is gone then.
  lockPeople(tx, book, person);
  const { contactIds, way, isNews } = await contactsOf(tx, book, person);
  const contactId = contactIds[0] ?? createContact(tx, book, person);
  await mergeContacts(work, book, contactId, contactIds.slice(1));
  nameContact(tx, book, contactId, person, now);
  const phone = phoneOf(person);
  if (book.verified && phone && isNews) {
    await followNumber(work, book.merchantId, contactId, phone, way);
  }
  return contactId;
}

/**
 * The contacts behind people, each one once. Names of one may show that contacts of others are one: those that are gone then
 * are not returned, and the contact that they have become is.
 */
export async function resolveContacts(
  work: Work,
  people: readonly { book: Book; person: PersonRef }[],
): Promise<string[]> {
  const contactIds: string[] = [];
  for (const { book, person } of people) contactIds.push(await resolveContact(work, book, person));
  return oldestFirst(work.tx, contactIds);
}

/**
 * A person got a new number or user id: the new names lead to the contact that the old ones led to, and what the
 * contact had under the new ones already comes to it. A number that was given up is forgotten: it will be somebody
 * else's. Returns the contact.
 */
export async function linkContact(
  work: Work,
  book: Book,
  previous: PersonRef,
  current: PersonRef,
): Promise<string> {
  const { tx, now } = work;
  lockPeople(tx, book, previous, current);
  const before = await contactsOf(tx, book, previous);
  const { contactIds, way } = await contactsOf(tx, book, current);
  const known = new Set([...before.contactIds, ...contactIds]);
  const [contactId, ...others] = known.size > 0 ? await oldestFirst(tx, [...known]) : [];
  const kept = contactId ?? createContact(tx, book, current);
  await mergeContacts(work, book, kept, others);
  const phone = phoneOf(current);
  await forgetNumbers(work, book, kept, phone);
  // Never given to anybody else, and older than the new names: late messages under the old id find their way.
  const [userId, parentUserId] = [userIdOf(previous), aliasOf(previous, 'parent_user_id')];
  if (known.size === 0) nameContact(tx, book, kept, personOf({ userId, parentUserId }), new Date(0));
  nameContact(tx, book, kept, current, now);
  if (book.verified && phone) await followNumber(work, book.merchantId, kept, phone, way);
  return kept;
}

/** Numbers of a contact but this one were given up, and prove nothing any more. */
async function forgetNumbers(
  work: Work,
  { merchantId }: Book,
  contactId: string,
  phone: string | undefined,
): Promise<void> {
  const given = `FROM conversation.aliases WHERE contact_id = $1 AND kind = $3 AND value IS DISTINCT FROM $2`;
  const parameters = [contactId, phone ?? null, PHONE];
  const numbers = await query<{ value: string }>(work.tx, `SELECT value ${given}`, parameters);
  if (numbers.length === 0) return;
  const kept = phone === undefined ? [] : formsOf(phone);
  const givenUp = numbers.map(({ value }) => value).filter((value) => !kept.includes(value));
  // Numbers that only the contact's row has were not named by who asks.
  lockNumbers(work.tx, merchantId, givenUp);
  for (const number of givenUp) await giveUpNumber(work, merchantId, contactId, number);
  later(work.tx, ...removal('conversation.aliases', `SELECT ctid ${given} FOR UPDATE`, parameters));
}

/** Since when a number must have been verified to be known of who writes now. */
const verifiedSince = ({ at }: Verification): Date => new Date(at.getTime() - NUMBER_HOLDS_MS);

/** Names are written down anew once an hour at least: retention asks when a contact was last seen. */
const SEEN_WITHIN_MS = 3_600_000;

/**
 * The condition that a thread is of a person of whom this message says nothing new, as mostly: each name in it belongs to the
 * contact, was seen within the hour, and is the newest of its kind. A number was also verified within 45 days, where the channel
 * verifies numbers. It holds for nobody without a name that identifies.
 */
export function ofFamiliar(
  { channelAccountId, verified }: Book,
  person: PersonRef,
  now: Date,
): [condition: string, parameters: unknown[]] {
  const [first] = identifying(person);
  const aliases = aliasesOf(person);
  const condition = `threads.channel_account_id = $1 AND contact_id = (
    SELECT contact_id FROM conversation.contacts c
    WHERE contact_id = (SELECT contact_id FROM conversation.aliases
        WHERE channel_account_id = $1 AND kind = $6 AND value = $7)
      AND ($4::text IS NULL OR name = $4)
      AND cardinality($2::text[]) = (
        SELECT count(*) FROM unnest($2::text[], $3::text[]) AS said(kind, value)
        JOIN conversation.aliases known USING (kind, value)
        WHERE known.contact_id = c.contact_id AND known.seen_at >= $5
          AND ($8::timestamptz IS NULL OR known.kind <> $9 OR known.verified_at >= $8) AND NOT EXISTS (
          SELECT FROM conversation.aliases newer
          WHERE newer.contact_id = c.contact_id AND newer.kind = known.kind AND newer.seen_at > known.seen_at)))`;
  return [
    condition,
    [
      channelAccountId,
      aliases.map((a) => a.kind),
      aliases.map((a) => a.value),
      person.name ?? null,
      new Date(now.getTime() - SEEN_WITHIN_MS),
      first?.kind ?? null,
      first?.value ?? null,
      verified ? verifiedSince(verified) : null,
      PHONE,
    ],
  ];
}

/** Of the threads of a query: the freshest name of each kind, to be read by `toPerson`. */
export const NAMES_OF_THREAD = `
  (SELECT json_agg(a) FROM (
     SELECT DISTINCT ON (kind) kind, value, seen_at AS "seenAt", verified_at AS "verifiedAt" FROM conversation.aliases
     WHERE contact_id = threads.contact_id ORDER BY kind, seen_at DESC) a) AS aliases,
  (SELECT name FROM conversation.contacts WHERE contact_id = threads.contact_id) AS name`;

export interface NamesOfThread {
  aliases: (Alias & { seenAt: string; verifiedAt: string | null })[] | null;
  name: string | null;
}

/** What `ofFamiliar` asks for, of a thread that is at hand. */
export function isFamiliar(
  { aliases, name }: NamesOfThread,
  { verified }: Pick<Book, 'verified'>,
  person: PersonRef,
  now: Date,
): boolean {
  const seenSince = now.getTime() - SEEN_WITHIN_MS;
  const isFresh = (said: Alias): boolean => {
    const known = aliases?.find(({ kind }) => kind === said.kind);
    if (known?.value !== said.value || new Date(known.seenAt).getTime() < seenSince) return false;
    if (!verified || said.kind !== PHONE) return true;
    return known.verifiedAt !== null && new Date(known.verifiedAt) >= verifiedSince(verified);
  };
  const isNamed = identifying(person).length > 0 && (person.name === undefined || person.name === name);
  return isNamed && aliasesOf(person).every(isFresh);
}

/** How to address the contact now. */
export function toPerson({ aliases, name }: NamesOfThread): PersonRef {
  const known = (aliases ?? []).map(({ kind, value }) => ({ scheme: schemeOf(kind), value }));
  return name ? { aliases: known, name } : { aliases: known };
}

const stored = ({ scheme, value }: { scheme: string; value: string }): Alias => ({
  kind: kindOf(scheme),
  value,
});
const aliasesOf = ({ aliases }: PersonRef): Alias[] => aliases.map(stored);
const identifying = (person: PersonRef): Alias[] => identifyingAliases(person).map(stored);

/** Two lines may bring the same person at once: the second waits, and then finds what the first has made or merged. */
function lockPeople(tx: EntityManager, book: Book, ...people: PersonRef[]): void {
  const { merchantId, channelAccountId } = book;
  const aliases = people.flatMap(identifyingAliases);
  const names = aliases.map(
    (alias) => `${merchantId}/${channelAccountId}/${kindOf(alias.scheme)}/${valuesOfAlias(alias)[0]}`,
  );
  // A number joins contacts of all accounts.
  const numbers = aliases.filter(({ scheme }) => scheme === 'phone').map(({ value }) => value);
  later(
    tx,
    ...lockNames('contact', [...names, ...numbers.map((number) => nameOfNumber(merchantId, number))]),
  );
}

interface Known {
  /** Oldest first. */
  contactIds: string[];
  way: WayToWriter;
  /** Something of this was not known of the first of the contacts, or the number was not verified lately. */
  isNews: boolean;
}

interface KnownRow {
  contact_id: string;
  owned: boolean;
  exact: boolean;
  theirs: boolean;
  by_phone: boolean;
  by_other: boolean;
  verified_at: Date | string | null;
  names: number;
  verified: boolean;
}

/**
 * Contacts that any of the person's names leads to. A user id belongs to one person for ever, a number does not: a
 * contact with a user id of its own is not the one who now writes from its number under another.
 */
async function contactsOf(tx: EntityManager, book: Book, person: PersonRef): Promise<Known> {
  const said = identifying(person);
  const aliases = identifyingAliases(person).flatMap((alias) =>
    valuesOfAlias(alias).map((value) => stored({ ...alias, value })),
  );
  const rows = await query<KnownRow>(
    tx,
    // Each step apart and by key: a planner that has seen no statistics yet would read all contacts instead.
    `SELECT c.contact_id, bool_or(u.names > 0) AS owned, bool_or(n.value = ANY ($5)) AS exact,
       $4::text IS NULL OR bool_or(u.names = 0 OR u.same > 0) AS theirs,
       bool_or(n.kind = $6) AS by_phone, bool_or(n.kind <> $6) AS by_other,
       max(a.verified_at) AS verified_at, count(*) FILTER (WHERE n.value = ANY ($5))::int AS names,
       bool_or(n.kind = $6 AND n.value = ANY ($5) AND a.verified_by = $7 AND a.verified_at >= $8) IS TRUE AS verified
     FROM unnest($2::text[], $3::text[]) AS n(kind, value)
     CROSS JOIN LATERAL (SELECT contact_id, verified_by, verified_at FROM conversation.aliases
       WHERE channel_account_id = $1 AND kind = n.kind AND value = n.value OFFSET 0) a
     CROSS JOIN LATERAL (SELECT contact_id, created_at FROM conversation.contacts
       WHERE contact_id = a.contact_id OFFSET 0) c
     CROSS JOIN LATERAL (SELECT count(*) AS names, count(*) FILTER (WHERE value = $4) AS same
       FROM conversation.aliases WHERE contact_id = c.contact_id AND kind = 'user_id') u
     GROUP BY c.contact_id, c.created_at ORDER BY c.created_at, c.contact_id`,
    [
      book.channelAccountId,
      aliases.map((a) => a.kind),
      aliases.map((a) => a.value),
      userIdOf(person) ?? null,
      said.map((a) => a.value),
      PHONE,
      book.verified?.by ?? null,
      book.verified ? verifiedSince(book.verified) : null,
    ],
  );
  const theirs = rows.filter((r) => r.theirs);
  // Two of whom each has a user id are two people: the number has passed on, and only one of them has this form of it.
  const areTwo = theirs.filter((r) => r.owned).length > 1;
  const known = theirs.filter((r) => !areTwo || !r.owned || r.exact);
  const isKnown = known.length === 1 && known[0]!.names === said.length && known[0]!.verified;
  return {
    contactIds: known.map((r) => r.contact_id),
    way: {
      tookOver: rows.some((r) => r.by_phone && !known.includes(r)),
      numberSince: earliest(known.filter((r) => !r.by_other).map((r) => new Date(r.verified_at ?? 0))),
    },
    isNews: !isKnown,
  };
}

const earliest = ([first, ...others]: Date[]): Date | null =>
  first === undefined ? null : others.reduce((one, other) => (other < one ? other : one), first);

async function oldestFirst(tx: EntityManager, contactIds: string[]): Promise<string[]> {
  const rows = await query<{ contact_id: string }>(
    tx,
    `SELECT contact_id FROM conversation.contacts WHERE contact_id = ANY($1) ORDER BY created_at, contact_id`,
    [contactIds],
  );
  return rows.map((r) => r.contact_id);
}

function createContact(tx: EntityManager, book: Book, person: PersonRef): string {
  const contactId = newId('con');
  later(
    tx,
    `INSERT INTO conversation.contacts (merchant_id, contact_id, channel_account_id, name) VALUES ($1, $2, $3, $4)`,
    [book.merchantId, contactId, book.channelAccountId, person.name ?? null],
  );
  return contactId;
}

/** Notes the names of a contact, taking them from whoever had them; the freshest of a kind is the one to use. */
function nameContact(tx: EntityManager, book: Book, contactId: string, person: PersonRef, now: Date): void {
  const aliases = aliasesOf(person);
  later(
    tx,
    `INSERT INTO conversation.aliases AS known
       (merchant_id, channel_account_id, kind, value, contact_id, seen_at, verified_by, verified_at)
     SELECT $1, $2, kind, value, $3, $4, CASE kind WHEN $7 THEN $8::text END, CASE kind WHEN $7 THEN $9::timestamptz END
     FROM unnest($5::text[], $6::text[]) AS a(kind, value)
     ON CONFLICT (merchant_id, channel_account_id, kind, value)
     DO UPDATE SET contact_id = excluded.contact_id, seen_at = excluded.seen_at,
       verified_by = CASE WHEN known.contact_id = excluded.contact_id
         THEN coalesce(excluded.verified_by, known.verified_by) ELSE excluded.verified_by END,
       verified_at = CASE WHEN known.contact_id = excluded.contact_id
         THEN greatest(excluded.verified_at, known.verified_at) ELSE excluded.verified_at END`,
    [
      book.merchantId,
      book.channelAccountId,
      contactId,
      now,
      aliases.map((a) => a.kind),
      aliases.map((a) => a.value),
      PHONE,
      book.verified?.by ?? null,
      book.verified?.at ?? null,
    ],
  );
  const phone = phoneOf(person);
  const otherForms = phone === undefined ? [] : formsOf(phone).filter((form) => form !== phone);
  if (otherForms.length > 0) {
    const taken = `SELECT ctid FROM conversation.aliases
      WHERE channel_account_id = $1 AND kind = $4 AND value = ANY ($2) AND contact_id <> $3 FOR UPDATE`;
    later(
      tx,
      ...removal('conversation.aliases', taken, [book.channelAccountId, otherForms, contactId, PHONE]),
    );
  }
  if (!person.name) return;
  later(tx, `UPDATE conversation.contacts SET name = $2 WHERE contact_id = $1 AND name IS DISTINCT FROM $2`, [
    contactId,
    person.name,
  ]);
}
