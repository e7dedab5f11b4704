import type { EntityManager } from 'typeorm';
import { mergeRecipients } from '#contracts';
import { mergeThreads, type ThreadState } from '#core/conversation';
import { removeRows } from '#persistence';
import type { OrderedContext } from '#queue';
import { contactsOfPeople, regroup } from './people.js';

/** One transaction of one merchant: what is written through `tx` and emitted is stored together, or not at all. */
export type Work = Pick<OrderedContext, 'tx' | 'emit' | 'now'>;

interface Row {
  threadId: string;
  state: ThreadState;
  formerIds: string[];
}

/**
 * Contacts of one channel account that turned out to be one person become `kept`: names, threads with their carts and
 * orders, and the lines of what is sent to them.
 */
export async function mergeContacts(
  work: Work,
  { merchantId, channelAccountId }: { merchantId: string; channelAccountId: string },
  kept: string,
  others: readonly string[],
): Promise<void> {
  if (others.length === 0) return;
  const { tx } = work;
  const all = [kept, ...others];
  await tx.query(`UPDATE conversation.aliases SET contact_id = $1 WHERE contact_id = ANY($2)`, [
    kept,
    others,
  ]);
  const [oldest, ...younger] = (await tx.query(
    `SELECT thread_id AS "threadId", state, former_ids AS "formerIds" FROM conversation.threads
     WHERE contact_id = ANY($1) ORDER BY created_at, thread_id FOR UPDATE`,
    [all],
  )) as Row[];
  if (oldest) await mergeInto(tx, oldest, younger, kept);
  const ofPeople = await moveProofs(work, merchantId, kept, others);
  const gone = `SELECT ctid FROM conversation.contacts WHERE contact_id = ANY ($1) FOR UPDATE`;
  await removeRows(tx, 'conversation.contacts', gone, [others]);
  if (ofPeople.length > 0) await regroup(work, merchantId, ofPeople);
  for (const goneContactId of others) {
    work.emit(mergeRecipients, { channelAccountId, keptContactId: kept, goneContactId });
  }
}

/**
 * What was proved of the others is proved of `kept`. Returns `kept` and those who were one person with any of them; nobody, as
 * mostly, when nothing was proved.
 */
async function moveProofs(
  { tx }: Work,
  merchantId: string,
  kept: string,
  others: readonly string[],
): Promise<string[]> {
  const all = [kept, ...others];
  const proved = await tx.query(`SELECT FROM conversation.proofs WHERE contact_id = ANY ($1) LIMIT 1`, [all]);
  if (proved.length === 0) return [];
  const people = await contactsOfPeople(tx, all);
  await tx.query(
    `INSERT INTO conversation.proofs (merchant_id, contact_id, kind, scheme, value, proved_at, ended_at)
     SELECT DISTINCT ON (kind, scheme, value) $1, $2, kind, scheme, value, proved_at, ended_at
     FROM conversation.proofs WHERE contact_id = ANY ($3)
     ORDER BY kind, scheme, value, ended_at DESC NULLS FIRST, proved_at
     ON CONFLICT (merchant_id, contact_id, kind, scheme, value)
     DO UPDATE SET proved_at = excluded.proved_at, ended_at = excluded.ended_at
     WHERE proofs.ended_at IS NOT NULL AND excluded.ended_at IS NULL`,
    [merchantId, kept, others],
  );
  return people.map(({ contactId }) => contactId).filter((id) => !others.includes(id));
}

/** The older thread stays, with its line; the ids of the others lead to it from now on. */
async function mergeInto(
  tx: EntityManager,
  thread: Row,
  others: readonly Row[],
  contactId: string,
): Promise<void> {
  const formerIds = others.flatMap((o) => [o.threadId, ...o.formerIds]);
  const state = others.map((o) => o.state).reduce(mergeThreads, thread.state);
  const merged = `SELECT ctid FROM conversation.threads WHERE thread_id = ANY ($1) FOR UPDATE`;
  await removeRows(tx, 'conversation.threads', merged, [others.map((o) => o.threadId)]);
  await tx.query(
    `UPDATE conversation.threads SET contact_id = $2, state = $3, phase = $4, expires_at = $5,
       former_ids = former_ids || $6::text[], version = version + 1
     WHERE thread_id = $1`,
    [thread.threadId, contactId, state, state.phase, state.expiresAt, formerIds],
  );
}
