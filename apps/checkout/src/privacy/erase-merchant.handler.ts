import { Controller } from '@nestjs/common';
import {
  checkoutEraseMerchant,
  done,
  outboundEraseMerchant,
  type EraseMerchantPayload,
  type JobOutcome,
} from '#contracts';
import { eraseTables, Tenants } from '#persistence';
import { JobHandler, type TaskContext } from '#queue';

/** Nothing is left of a closed merchant's orders. */
@Controller()
export class EraseMerchantHandler {
  constructor(private readonly tenants: Tenants) {}

  @JobHandler(checkoutEraseMerchant)
  async handle(payload: EraseMerchantPayload, ctx: TaskContext): Promise<JobOutcome> {
    await eraseTables(this.tenants, ctx.merchantId, ['checkout.orders']);
    await ctx.commit(async ({ emit }) => emit(outboundEraseMerchant, payload));
    return done;
  }
}
