import { Controller } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  done,
  journalErasePerson,
  mergeRecipients,
  outboundErasePerson,
  QUEUES,
  type ErasePersonPayload,
  type JobOutcome,
} from '#contracts';
import { emptySubject, joinSubjects, type PersonSubject } from '#core/tenancy';
import {
  contactsMergedInto,
  emptyPayload,
  emptyStreams,
  keysOf,
  lockStreams,
  nameLines,
  removeRows,
  Tenants,
} from '#persistence';
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
   * or a run after a crash could not hand them on. Nor does anybody else know the contacts that turned out to be the
   * person's. From then on nothing of before is put into the lines.
   */
  private async learn(payload: ErasePersonPayload, ctx: TaskContext): Promise<PersonSubject> {
    const known = await this.withMergedContacts(payload.subject, ctx);
    let subject = known;
    await this.pages(ctx, async (_tx, rows) => {
      const theirs = rows.filter((row) => isOf(payload, known, row));
      subject = theirs.map(learned).reduce(joinSubjects, subject);
    });
    subject = await this.withMergedContacts(subject, ctx);
    await this.tenants.transaction(ctx.merchantId, async (tx) => {
      await emptyPayload(tx, ctx.item.id, { ...payload, subject });
      await this.emptyLines(tx, subject, ctx);
    });
    return subject;
  }

  /** The subject with contacts that were merged into its own, or are about to be, and with their lines. */
  private withMergedContacts(subject: PersonSubject, { merchantId }: TaskContext): Promise<PersonSubject> {
    return this.tenants.transaction(merchantId, async (tx) => {
      let known = subject.contactIds;
      for (;;) {
        // In this order: one that is applied in between is found by the second look.
        const toBeMerged = await contactsToBeMerged(tx, merchantId, known);
        const merged = await contactsMergedInto(tx, merchantId, known, 'tables');
        const all = [...new Set([...known, ...merged, ...toBeMerged])];
        if (all.length === known.length) break;
        known = all;
      }
      const contactIds = known.filter((id) => !subject.contactIds.includes(id));
      return joinSubjects(subject, await nameLines(tx, merchantId, { ...emptySubject, contactIds }));
    });
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

/** By merges that are not applied yet, and will be emptied with their line. */
async function contactsToBeMerged(
  tx: EntityManager,
  merchantId: string,
  contactIds: readonly string[],
): Promise<string[]> {
  const rows = (await tx.query(
    `SELECT payload ->> 'goneContactId' AS "contactId" FROM journal.items
     WHERE merchant_id = $1 AND queue = $2 AND name = $3 AND settled_at IS NULL AND payload ->> 'keptContactId' = ANY ($4)`,
    [merchantId, mergeRecipients.queue.name, mergeRecipients.name, contactIds],
  )) as { contactId: string }[];
  return rows.map((row) => row.contactId);
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
  return createdAt <= new Date(requestedAt) && keysOf(person).some((name) => keys.includes(name));
}

/** Names that the person had when the message was made. */
function learned({ contactId, person }: SeenMessage): PersonSubject {
  return { ...emptySubject, keys: keysOf(person), contactIds: [contactId] };
}
