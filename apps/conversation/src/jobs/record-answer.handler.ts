import { Controller } from '@nestjs/common';
import { done, recordAnswer, skipped, type JobOutcome, type RecordAnswerPayload } from '#contracts';
import { JobHandler, type OrderedContext } from '#queue';
import { Threads } from '../threads.js';

/** The catalog's answer, back in the line that waits for it. */
@Controller()
export class RecordAnswerHandler {
  constructor(private readonly threads: Threads) {}

  @JobHandler(recordAnswer)
  async handle(payload: RecordAnswerPayload, ctx: OrderedContext): Promise<JobOutcome> {
    const thread = await this.threads.lock(ctx.tx, payload.threadId);
    if (!thread) return skipped('the thread is gone');
    const { questionId, answer } = payload;
    const effects = await this.threads.apply(ctx, thread, { kind: 'answer', questionId, answer });
    this.threads.emit(ctx, thread, effects);
    return done;
  }
}
