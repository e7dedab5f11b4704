import { Controller } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  done,
  journalErasePerson,
  outboundErasePerson,
  QUEUES,
  type ErasePersonPayload,
  type JobOutcome,
} from '#contracts';
import { emptySubject, joinSubjects, type PersonSubject } from '#core/tenancy';
import { emptyPayload, emptyStreams, lockStreams, removeRows, Tenants } from '#persistence';
import { JobHandler, type TaskContext } from '#queue';
import { deleteMessages, messagesAfter, PAGE, streamsOf, type SeenMessage } from './messages.js';

/** What was said to the person goes, and what was still to be said is not said any more. */
@Controller()
export class ErasePersonHandler {
  constructor(private readonly tenants: Tenants) {}

  @JobHandler(outboundErasePerson)
  async handle(payload: ErasePersonPayload, ctx: TaskContext): Promise<JobOutcome> {
    const subject = await this.learn(payload, ctx);
    let messages = 0;
    await this.pages(ctx, async (tx, rows) => {
      const theirs = rows.filter((row) => isOf(payload, subject, row));
      const streams = theirs.flatMap(streamsOf);
      await emptyStreams(tx, ctx.merchantId, { streams, upTo: ctx.item.id }, ctx.now);
      const ids = theirs.map((row) => row.messageId);
      await deleteMessages(tx, ids);
      messages += ids.length;
    });
    await ctx.commit(async ({ tx, emit }) => {
      await this.emptyLines(tx, subject, ctx);
      const recipients = await deleteRecipients(tx, subject);
      const report = { ...payload.report, messages, recipients };
      emit(journalErasePerson, { ...payload, subject, report });
      await emptyPayload(tx, ctx.item.id, { erasureId: payload.erasureId });
    });
    return done;
  }

  /**
   * Messages know names that the person had when they were made. They are kept with the item before the messages go,
   * or a run after a crash could not hand them on. From then on nothing of before is put into the lines.
   */
  private async learn(payload: ErasePersonPayload, ctx: TaskContext): Promise<PersonSubject> {
    let { subject } = payload;
    await this.pages(ctx, async (_tx, rows) => {
      const theirs = rows.filter((row) => isOf(payload, payload.subject, row));
      subject = theirs.map(learned).reduce(joinSubjects, subject);
    });
    await this.tenants.transaction(ctx.merchantId, async (tx) => {
      await emptyPayload(tx, ctx.item.id, { ...payload, subject });
      await this.emptyLines(tx, subject, ctx);
    });
    return subject;
  }

  private async emptyLines(tx: EntityManager, subject: PersonSubject, ctx: TaskContext): Promise<void> {
    const { merchantId, item, now } = ctx;
    const streams = subject.streams.filter((stream) => stream.startsWith('recipient/'));
    await lockStreams(tx, merchantId, QUEUES.recipients.name, streams);
    await emptyStreams(tx, merchantId, { streams, upTo: item.id }, now);
  }

  private async pages(
    ctx: TaskContext,
    visit: (tx: EntityManager, rows: SeenMessage[]) => Promise<void>,
  ): Promise<void> {
    for (let seq: string | undefined = '0'; seq !== undefined;) {
      const after: string = seq;
      seq = await this.tenants.transaction(ctx.merchantId, async (tx) => {
        const rows = await messagesAfter(tx, ctx.merchantId, after);
        await visit(tx, rows);
        return rows.length === PAGE ? rows.at(-1)!.seq : undefined;
      });
    }
  }
}

function deleteRecipients(tx: EntityManager, { contactIds }: PersonSubject): Promise<number> {
  const theirs = `SELECT ctid FROM outbound.recipients WHERE contact_id = ANY ($1) FOR UPDATE`;
  return removeRows(tx, 'outbound.recipients', theirs, [contactIds]);
}

/** By their contact; by their name as far as it was before they came anew. */
function isOf(
  { requestedAt }: ErasePersonPayload,
  { contactIds, keys }: PersonSubject,
  { contactId, person, createdAt }: SeenMessage,
): boolean {
  if (contactIds.includes(contactId)) return true;
  return createdAt <= new Date(requestedAt) && namesOf(person).some((name) => keys.includes(name));
}

/** Names that the person had when the message was made. */
function learned({ contactId, person }: SeenMessage): PersonSubject {
  return { ...emptySubject, keys: namesOf(person), contactIds: [contactId] };
}

function namesOf({ waId, userId, parentUserId }: SeenMessage['person']): string[] {
  return [waId, userId, parentUserId].filter((name) => name !== undefined);
}
