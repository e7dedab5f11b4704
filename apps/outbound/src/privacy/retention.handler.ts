import { Controller } from '@nestjs/common';
import { done, outboundRetention, type ApplyRetentionPayload, type JobOutcome } from '#contracts';
import { keptSince, retentionOf } from '#core/tenancy';
import { Directory, removeRows, Tenants } from '#persistence';
import { JobHandler, type TaskContext } from '#queue';
import { dropOldEarly } from '../line/statuses.js';
import { deleteMessages, messagesAfter, PAGE } from './messages.js';

/** Messages that are as old as the merchant keeps chats go, and whoever has none left and did not write since. */
@Controller()
export class RetentionHandler {
  constructor(
    private readonly directory: Directory,
    private readonly tenants: Tenants,
  ) {}

  @JobHandler(outboundRetention)
  async handle(_payload: ApplyRetentionPayload, ctx: TaskContext): Promise<JobOutcome> {
    const { merchantId, now } = ctx;
    const { chats } = retentionOf((await this.directory.settings(merchantId)).retention);
    const before = keptSince(now, chats);
    // The channel's ids of messages hold the number that they went to.
    await this.tenants.transaction(merchantId, async (tx) => dropOldEarly(tx, now));
    // Killed, it begins anew and finds less to do.
    for (let seq: string | undefined = '0'; seq !== undefined;)
      seq = await this.messages(merchantId, seq, before);
    for (let from: Place | undefined = ['', '']; from !== undefined;) {
      from = await this.recipients(merchantId, from, before);
    }
    return done;
  }

  /** They are in the order in which they were made: the first young one ends it. What is still in its line stays. */
  private messages(merchantId: string, after: string, before: Date): Promise<string | undefined> {
    return this.tenants.transaction(merchantId, async (tx) => {
      const rows = await messagesAfter(tx, merchantId, after);
      const old = rows.filter((row) => row.createdAt < before);
      await deleteMessages(
        tx,
        old.filter((row) => !row.open).map((row) => row.messageId),
      );
      return old.length === PAGE ? rows.at(-1)!.seq : undefined;
    });
  }

  /** One that leads to another stays for as long as that other one: something may still come for it. */
  private recipients(
    merchantId: string,
    [account, contact]: Place,
    before: Date,
  ): Promise<Place | undefined> {
    return this.tenants.transaction(merchantId, async (tx) => {
      const rows = (await tx.query(
        `SELECT channel_account_id AS account, contact_id AS contact,
           coalesce(last_inbound_at, pair_at) < $4 AND pair_at < $4 AND NOT EXISTS (
             SELECT FROM outbound.messages m WHERE m.merchant_id = $1 AND m.open
               AND m.channel_account_id = r.channel_account_id AND m.contact_id = r.contact_id)
             AND NOT EXISTS (SELECT FROM outbound.recipients k WHERE k.merchant_id = $1
               AND k.channel_account_id = r.channel_account_id AND k.contact_id = r.merged_into) AS idle
         FROM outbound.recipients r WHERE merchant_id = $1 AND (channel_account_id, contact_id) > ($2, $3)
         ORDER BY channel_account_id, contact_id LIMIT ${PAGE} FOR UPDATE`,
        [merchantId, account, contact, before],
      )) as { account: string; contact: string; idle: boolean }[];
      const idle = rows.filter((row) => row.idle);
      const gone = `SELECT r.ctid FROM unnest($1::text[], $2::text[]) AS i(account, contact)
        JOIN outbound.recipients r ON r.channel_account_id = i.account AND r.contact_id = i.contact FOR UPDATE OF r`;
      await removeRows(tx, 'outbound.recipients', gone, [
        idle.map((row) => row.account),
        idle.map((row) => row.contact),
      ]);
      const last = rows.at(-1);
      return last && rows.length === PAGE ? [last.account, last.contact] : undefined;
    });
  }
}

type Place = [account: string, contact: string];
