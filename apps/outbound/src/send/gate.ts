import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { recordStatus, streamOfMessage, type CallChannelPayload } from '#contracts';
import { UnrenderableError, type ChannelPort } from '#core/outbound';
import { query } from '#persistence';
import { ENV } from '#platform';
import type { OutboundEnv } from '../env.js';
import { Line } from '../line/line.js';
import { lockMessage, updateMessage, type Message } from '../store/messages.js';
import { lockRecipient } from '../store/recipients.js';
import { findAccount } from '../store/senders.js';
import type { Work } from '../work.js';
import { render, type Call } from './render.js';
import { FRESH_MS } from './right-away.js';

/** How often it is looked whether a status that waits has been applied. */
const LOOK_AGAIN_MS = 1_000;

export type Passage =
  | ({ go: 'call' } & Call)
  /** It has a slot of its number that is not there yet, or none. */
  | { go: 'not_yet'; slotAt: Date | null }
  /** An earlier run may have sent it: not before `until`, unless a status settles it. */
  | { go: 'unsettled'; until: Date }
  /** No status came: it goes out once more. */
  | { go: 'grace_over' }
  /** An earlier run may have sent it, and the same call is made once however often it is made. */
  | { go: 'repeat' }
  /** Planned too long ago: what was decided then does not hold. */
  | { go: 'plan_anew' }
  | { go: 'unrenderable'; why: string }
  /** A person redrove a dead letter. */
  | { go: 'redriven' }
  /** It failed for good in an earlier run, which ended before it stood among the dead letters. */
  | { go: 'dead'; why: string }
  | { go: 'nothing'; why: string };

/**
 * What stands before each call that does not begin with its plan (`RightAway`): the message is marked as called in a transaction of its own, so that a second run of
 * the same plan (after a crash) knows that the first may have sent it.
 */
@Injectable()
export class Gate {
  constructor(
    @Inject(ENV) private readonly env: OutboundEnv,
    private readonly line: Line,
  ) {}

  /**
   * @param redrives how often the task was redriven.
   * @param slotAt reserved by this run; null when it has none, and an earlier one may have stored its own.
   */
  async pass(
    work: Work,
    port: ChannelPort,
    payload: CallChannelPayload,
    redrives: number,
    slotAt: Date | null,
  ): Promise<Passage> {
    const message = await lockMessage(work.tx, payload.messageId, work.now);
    if (!message || message.plan !== payload.plan) return { go: 'nothing', why: 'planned anew since' };
    switch (message.state) {
      case 'sending':
        return message.calledAt
          ? this.mark(work, port, message)
          : this.open(work, port, message, slotAt ?? message.slotAt);
      case 'indeterminate':
        return this.mark(work, port, message);
      case 'failed':
        if (!message.error?.deadLetter) return { go: 'nothing', why: 'the message failed' };
        return redrives > (message.error.redrives ?? 0)
          ? { go: 'redriven' }
          : { go: 'dead', why: `${message.error.code ?? message.error.class}: ${message.error.details}` };
      default:
        return { go: 'nothing', why: `the message is ${message.state} already` };
    }
  }

  /** The answer is lost, in a crash or on the way: a status with our id may still settle it. */
  private async mark({ tx, now }: Work, { rules }: ChannelPort, message: Message): Promise<Passage> {
    if (rules.idempotentSends) return { go: 'repeat' };
    if (message.state !== 'indeterminate') {
      updateMessage(tx, message, { state: 'indeterminate', indeterminateAt: now });
    }
    const until = new Date(message.indeterminateAt!.getTime() + this.env.INDETERMINATE_GRACE_MS);
    if (until > now) return { go: 'unsettled', until };
    // What the channel said of it may have come in time and stand in a long line.
    return (await isReported(tx, message.messageId))
      ? { go: 'unsettled', until: new Date(now.getTime() + LOOK_AGAIN_MS) }
      : { go: 'grace_over' };
  }

  private async open(work: Work, port: ChannelPort, message: Message, slotAt: Date | null): Promise<Passage> {
    const { tx, now } = work;
    if (!slotAt || slotAt > now) return { go: 'not_yet', slotAt };
    let verdict = message.verdict!;
    if (now.getTime() - message.plannedAt!.getTime() > FRESH_MS) {
      const [recipient, account] = await Promise.all([
        lockRecipient(tx, message, now),
        findAccount(tx, message.channelAccountId),
      ]);
      const judged = await this.line.judge(work, message, recipient, account, true);
      if (!judged.decision.startsWith('send_')) return { go: 'plan_anew' };
      verdict = judged;
    }
    let rendered: Call['rendered'] | undefined;
    try {
      rendered = await render(tx, port, message, verdict);
    } catch (error) {
      if (error instanceof UnrenderableError) return { go: 'unrenderable', why: error.message };
      throw error;
    }
    if (!rendered) return { go: 'plan_anew' };
    updateMessage(tx, message, {
      ...(verdict === message.verdict ? {} : { verdict }),
      slotAt,
      calledAt: now,
      sends: message.sends + 1,
    });
    return { go: 'call', person: message.person, rendered };
  }
}

/** Whether a status that carries our id is in the journal and not applied yet. */
async function isReported(tx: EntityManager, messageId: string): Promise<boolean> {
  const waiting = await query(
    tx,
    `SELECT FROM journal.items
     WHERE queue = ANY ($1) AND stream = $2 AND name = $3 AND settled_at IS NULL AND parked_at IS NULL LIMIT 1`,
    // The release before had them among the recipients.
    [[recordStatus.queue.name, 'recipients'], streamOfMessage(messageId), recordStatus.name],
  );
  return waiting.length > 0;
}
