import { Inject, Injectable } from '@nestjs/common';
import { callChannel } from '#contracts';
import { UnrenderableError, type Verdict } from '#core/outbound';
import { CLOCK, type Clock } from '#platform';
import type { Message } from '../store/messages.js';
import type { Work } from '../work.js';
import { Channels, type OpenChannel } from './channel.js';
import { render, type Call } from './render.js';
import { Slots } from './slots.js';

/** A verdict older than this, in milliseconds, is made again before the call. */
export const FRESH_MS = 2_000;
/**
 * A message waits for its slot as marked no longer than this, in milliseconds: should the process die meanwhile, its answer
 * counts as lost.
 */
const NEAR_MS = 250;
/** The transaction waits no longer than this for a slot: whoever has the row of the number may wait for the transaction. */
const PATIENCE_MS = 1_000;
/** Added to the time that a call may take: nobody takes up one that is still under way. */
const MARGIN_MS = 5_000;

/** The call of a message whose plan has marked it as called. */
export interface PlannedCall extends Call {
  channel: OpenChannel;
  /** Of its number. */
  slotAt: Date;
  /** What it was planned by does not hold for longer. */
  freshUntil: Date;
}

interface Beginning {
  begun: boolean;
  /** The slot of its number, if it has one now. */
  slotAt: Date | null;
}

const NOT_NOW: Beginning = { begun: false, slotAt: null };

/**
 * The usual send: what a message is planned by holds for its call too, when that follows at once. Then the plan is the
 * mark, and its item is a timer for the case that this process dies.
 */
@Injectable()
export class RightAway {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly channels: Channels,
    private readonly slots: Slots,
  ) {}

  /**
   * Has the message called as soon as the transaction is committed, unless it is to go through the gate: when its slot is
   * far off, after a pause, or when anything is not as usual. A message goes right away once at most, so that two deaths
   * in a row are no likelier to lose it.
   */
  async begin({ merchantId, tx, now, begin }: Work, message: Message, verdict: Verdict): Promise<Beginning> {
    const { channelAccountId, messageId, person } = message;
    if (!begin || message.plan > 0 || verdict.facts.pauseReason !== null) return NOT_NOW;
    // What does not open or cannot be rendered must not look like a send whose answer was lost.
    const channel = await this.channels.open(merchantId, channelAccountId).catch(() => undefined);
    const rendered = channel && (await render(tx, channel.port, message, verdict).catch(unlessRenderable));
    if (!channel || !rendered) return NOT_NOW;
    const slotAt = await withPatience(
      this.slots.reserve({ merchantId, channelAccountId }, channel.messagesPerSecond),
    );
    if (!slotAt) return NOT_NOW;
    if (slotAt.getTime() - this.clock.now().getTime() > NEAR_MS) return { begun: false, slotAt };
    const dueAt = new Date(now.getTime() + channel.timeoutMs + MARGIN_MS);
    const freshUntil = new Date(now.getTime() + FRESH_MS);
    const known: PlannedCall = { channel, person, rendered, slotAt, freshUntil };
    const begun = begin(callChannel, { channelAccountId, messageId, plan: 1 }, { dueAt, known });
    return begun ? { begun, slotAt } : NOT_NOW;
  }
}

/** Undefined when it takes too long, or the database is away. */
async function withPatience(slot: Promise<Date>): Promise<Date | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, PATIENCE_MS, undefined)));
  return Promise.race([slot.catch(() => undefined), enough]).finally(() => clearTimeout(timer));
}

function unlessRenderable(error: unknown): undefined {
  if (!(error instanceof UnrenderableError)) throw error;
}
