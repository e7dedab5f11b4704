import { Injectable } from '@nestjs/common';
import { advanceRecipient, callChannel } from '#contracts';
import {
  chooseTemplate,
  plan,
  takePair,
  type ChannelFacts,
  type Verdict,
  type WaitReason,
  type CustomerReason,
} from '#core/outbound';
import type { OrderedContext } from '#queue';
import { verdicts } from '../metrics.js';
import { lockHead, updateMessage, type Message } from '../store/messages.js';
import { lockRecipient, updateRecipient, type Recipient, type RecipientKey } from '../store/recipients.js';
import { findAccount, lockSender, storeSender, type Account } from '../store/senders.js';
import { findTemplates } from '../store/templates.js';
import { Channels } from '../send/channel.js';
import { RightAway } from '../send/right-away.js';
import { toWork, type Work } from '../work.js';

/** After a pause one message goes first; the others wait this long for what becomes of it. */
const PROBE_MS = 15_000;

/**
 * The line of messages to one recipient. Its head is planned when it is its turn; the line moves on when the head was
 * accepted, or finally failed, or was dropped.
 */
@Injectable()
export class Line {
  constructor(
    private readonly rightAway: RightAway,
    private readonly channels: Channels,
  ) {}

  /** The same as `advance`, once for all items of the recipient's stream that are applied together. */
  advanceAtEnd(ctx: OrderedContext, { channelAccountId, contactId }: RecipientKey, head?: Message): void {
    const key = { channelAccountId, contactId };
    ctx.atEnd(`advance/${channelAccountId}/${contactId}`, () => this.advance(toWork(ctx), key, head));
  }

  /**
   * Plans the head unless it is under way already, and goes on while heads are dropped. May be called at any time.
   * @param known the head, or null when the line is empty, if the caller has locked both line and head.
   */
  async advance(work: Work, key: RecipientKey, known?: Message | null): Promise<void> {
    const { tx, now } = work;
    const [recipient, first] = await Promise.all([
      lockRecipient(tx, key, now),
      known === undefined ? lockHead(tx, key) : (known ?? undefined),
    ]);
    // The line of a contact that was merged into another is empty: it goes on in that other one's.
    let head = recipient.contactId === key.contactId ? first : await lockHead(tx, recipient);
    while (head && head.state !== 'sending' && head.state !== 'indeterminate') {
      const account = await findAccount(tx, key.channelAccountId);
      const verdict = await this.judge(work, head, recipient, account, false);
      count(verdict);
      switch (verdict.decision) {
        case 'drop':
          updateMessage(tx, head, { state: 'dropped', open: false, verdict, droppedAt: now });
          head = await lockHead(tx, recipient);
          continue;
        case 'wait':
          updateMessage(tx, head, { state: 'queued', verdict });
          return this.lookAgain(work, head, verdict.until === null ? null : new Date(verdict.until));
        case 'wait_for_customer':
          updateMessage(tx, head, { state: 'waiting', verdict });
          return this.lookAgain(work, head, verdict.recheckAt === null ? null : new Date(verdict.recheckAt));
        case 'send_free_form':
        case 'send_template':
          if (verdict.facts.pauseReason !== null && !(await this.goesFirst(work, key.channelAccountId)))
            continue;
          return this.send(work, this.channels.of(account?.kind), head, recipient, verdict);
      }
    }
  }

  /** What would be decided of this message now. `pairTaken`: its place in the pair rate is its own already. */
  async judge(
    { tx, now }: Work,
    message: Message,
    recipient: Recipient,
    account: Account | undefined,
    pairTaken: boolean,
  ): Promise<Verdict> {
    const purpose = message.template?.purpose ?? null;
    const { rules } = this.channels.of(account?.kind);
    const candidates =
      purpose && account ? await findTemplates(tx, message.channelAccountId, account.accountId, purpose) : [];
    return plan(
      { deadline: message.deadline, notBefore: message.notBefore, purpose },
      {
        rules,
        lastInboundAt: recipient.lastInboundAt,
        windowRefused: recipient.windowRefused,
        template: chooseTemplate(rules.templates, candidates, account?.language ?? '', now),
        pair: recipient.pair,
        pairHoldUntil: recipient.pairHoldUntil,
        pairTaken,
        sender: {
          enabled: account?.enabled ?? false,
          merchantSuspended: account?.merchantSuspended ?? false,
          pausedUntil: account?.pausedUntil ?? null,
          pauseReason: account?.pauseReason ?? null,
        },
      },
      now,
    );
  }

  private async send(
    work: Work,
    { rules }: ChannelFacts,
    head: Message,
    recipient: Recipient,
    verdict: Verdict,
  ): Promise<void> {
    const { tx, now, emit } = work;
    const taken = takePair(rules.pair, recipient.pair, now);
    if (taken.outcome === 'taken' && taken.bucket !== recipient.pair)
      updateRecipient(tx, recipient, { pair: taken.bucket });
    const { begun, slotAt } = await this.rightAway.begin(work, head, verdict);
    updateMessage(tx, head, {
      state: 'sending',
      plan: head.plan + 1,
      verdict,
      plannedAt: now,
      slotAt,
      calledAt: begun ? now : null,
      sends: head.sends + (begun ? 1 : 0),
      indeterminateAt: null,
      notBefore: null,
    });
    const { channelAccountId, messageId, plan } = head;
    if (!begun) emit(callChannel, { channelAccountId, messageId, plan });
  }

  /**
   * After a pause one message tries whether the channel takes it again; the others wait for what becomes of it. False
   * when another was faster: then nothing is as it was judged.
   */
  private async goesFirst({ tx, now }: Work, channelAccountId: string): Promise<boolean> {
    const sender = await lockSender(tx, channelAccountId);
    if (sender.pauseReason === null || (sender.pausedUntil && sender.pausedUntil > now)) return false;
    storeSender(tx, channelAccountId, { ...sender, pausedUntil: new Date(now.getTime() + PROBE_MS) });
    return true;
  }

  /**
   * A timer; a message with a deadline is looked at then at the latest, to be dropped. Two at the same moment are one: what
   * a head waits for is a moment of its own, however many messages come in meanwhile.
   */
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
