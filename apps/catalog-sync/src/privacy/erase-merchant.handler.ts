import { Controller } from '@nestjs/common';
import {
  catalogEraseMerchant,
  done,
  finishMerchantErasure,
  type EraseMerchantPayload,
  type JobOutcome,
} from '#contracts';
import { eraseTables, Tenants } from '#persistence';
import { JobHandler, type TaskContext } from '#queue';

/** Nothing is left of the copy of a closed merchant's shop. */
@Controller()
export class EraseMerchantHandler {
  constructor(private readonly tenants: Tenants) {}

  @JobHandler(catalogEraseMerchant)
  async handle(payload: EraseMerchantPayload, ctx: TaskContext): Promise<JobOutcome> {
    await eraseTables(this.tenants, ctx.merchantId, ['catalog.products', 'catalog.sync_cursors']);
    await ctx.commit(async ({ emit }) => emit(finishMerchantErasure, payload));
    return done;
  }
}
