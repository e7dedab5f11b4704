import {
  IsArray,
  IsBoolean,
  IsIn,
  IsISO8601,
  IsInt,
  IsNotEmptyObject,
  IsObject,
  IsOptional,
  IsString,
} from 'class-validator';
import {
  recipientStream,
  type OutboundContent,
  type PersonRef,
  type TemplateFallback,
} from '#core/messaging';
import { defineJob, type RetryPolicy } from './job.js';
import { QUEUES } from './queues.js';

const RETRY: RetryPolicy = { attempts: 5, backoff: 'exponential', delayMs: 500 };
const toRecipient = (p: { channelAccountId: string; contactId: string }): string =>
  recipientStream(p.channelAccountId, p.contactId);

/** A customer's message, which opens or prolongs the service window. */
export interface InboundNote {
  /** The channel's id of it. */
  messageId: string;
  /** When the customer sent it, by the channel's clock, ISO 8601. */
  sentAt: string;
}

export class SendMessagePayload {
  /** Chosen by the sender (`msg_…`), the same on every retry: comes back on statuses, settles lost answers. */
  @IsString() messageId: string;
  @IsString() channelAccountId: string;
  @IsString() contactId: string;
  @IsNotEmptyObject() person: PersonRef;
  @IsObject() content: OutboundContent;
  /** Sent instead when the service window is closed; without one the message waits for the customer. */
  @IsOptional() @IsObject() template?: TemplateFallback;
  /** After this time the message has no use any more and is dropped. */
  @IsOptional() @IsISO8601() deadline?: string;
  /** What it belongs to, for timelines: a thread, and perhaps an order. */
  @IsString() threadId: string;
  @IsOptional() @IsString() orderRef?: string;
  /** The customer's message that this one answers. */
  @IsOptional() @IsObject() inbound?: InboundNote;
}

/** Conversation → outbound: say this to the customer. How and when is decided when it is sent. */
export const sendMessage = defineJob({
  name: 'outbound.send-message.v1',
  queue: QUEUES.recipients,
  payload: SendMessagePayload,
  people: ['person'],
  idempotencyKey: (p) => p.messageId,
  stream: toRecipient,
  retry: RETRY,
});

export class NoteInboundPayload {
  @IsString() channelAccountId: string;
  @IsString() contactId: string;
  /** The channel's id of the inbound message. */
  @IsString() messageId: string;
  /** When the customer sent it, by the channel's clock. */
  @IsISO8601() sentAt: string;
}

/** Conversation → outbound: the customer wrote, which opens or prolongs the service window. */
export const noteInbound = defineJob({
  name: 'outbound.note-inbound.v1',
  queue: QUEUES.recipients,
  payload: NoteInboundPayload,
  idempotencyKey: (p) => p.messageId,
  stream: toRecipient,
  // A window that opens frees what waits in the same line.
  expedited: true,
  retry: RETRY,
});

export class MergeRecipientsPayload {
  @IsString() channelAccountId: string;
  /** The contact that stays. */
  @IsString() keptContactId: string;
  /** The contact that turned out to be the same person, and is no more. */
  @IsString() goneContactId: string;
}

/**
 * Conversation → outbound: two contacts are one person. It stands in the line of the one that stays, before everything
 * that is said to the person after the merge.
 */
export const mergeRecipients = defineJob({
  name: 'outbound.merge-recipients.v1',
  queue: QUEUES.recipients,
  payload: MergeRecipientsPayload,
  idempotencyKey: (p) => `${p.goneContactId}_${p.keptContactId}`,
  stream: (p) => recipientStream(p.channelAccountId, p.keptContactId),
  retry: RETRY,
});

export class AdvanceRecipientPayload {
  @IsString() channelAccountId: string;
  @IsString() contactId: string;
  /** Makes two requests for the same look one: the time it is due, or what brings it about. */
  @IsString() occasion: string;
}

/** Outbound → itself: look at the head of a recipient's line again. A timer, or a template that is back. */
export const advanceRecipient = defineJob({
  name: 'outbound.advance-recipient.v1',
  queue: QUEUES.recipients,
  payload: AdvanceRecipientPayload,
  idempotencyKey: (p) => `${p.channelAccountId}_${p.contactId}_${p.occasion}`,
  stream: toRecipient,
  retry: RETRY,
});

export class ResumeAccountPayload {
  @IsString() channelAccountId: string;
  /** Makes two requests for the same look one. */
  @IsString() occasion: string;
  /** Contacts after this one: lines are freed a page at a time. */
  @IsOptional() @IsString() after?: string;
  /** It is the second look, for lines that were planned while the account was switched on. */
  @IsOptional() @IsBoolean() again?: boolean;
}

/** Admin → outbound: an account, or its merchant, is switched on again. What waits for that goes on. */
export const resumeAccount = defineJob({
  name: 'outbound.resume-account.v1',
  queue: QUEUES.recipients,
  payload: ResumeAccountPayload,
  idempotencyKey: (p) =>
    `${p.channelAccountId}_${p.occasion}_${p.again ? 'again' : 'first'}_${p.after ?? ''}`,
  stream: (p) => `account/${p.channelAccountId}`,
  retry: RETRY,
});

export class CallChannelPayload {
  @IsString() channelAccountId: string;
  @IsString() messageId: string;
  /** Counts the plans of this message: each plan is sent at most once. */
  @IsInt() plan: number;
}

/** Outbound → itself: the HTTP call to the channel, outside any transaction. */
export const callChannel = defineJob({
  name: 'outbound.call-channel.v1',
  queue: QUEUES.sends,
  payload: CallChannelPayload,
  idempotencyKey: (p) => `${p.messageId}_${p.plan}`,
  retry: { attempts: 10, backoff: 'exponential', delayMs: 1_000 },
});

export class RecordStatusPayload {
  @IsString() channelAccountId: string;
  /** The channel's id of the message. */
  @IsString() channelMessageId: string;
  /** Our own id, as it came back (`biz_opaque_callback_data`). */
  @IsOptional() @IsString() messageId?: string;
  @IsIn(['sent', 'delivered', 'read', 'played', 'failed', 'held', 'other'])
  status: 'sent' | 'delivered' | 'read' | 'played' | 'failed' | 'held' | 'other';
  @IsISO8601() at: string;
  @IsArray() errors: { code: number; title: string; details?: string }[];
  @IsOptional() @IsObject() pricing?: { category?: string; type?: string; billable?: boolean };
}

/** What the channel says of one message, by our id of it, or the channel's where it names no other. */
export const streamOfMessage = (id: string): string => `message/${id}`;

/** Gateway → outbound: the channel says what became of a message. */
export const recordStatus = defineJob({
  name: 'outbound.record-status.v1',
  queue: QUEUES.statuses,
  payload: RecordStatusPayload,
  idempotencyKey: (p) => `${p.channelMessageId}_${p.status}_${p.at}`,
  stream: (p) => streamOfMessage(p.messageId ?? p.channelMessageId),
  retry: RETRY,
});

export class RecordTemplateStatusPayload {
  /** What the template belongs to at its channel. */
  @IsOptional() @IsString() accountId?: string;
  /** The same, for processes of the release before, which know this name only. */
  @IsString() businessAccountId: string;
  @IsString() name: string;
  @IsString() language: string;
  /** The channel's word: APPROVED, PAUSED, REJECTED, DISABLED, … */
  @IsString() event: string;
  @IsOptional() @IsString() reason?: string;
  @IsISO8601() at: string;
}

/** Gateway → outbound: a template may or may no longer be sent. */
export const recordTemplateStatus = defineJob({
  name: 'outbound.record-template-status.v1',
  queue: QUEUES.recipients,
  payload: RecordTemplateStatusPayload,
  idempotencyKey: (p) => `${p.businessAccountId}_${p.name}_${p.language}_${p.event}_${p.at}`,
  stream: (p) => `template/${p.businessAccountId}/${p.name}/${p.language}`,
  retry: RETRY,
});
