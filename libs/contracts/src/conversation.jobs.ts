import {
  ArrayNotEmpty,
  IsBoolean,
  IsIn,
  IsISO8601,
  IsNotEmptyObject,
  IsObject,
  IsOptional,
  IsString,
  Matches,
} from 'class-validator';
import type { OrderFact } from '#core/checkout';
import { SCHEME, threadStream, type InboundContent, type PersonRef } from '#core/messaging';
import { defineJob, type RetryPolicy } from './job.js';
import { QUEUES } from './queues.js';

const RETRY: RetryPolicy = { attempts: 5, backoff: 'exponential', delayMs: 500 };

export class ReceiveMessagePayload {
  /** Kind of the channel. */
  @IsString() channel: string;
  @IsString() channelAccountId: string;
  @IsNotEmptyObject() person: PersonRef;
  /** The channel's id of the message. */
  @IsString() messageId: string;
  /** When the customer sent it, by the channel's clock: this, not its arrival, opens the service window. */
  @IsISO8601() sentAt: string;
  @IsObject() content: InboundContent;
  /** A card number was found in the text and masked before this was stored. */
  @IsOptional() @IsBoolean() cardNumberMasked?: boolean;
  /** Another sender (the channel's own agent) is talking with this customer now: an answer takes the thread over. */
  @IsOptional() @IsBoolean() standby?: boolean;
  /** The channel's id of the message that this one answers. */
  @IsOptional() @IsString() replyTo?: string;
}

/** Gateway → conversation: a customer wrote or tapped. */
export const receiveMessage = defineJob({
  name: 'conversation.receive-message.v1',
  queue: QUEUES.threads,
  payload: ReceiveMessagePayload,
  people: ['person'],
  idempotencyKey: (p) => p.messageId,
  stream: (p) => threadStream(p.channelAccountId, p.person),
  retry: RETRY,
});

export class ChangeIdentityPayload {
  /** Kind of the channel; the release before does not say it. */
  @IsOptional() @IsString() channel?: string;
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
  people: ['previous', 'current'],
  idempotencyKey: (p) => p.messageId,
  stream: (p) => threadStream(p.channelAccountId, p.previous),
  retry: RETRY,
});

/** What a channel can hand over; that a number is verified, the channel's rules say. */
const HANDED_OVER = ['signed_identity', 'confirmation'] as const;

export class JoinContactsPayload {
  /** Unique within the merchant: a proof that is handed over twice is one. */
  @IsString() proofId: string;
  @IsIn(HANDED_OVER) kind: (typeof HANDED_OVER)[number];
  /** What the value is, e.g. `customer_id`. */
  @Matches(SCHEME) scheme: string;
  /** The same for all who are this person, and never anybody else's. */
  @Matches(/^.{1,256}$/su) value: string;
  @IsISO8601() provedAt: string;
  /**
   * Of whom it is proved. One is enough for an identity that somebody else has, or will have; a confirmation names both. A
   * contact that is not known is made.
   */
  @ArrayNotEmpty()
  @IsNotEmptyObject({}, { each: true })
  members: { channelAccountId: string; person: PersonRef }[];
}

/** A channel → conversation: it is proved that contacts are one person. */
export const joinContacts = defineJob({
  name: 'conversation.join-contacts.v1',
  queue: QUEUES.threads,
  payload: JoinContactsPayload,
  people: ['members[].person'],
  idempotencyKey: (p) => p.proofId,
  stream: ({ members: [first] }) => threadStream(first!.channelAccountId, first!.person),
  retry: RETRY,
});

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
