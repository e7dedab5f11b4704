import { Controller } from '@nestjs/common';
import {
  checkoutEraseMerchant,
  conversationEraseMerchant,
  done,
  type EraseMerchantPayload,
  type JobOutcome,
} from '#contracts';
import { eraseTables, Tenants } from '#persistence';
import { JobHandler, type TaskContext } from '#queue';

/** Nothing is left of a closed merchant's conversations. */
@Controller()
export class EraseMerchantHandler {
  constructor(private readonly tenants: Tenants) {}

  @JobHandler(conversationEraseMerchant)
  async handle(payload: EraseMerchantPayload, ctx: TaskContext): Promise<JobOutcome> {
    await eraseTables(this.tenants, ctx.merchantId, [
      'conversation.threads',
      'conversation.aliases',
      'conversation.proofs',
      'conversation.contacts',
      'conversation.people',
    ]);
    await ctx.commit(async ({ emit }) => emit(checkoutEraseMerchant, payload));
    return done;
  }
}
