import type { EntityManager } from 'typeorm';
import { mergeRecipients } from '#contracts';
import { mergeThreads, type ThreadState } from '#core/conversation';
import { removeRows } from '#persistence';
import type { OrderedContext } from '#queue';

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
  channelAccountId: string,
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
  const gone = `SELECT ctid FROM conversation.contacts WHERE contact_id = ANY ($1) FOR UPDATE`;
  await removeRows(tx, 'conversation.contacts', gone, [others]);
  for (const goneContactId of others) {
    work.emit(mergeRecipients, { channelAccountId, keptContactId: kept, goneContactId });
  }
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
