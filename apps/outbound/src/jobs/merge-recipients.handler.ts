import { Controller } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  deferred,
  done,
  mergeRecipients,
  noteInbound,
  sendMessage,
  skipped,
  type JobOutcome,
  type MergeRecipientsPayload,
} from '#contracts';
import { recipientStream } from '#core/messaging';
import { joinLimits } from '#core/outbound';
import { query } from '#persistence';
import { JobHandler, type OrderedContext } from '#queue';
import { Line } from '../line/line.js';
import { Channels } from '../send/channel.js';
import { moveOpenMessages } from '../store/messages.js';
import { lockRecipient, updateRecipient } from '../store/recipients.js';
import { findAccount } from '../store/senders.js';

/** How often it is looked whether the line that ends has taken in what was asked of it. In milliseconds. */
const LOOK_AGAIN_MS = 100;
/** What changes a recipient and was asked for by others. */
const ASKED_FOR = [sendMessage.name, noteInbound.name, mergeRecipients.name];

@Controller()
export class MergeRecipientsHandler {
  constructor(
    private readonly line: Line,
    private readonly channels: Channels,
  ) {}

  /**
   * Two recipients are one person: one line, one window, one pair rate from now on. The row of the one that is gone stays
   * and leads to the one that is kept.
   */
  @JobHandler(mergeRecipients)
  async handle(merge: MergeRecipientsPayload, ctx: OrderedContext): Promise<JobOutcome> {
    const { channelAccountId, keptContactId, goneContactId } = merge;
    // Messages from before the merge stand before those from after it.
    if (await isAwaited(ctx, recipientStream(channelAccountId, goneContactId))) {
      return deferred(new Date(ctx.now.getTime() + LOOK_AGAIN_MS));
    }
    const { tx, now } = ctx;
    const gone = await lockRecipient(tx, { channelAccountId, contactId: goneContactId }, now);
    const kept = await lockRecipient(tx, { channelAccountId, contactId: keptContactId }, now);
    if (gone.contactId === kept.contactId) return skipped('they are one already');
    if (gone.contactId !== goneContactId) return skipped('it was merged into another contact');
    const account = await findAccount(tx, channelAccountId);
    const { rules } = this.channels.of(account?.kind);
    moveOpenMessages(tx, gone, kept);
    updateRecipient(tx, kept, joinLimits(rules.pair, kept, gone, now));
    const rested = { level: 0, at: now };
    updateRecipient(tx, gone, {
      mergedInto: kept.contactId,
      lastInboundAt: null,
      windowRefused: false,
      pair: rested,
      pairRefusals: 0,
      pairHoldUntil: null,
    });
    this.line.advanceAtEnd(ctx, kept);
    return done;
  }
}

/** Something that was asked for before this merge is not in this line yet. It is applied soon, or a dead letter. */
async function isAwaited(
  { tx, item }: { tx: EntityManager; item: OrderedContext['item'] },
  stream: string,
): Promise<boolean> {
  const waiting = await query(
    tx,
    `SELECT FROM journal.items
     WHERE queue = $1 AND stream = $2 AND settled_at IS NULL AND parked_at IS NULL AND id < $3 AND name = ANY ($4) LIMIT 1`,
    [mergeRecipients.queue.name, stream, item.id, ASKED_FOR],
  );
  return waiting.length > 0;
}
