import { Controller } from '@nestjs/common';
import { done, noteInbound, skipped, type JobOutcome, type NoteInboundPayload } from '#contracts';
import { JobHandler, type OrderedContext } from '#queue';
import { Line } from '../line/line.js';
import { lockRecipient, updateRecipient } from '../store/recipients.js';

@Controller()
export class NoteInboundHandler {
  constructor(private readonly line: Line) {}

  /** Opens or prolongs the service window, by the channel's own time of the message. It never moves back. */
  @JobHandler(noteInbound)
  async handle(inbound: NoteInboundPayload, ctx: OrderedContext): Promise<JobOutcome> {
    const recipient = await lockRecipient(ctx.tx, inbound, ctx.now);
    const sentAt = new Date(Math.min(Date.parse(inbound.sentAt), ctx.now.getTime()));
    if (recipient.lastInboundAt && recipient.lastInboundAt >= sentAt) {
      return skipped('a later message is known');
    }
    updateRecipient(ctx.tx, recipient, { lastInboundAt: sentAt, windowRefused: false });
    this.line.advanceAtEnd(ctx, recipient);
    return done;
  }
}
