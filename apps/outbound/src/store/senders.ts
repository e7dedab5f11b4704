import type { EntityManager } from 'typeorm';
import type { Pacing } from '#core/outbound';
import { forget, later, once, query } from '#persistence';

/** What planning asks of a channel account, without its secrets. */
export interface Account {
  kind: string;
  accountId: string;
  messagesPerSecond: number;
  /** Both the account and its merchant are switched on. */
  enabled: boolean;
  merchantSuspended: boolean;
  language: string;
  pausedUntil: Date | null;
  pauseReason: string | null;
  /** Pauses since something last went out. */
  pauses: number;
}

export interface Sender {
  pacing: Pacing;
  pausedAt: Date | null;
  pausedUntil: Date | null;
  pauseReason: string | null;
  pauses: number;
}

/** As the transaction saw it first, or left it. */
export function findAccount(tx: EntityManager, channelAccountId: string): Promise<Account | undefined> {
  return once(tx, nameOf(channelAccountId), () => selectAccount(tx, channelAccountId));
}

const nameOf = (channelAccountId: string): string => `account/${channelAccountId}`;

async function selectAccount(tx: EntityManager, channelAccountId: string): Promise<Account | undefined> {
  const [account] = await query<Account>(
    tx,
    `SELECT a.kind, a.account_id AS "accountId", a.messages_per_second AS "messagesPerSecond",
       a.enabled AND m.status = 'active' AS enabled, m.status = 'suspended' AS "merchantSuspended", m.language, s.paused_until AS "pausedUntil",
       s.pause_reason AS "pauseReason", coalesce(s.pauses, 0) AS pauses
     FROM tenancy.channel_accounts a
       JOIN tenancy.merchants m USING (merchant_id)
       LEFT JOIN outbound.senders s ON s.channel_account_id = a.id
     WHERE a.id = $1`,
    [channelAccountId],
  );
  return account;
}

/**
 * The sending state of a number, made if need be, locked. Everyone who sends from this number waits here: taken after
 * every other lock, and only where something changes.
 */
export async function lockSender(tx: EntityManager, channelAccountId: string): Promise<Sender> {
  forget(tx, nameOf(channelAccountId)); // another may have changed it while this one waited
  const found = await select(tx, channelAccountId);
  if (found) return found;
  later(
    tx,
    `INSERT INTO outbound.senders (merchant_id, channel_account_id)
     VALUES (current_setting('waco.merchant_id'), $1) ON CONFLICT DO NOTHING`,
    [channelAccountId],
  );
  return (await select(tx, channelAccountId))!;
}

async function select(tx: EntityManager, channelAccountId: string): Promise<Sender | undefined> {
  const [row] = await query<Omit<Sender, 'pacing'> & Pacing>(
    tx,
    `SELECT next_slot_ms AS "nextSlotMs", slowed_to AS "slowedTo", slowed_at AS "slowedAt", paused_at AS "pausedAt",
       paused_until AS "pausedUntil", pause_reason AS "pauseReason", pauses
     FROM outbound.senders WHERE channel_account_id = $1 FOR UPDATE`,
    [channelAccountId],
  );
  if (!row) return undefined;
  const { nextSlotMs, slowedTo, slowedAt, ...rest } = row;
  return { ...rest, pacing: { nextSlotMs, slowedTo, slowedAt } };
}

export function storeSender(tx: EntityManager, channelAccountId: string, sender: Sender): void {
  const { pacing } = sender;
  forget(tx, nameOf(channelAccountId));
  later(
    tx,
    `UPDATE outbound.senders SET next_slot_ms = $2, slowed_to = $3, slowed_at = $4, paused_at = $5, paused_until = $6,
       pause_reason = $7, pauses = $8
     WHERE channel_account_id = $1`,
    [
      channelAccountId,
      pacing.nextSlotMs,
      pacing.slowedTo,
      pacing.slowedAt,
      sender.pausedAt,
      sender.pausedUntil,
      sender.pauseReason,
      sender.pauses,
    ],
  );
}

/**
 * Something went out that was called after the account was paused: whatever that was for is over. A call that was under
 * way before says nothing of it.
 */
export function endPause(tx: EntityManager, channelAccountId: string, calledAt: Date | null): void {
  forget(tx, nameOf(channelAccountId));
  later(
    tx,
    `UPDATE outbound.senders SET paused_at = NULL, paused_until = NULL, pause_reason = NULL, pauses = 0
     WHERE channel_account_id = $1 AND paused_at < $2`,
    [channelAccountId, calledAt],
  );
}
