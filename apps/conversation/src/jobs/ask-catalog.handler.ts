import { Controller } from '@nestjs/common';
import { askCatalog, done, recordAnswer, type AskCatalogPayload, type JobOutcome } from '#contracts';
import type { Answer, Question } from '#core/conversation';
import { JobHandler, type TaskContext } from '#queue';
import { CatalogClient } from '#service';

/** A question is given up well before the thread loses its patience: a catalog that hangs costs 4 s a call. */
const ASK_FOR_MS = 10_000;

/** Asks the catalog on behalf of a thread; what comes back goes into the thread's line. */
@Controller()
export class AskCatalogHandler {
  constructor(private readonly catalog: CatalogClient) {}

  @JobHandler(askCatalog)
  async handle(payload: AskCatalogPayload, ctx: TaskContext): Promise<JobOutcome> {
    const { question, ...ids } = payload;
    const answer = await this.ask(ctx.merchantId, question);
    const { reply } = answer;
    const askedForMs = ctx.now.getTime() - ctx.item.occurredAt.getTime();
    if (reply.outcome === 'unavailable' && reply.unreachable && !ctx.lastAttempt && askedForMs < ASK_FOR_MS) {
      throw new Error(reply.reason);
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
