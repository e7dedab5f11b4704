import { Controller } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  askCatalog,
  deferred,
  done,
  noteInbound,
  receiveMessage,
  recordAnswer,
  skipped,
  waiting,
  type JobOutcome,
  type ReceiveMessagePayload,
} from '#contracts';
import { isWaiting, type ThreadState } from '#core/conversation';
import { judgeInbound } from '#core/tenancy';
import { Directory, query } from '#persistence';
import { JobHandler, type OrderedContext } from '#queue';
import { resolveContact } from '../contacts.js';
import { Threads } from '../threads.js';

/** How often a line looks whether the answer has come that another line waits for, in milliseconds. */
const LOOK_AGAIN_MS = 200;

/** How often a line of a suspended merchant is looked at; resuming the merchant brings it forward. In milliseconds. */
const SUSPENDED_LOOK_MS = 60_000;

/** A customer wrote or tapped. */
@Controller()
export class ReceiveMessageHandler {
  constructor(
    private readonly threads: Threads,
    private readonly directory: Directory,
  ) {}

  @JobHandler(receiveMessage)
  async handle(payload: ReceiveMessagePayload, ctx: OrderedContext): Promise<JobOutcome> {
    const { channelAccountId, person, messageId, sentAt } = payload;
    const merchant = await this.directory.merchant(ctx.merchantId);
    const standing = merchant ? judgeInbound(merchant, new Date(sentAt)) : 'answer';
    if (standing === 'hold') return deferred(new Date(ctx.now.getTime() + SUSPENDED_LOOK_MS));
    const book = { merchantId: ctx.merchantId, channelAccountId };
    const contactId = await resolveContact(ctx.tx, book, person, ctx.now);
    const thread = await this.threads.lockOrCreate(ctx, channelAccountId, contactId);
    if (isWaiting(thread.state, ctx.now) || (await isStillAsked(ctx.tx, thread.state))) {
      // The answer wakes the line that it comes into. Who writes under another name meanwhile looks again.
      const lookAgain = new Date(ctx.now.getTime() + LOOK_AGAIN_MS);
      return ctx.item.stream === thread.stream ? waiting : deferred(lookAgain);
    }
    this.threads.moveTo(ctx.tx, thread, ctx.item.stream);
    const inbound = { channelAccountId, contactId, messageId, sentAt };
    const passive = reasonToListenOnly(payload, standing, merchant);
    if (passive) {
      ctx.emit(noteInbound, inbound);
      return skipped(passive);
    }
    const effects = await this.threads.apply(ctx, thread, {
      kind: 'inbound',
      content: payload.content,
      cardNumberMasked: payload.cardNumberMasked,
    });
    // The answer to what is asked of the catalog brings a message for the same recipient.
    ctx.emit(noteInbound, inbound, { quiet: effects.some((effect) => effect.kind === 'ask') });
    this.threads.emit(ctx, thread, effects);
    return done;
  }
}

/**
 * The question of a thread that has lost its patience may only have stood in a long line: its answer is still to come
 * then, and belongs before what the customer wrote next.
 */
async function isStillAsked(tx: EntityManager, { pending }: ThreadState): Promise<boolean> {
  if (!pending) return false;
  const open = await query(
    tx,
    `SELECT FROM journal.items WHERE merchant_id = current_setting('waco.merchant_id') AND source = 'job'
       AND external_id = ANY($1) AND outcome IS NULL AND parked_at IS NULL`,
    [[`${askCatalog.name}/${pending.questionId}`, `${recordAnswer.name}/${pending.questionId}`]],
  );
  return open.length > 0;
}

/** Why this message is only noted; undefined when it is to be answered. */
function reasonToListenOnly(
  { standby, content }: ReceiveMessagePayload,
  standing: string,
  merchant: { status: string } | null,
): string | undefined {
  if (standing === 'note') {
    return `the merchant ${merchant?.status === 'closed' ? 'is closed' : 'was suspended for too long'}`;
  }
  // Meta's own agent talks with this customer now: only what was done with ours is for us.
  return standby && content.type !== 'choice' && content.type !== 'cart'
    ? 'another agent has the thread'
    : undefined;
}
