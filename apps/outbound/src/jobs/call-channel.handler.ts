import { Controller } from '@nestjs/common';
import { callChannel, type CallChannelPayload, type JobOutcome } from '#contracts';
import { JobHandler, type TaskContext } from '#queue';
import { Sends } from '../send/sends.js';

@Controller()
export class CallChannelHandler {
  constructor(private readonly sends: Sends) {}

  @JobHandler(callChannel)
  async handle(payload: CallChannelPayload, ctx: TaskContext): Promise<JobOutcome> {
    try {
      return await this.sends.run(payload, ctx);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (ctx.lastAttempt) await this.sends.abandon(payload, ctx, why);
      throw error;
    }
  }
}
