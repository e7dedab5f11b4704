import { Inject, Injectable } from '@nestjs/common';
import { UnrenderableError, type GraphMessage } from '#adapters/whatsapp-cloud';
import { callChannel } from '#contracts';
import type { Cleared, PersonRef } from '#core/messaging';
import type { Verdict } from '#core/outbound';
import { ENV } from '#platform';
import type { OutboundEnv } from '../env.js';
import type { Message } from '../store/messages.js';
import type { Work } from '../work.js';
import { Channel, type OpenChannel } from './channel.js';
import { render } from './render.js';
import { Slots } from './slots.js';

/** A verdict older than this, in milliseconds, is made again before the call. */
export const FRESH_MS = 2_000;
/** A message waits as marked for no longer than this: should the process die meanwhile, its answer counts as lost. */
const NEAR_MS = 250;
/** Added to the time that a call may take: nobody takes up one that is still under way. */
const MARGIN_MS = 5_000;

/** The call of a message whose plan has marked it as called. */
export interface PlannedCall {
  channel: OpenChannel;
  person: PersonRef;
  rendered: Cleared<GraphMessage>;
  /** What it was planned by does not hold for longer. */
  freshUntil: Date;
  /** Of its number. */
  slot: Promise<Date>;
}

/**
 * The usual send: what a message is planned by holds for its call too, when that follows at once. Then the plan is the
 * mark, and its item is a timer for the case that this process dies.
 */
@Injectable()
export class RightAway {
  constructor(
    @Inject(ENV) private readonly env: OutboundEnv,
    private readonly channel: Channel,
    private readonly slots: Slots,
  ) {}

  /**
   * Has the message called as soon as the transaction is committed. False when it is to go through the gate: when its
   * slot is far off, after a pause, or when anything is not as usual. A message goes right away once at most, so that
   * two deaths in a row are no likelier to lose it.
   */
  async begin(work: Work, message: Message, verdict: Verdict): Promise<boolean> {
    const { merchantId, tx, now } = work;
    const { channelAccountId, messageId, person } = message;
    const number = { merchantId, channelAccountId };
    if (message.plan > 0 || verdict.facts.pauseReason !== null) return false;
    // What does not open or cannot be rendered must not look like a send whose answer was lost.
    const [channel, rendered] = await Promise.all([
      this.channel.open(merchantId, channelAccountId).catch(() => undefined),
      render(tx, message, verdict).catch(unlessRenderable),
    ]);
    if (!channel || !rendered) return false;
    const { messagesPerSecond } = channel;
    if (this.slots.expectedWaitMs(number, messagesPerSecond) > NEAR_MS) return false;
    const dueAt = new Date(now.getTime() + this.env.WHATSAPP_TIMEOUT_MS + MARGIN_MS);
    const freshUntil = new Date(now.getTime() + FRESH_MS);
    const known = (): PlannedCall => {
      const slot = this.slots.reserve(number, messagesPerSecond);
      slot.catch(() => undefined); // looked at when the transaction is committed
      return { channel, person, rendered, freshUntil, slot };
    };
    return work.begin(callChannel, { channelAccountId, messageId, plan: 1 }, { dueAt, known });
  }
}

function unlessRenderable(error: unknown): undefined {
  if (!(error instanceof UnrenderableError)) throw error;
}
