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
import { Channels } from '../send/channel.js';
import { findWaitingFor, storeTemplateState } from '../store/templates.js';

@Controller()
export class RecordTemplateStatusHandler {
  constructor(private readonly channels: Channels) {}

  /** A template that may be sent again frees the lines that wait for it, once each. */
  @JobHandler(recordTemplateStatus)
  async handle(payload: RecordTemplateStatusPayload, ctx: OrderedContext): Promise<JobOutcome> {
    const { accountId = payload.businessAccountId, name, language, event, reason, at } = payload;
    const template = { accountId, name, language };
    storeTemplateState(ctx.tx, {
      ...template,
      state: event,
      reason: reason ?? null,
      at: new Date(at),
      recheckAt: null,
    });
    const known = { state: event, recheckAt: null };
    const occasion = `template_${name}_${language}_${at}`;
    for (const { kind, ...recipient } of await findWaitingFor(ctx.tx, template)) {
      const { templates } = this.channels.of(kind).rules;
      if (isSendable(templates, known, ctx.now)) ctx.emit(advanceRecipient, { ...recipient, occasion });
    }
    return done;
  }
}
