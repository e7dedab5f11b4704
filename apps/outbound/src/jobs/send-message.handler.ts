import { Controller } from '@nestjs/common';
import { done, rejected, sendMessage, type JobOutcome, type SendMessagePayload } from '#contracts';
import { JobHandler, type OrderedContext } from '#queue';
import { Line } from '../line/line.js';
import type { LineAhead } from '../line/read-ahead.js';
import { insertMessage, putFirst } from '../store/messages.js';
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
    const sent = { ...message, contactId: recipient.contactId };
    const ahead = ctx.ahead as LineAhead | undefined;
    const isFirst = recipient.contactId === message.contactId && (await ahead?.isEmpty);
    const head = isFirst ? putFirst(ctx.tx, sent, ctx.now) : await insertMessage(ctx.tx, sent, ctx.now);
    this.line.advanceAtEnd(ctx, recipient, head);
    return done;
  }
}
