import { Controller } from '@nestjs/common';
import { done, joinContacts, rejected, type JobOutcome, type JoinContactsPayload } from '#contracts';
import { identifyingAliases } from '#core/messaging';
import { JobHandler, type OrderedContext } from '#queue';
import { resolveContacts } from '../contacts.js';
import { joinContacts as join } from '../people.js';

/** A channel, or the merchant's own site, has proved who somebody is: contacts with the same proof are one person. */
@Controller()
export class JoinContactsHandler {
  @JobHandler(joinContacts)
  async handle(payload: JoinContactsPayload, ctx: OrderedContext): Promise<JobOutcome> {
    const { kind, scheme, value, provedAt, members } = payload;
    const { merchantId } = ctx;
    const people = members.map(({ channelAccountId, person }) => ({
      book: { merchantId, channelAccountId },
      person,
    }));
    if (people.some(({ person }) => identifyingAliases(person).length === 0)) {
      return rejected('each of members must have a person with an alias that identifies');
    }
    const contactIds = await resolveContacts(ctx, people);
    await join(ctx, merchantId, contactIds, { kind, scheme, value }, new Date(provedAt));
    return done;
  }
}
