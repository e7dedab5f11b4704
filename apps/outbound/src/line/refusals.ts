import { Injectable } from '@nestjs/common';
import { remedy, slowDown, type Remedy } from '#core/outbound';
import { Channels } from '../send/channel.js';
import { updateMessage, type Message, type MessagePatch } from '../store/messages.js';
import { lockRecipient, updateRecipient } from '../store/recipients.js';
import { findAccount, lockSender, storeSender } from '../store/senders.js';
import { storeTemplateState } from '../store/templates.js';
import type { Work } from '../work.js';
import { Line } from './line.js';

export interface Refusal {
  code: number;
  details: string;
  /** It was the answer to the call, or came later as a status. */
  came: 'at_once' | 'later';
}

/** A message that was accepted and then failed is planned anew this often. */
const LATE_REPLANS = 1;

/** Does what helps after a refusal: to the message, its pair, its number, its template or its account. */
@Injectable()
export class Refusals {
  constructor(
    private readonly line: Line,
    private readonly channels: Channels,
  ) {}

  /** The caller holds the message's lock. Tells what was done; the line has moved on if it could. */
  async apply(work: Work, message: Message, refusal: Refusal): Promise<Remedy> {
    const { tx, now } = work;
    const [recipient, account] = await Promise.all([
      lockRecipient(tx, message, now),
      findAccount(tx, message.channelAccountId),
    ]);
    const channel = this.channels.of(account?.kind);
    const cure = remedy(channel.classify(refusal.code), channel.rules, {
      retries: message.retries,
      pairRefusals: recipient.pairRefusals,
      pauses: account?.pauses ?? 0,
      asTemplate: message.verdict?.decision === 'send_template',
      withMedia:
        message.content.type === 'buttons' && Boolean(message.content.imageUrl) && !message.withoutMedia,
    });
    if (cure.holdPairMs !== undefined) {
      const pairHoldUntil = new Date(now.getTime() + cure.holdPairMs);
      updateRecipient(tx, recipient, { pairHoldUntil, pairRefusals: recipient.pairRefusals + 1 });
    }
    // A customer who wrote after the refused call has opened the window again.
    const wroteSince =
      recipient.lastInboundAt && message.calledAt && recipient.lastInboundAt > message.calledAt;
    if (cure.closeWindow && !wroteSince) updateRecipient(tx, recipient, { windowRefused: true });
    if (cure.template) await this.setTemplateAside(work, message, cure.template, refusal);
    updateMessage(tx, message, patchOf(message, cure, refusal, now));
    await this.cureSender(work, message, cure);
    await this.line.advance(work, message);
    return cure;
  }

  private async cureSender({ tx, now }: Work, message: Message, cure: Remedy): Promise<void> {
    if (!cure.slowNumber && cure.pauseAccountMs === undefined) return;
    const { channelAccountId } = message;
    const account = await findAccount(tx, channelAccountId);
    const sender = await lockSender(tx, channelAccountId);
    if (cure.slowNumber) {
      const pacing = slowDown(sender.pacing, account?.messagesPerSecond ?? 1, now, message.plannedAt ?? now);
      storeSender(tx, channelAccountId, { ...sender, pacing });
    }
    if (cure.pauseAccountMs === undefined) return;
    // Calls that were under way when the account was paused are refused for the same reason: one pause, not many.
    if (sender.pausedAt && message.calledAt && message.calledAt <= sender.pausedAt) return;
    storeSender(tx, channelAccountId, {
      ...sender,
      pausedAt: now,
      pausedUntil: new Date(now.getTime() + cure.pauseAccountMs),
      pauseReason: cure.class,
      pauses: sender.pauses + 1,
    });
  }

  private async setTemplateAside(
    { tx, now }: Work,
    message: Message,
    { state, recheckMs }: NonNullable<Remedy['template']>,
    refusal: Refusal,
  ): Promise<void> {
    const { verdict } = message;
    const account = await findAccount(tx, message.channelAccountId);
    if (verdict?.decision !== 'send_template' || !account) return;
    storeTemplateState(tx, {
      accountId: account.accountId,
      name: verdict.template.name,
      language: verdict.template.language,
      state,
      reason: `${refusal.code} ${refusal.details}`,
      at: now,
      recheckAt: recheckMs === null ? null : new Date(now.getTime() + recheckMs),
    });
  }
}

function patchOf(message: Message, cure: Remedy, refusal: Refusal, now: Date): MessagePatch {
  const { code, details, came } = refusal;
  const error = { code, class: cure.class, details, at: now.toISOString() };
  const later = came === 'later';
  if (cure.message.next === 'fail' || (later && message.lateFailures >= LATE_REPLANS)) {
    return { state: 'failed', open: false, failedAt: now, error };
  }
  const { waitMs, countsAsRetry } = cure.message;
  return {
    state: 'queued',
    open: true,
    error,
    notBefore: waitMs > 0 ? new Date(now.getTime() + waitMs) : null,
    retries: message.retries + (countsAsRetry ? 1 : 0),
    withoutMedia: message.withoutMedia || cure.dropMedia === true,
    ...(later
      ? {
          lateFailures: message.lateFailures + 1,
          failedChannelIds: [
            ...message.failedChannelIds,
            ...(message.channelMessageId ? [message.channelMessageId] : []),
          ],
          channelMessageId: null,
        }
      : {}),
  };
}
