import { maskCardNumbers } from './card-numbers.js';
import { KEY_FIELDS_BEFORE } from './person-before.js';
import { isIdentifying } from './person.js';
import { MAX_DEPTH, storable, storableText, TOO_DEEP } from './storable.js';

declare const CLEARED: unique symbol;

/**
 * Something without a card number in its texts, as far as one can be found, and that can be stored. Only {@link cleared}
 * makes it; the journal, the channel, shops and payment providers take nothing else.
 */
export type Cleared<T> = T & { readonly [CLEARED]: true };

/**
 * Names of fields that hold ids, or what is made of ids: whatever stands in them is not changed. Ids of people and of
 * what they wrote, orders and events are looked at where they are read, and are none when they are a card number
 * (`isCardNumberId`). A shop's names for its goods, and its addresses, are its own.
 */
const IDS: ReadonlySet<string> = new Set([
  'id',
  'ref',
  'occasion',
  'runId',
  'upTo',
  'subject',
  'account',
  'signedBy',
  'merchantId',
  'channelAccountId',
  'accountId',
  'senderId',
  // Two of the release before.
  'businessAccountId',
  'phoneNumberId',
  'contactId',
  'erasureId',
  ...KEY_FIELDS_BEFORE,
  'phone',
  'threadId',
  'threadStream',
  'messageId',
  'channelMessageId',
  'replyTo',
  'mediaId',
  'questionId',
  'factId',
  'sku',
  'categoryId',
  'catalogId',
  'seen',
  'imageUrl',
  'nextCursor',
  'orderRef',
  'orderId',
  'reservationId',
  'fulfilmentId',
  'eventId',
  'sessionId',
  'paymentId',
  'refundId',
  'reference',
  'idempotencyKey',
  'url',
  'returnUrl',
  'cancelUrl',
  'link',
  'catalog_id',
  'product_retailer_id',
]);

/** Names of fields that hold what somebody else made, of which no name says anything. */
const FOREIGN: ReadonlySet<string> = new Set(['original']);

/**
 * A value of JSON in which each card number is masked, in texts and in keys. The same object when there was nothing to
 * change, as nearly always.
 * @param foreign somebody else's JSON: the names of its fields say nothing, and everything is looked at.
 */
export function cleared<T>(value: T, { foreign = false } = {}): Cleared<T> {
  return clear(value, foreign, 0) as Cleared<T>;
}

function clear(value: unknown, foreign: boolean, depth: number): unknown {
  if (typeof value === 'string') return maskCardNumbers(storableText(value)).text;
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth >= MAX_DEPTH) return TOO_DEEP;
  return Array.isArray(value) ? ofList(value, foreign, depth) : ofObject(value, foreign, depth);
}

function ofList(value: readonly unknown[], foreign: boolean, depth: number): unknown {
  const made = value.map((entry) => clear(entry, foreign, depth + 1));
  return made.some((entry, i) => entry !== value[i]) ? made : value;
}

/** An alias that identifies is an id: adapters look at it where it is read. */
function isAlias(value: object): boolean {
  const { scheme } = value as { scheme?: unknown };
  return typeof scheme === 'string' && isIdentifying(scheme);
}

function ofObject(value: object, foreign: boolean, depth: number): unknown {
  const keys = Object.keys(value);
  let made: (readonly [string, unknown])[] | undefined;
  for (const [i, key] of keys.entries()) {
    const inner = (value as Record<string, unknown>)[key];
    const isId = !foreign && (IDS.has(key) || (key === 'value' && isAlias(value)));
    const name = isId ? key : maskCardNumbers(storableText(key)).text;
    const now = isId ? storable(inner) : clear(inner, foreign || FOREIGN.has(key), depth + 1);
    if (name !== key || now !== inner) made ??= Object.entries(value).slice(0, i);
    made?.push([name, now]);
  }
  // fromEntries defines properties: a key named __proto__ stays a plain key.
  return made ? Object.fromEntries(made) : value;
}
