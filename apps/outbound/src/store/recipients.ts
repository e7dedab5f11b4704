import type { EntityManager } from 'typeorm';
import type { PairBucket } from '#core/outbound';
import { later, once, query } from '#persistence';

export interface RecipientKey {
  channelAccountId: string;
  contactId: string;
}

/** One person at one of the merchant's numbers. */
export interface Recipient extends RecipientKey {
  /** The contact that this one turned out to be: the row only leads there. */
  mergedInto: string | null;
  lastInboundAt: Date | null;
  windowRefused: boolean;
  pair: PairBucket;
  pairRefusals: number;
  pairHoldUntil: Date | null;
}

const COLUMNS = {
  mergedInto: 'merged_into',
  lastInboundAt: 'last_inbound_at',
  windowRefused: 'window_refused',
  pairRefusals: 'pair_refusals',
  pairHoldUntil: 'pair_hold_until',
} as const;

interface Row extends Omit<Recipient, 'pair'> {
  pairLevel: number;
  pairAt: Date;
}

const SELECT = `SELECT channel_account_id AS "channelAccountId", contact_id AS "contactId", merged_into AS "mergedInto",
    last_inbound_at AS "lastInboundAt", window_refused AS "windowRefused", pair_level AS "pairLevel",
    pair_at AS "pairAt", pair_refusals AS "pairRefusals", pair_hold_until AS "pairHoldUntil"
  FROM outbound.recipients`;

/**
 * The recipient, made if need be, locked until the transaction ends: its line is decided by one at a time. For a contact
 * that was merged into another, that other one: its `contactId` is the one to use. The one that is gone is locked first,
 * then the one that it leads to, whoever asks.
 */
export async function lockRecipient(tx: EntityManager, key: RecipientKey, now: Date): Promise<Recipient> {
  const found = await once(tx, nameOf(key), async () => (await find(tx, key)) ?? make(tx, key, now));
  const { channelAccountId, mergedInto } = found;
  return mergedInto === null ? found : lockRecipient(tx, { channelAccountId, contactId: mergedInto }, now);
}

/** The row of a message's recipient, locked, also when it only leads to another; nobody when there is no such message. */
export async function lockRecipientOf(tx: EntityManager, messageId: string): Promise<Recipient | undefined> {
  const [row] = await query<Row>(
    tx,
    `${SELECT} WHERE (channel_account_id, contact_id) =
       (SELECT channel_account_id, contact_id FROM outbound.messages WHERE message_id = $1) FOR UPDATE`,
    [messageId],
  );
  return row && once(tx, nameOf(row), () => Promise.resolve(toRecipient(row)));
}

async function find(tx: EntityManager, key: RecipientKey): Promise<Recipient | undefined> {
  const [row] = await query<Row>(
    tx,
    `${SELECT} WHERE channel_account_id = $1 AND contact_id = $2 FOR UPDATE`,
    [key.channelAccountId, key.contactId],
  );
  return row && toRecipient(row);
}

async function make(tx: EntityManager, key: RecipientKey, now: Date): Promise<Recipient> {
  later(
    tx,
    `INSERT INTO outbound.recipients (merchant_id, channel_account_id, contact_id, pair_at)
     VALUES (current_setting('waco.merchant_id'), $1, $2, $3) ON CONFLICT DO NOTHING`,
    [key.channelAccountId, key.contactId, now],
  );
  return (await find(tx, key))!;
}

const nameOf = ({ channelAccountId, contactId }: RecipientKey): string =>
  `recipient/${channelAccountId}/${contactId}`;

function toRecipient({ pairLevel, pairAt, ...rest }: Row): Recipient {
  return { ...rest, pair: { level: pairLevel, at: pairAt } };
}

/** The customer wrote. False when a later message is known: the window never moves back. */
export function openWindow(tx: EntityManager, recipient: Recipient, sentAt: string, now: Date): boolean {
  const lastInboundAt = new Date(Math.min(Date.parse(sentAt), now.getTime()));
  if (recipient.lastInboundAt && recipient.lastInboundAt >= lastInboundAt) return false;
  updateRecipient(tx, recipient, { lastInboundAt, windowRefused: false });
  return true;
}

/** Writes the patch, and into `recipient` too. */
export function updateRecipient(
  tx: EntityManager,
  recipient: Recipient,
  patch: Partial<Pick<Recipient, keyof typeof COLUMNS | 'pair'>>,
): void {
  const { pair, ...plain } = patch;
  const values: [column: string, value: unknown][] = Object.entries(plain).map(([field, value]) => [
    COLUMNS[field as keyof typeof COLUMNS],
    value,
  ]);
  if (pair) values.push(['pair_level', pair.level], ['pair_at', pair.at]);
  later(
    tx,
    `UPDATE outbound.recipients SET ${values.map(([column], i) => `${column} = $${i + 3}`).join(', ')}
     WHERE channel_account_id = $1 AND contact_id = $2`,
    [recipient.channelAccountId, recipient.contactId, ...values.map(([, value]) => value)],
  );
  Object.assign(recipient, patch);
}
