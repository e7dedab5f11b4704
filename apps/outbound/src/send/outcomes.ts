import { Injectable } from '@nestjs/common';
import type { CallChannelPayload } from '#contracts';
import { forward, isDelivery, onArrival, type ChannelFacts, type SendResult } from '#core/outbound';
import { Line } from '../line/line.js';
import { Refusals } from '../line/refusals.js';
import { lockChannelId, Statuses } from '../line/statuses.js';
import { lockMessage, lockWithNext, updateMessage, type Message } from '../store/messages.js';
import { lockRecipient, updateRecipient } from '../store/recipients.js';
import { endPause } from '../store/senders.js';
import type { Work } from '../work.js';

/** The channel could not be reached: again after this long, doubled each time. */
const UNREACHABLE_MIN_MS = 1_000;
const UNREACHABLE_MAX_MS = 60_000;

/** What the answer to a call, or its absence, changes. Each runs in the transaction that settles the task. */
@Injectable()
export class Outcomes {
  constructor(
    private readonly line: Line,
    private readonly refusals: Refusals,
    private readonly statuses: Statuses,
  ) {}

  async accepted(
    work: Work,
    { rules }: ChannelFacts,
    payload: CallChannelPayload,
    { channelMessageId, held }: Extract<SendResult, { outcome: 'accepted' }>,
  ): Promise<void> {
    const { tx, now } = work;
    lockChannelId(tx, channelMessageId);
    const [{ message, next }, early] = await Promise.all([
      lockWithNext(tx, payload.messageId, now),
      this.statuses.findEarly(tx, channelMessageId),
    ]);
    // A failure that came before this answer has been dealt with.
    if (!message || message.failedChannelIds.includes(channelMessageId)) return;
    const current = isDelivery(message.state) ? message.state : null;
    updateMessage(tx, message, {
      state: forward(current, held ? 'held' : 'accepted'),
      open: false,
      channelMessageId: message.channelMessageId ?? channelMessageId,
      acceptedAt: message.acceptedAt ?? now,
      ...(held ? { heldAt: now } : {}),
    });
    const recipient = await lockRecipient(tx, message, now);
    const pair = onArrival(rules.pair, recipient.pair, now);
    if (recipient.pairRefusals > 0 || pair !== recipient.pair) {
      updateRecipient(tx, recipient, { pairRefusals: 0, pairHoldUntil: null, pair });
    }
    if (mayEndPause(message)) endPause(tx, message.channelAccountId, message.calledAt);
    await this.statuses.applyEarly(work, message, early);
    // A status that came early may have changed the line.
    await this.line.advance(work, message, early.length === 0 ? next : undefined);
  }

  async refused(
    work: Work,
    payload: CallChannelPayload,
    refusal: { code: number; details: string; came: 'at_once' },
  ): Promise<void> {
    const message = await inFlight(work, payload);
    if (message) await this.refusals.apply(work, message, refusal);
  }

  /**
   * The channel was not reached, or takes the same call again. That says nothing of the message: again, until its
   * deadline.
   */
  async notSent(work: Work, payload: CallChannelPayload, why: string): Promise<void> {
    const message = await inFlight(work, payload);
    if (!message) return;
    const waitMs = Math.min(UNREACHABLE_MIN_MS * 2 ** Math.min(message.sends - 1, 10), UNREACHABLE_MAX_MS);
    await this.again(work, message, why, waitMs);
  }

  async planAnew(work: Work, payload: CallChannelPayload, why: string): Promise<void> {
    const message = await inFlight(work, payload);
    if (message) await this.again(work, message, why, 0);
  }

  /** A person took the task out of the dead letters: the message starts anew. */
  async redriven(work: Work, payload: CallChannelPayload): Promise<void> {
    const message = await lockMessage(work.tx, payload.messageId, work.now);
    if (message?.state !== 'failed' || message.plan !== payload.plan) return;
    updateMessage(work.tx, message, { retries: 0, failedAt: null });
    await this.again(work, message, 'redriven', 0);
  }

  /** No status came in time: sent once more and marked as perhaps a duplicate; after that it waits to be settled. */
  async graceOver(work: Work, payload: CallChannelPayload): Promise<void> {
    const message = await inFlight(work, payload);
    if (!message) return;
    if (message.possibleDuplicate) {
      updateMessage(work.tx, message, { open: false });
      return this.line.advance(work, message);
    }
    updateMessage(work.tx, message, { possibleDuplicate: true });
    await this.again(work, message, 'the answer was lost and no status came', 0);
  }

  private async again(work: Work, message: Message, why: string, waitMs: number): Promise<void> {
    const { tx, now } = work;
    updateMessage(tx, message, {
      state: 'queued',
      open: true,
      error: { code: null, class: 'not_sent', details: why, at: now.toISOString() },
      notBefore: waitMs > 0 ? new Date(now.getTime() + waitMs) : null,
    });
    await this.line.advance(work, message);
  }
}

/** What was called as it was planned, while there was no pause, was called before any that there is now. */
function mayEndPause({ verdict, plannedAt, calledAt }: Message): boolean {
  return Boolean(verdict?.facts.pauseReason) || calledAt?.getTime() !== plannedAt?.getTime();
}

/** The message if this plan of it is still the one under way: a status may have settled it. */
async function inFlight({ tx, now }: Work, payload: CallChannelPayload): Promise<Message | undefined> {
  const message = await lockMessage(tx, payload.messageId, now);
  const underWay = message?.state === 'sending' || message?.state === 'indeterminate';
  return underWay && message.plan === payload.plan ? message : undefined;
}
