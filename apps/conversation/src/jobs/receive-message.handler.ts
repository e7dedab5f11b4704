import { Controller } from '@nestjs/common';
import {
  deferred,
  done,
  noteInbound,
  receiveMessage,
  skipped,
  type JobOutcome,
  type ReceiveMessagePayload,
} from '#contracts';
import { judgeInbound } from '#core/tenancy';
import { Directory } from '#persistence';
import { JobHandler, type OrderedContext } from '#queue';
import { resolveContact } from '../contacts.js';
import type { Knowledge } from '../knowledge.js';
import { Threads } from '../threads.js';
import { verificationOf } from '../verifiers.js';

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
    const { channel, channelAccountId, person, messageId, sentAt } = payload;
    const merchant = await this.directory.merchant(ctx.merchantId);
    const standing = merchant ? judgeInbound(merchant, new Date(sentAt)) : 'answer';
    if (standing === 'hold') return deferred(new Date(ctx.now.getTime() + SUSPENDED_LOOK_MS));
    const verified = verificationOf(channel, new Date(sentAt));
    const book = { merchantId: ctx.merchantId, channelAccountId, verified };
    const passive = reasonToListenOnly(payload, standing, merchant);
    // What is only noted does not write the thread, which would show that it has changed.
    const seen = ctx.isAsSeen && !passive ? (ctx.known as Knowledge).thread : undefined;
    const thread =
      seen ??
      (await this.threads.lockFamiliar(ctx.tx, book, person, ctx.now)) ??
      (await this.threads.lockOrCreate(ctx, channelAccountId, await resolveContact(ctx, book, person)));
    this.threads.moveTo(ctx.tx, thread, ctx.item.stream);
    const inbound = { channelAccountId, contactId: thread.contactId, messageId, sentAt };
    if (passive) {
      ctx.emit(noteInbound, inbound);
      return skipped(passive);
    }
    const effects = await this.threads.apply(ctx, thread, {
      kind: 'inbound',
      content: payload.content,
      cardNumberMasked: payload.cardNumberMasked,
    });
    const isSaid = effects.some((effect) => effect.kind === 'say');
    if (!isSaid) ctx.emit(noteInbound, inbound);
    this.threads.emit(ctx, thread, effects, isSaid ? { messageId, sentAt } : undefined);
    return done;
  }
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
  // The channel's own agent talks with this customer now: only what was done with ours is for us.
  return standby && content.type !== 'choice' && content.type !== 'cart'
    ? 'another agent has the thread'
    : undefined;
}
