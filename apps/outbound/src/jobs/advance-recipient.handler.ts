import { Controller } from '@nestjs/common';
import { advanceRecipient, done, type AdvanceRecipientPayload, type JobOutcome } from '#contracts';
import { JobHandler, type OrderedContext } from '#queue';
import { Line } from '../line/line.js';
import { toWork } from '../work.js';

@Controller()
export class AdvanceRecipientHandler {
  constructor(private readonly line: Line) {}

  @JobHandler(advanceRecipient)
  async handle(recipient: AdvanceRecipientPayload, ctx: OrderedContext): Promise<JobOutcome> {
    await this.line.advance(toWork(ctx), recipient);
    return done;
  }
}
