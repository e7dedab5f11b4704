import { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';
import { Documents, type Collection } from '../world/documents.js';
import type { ThreadMessage } from './model.js';

export type ThreadEvent = { kind: 'item'; item: ThreadMessage } | { kind: 'typing'; until: string };

/** What each customer and each business number said to each other. */
@Injectable()
export class Threads {
  private readonly messages: Collection<ThreadMessage>;
  private readonly threads = new Map<string, ThreadMessage[]>();
  private readonly lastFromCustomer = new Map<string, Date>();
  private readonly changes = new EventEmitter().setMaxListeners(0);

  constructor(documents: Documents) {
    this.messages = documents.collection('meta.messages');
    for (const message of this.messages.all()) this.index(message);
    for (const list of this.threads.values()) list.sort((a, b) => a.seq - b.seq);
  }

  all(): ThreadMessage[] {
    return this.messages.all();
  }

  get(id: string): ThreadMessage | undefined {
    return this.messages.get(id);
  }

  list(customerId: string, phoneNumberId: string): readonly ThreadMessage[] {
    return this.threads.get(key(customerId, phoneNumberId)) ?? [];
  }

  add(message: Omit<ThreadMessage, 'seq'>): ThreadMessage {
    const seq = this.list(message.customerId, message.phoneNumberId).length + 1;
    const stored = { ...message, seq };
    this.messages.put(stored.id, stored);
    this.index(stored);
    this.announce(stored);
    return stored;
  }

  update(message: ThreadMessage): void {
    this.messages.put(message.id, message);
    const list = this.threads.get(key(message.customerId, message.phoneNumberId));
    if (list) list[message.seq - 1] = message;
    this.announce(message);
  }

  /** When the customer last wrote to this number: the 24-hour service window starts there. */
  lastMessageFrom(customerId: string, phoneNumberId: string): Date | undefined {
    return this.lastFromCustomer.get(key(customerId, phoneNumberId));
  }

  showTyping(customerId: string, phoneNumberId: string, until: Date): void {
    this.changes.emit(key(customerId, phoneNumberId), { kind: 'typing', until: until.toISOString() });
  }

  /** Calls back on every new or changed message; the answer ends it. */
  watch(customerId: string, phoneNumberId: string, listener: (event: ThreadEvent) => void): () => void {
    const name = key(customerId, phoneNumberId);
    this.changes.on(name, listener);
    return () => this.changes.off(name, listener);
  }

  private announce(item: ThreadMessage): void {
    this.changes.emit(key(item.customerId, item.phoneNumberId), { kind: 'item', item });
  }

  private index(message: ThreadMessage): void {
    const name = key(message.customerId, message.phoneNumberId);
    const list = this.threads.get(name);
    if (list) list.push(message);
    else this.threads.set(name, [message]);
    if (message.direction === 'out') this.lastFromCustomer.set(name, new Date(message.at));
  }
}

function key(customerId: string, phoneNumberId: string): string {
  return `${customerId} ${phoneNumberId}`;
}
