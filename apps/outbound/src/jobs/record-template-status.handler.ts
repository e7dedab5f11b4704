import { Controller } from '@nestjs/common';
import {
  advanceRecipient,
  done,
  recordTemplateStatus,
  type JobOutcome,
  type RecordTemplateStatusPayload,
} from '#contracts';
import { isSendable } from '#core/outbound';
import { JobHandler, type OrderedContext } from '#queue';
import { findWaitingFor, storeTemplateState } from '../store/templates.js';

@Controller()
export class RecordTemplateStatusHandler {
  /** A template that may be sent again frees the lines that wait for it, once each. */
  @JobHandler(recordTemplateStatus)
  async handle(payload: RecordTemplateStatusPayload, ctx: OrderedContext): Promise<JobOutcome> {
    const { businessAccountId, name, language, event, reason, at } = payload;
    const template = { businessAccountId, name, language };
    storeTemplateState(ctx.tx, {
      ...template,
      state: event,
      reason: reason ?? null,
      at: new Date(at),
      recheckAt: null,
    });
    if (!isSendable({ id: '', name, language, state: event, recheckAt: null }, ctx.now)) return done;
    const occasion = `template_${name}_${language}_${at}`;
    for (const recipient of await findWaitingFor(ctx.tx, template)) {
      ctx.emit(advanceRecipient, { ...recipient, occasion });
    }
    return done;
  }
}
