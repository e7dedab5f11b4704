import { Controller } from '@nestjs/common';
import {
  checkoutErasePerson,
  conversationErasePerson,
  done,
  QUEUES,
  type ErasePersonPayload,
  type JobOutcome,
} from '#contracts';
import { emptyPayload, emptyStreams, findPerson, lockStreams } from '#persistence';
import { JobHandler, type TaskContext } from '#queue';
import { deleteContacts } from './contacts.js';

/** The first part of forgetting a person: who they are in all their names, and away with contact, names and threads. */
@Controller()
export class ErasePersonHandler {
  /** In one transaction: what was learned is handed on with it, so that nothing is forgotten but the person. */
  @JobHandler(conversationErasePerson)
  async handle(payload: ErasePersonPayload, ctx: TaskContext): Promise<JobOutcome> {
    const { merchantId, now, item } = ctx;
    await ctx.commit(async ({ tx, emit }) => {
      const find = () => findPerson(tx, merchantId, payload.subject, 'tables');
      await lockStreams(tx, merchantId, QUEUES.threads.name, (await find()).streams);
      // What they wrote just now may have brought a name or a contact.
      const subject = await find();
      const upTo = item.id;
      const items = await emptyStreams(tx, merchantId, { streams: subject.streams, upTo }, now);
      const deleted = await deleteContacts({ tx, now }, merchantId, subject.contactIds);
      const report = { ...payload.report, items, ...deleted };
      emit(checkoutErasePerson, { ...payload, subject, report, upTo });
      await emptyPayload(tx, item.id, { erasureId: payload.erasureId });
    });
    return done;
  }
}
