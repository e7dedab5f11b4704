import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isIdentifying } from '#core/messaging';
import { itemsOfOrder, itemsOfStreams, type TimelineItem } from './journal-items.js';
import { findMessages } from './messages.js';
import { findOrder, ordersOfThread } from './orders.js';
import { Reading } from './reading.js';
import { findThread, type ThreadRow } from './threads.js';
import { orderTimeline, threadTimeline, type TimelineEntry } from './timeline.js';

/** Of a longer thread the latest messages are shown. */
const MOST_MESSAGES = 2_000;

/** What happened, put together from every service's own record. */
@Injectable()
export class Timelines {
  constructor(private readonly reading: Reading) {}

  /** @throws Refusal `not_found`. */
  ofOrder(merchantId: string, ref: string): Promise<TimelineEntry[]> {
    return this.reading.of(merchantId, async (tx) => {
      const order = await findOrder(tx, merchantId, ref);
      const { orderRef, told, work } = order;
      const items = await itemsOfOrder(tx, merchantId, { orderRef, round: work.round, told });
      const messages = await findMessages(tx, merchantId, { orderRef, limit: MOST_MESSAGES });
      return orderTimeline(order, items, messages);
    });
  }

  /** @throws Refusal `not_found`. */
  ofThread(merchantId: string, threadId: string): Promise<TimelineEntry[]> {
    return this.reading.of(merchantId, async (tx) => {
      const thread = await findThread(tx, merchantId, threadId);
      const ids = [thread.threadId, ...thread.formerIds];
      const items = await inboundOf(tx, merchantId, thread);
      const messages = [];
      for (const id of ids) {
        messages.push(...(await findMessages(tx, merchantId, { threadId: id, limit: MOST_MESSAGES })));
      }
      return threadTimeline(items, messages, await ordersOfThread(tx, merchantId, ids));
    });
  }
}

/** A person wrote under each of their names: each is a line of its own. */
function inboundOf(tx: EntityManager, merchantId: string, thread: ThreadRow): Promise<TimelineItem[]> {
  const names = thread.aliases
    .filter(({ kind }) => isIdentifying(kind) && kind !== 'parent_user_id')
    .map(({ value }) => value);
  return itemsOfStreams(
    tx,
    merchantId,
    names.map((name) => `thread/${thread.channelAccountId}/${name}`),
  );
}
