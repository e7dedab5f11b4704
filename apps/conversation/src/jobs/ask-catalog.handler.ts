import { Controller } from '@nestjs/common';
import { askCatalog, done, recordAnswer, type AskCatalogPayload, type JobOutcome } from '#contracts';
import type { Answer, Question } from '#core/conversation';
import { JobHandler, type TaskContext } from '#queue';
import { CatalogClient } from '#service';

/** Asks the catalog on behalf of a thread; what comes back goes into the thread's line. */
@Controller()
export class AskCatalogHandler {
  constructor(private readonly catalog: CatalogClient) {}

  @JobHandler(askCatalog)
  async handle(payload: AskCatalogPayload, ctx: TaskContext): Promise<JobOutcome> {
    const { question, ...ids } = payload;
    const answer = await this.ask(ctx.merchantId, question);
    if (answer.reply.outcome === 'unavailable' && answer.reply.unreachable && !ctx.lastAttempt) {
      throw new Error(answer.reply.reason);
    }
    await ctx.commit(async ({ emit }) => emit(recordAnswer, { ...ids, answer }));
    return done;
  }

  private async ask(merchantId: string, question: Question): Promise<Answer> {
    switch (question.kind) {
      case 'categories':
        return { kind: 'categories', reply: await this.catalog.categories(merchantId) };
      case 'search':
        return { kind: 'search', reply: await this.catalog.search(merchantId, question.query) };
      case 'quote':
        return { kind: 'quote', reply: await this.catalog.quote(merchantId, question.lines) };
    }
  }
}
