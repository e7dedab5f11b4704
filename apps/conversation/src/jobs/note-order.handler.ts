import { Controller } from '@nestjs/common';
import { done, noteOrder, skipped, type JobOutcome, type NoteOrderPayload } from '#contracts';
import { JobHandler, type OrderedContext } from '#queue';
import { Threads } from '../threads.js';

/** Something became true of an order that this thread made. */
@Controller()
export class NoteOrderHandler {
  constructor(private readonly threads: Threads) {}

  @JobHandler(noteOrder)
  async handle(payload: NoteOrderPayload, ctx: OrderedContext): Promise<JobOutcome> {
    const thread = await this.threads.lock(ctx.tx, payload.threadId);
    if (!thread) return skipped('the thread is gone');
    const { orderRef, fact } = payload;
    const effects = await this.threads.apply(ctx, thread, { kind: 'order_fact', orderRef, fact });
    this.threads.emit(ctx, thread, effects);
    return done;
  }
}
