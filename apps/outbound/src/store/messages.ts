import type { EntityManager } from 'typeorm';
import {
  readPerson,
  writtenPerson,
  type OutboundContent,
  type PersonRef,
  type TemplateFallback,
} from '#core/messaging';
import { SWITCHED_OFF, type MessageState, type Verdict } from '#core/outbound';
import { atCommit, later, query } from '#persistence';
import {
  lockedRecipient,
  lockRecipient,
  lockRecipientOf,
  RECIPIENT_COLUMNS,
  type RecipientKey,
  type RecipientRow,
} from './recipients.js';

/** A message as it is stored: its place in its recipient's line, and everything that happened to it. */
export interface Message extends RecipientKey {
  messageId: string;
  person: PersonRef;
  content: OutboundContent;
  template: TemplateFallback | null;
  deadline: Date | null;
  state: MessageState;
  /** Still in its recipient's line. */
  open: boolean;
  plan: number;
  verdict: Verdict | null;
  plannedAt: Date | null;
  slotAt: Date | null;
  calledAt: Date | null;
  sends: number;
  retries: number;
  lateFailures: number;
  notBefore: Date | null;
  indeterminateAt: Date | null;
  possibleDuplicate: boolean;
  withoutMedia: boolean;
  channelMessageId: string | null;
  failedChannelIds: string[];
  error: MessageError | null;
  pricing: object | null;
  acceptedAt: Date | null;
  heldAt: Date | null;
  sentAt: Date | null;
  deliveredAt: Date | null;
  readAt: Date | null;
  playedAt: Date | null;
  failedAt: Date | null;
  droppedAt: Date | null;
}

export interface MessageError {
  code: number | null;
  class: string;
  details: string;
  at: string;
  /** Its task stands among the dead letters. */
  deadLetter?: boolean;
  /** How often that task had been redriven before: a run with more of them is what a person wanted. */
  redrives?: number;
}

export type MessagePatch = Partial<Omit<Message, 'messageId' | keyof RecipientKey>>;

const COLUMNS: Record<keyof Message, string> = {
  messageId: 'message_id',
  channelAccountId: 'channel_account_id',
  contactId: 'contact_id',
  person: 'person',
  content: 'content',
  template: 'template',
  deadline: 'deadline',
  state: 'state',
  open: 'open',
  plan: 'plan',
  verdict: 'verdict',
  plannedAt: 'planned_at',
  slotAt: 'slot_at',
  calledAt: 'called_at',
  sends: 'sends',
  retries: 'retries',
  lateFailures: 'late_failures',
  notBefore: 'not_before',
  indeterminateAt: 'indeterminate_at',
  possibleDuplicate: 'possible_duplicate',
  withoutMedia: 'without_media',
  channelMessageId: 'channel_message_id',
  failedChannelIds: 'failed_channel_ids',
  error: 'error',
  pricing: 'pricing',
  acceptedAt: 'accepted_at',
  heldAt: 'held_at',
  sentAt: 'sent_at',
  deliveredAt: 'delivered_at',
  readAt: 'read_at',
  playedAt: 'played_at',
  failedAt: 'failed_at',
  droppedAt: 'dropped_at',
};
const JSON_FIELDS = new Set<string>(['person', 'content', 'template', 'verdict', 'error', 'pricing']);
const SELECT = Object.entries(COLUMNS)
  .map(([field, column]) => `m.${column} AS "${field}"`)
  .join(', ');

/** A message of which nothing has become yet. */
const UNTOUCHED = {
  state: 'queued',
  open: true,
  plan: 0,
  verdict: null,
  plannedAt: null,
  slotAt: null,
  calledAt: null,
  sends: 0,
  retries: 0,
  lateFailures: 0,
  notBefore: null,
  indeterminateAt: null,
  possibleDuplicate: false,
  withoutMedia: false,
  channelMessageId: null,
  failedChannelIds: [],
  error: null,
  pricing: null,
  acceptedAt: null,
  heldAt: null,
  sentAt: null,
  deliveredAt: null,
  readAt: null,
  playedAt: null,
  failedAt: null,
  droppedAt: null,
} as const satisfies Partial<Message>;

/** Messages that their transaction writes when it is committed. */
const unwritten = new WeakSet<Message>();

/** Messages that a query gives, each with its person in whichever form it was written. */
async function select<M extends Message>(
  tx: EntityManager,
  sql: string,
  parameters: unknown[],
): Promise<M[]> {
  const rows = await query<M>(tx, sql, parameters);
  for (const row of rows) row.person = readPerson(row.person);
  return rows;
}

/** The first of a line: of a channel account ($1) and a contact ($2). */
const HEAD = `SELECT * FROM outbound.messages WHERE open AND channel_account_id = $1 AND contact_id = $2
  ORDER BY seq LIMIT 1 FOR UPDATE`;

export interface NewMessage extends RecipientKey {
  messageId: string;
  person: PersonRef;
  content: OutboundContent;
  template?: TemplateFallback;
  deadline?: string;
  threadId: string;
  orderRef?: string;
}

/**
 * Puts a message at the end of its recipient's line, once, and resolves with the message that the line then stands at. The
 * caller holds the recipient's lock.
 */
export async function insertMessage(
  tx: EntityManager,
  message: NewMessage,
  now: Date,
): Promise<Message | undefined> {
  const [head] = await select<Message>(
    tx,
    `WITH head AS (${HEAD}), put AS (
       INSERT INTO outbound.messages (merchant_id, message_id, channel_account_id, contact_id, person, content, template,
         deadline, thread_id, order_ref, state, created_at)
       VALUES (current_setting('waco.merchant_id'), $3, $1, $2, $4, $5, $6, $7, $8, $9, 'queued', $10)
       ON CONFLICT DO NOTHING RETURNING *)
     SELECT ${SELECT} FROM (SELECT * FROM head UNION ALL SELECT * FROM put WHERE NOT EXISTS (SELECT FROM head)) m`,
    [
      message.channelAccountId,
      message.contactId,
      message.messageId,
      stored('person', message.person),
      JSON.stringify(message.content),
      message.template ? JSON.stringify(message.template) : null,
      message.deadline ?? null,
      message.threadId,
      message.orderRef ?? null,
      now,
    ],
  );
  return head;
}

/**
 * Puts a message into a line that is empty. It is inserted at the commit, as it is then: the transaction must touch no other
 * message of the line. The caller holds the recipient's lock.
 */
export function putFirst(tx: EntityManager, message: NewMessage, now: Date): Message {
  const { messageId, channelAccountId, contactId, person, content, template = null, deadline } = message;
  const first: Message = {
    ...UNTOUCHED,
    ...{ messageId, channelAccountId, contactId, person, content, template },
    deadline: deadline === undefined ? null : new Date(deadline),
  };
  unwritten.add(first);
  atCommit(tx, `message/${messageId}`, () => {
    unwritten.delete(first);
    const { threadId, orderRef = null } = message;
    const fields = Object.keys(COLUMNS) as (keyof Message)[];
    const columns = ['thread_id', 'order_ref', 'created_at', ...fields.map((field) => COLUMNS[field])];
    later(
      tx,
      `INSERT INTO outbound.messages (merchant_id, ${columns.join(', ')})
       VALUES (current_setting('waco.merchant_id'), ${columns.map((_, i) => `$${i + 1}`).join(', ')})`,
      [threadId, orderRef, now, ...fields.map((field) => stored(field, first[field]))],
    );
  });
  return first;
}

/** The message that its recipient's line stands at. The caller holds the recipient's lock. */
export async function lockHead(tx: EntityManager, key: RecipientKey): Promise<Message | undefined> {
  const [head] = await select<Message>(tx, `SELECT ${SELECT} FROM (${HEAD}) m`, [
    key.channelAccountId,
    key.contactId,
  ]);
  return head;
}

/** Whether nothing is in the line. It holds for as long as the caller has the recipient's lock, and had it before. */
export async function isEmpty(tx: EntityManager, key: RecipientKey): Promise<boolean> {
  const open = await query(
    tx,
    `SELECT FROM outbound.messages WHERE open AND channel_account_id = $1 AND contact_id = $2 LIMIT 1`,
    [key.channelAccountId, key.contactId],
  );
  return open.length === 0;
}

/**
 * A message with its recipient's lock: whoever changes a message holds that first, so that two never wait for each
 * other. While one waits for it the message may be moved to another recipient, whose lock is then taken as well.
 */
export async function lockMessage(
  tx: EntityManager,
  messageId: string,
  now: Date,
): Promise<Message | undefined> {
  return (await lockTogether(tx, messageId)) ?? lockApart(tx, messageId, now);
}

/**
 * The same with what its line stands at when this message has left it: `next` is null when the line is then empty, and
 * undefined when that is not known.
 */
export async function lockWithNext(
  tx: EntityManager,
  messageId: string,
  now: Date,
): Promise<{ message?: Message; next?: Message | null }> {
  const [message, [next]] = await Promise.all([
    lockTogether(tx, messageId),
    select<Message>(
      tx,
      `SELECT ${SELECT} FROM outbound.messages m
       WHERE open AND message_id <> $1 AND (channel_account_id, contact_id) =
         (SELECT channel_account_id, contact_id FROM outbound.messages WHERE message_id = $1)
       ORDER BY seq LIMIT 1 FOR UPDATE`,
      [messageId],
    ),
  ]);
  return message ? { message, next: next ?? null } : { message: await lockApart(tx, messageId, now) };
}

/**
 * In one statement. It finds nothing when there is no such message, when its recipient was merged, or when it was moved while
 * this waited. What was locked meanwhile stays locked.
 */
async function lockTogether(tx: EntityManager, messageId: string): Promise<Message | undefined> {
  const [row] = await select<Message & RecipientRow>(
    tx,
    `SELECT ${RECIPIENT_COLUMNS}, ${SELECT}
     FROM outbound.recipients r JOIN outbound.messages m USING (channel_account_id, contact_id)
     WHERE m.message_id = $1 AND r.merged_into IS NULL FOR UPDATE OF r, m`,
    [messageId],
  );
  const recipient = row && (await lockedRecipient(tx, row));
  return recipient?.mergedInto === null ? row : undefined;
}

async function lockApart(tx: EntityManager, messageId: string, now: Date): Promise<Message | undefined> {
  const [first, [message]] = await Promise.all([
    lockRecipientOf(tx, messageId),
    select<Message>(tx, `SELECT ${SELECT} FROM outbound.messages m WHERE message_id = $1 FOR UPDATE`, [
      messageId,
    ]),
  ]);
  const isMoved = message && message.contactId !== first?.contactId;
  const recipient = isMoved ? await lockRecipientOf(tx, messageId) : first;
  if (message && recipient?.mergedInto) {
    // It was out of the line when its contact was merged, and may come back: into the line of the one that is kept.
    const { contactId } = await lockRecipient(tx, message, now);
    later(tx, `UPDATE outbound.messages SET contact_id = $2 WHERE message_id = $1`, [messageId, contactId]);
    message.contactId = contactId;
  }
  return message;
}

/**
 * Moves what is in the line of `from` into that of `to`. Both keep the order in which their messages were put into lines.
 * The caller holds both recipients' locks.
 */
export function moveOpenMessages(tx: EntityManager, from: RecipientKey, to: RecipientKey): void {
  later(
    tx,
    `UPDATE outbound.messages SET contact_id = $3
     WHERE open AND channel_account_id = $1 AND contact_id = $2`,
    [from.channelAccountId, from.contactId, to.contactId],
  );
}

/** Contacts after `after` whose lines wait for the account, or its merchant, to be switched on, in their order. */
export async function findSwitchedOff(
  tx: EntityManager,
  channelAccountId: string,
  after: string,
  limit: number,
): Promise<string[]> {
  const rows = await query<{ contactId: string }>(
    tx,
    `SELECT DISTINCT contact_id AS "contactId" FROM outbound.messages
     WHERE open AND channel_account_id = $1 AND contact_id > $2 AND state = 'queued' AND verdict ->> 'why' = ANY ($3)
     ORDER BY contact_id LIMIT $4`,
    [channelAccountId, after, SWITCHED_OFF, limit],
  );
  return rows.map((row) => row.contactId);
}

/** The id of the message that the channel knows by this id. */
export async function findByChannelId(
  tx: EntityManager,
  channelMessageId: string,
): Promise<string | undefined> {
  const rows = await query<{ messageId: string }>(
    tx,
    `SELECT message_id AS "messageId" FROM outbound.messages WHERE channel_message_id = $1
     UNION ALL SELECT message_id FROM outbound.messages
       WHERE failed_channel_ids <> '{}' AND failed_channel_ids @> ARRAY[$1] LIMIT 1`,
    [channelMessageId],
  );
  return rows[0]?.messageId;
}

/** Writes the patch, and into `message` too. */
export function updateMessage(tx: EntityManager, message: Message, patch: MessagePatch): void {
  const fields = Object.entries(patch).filter(([, value]) => value !== undefined);
  Object.assign(message, Object.fromEntries(fields));
  if (unwritten.has(message)) return;
  const assignments = fields.map(([field], i) => `${COLUMNS[field as keyof Message]} = $${i + 2}`);
  later(tx, `UPDATE outbound.messages SET ${assignments.join(', ')} WHERE message_id = $1`, [
    message.messageId,
    ...fields.map(([field, value]) => stored(field, value)),
  ]);
}

const stored = (field: string, value: unknown): unknown => {
  if (field === 'person') return JSON.stringify(writtenPerson(value as PersonRef));
  return JSON_FIELDS.has(field) && value !== null ? JSON.stringify(value) : value;
};
