import type { EntityManager } from 'typeorm';
import { callChannel } from '#contracts';
import { removeRows } from '#persistence';

/** Messages looked at in one transaction. */
export const PAGE = 500;

export interface SeenMessage {
  seq: string;
  messageId: string;
  contactId: string;
  /** In whichever form it was written. */
  person: object;
  plan: number;
  channelMessageId: string | null;
  failedChannelIds: string[];
  createdAt: Date;
  open: boolean;
}

/** The next messages of the merchant after `seq`, in the order in which they were put into their lines. */
export async function messagesAfter(
  tx: EntityManager,
  merchantId: string,
  seq: string,
): Promise<SeenMessage[]> {
  return (await tx.query(
    `SELECT seq::text, message_id AS "messageId", contact_id AS "contactId", person, plan, open,
       channel_message_id AS "channelMessageId", failed_channel_ids AS "failedChannelIds", created_at AS "createdAt"
     FROM outbound.messages WHERE merchant_id = $1 AND seq > $2 ORDER BY messages.seq LIMIT ${PAGE}`,
    [merchantId, seq],
  )) as SeenMessage[];
}

export async function deleteMessages(tx: EntityManager, messageIds: readonly string[]): Promise<void> {
  if (messageIds.length === 0) return;
  const gone = `SELECT ctid FROM outbound.messages WHERE message_id = ANY ($1) FOR UPDATE`;
  await removeRows(tx, 'outbound.messages', gone, [messageIds]);
}

/** Lines of the journal that are about this message: its calls, and what the channel said of it. */
export function streamsOf({ messageId, plan, channelMessageId, failedChannelIds }: SeenMessage): string[] {
  const calls = Array.from({ length: plan }, (_, i) => `${callChannel.name}/${messageId}_${i + 1}`);
  const names = [messageId, channelMessageId, ...failedChannelIds].filter((name) => name !== null);
  return [...calls, ...names.map((name) => `message/${name}`)];
}
