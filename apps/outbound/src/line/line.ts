import { Injectable } from '@nestjs/common';
import { advanceRecipient, callChannel } from '#contracts';
import {
  chooseTemplate,
  plan,
  reserveSlot,
  takePair,
  type Verdict,
  type WaitReason,
  type CustomerReason,
} from '#core/outbound';
import { verdicts } from '../metrics.js';
import { lockHead, updateMessage, type Message } from '../store/messages.js';
import { lockRecipient, updateRecipient, type Recipient, type RecipientKey } from '../store/recipients.js';
import { findAccount, lockSender, storeSender } from '../store/senders.js';
import { findTemplates } from '../store/templates.js';
import type { Work } from '../work.js';

/** A task that is due later than this from now is woken a little before its slot and sleeps the rest. */
const SLEEP_MS = 1_000;
const EARLY_MS = 300;
/** After a pause one message goes first; the others wait this long for what becomes of it. */
const PROBE_MS = 15_000;

/**
 * The line of messages to one recipient. Its head is planned when it is its turn; the line moves on when the head was
 * accepted, or finally failed, or was dropped.
 */
@Injectable()
export class Line {
  /** Plans the head unless it is under way already, and goes on while heads are dropped. May be called at any time. */
  async advance(work: Work, key: RecipientKey): Promise<void> {
    const { tx, now } = work;
    const recipient = await lockRecipient(tx, key, now);
    for (;;) {
      const head = await lockHead(tx, key);
      if (!head || head.state === 'sending' || head.state === 'indeterminate') return;
      const verdict = await this.judge(work, head, recipient, false);
      count(verdict);
      switch (verdict.decision) {
        case 'drop':
          await updateMessage(tx, head, { state: 'dropped', open: false, verdict, droppedAt: now });
          continue;
        case 'wait':
          await updateMessage(tx, head, { state: 'queued', verdict });
          return this.lookAgain(work, head, new Date(verdict.until));
        case 'wait_for_customer':
          await updateMessage(tx, head, { state: 'waiting', verdict });
          return this.lookAgain(work, head, verdict.recheckAt === null ? null : new Date(verdict.recheckAt));
        case 'send_free_form':
        case 'send_template':
          return this.send(work, head, recipient, verdict);
      }
    }
  }

  /** What would be decided of this message now. `pairTaken`: its place in the pair rate is its own already. */
  async judge(work: Work, message: Message, recipient: Recipient, pairTaken: boolean): Promise<Verdict> {
    const { tx, now } = work;
    const account = await findAccount(tx, message.channelAccountId);
    const purpose = message.template?.purpose ?? null;
    const candidates =
      purpose && account
        ? await findTemplates(tx, message.channelAccountId, account.businessAccountId, purpose)
        : [];
    return plan(
      { deadline: message.deadline, notBefore: message.notBefore, purpose },
      {
        lastInboundAt: recipient.lastInboundAt,
        windowRefused: recipient.windowRefused,
        template: chooseTemplate(candidates, account?.language ?? '', now),
        pair: recipient.pair,
        pairHoldUntil: recipient.pairHoldUntil,
        pairTaken,
        sender: {
          enabled: account?.enabled ?? false,
          pausedUntil: account?.pausedUntil ?? null,
          pauseReason: account?.pauseReason ?? null,
        },
      },
      now,
    );
  }

  private async send(work: Work, head: Message, recipient: Recipient, verdict: Verdict): Promise<void> {
    const { tx, now, emit } = work;
    const taken = takePair(recipient.pair, now);
    if (taken.outcome === 'taken') await updateRecipient(tx, recipient, { pair: taken.bucket });
    const slotAt = await this.reserve(work, head.channelAccountId);
    await updateMessage(tx, head, {
      state: 'sending',
      plan: head.plan + 1,
      verdict: { ...verdict, slotAt: slotAt.toISOString() },
      plannedAt: now,
      slotAt,
      calledAt: null,
      indeterminateAt: null,
      notBefore: null,
    });
    const { channelAccountId, messageId } = head;
    const late = slotAt.getTime() - now.getTime() > SLEEP_MS;
    emit(
      callChannel,
      { channelAccountId, messageId, plan: head.plan },
      late ? { dueAt: new Date(slotAt.getTime() - EARLY_MS) } : {},
    );
  }

  private async reserve({ tx, now }: Work, channelAccountId: string): Promise<Date> {
    const account = await findAccount(tx, channelAccountId);
    const sender = await lockSender(tx, channelAccountId);
    const { slotAt, pacing } = reserveSlot(sender.pacing, account!.messagesPerSecond, now);
    const probing = sender.pauseReason !== null;
    const pausedUntil = probing ? new Date(now.getTime() + PROBE_MS) : sender.pausedUntil;
    await storeSender(tx, channelAccountId, { ...sender, pacing, pausedUntil });
    return slotAt;
  }

  /** A timer; a message with a deadline is looked at then at the latest, to be dropped. */
  private lookAgain({ emit }: Work, head: Message, at: Date | null): void {
    const times = [at, head.deadline].filter((t) => t !== null).map((t) => t.getTime());
    if (times.length === 0) return;
    const dueAt = new Date(Math.min(...times));
    const { channelAccountId, contactId } = head;
    emit(advanceRecipient, { channelAccountId, contactId, occasion: `at_${dueAt.getTime()}` }, { dueAt });
  }
}

function count(verdict: Verdict): void {
  const reason: WaitReason | CustomerReason | 'deadline_passed' | '' =
    'why' in verdict ? verdict.why : 'reason' in verdict ? verdict.reason : '';
  verdicts.inc({ decision: verdict.decision, reason });
}
