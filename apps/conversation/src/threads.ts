import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { cancelOrder, requestCheckout, sendMessage, type InboundNote } from '#contracts';
import {
  newThread,
  THREAD_TTL_MS,
  type Effect,
  type OrderNote,
  type ThreadEvent,
  type ThreadState,
} from '#core/conversation';
import { cleared, type PersonRef } from '#core/messaging';
import { Directory, later, query } from '#persistence';
import { newId } from '#platform';
import type { OrderedContext } from '#queue';
import { NAMES_OF_THREAD, ofFamiliar, toPerson, type Book, type NamesOfThread } from './contacts.js';
import type { Knowledge } from './knowledge.js';
import { contextOf } from './step-context.js';

export interface Thread extends NamesOfThread {
  threadId: string;
  channelAccountId: string;
  contactId: string;
  /** The line in which the customer last wrote: facts of orders come into it. */
  stream: string;
  state: ThreadState;
  /** Orders of the same person in other threads, a list a thread. */
  elsewhere: OrderNote[][] | null;
  /** One more with each change of the state and each merge. */
  version: number;
}

/** For nobody but who is one person with another contact it finds anything. */
const ELSEWHERE = `(SELECT json_agg(o.state -> 'orders') FROM conversation.contacts me
     JOIN conversation.contacts c ON c.person_id = me.person_id AND c.contact_id <> me.contact_id
     JOIN conversation.threads o ON o.channel_account_id = c.channel_account_id AND o.contact_id = c.contact_id
   WHERE me.contact_id = threads.contact_id)`;

const COLUMNS = `thread_id AS "threadId", channel_account_id AS "channelAccountId", contact_id AS "contactId", stream, state,
  version::float8 AS version, ${ELSEWHERE} AS elsewhere, ${NAMES_OF_THREAD}`;

/** The thread that a line was last about, as JSON, for `Journal.look`. */
export const THREAD_OF_LINE = `SELECT row_to_json(t) FROM (
  SELECT ${COLUMNS} FROM conversation.threads WHERE stream = $5 ORDER BY updated_at DESC LIMIT 1) t`;

/** Threads in the database, locked while a step is applied to them. */
@Injectable()
export class Threads {
  constructor(private readonly directory: Directory) {}

  /** The thread by its id or one that it had before a merge, locked; undefined when there is none. */
  async lock(tx: EntityManager, threadId: string): Promise<Thread | undefined> {
    // While one waits for the lock the thread may be merged into another, which only a second look can see.
    for (let look = 0; look < 3; look++) {
      // Apart, as under row-level security no index answers both at once.
      for (const condition of [`thread_id = $1`, `former_ids <> '{}' AND former_ids @> ARRAY[$1]`]) {
        const [thread] = await query<Thread>(
          tx,
          `SELECT ${COLUMNS} FROM conversation.threads WHERE ${condition} FOR UPDATE`,
          [threadId],
        );
        if (thread) return thread;
      }
    }
    return undefined;
  }

  /**
   * The thread of somebody of whom this message says nothing new, locked. For anybody else undefined: the caller then resolves
   * the contact under the locks of the names.
   */
  async lockFamiliar(
    tx: EntityManager,
    book: Book,
    person: PersonRef,
    now: Date,
  ): Promise<Thread | undefined> {
    const [condition, parameters] = ofFamiliar(book, person, now);
    const [thread] = await query<Thread>(
      tx,
      `SELECT ${COLUMNS} FROM conversation.threads WHERE ${condition} FOR UPDATE`,
      parameters,
    );
    return thread;
  }

  /** The contact's thread on this channel account, locked; made when there is none. */
  async lockOrCreate(ctx: OrderedContext, channelAccountId: string, contactId: string): Promise<Thread> {
    const { tx, merchantId, now } = ctx;
    const found = await lockOf(tx, channelAccountId, contactId);
    if (found) return found;
    const state = newThread(now);
    later(
      tx,
      `INSERT INTO conversation.threads
         (merchant_id, thread_id, channel_account_id, contact_id, stream, phase, state, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (merchant_id, channel_account_id, contact_id) DO NOTHING`,
      [
        merchantId,
        newId('thr'),
        channelAccountId,
        contactId,
        ctx.item.stream,
        state.phase,
        state,
        state.expiresAt,
      ],
    );
    return (await lockOf(tx, channelAccountId, contactId))!;
  }

  /** From now on facts of its orders come into this line. */
  moveTo(tx: EntityManager, thread: Thread, stream: string): void {
    if (thread.stream === stream) return;
    later(tx, `UPDATE conversation.threads SET stream = $2 WHERE thread_id = $1`, [thread.threadId, stream]);
    thread.stream = stream;
  }

  /**
   * Applies one event: the new state is stored in the transaction of `ctx`, which fails as overtaken when the thread is
   * another than it was. The effects are the caller's to `emit`.
   * @throws Unprepared when the catalog has to be asked first.
   */
  async apply(ctx: OrderedContext, thread: Thread, event: ThreadEvent): Promise<Effect[]> {
    const merchant = await this.directory.merchant(ctx.merchantId);
    if (!merchant) throw new Error(`merchant ${ctx.merchantId} is not in the directory`);
    const knowledge = ctx.known as Knowledge;
    const { state, effects } = knowledge.step(thread.state, event, contextOf(merchant, ctx.now, thread));
    ctx.evidence = knowledge.evidence;
    later(
      ctx.tx,
      `WITH written AS (
         UPDATE conversation.threads SET state = $3, phase = $4, expires_at = $5, version = version + 1, updated_at = $6, stream = $7
         WHERE thread_id = $1 AND version = $2 RETURNING 1)
       SELECT journal.expect((SELECT count(*) FROM written), 1)`,
      [thread.threadId, thread.version, cleared(state), state.phase, state.expiresAt, ctx.now, thread.stream],
    );
    return effects;
  }

  /**
   * Emits effects with the transaction of `ctx`.
   * @param inbound the customer's message that is answered: it rides on the first thing that is said.
   */
  emit(ctx: OrderedContext, thread: Thread, effects: readonly Effect[], inbound?: InboundNote): void {
    let rides = inbound;
    for (const effect of effects) {
      this.emitOne(ctx, thread, effect, rides);
      if (effect.kind === 'say') rides = undefined;
    }
  }

  private emitOne(ctx: OrderedContext, thread: Thread, effect: Effect, inbound?: InboundNote): void {
    const { threadId, channelAccountId, contactId } = thread;
    switch (effect.kind) {
      case 'say':
        ctx.emit(sendMessage, {
          messageId: newId('msg'),
          channelAccountId,
          contactId,
          person: toPerson(thread),
          content: effect.content,
          template: effect.template,
          // An answer that could not be given for a day is none any more, and must not hold up what follows it.
          deadline: effect.template ? undefined : new Date(ctx.now.getTime() + THREAD_TTL_MS).toISOString(),
          threadId,
          orderRef: effect.orderRef,
          inbound,
        });
        return;
      case 'request_checkout':
        ctx.emit(requestCheckout, {
          orderRef: effect.orderRef,
          threadId,
          threadStream: thread.stream,
          person: toPerson(thread),
          quote: effect.quote,
        });
        return;
      case 'cancel_order':
        ctx.emit(cancelOrder, { orderRef: effect.orderRef, reason: 'the customer went back to shopping' });
    }
  }
}

async function lockOf(
  tx: EntityManager,
  channelAccountId: string,
  contactId: string,
): Promise<Thread | undefined> {
  const [thread] = await query<Thread>(
    tx,
    `SELECT ${COLUMNS} FROM conversation.threads WHERE channel_account_id = $1 AND contact_id = $2 FOR UPDATE`,
    [channelAccountId, contactId],
  );
  return thread;
}
