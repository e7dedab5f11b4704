import type { EntityManager } from 'typeorm';
import type { PersonRef } from '#core/messaging';
import { newId } from '#platform';

type AliasKind = 'user_id' | 'parent_user_id' | 'wa_id' | 'username';

/** Names that identify one person beyond doubt. A username can pass on to somebody else, so it is only noted. */
const IDENTIFYING: readonly AliasKind[] = ['user_id', 'parent_user_id', 'wa_id'];

interface Alias {
  kind: AliasKind;
  value: string;
}

/**
 * The contact behind a person on a channel account, made when there is none. All names of the message are remembered,
 * so that a person who is later known by one of them only (a user id without a phone number) is the same contact.
 * Names of two contacts in one message show that they are one: the older contact keeps all names.
 */
export async function resolveContact(
  tx: EntityManager,
  merchantId: string,
  channelAccountId: string,
  person: PersonRef,
  now: Date,
): Promise<string> {
  const aliases = aliasesOf(person);
  const known = await contactsNamed(
    tx,
    channelAccountId,
    aliases.filter((a) => IDENTIFYING.includes(a.kind)),
  );
  const contactId = known[0] ?? (await createContact(tx, merchantId, channelAccountId, person));
  for (const other of known.slice(1)) {
    await tx.query(`UPDATE conversation.aliases SET contact_id = $2 WHERE contact_id = $1`, [
      other,
      contactId,
    ]);
  }
  await tx.query(
    `INSERT INTO conversation.aliases (merchant_id, channel_account_id, kind, value, contact_id, seen_at)
     SELECT $1, $2, kind, value, $3, $4 FROM unnest($5::text[], $6::text[]) AS a(kind, value)
     ON CONFLICT (merchant_id, channel_account_id, kind, value)
     DO UPDATE SET contact_id = excluded.contact_id, seen_at = excluded.seen_at`,
    [merchantId, channelAccountId, contactId, now, aliases.map((a) => a.kind), aliases.map((a) => a.value)],
  );
  if (person.name && known.length > 0) {
    await tx.query(
      `UPDATE conversation.contacts SET name = $2 WHERE contact_id = $1 AND name IS DISTINCT FROM $2`,
      [contactId, person.name],
    );
  }
  return contactId;
}

/** A person got a new number or user id: the new names lead to the contact that the old ones led to. */
export async function linkContact(
  tx: EntityManager,
  merchantId: string,
  channelAccountId: string,
  previous: PersonRef,
  current: PersonRef,
  now: Date,
): Promise<void> {
  const contactId = await resolveContact(tx, merchantId, channelAccountId, previous, now);
  for (const { kind, value } of aliasesOf(current)) {
    await tx.query(
      `INSERT INTO conversation.aliases (merchant_id, channel_account_id, kind, value, contact_id, seen_at)
       VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (merchant_id, channel_account_id, kind, value)
       DO UPDATE SET contact_id = excluded.contact_id, seen_at = excluded.seen_at`,
      [merchantId, channelAccountId, kind, value, contactId, now],
    );
  }
}

/** The freshest name of each kind: how to address the contact now. */
export async function personOf(tx: EntityManager, contactId: string): Promise<PersonRef> {
  const rows = (await tx.query(
    `SELECT DISTINCT ON (kind) kind, value, (SELECT name FROM conversation.contacts WHERE contact_id = $1) AS name
     FROM conversation.aliases WHERE contact_id = $1 ORDER BY kind, seen_at DESC`,
    [contactId],
  )) as (Alias & { name: string | null })[];
  const value = (kind: AliasKind): string | undefined => rows.find((r) => r.kind === kind)?.value;
  return JSON.parse(
    JSON.stringify({
      userId: value('user_id'),
      parentUserId: value('parent_user_id'),
      waId: value('wa_id'),
      username: value('username'),
      name: rows[0]?.name ?? undefined,
    }),
  ) as PersonRef;
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

/** Contacts that any of the names leads to, oldest first. */
async function contactsNamed(
  tx: EntityManager,
  channelAccountId: string,
  aliases: Alias[],
): Promise<string[]> {
  const rows = (await tx.query(
    `SELECT c.contact_id FROM conversation.contacts c WHERE c.contact_id IN (
       SELECT a.contact_id FROM conversation.aliases a
       JOIN unnest($2::text[], $3::text[]) AS n(kind, value) USING (kind, value)
       WHERE a.channel_account_id = $1)
     ORDER BY c.created_at, c.contact_id`,
    [channelAccountId, aliases.map((a) => a.kind), aliases.map((a) => a.value)],
  )) as { contact_id: string }[];
  return rows.map((r) => r.contact_id);
}

async function createContact(
  tx: EntityManager,
  merchantId: string,
  channelAccountId: string,
  person: PersonRef,
): Promise<string> {
  const contactId = newId('con');
  await tx.query(
    `INSERT INTO conversation.contacts (merchant_id, contact_id, channel_account_id, name) VALUES ($1, $2, $3, $4)`,
    [merchantId, contactId, channelAccountId, person.name ?? null],
  );
  return contactId;
}
