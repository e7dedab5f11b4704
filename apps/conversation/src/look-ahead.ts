import { Injectable } from '@nestjs/common';
import { noteOrder, receiveMessage, type NoteOrderPayload, type ReceiveMessagePayload } from '#contracts';
import { newThread, type ThreadEvent, type ThreadState } from '#core/conversation';
import { Directory, Tenants, type Stream } from '#persistence';
import type { ReadAhead } from '#queue';
import { CatalogClient } from '#service';
import { Knowledge, type SeenItem } from './knowledge.js';
import { contextOf } from './step-context.js';
import { Threads, type Thread } from './threads.js';

/** Items of a stream that are looked at. */
const MOST_ITEMS = 16;

/** The thread of the person who wrote the message of this item, if that is familiar and nobody else has it; locked. */
export interface ThreadAhead {
  itemId: string;
  thread: Promise<Thread | undefined>;
}

/**
 * Plays the next items of a stream in memory, on the thread as it is now, to learn what the catalog has to be asked, and
 * asks. It may be wrong (the thread changes meanwhile, or is another one): then the step itself says what it misses.
 */
@Injectable()
export class LookAhead {
  constructor(
    private readonly tenants: Tenants,
    private readonly directory: Directory,
    private readonly catalog: CatalogClient,
    private readonly threads: Threads,
  ) {}

  readonly prepare = async ({ merchantId, queue, stream }: Stream, now: Date): Promise<Knowledge> => {
    const knowledge = new Knowledge(merchantId, this.catalog);
    const merchant = await this.directory.merchant(merchantId);
    if (!merchant) return knowledge;
    const [found] = (await this.tenants.read(
      merchantId,
      `SELECT (SELECT json_agg(i ORDER BY i.occurred_at, i.id) FROM (
           SELECT id, occurred_at, name, payload FROM journal.items
           WHERE settled_at IS NULL AND parked_at IS NULL AND queue = $1 AND stream = $2
             AND due_at <= greatest($3::timestamptz, clock_timestamp())
           ORDER BY occurred_at, id LIMIT ${MOST_ITEMS}) i) AS items,
         (SELECT state FROM conversation.threads WHERE stream = $2 ORDER BY updated_at DESC LIMIT 1) AS state`,
      [queue, stream, now],
    )) as { items: SeenItem[] | null; state: ThreadState | null }[];
    [knowledge.first] = found!.items ?? [];
    let state = found!.state ?? newThread(now);
    try {
      for (const { name, payload } of found!.items ?? []) {
        const event = eventOf(name, payload);
        if (event) state = await knowledge.lookAhead(state, event, contextOf(merchant, now));
      }
    } catch {
      // What is wrong with an item shows when it is applied.
    }
    return knowledge;
  };

  /** A customer's message is about the customer's thread. */
  readonly readAhead: ReadAhead = (tx, { merchantId }, known, now): ThreadAhead | undefined => {
    const { first } = known as Knowledge;
    if (first?.name !== receiveMessage.name) return undefined;
    const { channelAccountId, person } = first.payload as ReceiveMessagePayload;
    const book = { merchantId, channelAccountId };
    const thread = this.threads.lockFamiliar(tx, book, person, now, 'SKIP LOCKED');
    // A statement that fails fails the transaction, and a payload that breaks its contract is rejected for that.
    thread.catch(() => undefined);
    return { itemId: String(first.id), thread };
  };
}

function eventOf(name: string, payload: object): ThreadEvent | undefined {
  switch (name) {
    case receiveMessage.name: {
      const { content, cardNumberMasked } = payload as ReceiveMessagePayload;
      return { kind: 'inbound', content, cardNumberMasked };
    }
    case noteOrder.name: {
      const { orderRef, fact } = payload as NoteOrderPayload;
      return { kind: 'order_fact', orderRef, fact };
    }
    default:
      return undefined;
  }
}
