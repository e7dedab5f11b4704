import { Controller } from '@nestjs/common';
import { done, rejected, sendMessage, type JobOutcome, type SendMessagePayload } from '#contracts';
import { JobHandler, type OrderedContext } from '#queue';
import { Line } from '../line/line.js';
import { insertMessage } from '../store/messages.js';
import { lockRecipient, openWindow } from '../store/recipients.js';
import { findAccount } from '../store/senders.js';

@Controller()
export class SendMessageHandler {
  constructor(private readonly line: Line) {}

  /** Puts the message at the end of its recipient's line. */
  @JobHandler(sendMessage)
  async handle(message: SendMessagePayload, ctx: OrderedContext): Promise<JobOutcome> {
    const [account, recipient] = await Promise.all([
      findAccount(ctx.tx, message.channelAccountId),
      lockRecipient(ctx.tx, message, ctx.now),
    ]);
    if (!account) return rejected(`no channel account ${message.channelAccountId}`);
    if (message.inbound) openWindow(ctx.tx, recipient, message.inbound.sentAt, ctx.now);
    const head = await insertMessage(ctx.tx, { ...message, contactId: recipient.contactId }, ctx.now);
    this.line.advanceAtEnd(ctx, recipient, head);
    return done;
  }
}
