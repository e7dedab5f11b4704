import { Controller } from '@nestjs/common';
import { changeIdentity, done, type ChangeIdentityPayload, type JobOutcome } from '#contracts';
import { JobHandler, type OrderedContext } from '#queue';
import { linkContact } from '../contacts.js';
import { verificationOf } from '../verifiers.js';

/** A person has a new number or user id: cart and orders follow the person. */
@Controller()
export class ChangeIdentityHandler {
  @JobHandler(changeIdentity)
  async handle(payload: ChangeIdentityPayload, ctx: OrderedContext): Promise<JobOutcome> {
    const { channel, channelAccountId, previous, current } = payload;
    const verified = verificationOf(channel, ctx.item.occurredAt);
    const book = { merchantId: ctx.merchantId, channelAccountId, verified };
    await linkContact(ctx, book, previous, current);
    return done;
  }
}
