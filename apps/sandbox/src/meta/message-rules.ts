import { GraphError } from './graph-error.js';
import { checkInteractive } from './interactive-rules.js';
import { MEDIA_KINDS, readMedia } from './media-rules.js';
import type { Json } from './model.js';
import { readObject, readOneOf, readText } from './shape.js';

/** Limits of `POST /<PHONE_NUMBER_ID>/messages`, from Meta's reference of the message endpoint. */
const TEXT_BODY = 4_096;
const OPAQUE_DATA = 512;

const TYPES = ['text', 'interactive', 'template', 'reaction', ...MEDIA_KINDS] as const;
type SendType = (typeof TYPES)[number];

export interface SendRequest {
  /** Digits of `to`, or a business-scoped user id. */
  recipient: { kind: 'phone'; digits: string } | { kind: 'user'; userId: string } | { kind: 'lost' };
  /** What the caller wrote, echoed as `contacts[].input`. */
  input: string;
  type: SendType;
  content: Json;
  contextId?: string;
  bizOpaqueCallbackData?: string;
}

const ENVELOPE = {
  required: ['messaging_product'],
  optional: ['recipient_type', 'to', 'recipient', 'type', 'context', 'biz_opaque_callback_data', ...TYPES],
};

/** Checks everything about a send that needs no knowledge of templates, windows or rates. */
export function readSend(body: unknown, catalogId?: string): SendRequest {
  const given = asObject(body);
  readOneOf(given.messaging_product, 'messaging_product', ['whatsapp']);
  const type = given.type ?? 'text';
  if (!TYPES.includes(type as SendType)) {
    throw new GraphError(131051, `Message type ${String(type)} is not one this sandbox simulates`);
  }
  readObject(given, 'request', ENVELOPE);
  if (given.recipient_type !== undefined) {
    readOneOf(given.recipient_type, 'recipient_type', ['individual']);
  }
  for (const other of TYPES) {
    if (other !== type && given[other] !== undefined) {
      throw new GraphError(100, `Parameter '${other}' does not go with type ${String(type)}`);
    }
  }
  if (given[type as SendType] === undefined) {
    throw new GraphError(100, `The parameter ${String(type)} is required`);
  }
  const content = readContent(type as SendType, given[type as SendType], catalogId);
  const request: SendRequest = { ...readRecipient(given), type: type as SendType, content };
  if (given.context !== undefined) {
    const context = readObject(given.context, 'context', { required: ['message_id'] });
    request.contextId = readText(context.message_id, 'context[message_id]', { max: 512, code: 100 });
  }
  if (given.biz_opaque_callback_data !== undefined) {
    request.bizOpaqueCallbackData = readText(given.biz_opaque_callback_data, 'biz_opaque_callback_data', {
      max: OPAQUE_DATA,
      code: 100,
    });
  }
  return request;
}

function asObject(body: unknown): Json {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new GraphError(100, 'The request body must be a JSON object');
  }
  return body as Json;
}

/** `to` wins over `recipient`. A user id in `to` is accepted by Meta and silently goes nowhere. */
function readRecipient(given: Json): Pick<SendRequest, 'recipient' | 'input'> {
  if (given.to !== undefined) {
    const to = readText(given.to, 'to', { max: 150, code: 100 });
    if (/^[A-Z]{2}\./.test(to)) return { recipient: { kind: 'lost' }, input: to };
    const digits = to.replace(/[\s+()-]/g, '');
    if (!/^\d{7,15}$/.test(digits))
      throw new GraphError(131009, "Parameter 'to' is not a valid phone number");
    return { recipient: { kind: 'phone', digits }, input: to };
  }
  if (given.recipient !== undefined) {
    const userId = readText(given.recipient, 'recipient', { max: 150, code: 100 });
    if (!/^[A-Z]{2}\.[A-Za-z0-9.]{1,140}$/.test(userId)) {
      throw new GraphError(131009, "Parameter 'recipient' is not a business-scoped user id");
    }
    return { recipient: { kind: 'user', userId }, input: userId };
  }
  throw new GraphError(100, 'The parameter to is required');
}

function readContent(type: SendType, value: unknown, catalogId?: string): Json {
  switch (type) {
    case 'text': {
      const text = readObject(value, 'text', { required: ['body'], optional: ['preview_url'] });
      readText(text.body, 'text[body]', { max: TEXT_BODY, code: 100 });
      if (text.preview_url !== undefined && typeof text.preview_url !== 'boolean') {
        throw new GraphError(100, "Parameter 'text[preview_url]' must be a boolean");
      }
      return text;
    }
    case 'image':
    case 'video':
    case 'audio':
    case 'document':
    case 'sticker':
      return readMedia(type, value);
    case 'reaction': {
      const reaction = readObject(value, 'reaction', { required: ['message_id', 'emoji'] });
      readText(reaction.message_id, 'reaction[message_id]', { max: 512, code: 100 });
      if (typeof reaction.emoji !== 'string' || !isOneEmojiOrNone(reaction.emoji)) {
        throw new GraphError(131009, "Parameter 'reaction[emoji]' must be one emoji, or empty to remove it");
      }
      return reaction;
    }
    case 'interactive':
      return checkInteractive(value, catalogId);
    case 'template':
      return readObject(value, 'template', { required: ['name', 'language'], optional: ['components'] });
  }
}

function isOneEmojiOrNone(text: string): boolean {
  const graphemes = [...new Intl.Segmenter().segment(text)];
  return (
    graphemes.length === 0 || (graphemes.length === 1 && /\p{Extended_Pictographic}|\p{RI}|⃣/u.test(text))
  );
}

export interface ReadCall {
  messageId: string;
  typing: boolean;
}

export function isReadCall(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'status' in body;
}

/** The call that marks a customer's message as read and may show the typing indicator. */
export function readReadCall(body: unknown): ReadCall {
  const given = readObject(body, 'request', {
    required: ['messaging_product', 'status', 'message_id'],
    optional: ['typing_indicator'],
  });
  readOneOf(given.messaging_product, 'messaging_product', ['whatsapp']);
  readOneOf(given.status, 'status', ['read']);
  const messageId = readText(given.message_id, 'message_id', { max: 512, code: 100 });
  if (given.typing_indicator === undefined) return { messageId, typing: false };
  const indicator = readObject(given.typing_indicator, 'typing_indicator', { required: ['type'] });
  readOneOf(indicator.type, 'typing_indicator[type]', ['text']);
  return { messageId, typing: true };
}
