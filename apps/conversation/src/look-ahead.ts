import { Injectable } from '@nestjs/common';
import {
  noteOrder,
  readPayload,
  receiveMessage,
  type NoteOrderPayload,
  type ReceiveMessagePayload,
} from '#contracts';
import { newThread, type ThreadEvent } from '#core/conversation';
import { Directory, Journal, Tenants, type PendingItem, type Stream } from '#persistence';
import { CatalogClient } from '#service';
import { isFamiliar } from './contacts.js';
import { Knowledge } from './knowledge.js';
import { verificationOf } from './verifiers.js';
import { contextOf } from './step-context.js';
import { THREAD_OF_LINE, type Thread } from './threads.js';

/** Items of a stream that are looked at. */
const MOST_ITEMS = 16;

/**
 * Plays the next items of a stream in memory, on the thread as it is now, to learn what the catalog has to be asked, and
 * asks. It may be wrong (the thread changes meanwhile, or is another one): then the step itself says what it misses.
 */
@Injectable()
export class LookAhead {
  constructor(
    private readonly tenants: Tenants,
    private readonly journal: Journal,
    private readonly directory: Directory,
    private readonly catalog: CatalogClient,
  ) {}

  readonly prepare = async (stream: Stream, now: Date): Promise<Knowledge> => {
    const { merchantId } = stream;
    const knowledge = new Knowledge(merchantId, this.catalog);
    const merchant = await this.directory.merchant(merchantId);
    if (!merchant) return knowledge;
    const seen = await this.journal.look<Thread>(this.tenants, stream, now, MOST_ITEMS, THREAD_OF_LINE);
    const thread = seen.beside;
    let state = thread?.state ?? newThread(now);
    try {
      for (const { name, payload, due } of seen.items) {
        if (!due) break;
        const event = eventOf(name, payload as object);
        if (event) state = await knowledge.lookAhead(state, event, contextOf(merchant, now, thread));
      }
      if (thread && isOnlyMessage(seen.items, thread, now)) knowledge.sees(seen.items[0]!, thread);
    } catch {
      // What is wrong with an item shows when it is applied.
    }
    return knowledge;
  };
}

/** Whether it is a message, with which nothing has gone wrong yet, of the one whose thread this is. */
function isOnlyMessage([item, another]: readonly PendingItem[], thread: Thread, now: Date): boolean {
  if (!item || another || item.name !== receiveMessage.name) return false;
  const { due, blocking, attempts, crashes } = item;
  if (!due || blocking || attempts > 0 || crashes > 0) return false;
  const payload = item.payload as ReceiveMessagePayload;
  const { channel, channelAccountId, person, sentAt } = readPayload(receiveMessage, payload);
  const verified = verificationOf(channel, new Date(sentAt));
  return thread.channelAccountId === channelAccountId && isFamiliar(thread, { verified }, person, now);
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
