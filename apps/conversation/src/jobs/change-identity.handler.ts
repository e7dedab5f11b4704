import { Controller } from '@nestjs/common';
import { changeIdentity, done, type ChangeIdentityPayload, type JobOutcome } from '#contracts';
import { JobHandler, type OrderedContext } from '#queue';
import { linkContact } from '../contacts.js';

/** A person has a new number or user id: cart and orders follow the person. */
@Controller()
export class ChangeIdentityHandler {
  @JobHandler(changeIdentity)
  async handle(payload: ChangeIdentityPayload, ctx: OrderedContext): Promise<JobOutcome> {
    const { channelAccountId, previous, current } = payload;
    await linkContact(ctx, { merchantId: ctx.merchantId, channelAccountId }, previous, current);
    return done;
  }
}
