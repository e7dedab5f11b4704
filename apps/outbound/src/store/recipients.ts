import type { EntityManager } from 'typeorm';
import type { PairBucket } from '#core/outbound';
import { atCommit, later, once, query } from '#persistence';

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

export interface RecipientRow extends Omit<Recipient, 'pair'> {
  pairLevel: number;
  pairAt: Date;
}

/** Of `outbound.recipients r`. */
export const RECIPIENT_COLUMNS = `r.channel_account_id AS "channelAccountId", r.contact_id AS "contactId", r.merged_into AS "mergedInto",
    r.last_inbound_at AS "lastInboundAt", r.window_refused AS "windowRefused", r.pair_level AS "pairLevel",
    r.pair_at AS "pairAt", r.pair_refusals AS "pairRefusals", r.pair_hold_until AS "pairHoldUntil"`;
const SELECT = `SELECT ${RECIPIENT_COLUMNS} FROM outbound.recipients r`;

/**
 * The recipient, made if need be, locked until the transaction ends: its line is decided by one at a time. For a contact
 * that was merged into another, that other one: its `contactId` is the one to use. The one that is gone is locked first,
 * then the one that it leads to.
 */
export async function lockRecipient(tx: EntityManager, key: RecipientKey, now: Date): Promise<Recipient> {
  const load = async (): Promise<Recipient> =>
    (await tried(tx, key)) ?? (await find(tx, key)) ?? (await make(tx, key, now));
  const found = await once(tx, nameOf(key), load);
  const { channelAccountId, mergedInto } = found;
  return mergedInto === null ? found : lockRecipient(tx, { channelAccountId, contactId: mergedInto }, now);
}

/** The recipient, locked, if it is there and nobody else has it. `lockRecipient` need not ask for it again then. */
export function tryLockRecipient(tx: EntityManager, key: RecipientKey): Promise<Recipient | undefined> {
  return once(tx, triedNameOf(key), () => find(tx, key, 'SKIP LOCKED'));
}

function tried(tx: EntityManager, key: RecipientKey): Promise<Recipient | undefined> {
  return once(tx, triedNameOf(key), () => Promise.resolve(undefined));
}

/** The row of a message's recipient, locked, also when it only leads to another; nobody when there is no such message. */
export async function lockRecipientOf(tx: EntityManager, messageId: string): Promise<Recipient | undefined> {
  const [row] = await query<RecipientRow>(
    tx,
    `${SELECT} WHERE (channel_account_id, contact_id) =
       (SELECT channel_account_id, contact_id FROM outbound.messages WHERE message_id = $1) FOR UPDATE`,
    [messageId],
  );
  return row && lockedRecipient(tx, row);
}

/** The recipient of a row that the transaction has locked, with what the transaction itself has changed. */
export function lockedRecipient(tx: EntityManager, row: RecipientRow): Promise<Recipient> {
  return once(tx, nameOf(row), () => Promise.resolve(toRecipient(row)));
}

async function find(
  tx: EntityManager,
  key: RecipientKey,
  wait: '' | 'SKIP LOCKED' = '',
): Promise<Recipient | undefined> {
  const [row] = await query<RecipientRow>(
    tx,
    `${SELECT} WHERE channel_account_id = $1 AND contact_id = $2 FOR UPDATE ${wait}`,
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
const triedNameOf = (key: RecipientKey): string => `tried/${nameOf(key)}`;

function toRecipient(row: RecipientRow): Recipient {
  const { channelAccountId, contactId, mergedInto, lastInboundAt, windowRefused } = row;
  const { pairLevel: level, pairAt: at, pairRefusals, pairHoldUntil } = row;
  const key = { channelAccountId, contactId };
  return {
    ...key,
    mergedInto,
    lastInboundAt,
    windowRefused,
    pair: { level, at },
    pairRefusals,
    pairHoldUntil,
  };
}

/** The customer wrote. False when a later message is known: the window never moves back. */
export function openWindow(tx: EntityManager, recipient: Recipient, sentAt: string, now: Date): boolean {
  const lastInboundAt = new Date(Math.min(Date.parse(sentAt), now.getTime()));
  if (recipient.lastInboundAt && recipient.lastInboundAt >= lastInboundAt) return false;
  updateRecipient(tx, recipient, { lastInboundAt, windowRefused: false });
  return true;
}

/** Changes the recipient, which is written when the transaction is committed. */
export function updateRecipient(
  tx: EntityManager,
  recipient: Recipient,
  patch: Partial<Omit<Recipient, keyof RecipientKey>>,
): void {
  Object.assign(recipient, patch);
  atCommit(tx, nameOf(recipient), () => store(tx, recipient));
}

function store(tx: EntityManager, recipient: Recipient): void {
  const { channelAccountId, contactId, pair, ...rest } = recipient;
  later(
    tx,
    `UPDATE outbound.recipients SET merged_into = $3, last_inbound_at = $4, window_refused = $5, pair_level = $6,
       pair_at = $7, pair_refusals = $8, pair_hold_until = $9
     WHERE channel_account_id = $1 AND contact_id = $2`,
    [
      channelAccountId,
      contactId,
      rest.mergedInto,
      rest.lastInboundAt,
      rest.windowRefused,
      pair.level,
      pair.at,
      rest.pairRefusals,
      rest.pairHoldUntil,
    ],
  );
}
