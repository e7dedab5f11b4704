import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { CLOCK, type Clock } from '#platform';
import { GraphError } from './graph-error.js';
import { MetaStore } from './meta-store.js';
import { MetaWebhooks } from './meta-webhooks.js';
import type { Customer, Json, ThreadMessage } from './model.js';
import { Threads } from './threads.js';
import { contactOf, messagesChange, statusOf, userIdFor, type StatusFacts } from './wire.js';

const RANK = { accepted: 0, sent: 1, delivered: 2, read: 3, failed: 9 };

/** Carries accepted messages to the phone, and tells the business with status webhooks: sent, delivered, read, failed. */
@Injectable()
export class DeliveryService implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(
    private readonly store: MetaStore,
    private readonly threads: Threads,
    private readonly webhooks: MetaWebhooks,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Goes on with what was under way when the sandbox stopped. */
  onApplicationBootstrap(): void {
    for (const message of this.threads.all()) {
      if (message.direction === 'in') this.carry(message.id, message.status);
    }
  }

  onModuleDestroy(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }

  /** Starts the way of a message that is in its thread with status `accepted`. */
  carry(id: string, status: ThreadMessage['status'] = 'accepted'): void {
    const { sentAfterMs, deliveredAfterMs } = this.store.settings;
    if (status === 'accepted') {
      this.later(sentAfterMs, () => {
        this.advance(id, 'sent');
        this.later(deliveredAfterMs, () => this.advance(id, 'delivered'));
      });
    } else if (status === 'sent') {
      this.later(deliveredAfterMs, () => this.advance(id, 'delivered'));
    }
  }

  /** The phone shows the thread: everything in it that was not read is read now. */
  markRead(customerId: string, phoneNumberId: string): void {
    for (const message of this.threads.list(customerId, phoneNumberId)) {
      if (message.direction === 'in') this.advance(message.id, 'read');
    }
  }

  /** A message that was accepted and never reaches anyone: only its `failed` status is seen. */
  failLater(
    message: Pick<ThreadMessage, 'id' | 'category' | 'opaque' | 'phoneNumberId'>,
    recipient: { digits?: string; customer?: Customer },
    error: GraphError,
  ): void {
    this.later(this.store.settings.sentAfterMs, () => {
      const account = this.store.accountOf(message.phoneNumberId);
      if (!account) return;
      const facts: StatusFacts = {
        status: 'failed',
        at: this.clock.now(),
        priced: false,
        errors: [error.webhook()],
      };
      const userId = recipient.customer && userIdFor(recipient.customer, account.waba.portfolioId);
      const phone = recipient.customer?.hidePhone
        ? undefined
        : (recipient.customer?.phone ?? recipient.digits);
      const value = { statuses: [statusOf(message, { phone, userId }, facts)] };
      this.webhooks.send(account.waba, messagesChange(account.waba, account.number, value), {
        lane: `${message.phoneNumberId} ${userId ?? phone ?? message.id}`,
        field: 'messages',
        phoneNumberId: message.phoneNumberId,
      });
    });
  }

  private advance(id: string, status: 'sent' | 'delivered' | 'read'): void {
    const message = this.threads.get(id);
    const customer = message && this.store.customer(message.customerId);
    const account = message && this.store.accountOf(message.phoneNumberId);
    if (!message || !customer || !account) return;
    const before = message.status ?? 'accepted';
    if (RANK[before] >= RANK[status]) return;
    this.threads.update({ ...message, status });
    if (message.message.type === 'reaction' && status === 'read') return; // a reaction is never reported as read
    // The price stands on `sent` and on the first of delivered and read.
    const priced = status !== 'read' || RANK[before] < RANK.delivered;
    const recipient = {
      phone: customer.hidePhone ? undefined : customer.phone,
      userId: userIdFor(customer, account.waba.portfolioId),
    };
    const value: Json = {
      contacts: [contactOf(customer, account.waba)],
      statuses: [statusOf(message, recipient, { status, at: this.clock.now(), priced })],
    };
    this.webhooks.send(account.waba, messagesChange(account.waba, account.number, value), {
      lane: `${message.phoneNumberId} ${recipient.userId}`,
      field: 'messages',
      phoneNumberId: message.phoneNumberId,
    });
  }

  private later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, ms);
    this.timers.add(timer);
  }
}
