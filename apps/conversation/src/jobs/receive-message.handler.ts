import { Controller } from '@nestjs/common';
import {
  done,
  noteInbound,
  receiveMessage,
  waiting,
  type JobOutcome,
  type ReceiveMessagePayload,
} from '#contracts';
import { isWaiting } from '#core/conversation';
import { JobHandler, type OrderedContext } from '#queue';
import { resolveContact } from '../contacts.js';
import { Threads } from '../threads.js';

/** A customer wrote or tapped. */
@Controller()
export class ReceiveMessageHandler {
  constructor(private readonly threads: Threads) {}

  @JobHandler(receiveMessage)
  async handle(payload: ReceiveMessagePayload, ctx: OrderedContext): Promise<JobOutcome> {
    const { channelAccountId, person, messageId, sentAt } = payload;
    const contactId = await resolveContact(ctx.tx, ctx.merchantId, channelAccountId, person, ctx.now);
    const thread = await this.threads.lockOrCreate(ctx, channelAccountId, contactId);
    if (isWaiting(thread.state, ctx.now)) return waiting;
    ctx.emit(noteInbound, { channelAccountId, contactId, messageId, sentAt });
    await this.threads.apply(ctx, thread, {
      kind: 'inbound',
      content: payload.content,
      cardNumberMasked: payload.cardNumberMasked,
    });
    return done;
  }
}
