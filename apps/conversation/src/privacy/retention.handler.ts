import { Controller } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { conversationRetention, done, type ApplyRetentionPayload, type JobOutcome } from '#contracts';
import { keptSince, retentionOf } from '#core/tenancy';
import { Directory, removeRows, Tenants } from '#persistence';
import { JobHandler, type TaskContext } from '#queue';
import { PEOPLE_OF_NOBODY } from '../people.js';
import { deleteContacts } from './contacts.js';

/** Contacts looked at in one transaction. */
const PAGE = 500;

/** Forgets who has not written, and was not told anything, for as long as the merchant keeps chats. */
@Controller()
export class RetentionHandler {
  constructor(
    private readonly directory: Directory,
    private readonly tenants: Tenants,
  ) {}

  @JobHandler(conversationRetention)
  async handle(_payload: ApplyRetentionPayload, ctx: TaskContext): Promise<JobOutcome> {
    const { merchantId, now } = ctx;
    const { chats } = retentionOf((await this.directory.settings(merchantId)).retention);
    const before = keptSince(now, chats);
    const day = { merchantId, now, before };
    // Killed, it begins anew and finds less to do.
    for (let after: string | undefined = ''; after !== undefined;) {
      const from: string = after;
      after = await this.tenants.transaction(merchantId, (tx) => forgetIdle(tx, day, from));
    }
    await this.tenants.transaction(merchantId, removeLonePeople);
    return done;
  }
}

/** Looks at the contacts that come after `after`; returns the last one, or undefined at the end. */
async function forgetIdle(
  tx: EntityManager,
  { merchantId, now, before }: { merchantId: string; now: Date; before: Date },
  after: string,
): Promise<string | undefined> {
  const rows = (await tx.query(
    `SELECT c.contact_id AS "contactId", c.created_at < $3
         AND NOT EXISTS (SELECT FROM conversation.threads t WHERE t.merchant_id = $1 AND t.contact_id = c.contact_id
           AND t.updated_at >= $3)
         AND NOT EXISTS (SELECT FROM conversation.aliases a WHERE a.merchant_id = $1 AND a.contact_id = c.contact_id
           AND a.seen_at >= $3) AS idle
     FROM conversation.contacts c WHERE c.merchant_id = $1 AND c.contact_id > $2
     ORDER BY c.contact_id LIMIT ${PAGE} FOR UPDATE OF c`,
    [merchantId, after, before],
  )) as { contactId: string; idle: boolean }[];
  await deleteContacts(
    { tx, now },
    merchantId,
    rows.filter((row) => row.idle).map((row) => row.contactId),
  );
  return rows.length === PAGE ? rows.at(-1)!.contactId : undefined;
}

/** The release before removes contacts, and knows nothing of the people above them. */
async function removeLonePeople(tx: EntityManager): Promise<void> {
  const people = (await tx.query(
    `SELECT person_id AS "personId" FROM conversation.people p WHERE NOT EXISTS (
       SELECT FROM conversation.contacts c WHERE c.merchant_id = p.merchant_id AND c.person_id = p.person_id)`,
  )) as { personId: string }[];
  await removeRows(tx, 'conversation.people', PEOPLE_OF_NOBODY, [people.map(({ personId }) => personId)]);
}
