import type { EntityManager } from 'typeorm';
import { later, query } from '#persistence';
import type { Message } from './messages.js';

/** How far a message has come that has left its recipient's line. */
export type Progress = Pick<
  Message,
  | 'messageId'
  | 'channelMessageId'
  | 'state'
  | 'acceptedAt'
  | 'heldAt'
  | 'sentAt'
  | 'deliveredAt'
  | 'readAt'
  | 'playedAt'
  | 'pricing'
>;

/**
 * Those of the messages that the channel knows by this id, that have left their line and that nobody else is at: who waits
 * for no lock keeps nobody waiting.
 */
export async function lockProgress(
  tx: EntityManager,
  named: readonly { messageId: string; channelMessageId: string }[],
): Promise<Map<string, Progress>> {
  if (named.length === 0) return new Map();
  const rows = await query<Progress>(
    tx,
    `SELECT message_id AS "messageId", channel_message_id AS "channelMessageId", state, accepted_at AS "acceptedAt",
       held_at AS "heldAt", sent_at AS "sentAt", delivered_at AS "deliveredAt", read_at AS "readAt",
       played_at AS "playedAt", pricing
     FROM outbound.messages
     WHERE message_id = ANY ($1) AND NOT open
       AND (message_id, channel_message_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))
     FOR UPDATE SKIP LOCKED`,
    [named.map(({ messageId }) => messageId), named.map(({ channelMessageId }) => channelMessageId)],
  );
  return new Map(rows.map((row) => [row.messageId, row]));
}

/** Stores what `lockProgress` has found and the caller has changed. */
export function storeProgress(tx: EntityManager, messages: readonly Progress[]): void {
  if (messages.length === 0) return;
  const column = (pick: (message: Progress) => unknown): unknown[] => messages.map(pick);
  later(
    tx,
    `UPDATE outbound.messages m SET state = p.state, accepted_at = p.accepted_at, held_at = p.held_at,
       sent_at = p.sent_at, delivered_at = p.delivered_at, read_at = p.read_at, played_at = p.played_at,
       pricing = p.pricing
     FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
       $7::timestamptz[], $8::timestamptz[], $9::jsonb[])
       AS p(message_id, state, accepted_at, held_at, sent_at, delivered_at, read_at, played_at, pricing)
     WHERE m.message_id = p.message_id`,
    [
      column((m) => m.messageId),
      column((m) => m.state),
      column((m) => m.acceptedAt),
      column((m) => m.heldAt),
      column((m) => m.sentAt),
      column((m) => m.deliveredAt),
      column((m) => m.readAt),
      column((m) => m.playedAt),
      column((m) => m.pricing && JSON.stringify(m.pricing)),
    ],
  );
}
