import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '#platform';
import { MetaWebhooks } from './meta-webhooks.js';
import type { Customer, Json, PhoneNumber, ThreadMessage, Waba } from './model.js';
import { plainText } from './plain-text.js';
import { SendService } from './send.service.js';
import { Threads } from './threads.js';
import { contactOf, messagesChange, newWamid, unixSeconds, userIdFor } from './wire.js';

/** What a customer sends: stored in the thread, opens the service window, goes out as a `messages` webhook. */
@Injectable()
export class InboundService {
  constructor(
    private readonly threads: Threads,
    private readonly webhooks: MetaWebhooks,
    private readonly sends: SendService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** `content` is the message object without sender, id and time. With `id` given, that id is used. */
  receive(account: { waba: Waba; number: PhoneNumber }, customer: Customer, content: Json): ThreadMessage {
    const { waba, number } = account;
    const now = this.clock.now();
    const message: Json = {
      ...(customer.hidePhone ? {} : { from: customer.phone }),
      from_user_id: userIdFor(customer, waba.portfolioId),
      id: newWamid(customer.phone),
      timestamp: String(unixSeconds(now)),
      ...content,
    };
    this.sends.throughput.count(number.id, now.getTime());
    const id = String(message.id);
    // A given id that is known already is the same message once more: only its webhook goes out again.
    const known = this.threads.get(id);
    const stored =
      known ??
      this.threads.add({
        id,
        customerId: customer.customerId,
        phoneNumberId: number.id,
        direction: 'out',
        at: now.toISOString(),
        message,
        status: 'delivered',
        text: plainText(message),
      });
    const value = { contacts: [contactOf(customer, waba)], messages: [message] };
    this.webhooks.send(waba, messagesChange(waba, number, value), {
      lane: `${number.id} ${userIdFor(customer, waba.portfolioId)}`,
      field: 'messages',
      phoneNumberId: number.id,
    });
    return stored;
  }
}
