import { Controller } from '@nestjs/common';
import { advanceRecipient, done, type AdvanceRecipientPayload, type JobOutcome } from '#contracts';
import { JobHandler, type OrderedContext } from '#queue';
import { Line } from '../line/line.js';

@Controller()
export class AdvanceRecipientHandler {
  constructor(private readonly line: Line) {}

  @JobHandler(advanceRecipient)
  handle(recipient: AdvanceRecipientPayload, ctx: OrderedContext): Promise<JobOutcome> {
    this.line.advanceAtEnd(ctx, recipient);
    return Promise.resolve(done);
  }
}
