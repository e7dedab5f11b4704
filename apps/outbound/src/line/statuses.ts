import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { alone, done, skipped, type BulkOutcome, type RecordStatusPayload } from '#contracts';
import { forward, isDelivery, type DeliveryState } from '#core/outbound';
import { later, lockNames, query, removal } from '#persistence';
import { priced, statuses } from '../metrics.js';
import { Channels } from '../send/channel.js';
import {
  findByChannelId,
  lockMessage,
  updateMessage,
  type Message,
  type MessagePatch,
} from '../store/messages.js';
import { lockProgress, storeProgress, type Progress } from '../store/progress.js';
import { findAccount } from '../store/senders.js';
import type { Work } from '../work.js';
import { Line } from './line.js';
import { Refusals } from './refusals.js';

type Status = Pick<
  RecordStatusPayload,
  'channelMessageId' | 'messageId' | 'status' | 'at' | 'errors' | 'pricing'
>;

type Outcome = typeof done | ReturnType<typeof skipped>;

const TIMES = {
  held: 'heldAt',
  sent: 'sentAt',
  delivered: 'deliveredAt',
  read: 'readAt',
  played: 'playedAt',
} as const;
/** A status whose message nobody claims is not ours, or never will be: kept for a day. */
const EARLY_FOR_MS = 24 * 3_600_000;

/** What the channel says of messages: late, twice and in any order. Only ever forward. */
@Injectable()
export class Statuses {
  constructor(
    private readonly line: Line,
    private readonly refusals: Refusals,
    private readonly channels: Channels,
  ) {}

  /**
   * Most statuses move a message forward that has left its line: those are stored together. The others may change the line,
   * and are recorded alone.
   */
  async recordAll(work: Work, all: readonly Status[]): Promise<BulkOutcome[]> {
    const named = all.flatMap(({ status, messageId, channelMessageId }) =>
      messageId && status !== 'failed' ? { messageId, channelMessageId } : [],
    );
    const messages = await lockProgress(work.tx, named);
    const moved = new Set<Progress>();
    const record = async (status: Status): Promise<BulkOutcome> => {
      if (status.status === 'other') return skipped('a status without meaning for us');
      const message = status.status === 'failed' ? undefined : messages.get(status.messageId ?? '');
      if (message?.channelMessageId !== status.channelMessageId)
        return all.length === 1 ? this.record(work, status) : alone;
      const { patch, outcome } = progressOf(message, status);
      Object.assign(message, patch);
      moved.add(message);
      return counted(status, outcome);
    };
    const outcomes = await Promise.all(all.map(record));
    storeProgress(work.tx, [...moved]);
    return outcomes;
  }

  private async record(work: Work, status: Status): Promise<Outcome> {
    const message = await this.find(work, status);
    if (!message) {
      keepEarly(work, status);
      statuses.inc({ status: status.status, effect: 'early' });
      return skipped('kept until its message is known');
    }
    return counted(status, await this.apply(work, message, status));
  }

  /** What came before the answer that named the message. The caller holds the lock of the channel id. */
  async findEarly(tx: EntityManager, channelMessageId: string): Promise<Status[]> {
    const rows = await query<{ status: Status }>(
      tx,
      `SELECT status FROM outbound.early_statuses WHERE channel_message_id = $1 ORDER BY received_at`,
      [channelMessageId],
    );
    return rows.map(({ status }) => status);
  }

  /** Applies what `findEarly` has found. The caller holds the locks of message and channel id. */
  async applyEarly(work: Work, message: Message, early: readonly Status[]): Promise<void> {
    for (const status of early) {
      const { channelMessageId } = status;
      later(work.tx, ...earlyRemoval('channel_message_id = $1', channelMessageId));
      await this.apply(work, message, status);
    }
  }

  private async find({ tx, now }: Work, status: Status): Promise<Message | undefined> {
    const known = status.messageId && (await lockMessage(tx, status.messageId, now));
    if (known) return known;
    lockChannelId(tx, status.channelMessageId);
    const messageId = await findByChannelId(tx, status.channelMessageId);
    return messageId ? lockMessage(tx, messageId, now) : undefined;
  }

  private async apply(work: Work, message: Message, status: Status): Promise<Outcome> {
    const { channelMessageId } = status;
    if (message.failedChannelIds.includes(channelMessageId)) return skipped('of a send that had failed');
    if (status.status === 'failed') return this.fail(work, message, status);
    const wasOpen = message.open;
    const { patch, outcome } = progressOf(message, status);
    updateMessage(work.tx, message, {
      ...patch,
      open: false,
      channelMessageId: message.channelMessageId ?? channelMessageId,
    });
    if (wasOpen) await this.line.advance(work, message);
    return outcome;
  }

  private async fail(work: Work, message: Message, status: Status): Promise<Outcome> {
    const { channelMessageId } = status;
    if (message.channelMessageId !== null && message.channelMessageId !== channelMessageId) {
      return skipped('of another send of the same message');
    }
    if (message.state === 'failed' || message.state === 'dropped')
      return skipped(`the message was ${message.state}`);
    if (isAnew(message)) {
      const failedChannelIds = [...message.failedChannelIds, channelMessageId];
      updateMessage(work.tx, message, { failedChannelIds });
      return skipped('of a lost send; the message goes out anew');
    }
    updateMessage(work.tx, message, { channelMessageId, ...price(message, status) });
    const account = await findAccount(work.tx, message.channelAccountId);
    const channel = this.channels.of(account?.kind);
    const none = { code: channel.rules.codeOfNone, title: 'failed without a reason' };
    const { code, title, details = title } = { ...none, ...status.errors[0] };
    if (mayGoAgain(message)) {
      await this.refusals.apply(work, message, { code, details, came: 'later' });
      return done;
    }
    const error = { code, class: channel.classify(code).class, details, at: work.now.toISOString() };
    updateMessage(work.tx, message, {
      state: 'failed',
      open: false,
      failedAt: new Date(status.at),
      error,
    });
    return done;
  }
}

/** The change that a status other than `failed` makes to its message, and the outcome of its item. */
function progressOf(
  message: Omit<Progress, 'messageId'>,
  status: Status,
): { patch: MessagePatch; outcome: Outcome } {
  const reported = status.status as keyof typeof TIMES;
  const current = isDelivery(message.state) ? message.state : null;
  const next = forward(current, reported);
  const at = new Date(status.at);
  const patch = {
    state: next,
    acceptedAt: message.acceptedAt ?? at,
    [TIMES[reported]]: message[TIMES[reported]] ?? at,
    ...price(message, status),
  };
  if (current === 'failed') return { patch, outcome: skipped('the message had failed') };
  return { patch, outcome: next === current ? skipped(`the message was ${current} already`) : done };
}

function counted(status: Status, outcome: Outcome): Outcome {
  statuses.inc({ status: status.status, effect: outcome.outcome === 'done' ? 'applied' : 'ignored' });
  return outcome;
}

/** An earlier send of it was given up, and another is on its way. */
function isAnew({ state, possibleDuplicate }: Message): boolean {
  return state === 'queued' || state === 'waiting' || (state === 'sending' && possibleDuplicate);
}

/** It has reached nobody yet, as far as is known. */
function mayGoAgain({ state }: Message): boolean {
  const possible: (DeliveryState | 'sending' | 'indeterminate')[] = [
    'accepted',
    'held',
    'sent',
    'sending',
    'indeterminate',
  ];
  return (possible as string[]).includes(state);
}

/** The price stands on `sent` and once more later: it counts once a message. */
function price(message: Pick<Message, 'pricing'>, status: Status): MessagePatch {
  if (!status.pricing || message.pricing) return {};
  priced.inc({ category: status.pricing.category ?? 'unknown', type: status.pricing.type ?? 'unknown' });
  return { pricing: status.pricing };
}

/** Held by whoever learns or looks up a channel id: a status cannot slip between the look-up and the answer. */
export function lockChannelId(tx: EntityManager, channelMessageId: string): void {
  later(tx, ...lockNames('channel-id', [channelMessageId]));
}

/** Early statuses that are a day old: nobody will claim them. */
export function dropOldEarly(tx: EntityManager, now: Date): void {
  later(tx, ...earlyRemoval('received_at < $1', new Date(now.getTime() - EARLY_FOR_MS)));
}

function earlyRemoval(condition: string, value: unknown): ReturnType<typeof removal> {
  const early = `SELECT ctid FROM outbound.early_statuses WHERE ${condition} FOR UPDATE`;
  return removal('outbound.early_statuses', early, [value]);
}

function keepEarly({ tx, now }: Work, status: Status): void {
  dropOldEarly(tx, now);
  later(
    tx,
    `INSERT INTO outbound.early_statuses (merchant_id, channel_message_id, status, received_at)
     VALUES (current_setting('waco.merchant_id'), $1, $2, $3)`,
    [status.channelMessageId, JSON.stringify(status), now],
  );
}
