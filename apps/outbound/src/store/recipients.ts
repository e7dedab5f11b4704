import type { EntityManager } from 'typeorm';
import type { PairBucket } from '#core/outbound';

export interface RecipientKey {
  channelAccountId: string;
  contactId: string;
}

/** One person at one of the merchant's numbers. */
export interface Recipient extends RecipientKey {
  lastInboundAt: Date | null;
  windowRefused: boolean;
  pair: PairBucket;
  pairRefusals: number;
  pairHoldUntil: Date | null;
}

const COLUMNS = {
  lastInboundAt: 'last_inbound_at',
  windowRefused: 'window_refused',
  pairRefusals: 'pair_refusals',
  pairHoldUntil: 'pair_hold_until',
} as const;

/** The recipient, made if need be, locked until the transaction ends: its line is decided by one at a time. */
export async function lockRecipient(tx: EntityManager, key: RecipientKey, now: Date): Promise<Recipient> {
  const found = await select(tx, key);
  if (found) return found;
  await tx.query(
    `INSERT INTO outbound.recipients (merchant_id, channel_account_id, contact_id, pair_at)
     VALUES (current_setting('waco.merchant_id'), $1, $2, $3) ON CONFLICT DO NOTHING`,
    [key.channelAccountId, key.contactId, now],
  );
  return (await select(tx, key))!;
}

async function select(tx: EntityManager, key: RecipientKey): Promise<Recipient | undefined> {
  const rows = (await tx.query(
    `SELECT last_inbound_at AS "lastInboundAt", window_refused AS "windowRefused", pair_level AS "pairLevel",
       pair_at AS "pairAt", pair_refusals AS "pairRefusals", pair_hold_until AS "pairHoldUntil"
     FROM outbound.recipients WHERE channel_account_id = $1 AND contact_id = $2 FOR UPDATE`,
    [key.channelAccountId, key.contactId],
  )) as (Omit<Recipient, 'pair' | keyof RecipientKey> & { pairLevel: number; pairAt: Date })[];
  if (!rows[0]) return undefined;
  const { pairLevel, pairAt, ...rest } = rows[0];
  const { channelAccountId, contactId } = key;
  return { channelAccountId, contactId, ...rest, pair: { level: pairLevel, at: pairAt } };
}

/** Writes the patch, and into `recipient` too. */
export async function updateRecipient(
  tx: EntityManager,
  recipient: Recipient,
  patch: Partial<Pick<Recipient, keyof typeof COLUMNS | 'pair'>>,
): Promise<void> {
  const { pair, ...plain } = patch;
  const values: [column: string, value: unknown][] = Object.entries(plain).map(([field, value]) => [
    COLUMNS[field as keyof typeof COLUMNS],
    value,
  ]);
  if (pair) values.push(['pair_level', pair.level], ['pair_at', pair.at]);
  await tx.query(
    `UPDATE outbound.recipients SET ${values.map(([column], i) => `${column} = $${i + 3}`).join(', ')}
     WHERE channel_account_id = $1 AND contact_id = $2`,
    [recipient.channelAccountId, recipient.contactId, ...values.map(([, value]) => value)],
  );
  Object.assign(recipient, patch);
}
