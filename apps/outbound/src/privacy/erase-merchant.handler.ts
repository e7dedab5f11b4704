import { Controller } from '@nestjs/common';
import {
  outboundEraseMerchant,
  done,
  catalogEraseMerchant,
  type EraseMerchantPayload,
  type JobOutcome,
} from '#contracts';
import { eraseTables, Tenants } from '#persistence';
import { JobHandler, type TaskContext } from '#queue';

/** Nothing is left of a closed merchant's messages and of what limited their sending. */
@Controller()
export class EraseMerchantHandler {
  constructor(private readonly tenants: Tenants) {}

  @JobHandler(outboundEraseMerchant)
  async handle(payload: EraseMerchantPayload, ctx: TaskContext): Promise<JobOutcome> {
    await eraseTables(this.tenants, ctx.merchantId, [
      'outbound.messages',
      'outbound.recipients',
      'outbound.early_statuses',
      'outbound.senders',
      'outbound.template_states',
    ]);
    await ctx.commit(async ({ emit }) => emit(catalogEraseMerchant, payload));
    return done;
  }
}
