import { IsBoolean, IsISO8601, IsNotEmptyObject, IsObject, IsOptional, IsString } from 'class-validator';
import type { Money, ProductQuery, Quote, QuoteChange, CartLine } from '#core/catalog';
import { threadStream, type InboundContent, type PersonRef } from '#core/messaging';
import type { CategoriesReply, QuoteReply, SearchReply } from './catalog.rpc.js';
import { defineJob, type RetryPolicy } from './job.js';
import { QUEUES } from './queues.js';

const RETRY: RetryPolicy = { attempts: 5, backoff: 'exponential', delayMs: 500 };

export class ReceiveMessagePayload {
  @IsString() channel: 'whatsapp';
  @IsString() channelAccountId: string;
  @IsNotEmptyObject() person: PersonRef;
  /** The channel's id of the message (`wamid.…`). */
  @IsString() messageId: string;
  /** When the customer sent it, by the channel's clock: this, not its arrival, opens the service window. */
  @IsISO8601() sentAt: string;
  @IsObject() content: InboundContent;
  /** A card number was found in the text and masked before this was stored. */
  @IsOptional() @IsBoolean() cardNumberMasked?: boolean;
  /** Another sender (Meta's own agent) is talking with this customer now: an answer takes the thread over. */
  @IsOptional() @IsBoolean() standby?: boolean;
  /** The channel's id of the message that this one answers. */
  @IsOptional() @IsString() replyTo?: string;
}

/** Gateway → conversation: a customer wrote or tapped. */
export const receiveMessage = defineJob({
  name: 'conversation.receive-message.v1',
  queue: QUEUES.threads,
  payload: ReceiveMessagePayload,
  idempotencyKey: (p) => p.messageId,
  stream: (p) => threadStream(p.channelAccountId, p.person),
  retry: RETRY,
});

export class ChangeIdentityPayload {
  @IsString() channelAccountId: string;
  @IsNotEmptyObject() previous: PersonRef;
  @IsNotEmptyObject() current: PersonRef;
  @IsString() messageId: string;
}

/** Gateway → conversation: a person has a new number or user id; cart and orders follow the person. */
export const changeIdentity = defineJob({
  name: 'conversation.change-identity.v1',
  queue: QUEUES.threads,
  payload: ChangeIdentityPayload,
  idempotencyKey: (p) => p.messageId,
  stream: (p) => threadStream(p.channelAccountId, p.previous),
  retry: RETRY,
});

/** A question that a thread asks of the catalog, outside its transaction. */
export type CatalogQuestion =
  { kind: 'categories' } | { kind: 'search'; query: ProductQuery } | { kind: 'quote'; lines: CartLine[] };

/** What came back; `question` tells how to read it. */
export type CatalogAnswer =
  | { kind: 'categories'; reply: CategoriesReply }
  | { kind: 'search'; reply: SearchReply }
  | { kind: 'quote'; reply: QuoteReply };

export class AskCatalogPayload {
  @IsString() threadId: string;
  @IsString() threadStream: string;
  @IsString() questionId: string;
  @IsObject() question: CatalogQuestion;
}

/** Conversation → itself: ask catalog-sync, outside the thread's transaction. */
export const askCatalog = defineJob({
  name: 'conversation.ask-catalog.v1',
  queue: QUEUES.questions,
  payload: AskCatalogPayload,
  idempotencyKey: (p) => p.questionId,
  retry: { attempts: 3, backoff: 'fixed', delayMs: 250 },
});

export class RecordAnswerPayload {
  @IsString() threadId: string;
  @IsString() threadStream: string;
  @IsString() questionId: string;
  @IsObject() answer: CatalogAnswer;
}

/** The answer to a question, back in the thread's line; goes before what waits there. */
export const recordAnswer = defineJob({
  name: 'conversation.record-answer.v1',
  queue: QUEUES.threads,
  payload: RecordAnswerPayload,
  idempotencyKey: (p) => p.questionId,
  stream: (p) => p.threadStream,
  expedited: true,
  retry: RETRY,
});

export interface Tracking {
  carrier: string;
  trackingCode: string;
  trackingUrl?: string;
  eta?: string;
}

/** What a thread is told of an order. Facts only move an order forward. */
export type OrderFact =
  /** The stock is held; the link opens the payment page once. */
  | { kind: 'ready_to_pay'; quote: Quote; url: string; payBefore: string }
  /** Price or stock moved since the quote was accepted: nothing is held, the customer must be asked again. */
  | { kind: 'changed'; quote: Quote; changes: QuoteChange[] }
  /** The shop did not answer; nothing is held. */
  | { kind: 'unavailable' }
  | { kind: 'expired' }
  | { kind: 'payment_failed' }
  | { kind: 'paid'; number: string; quote: Quote; total: Money; paidAt: string }
  | { kind: 'refunded'; total: Money; reason: 'out_of_stock' | 'cancelled' | 'duplicate_payment' }
  | { kind: 'tracking_created'; tracking: Tracking }
  | { kind: 'shipped'; tracking: Tracking }
  | { kind: 'out_for_delivery'; tracking: Tracking }
  | { kind: 'delivered'; tracking: Tracking; deliveredAt: string }
  | { kind: 'delivery_failed'; tracking: Tracking; reason?: string };

export class NoteOrderPayload {
  @IsString() threadId: string;
  @IsString() threadStream: string;
  @IsString() orderRef: string;
  /** Unique within the order, e.g. `paid` or `shipped_ful_1`. */
  @IsString() factId: string;
  @IsObject() fact: OrderFact;
  @IsISO8601() occurredAt: string;
}

/** Checkout → conversation: something became true of an order. */
export const noteOrder = defineJob({
  name: 'conversation.note-order.v1',
  queue: QUEUES.threads,
  payload: NoteOrderPayload,
  idempotencyKey: (p) => `${p.orderRef}_${p.factId}`,
  stream: (p) => p.threadStream,
  retry: RETRY,
});
