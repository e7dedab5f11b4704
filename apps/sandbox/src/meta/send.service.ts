import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '#platform';
import { DeliveryService } from './delivery.service.js';
import { GraphError } from './graph-error.js';
import { mediaNamedIn } from './media-rules.js';
import { MediaService } from './media.service.js';
import { isReadCall, readReadCall, readSend, type SendRequest } from './message-rules.js';
import { MetaStore } from './meta-store.js';
import {
  TIERS,
  type Customer,
  type Json,
  type PhoneNumber,
  type RenderedTemplate,
  type Template,
  type Waba,
} from './model.js';
import { plainText } from './plain-text.js';
import { MessagingLimit, PairRate, Throughput } from './rates.js';
import { fillTemplate } from './template-rules.js';
import { Threads } from './threads.js';
import { newWamid, userIdFor } from './wire.js';

const WINDOW_MS = 24 * 3_600_000;
const TYPING_MS = 25_000;
const READABLE_FOR_MS = 30 * 24 * 3_600_000;
const DEFAULT_THROUGHPUT = 80;
const UNFIT = 'Unable to upload the media used in the message. The type of the file does not fit the message';

interface Sender {
  waba: Waba;
  number: PhoneNumber;
}

interface FilledTemplate {
  template: Template;
  rendered: RenderedTemplate;
}

/** `POST /<PHONE_NUMBER_ID>/messages`: every check Meta makes, then acceptance. Acceptance is all the answer says. */
@Injectable()
export class SendService {
  private readonly pairs = new PairRate();
  readonly throughput = new Throughput();
  private readonly limit = new MessagingLimit();

  constructor(
    private readonly store: MetaStore,
    private readonly threads: Threads,
    private readonly delivery: DeliveryService,
    private readonly media: MediaService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws GraphError for a refusal, which the ledger keeps too. */
  handle(sender: Sender, body: unknown): Json {
    if (isReadCall(body)) return this.read(sender.number, body);
    try {
      return this.accept(sender, readSend(body, sender.waba.catalogId), body as Json);
    } catch (error) {
      if (error instanceof GraphError) this.refused(sender.number.id, body, error);
      throw error;
    }
  }

  /** Keeps a refusal in the ledger. */
  refused(phoneNumberId: string, body: unknown, error: GraphError): void {
    const given = (typeof body === 'object' && body !== null ? body : {}) as Json;
    this.store.record({
      at: this.clock.now().toISOString(),
      phoneNumberId,
      recipient: String(given.to ?? given.recipient ?? ''),
      type: String(given.type ?? 'text'),
      bizOpaqueCallbackData: given.biz_opaque_callback_data as string | undefined,
      code: error.code,
      details: error.details,
    });
  }

  private accept(sender: Sender, request: SendRequest, body: Json): Json {
    const now = this.clock.now();
    const filled = request.type === 'template' ? this.fill(sender.waba, request.content) : undefined;
    const fits = this.media.check(sender.number.id, mediaNamedIn(request.type, request.content));
    const customer = this.find(sender.waba, request);
    if (request.recipient.kind === 'lost') return this.acceptAndDrop(sender, request, now);
    const windowOpen = customer !== undefined && this.windowOpen(customer, sender.number, now);
    const outsideWindow = !filled && !windowOpen;
    if (outsideWindow && this.store.settings.windowErrorMode === 'sync') throw windowError();
    this.takeFromLimits(sender, request, customer, Boolean(filled) && !windowOpen, now);

    const wamid = newWamid(customer?.phone ?? request.input);
    const message = {
      id: wamid,
      phoneNumberId: sender.number.id,
      opaque: request.bizOpaqueCallbackData,
      category: filled ? (filled.template.category.toLowerCase() as 'utility') : ('service' as const),
    };
    this.accepted(sender, request, wamid, now);
    const digits = request.recipient.kind === 'phone' ? request.recipient.digits : undefined;
    if (outsideWindow) this.delivery.failLater(message, { digits, customer }, windowError());
    else if (!fits) this.delivery.failLater(message, { digits, customer }, new GraphError(131053, UNFIT));
    else if (!customer || customer.unreachable) {
      this.delivery.failLater(
        message,
        { digits, customer },
        new GraphError(131026, 'Message Undeliverable.'),
      );
    } else {
      this.threads.add({
        ...message,
        customerId: customer.customerId,
        direction: 'in',
        at: now.toISOString(),
        message: body,
        status: 'accepted',
        text: plainText(body, filled?.rendered),
        rendered: filled?.rendered,
      });
      this.delivery.carry(wamid);
    }
    return answer(request, wamid, contactFacts(request, customer, sender.waba));
  }

  private find(waba: Waba, { recipient }: SendRequest): Customer | undefined {
    switch (recipient.kind) {
      case 'phone':
        return this.store.customerByPhone(recipient.digits);
      case 'user': {
        const customer = this.store.customerByUserId(waba.portfolioId, recipient.userId);
        if (!customer) throw new GraphError(131026, 'This user id is not known to your business portfolio');
        return customer;
      }
      case 'lost':
        return undefined;
    }
  }

  private fill(waba: Waba, content: Json): FilledTemplate {
    const name = String(content.name);
    const language = String((content.language as Json | null)?.code ?? '');
    const template = this.store.template(waba.wabaId, name, language);
    if (!template || template.status === 'PENDING' || template.status === 'REJECTED') {
      throw new GraphError(132001, `template name (${name}) does not exist in ${language}`);
    }
    if (template.status === 'PAUSED')
      throw new GraphError(132015, `template ${name} is paused due to low quality`);
    if (template.status === 'DISABLED') throw new GraphError(132016, `template ${name} is disabled`);
    return { template, rendered: fillTemplate(template, content) };
  }

  private windowOpen(customer: Customer, number: PhoneNumber, now: Date): boolean {
    const last = this.threads.lastMessageFrom(customer.customerId, number.id);
    return last !== undefined && now.getTime() - last.getTime() < WINDOW_MS;
  }

  private takeFromLimits(
    { waba, number }: Sender,
    request: SendRequest,
    customer: Customer | undefined,
    businessInitiated: boolean,
    now: Date,
  ): void {
    const at = now.getTime();
    const person = customer?.customerId ?? request.input.replace(/\D/g, '');
    if (!this.throughput.take(number.id, number.throughput ?? DEFAULT_THROUGHPUT, at)) {
      throw new GraphError(130429, 'Rate limit hit: too many messages a second from this phone number');
    }
    if (!this.pairs.take(`${number.id} ${person}`, at)) {
      throw new GraphError(131056, 'Too many messages from this phone number to the same phone number');
    }
    if (
      businessInitiated &&
      !this.limit.take(waba.portfolioId, person, TIERS[waba.tier ?? 'TIER_UNLIMITED'], at)
    ) {
      throw new GraphError(131048, "The portfolio's messaging limit for 24 hours is reached");
    }
  }

  private acceptAndDrop(sender: Sender, request: SendRequest, now: Date): Json {
    const wamid = newWamid('0');
    this.accepted(sender, request, wamid, now);
    return answer(request, wamid, {});
  }

  private accepted(sender: Sender, request: SendRequest, wamid: string, now: Date): void {
    this.store.record({
      at: now.toISOString(),
      phoneNumberId: sender.number.id,
      recipient: request.input,
      type: request.type,
      bizOpaqueCallbackData: request.bizOpaqueCallbackData,
      wamid,
    });
  }

  /** Marks this message and everything before it as read; typing shows until the reply, at most 25 s. */
  private read(number: PhoneNumber, body: unknown): Json {
    const call = readReadCall(body);
    const message = this.threads.get(call.messageId);
    const now = this.clock.now();
    if (message?.direction !== 'out' || message.phoneNumberId !== number.id) {
      throw new GraphError(100, 'The message does not exist or was not sent to this phone number');
    }
    if (now.getTime() - new Date(message.at).getTime() > READABLE_FOR_MS) {
      throw new GraphError(131009, 'The message is older than 30 days');
    }
    for (const earlier of this.threads.list(message.customerId, number.id)) {
      if (earlier.direction === 'out' && earlier.seq <= message.seq && earlier.status !== 'read') {
        this.threads.update({ ...earlier, status: 'read' });
      }
    }
    if (call.typing) {
      this.threads.showTyping(message.customerId, number.id, new Date(now.getTime() + TYPING_MS));
    }
    return { success: true };
  }
}

function windowError(): GraphError {
  return new GraphError(
    131047,
    'Message failed to send because more than 24 hours have passed since the customer last replied to this number.',
  );
}

function contactFacts(request: SendRequest, customer: Customer | undefined, waba: Waba): Json {
  const waId = request.recipient.kind === 'phone' ? request.recipient.digits : customer?.phone;
  const hidden = request.recipient.kind === 'user' && customer?.hidePhone;
  return {
    ...(waId && !hidden ? { wa_id: waId } : {}),
    ...(customer ? { user_id: userIdFor(customer, waba.portfolioId) } : {}),
  };
}

function answer(request: SendRequest, wamid: string, contact: Json): Json {
  return {
    messaging_product: 'whatsapp',
    contacts: [{ input: request.input, ...contact }],
    messages: [{ id: wamid, message_status: 'accepted' }],
  };
}
