import { Controller } from '@nestjs/common';
import { done, noteInbound, skipped, type JobOutcome, type NoteInboundPayload } from '#contracts';
import { JobHandler, type OrderedContext } from '#queue';
import { Line } from '../line/line.js';
import { lockRecipient, openWindow } from '../store/recipients.js';

@Controller()
export class NoteInboundHandler {
  constructor(private readonly line: Line) {}

  /** Opens or prolongs the service window, by the channel's own time of the message. It never moves back. */
  @JobHandler(noteInbound)
  async handle(inbound: NoteInboundPayload, ctx: OrderedContext): Promise<JobOutcome> {
    const recipient = await lockRecipient(ctx.tx, inbound, ctx.now);
    if (!openWindow(ctx.tx, recipient, inbound.sentAt, ctx.now)) return skipped('a later message is known');
    this.line.advanceAtEnd(ctx, recipient);
    return done;
  }
}
