import { storable } from '#core/messaging';
import { NotAWebhook, type ChannelItem } from '#vendors/kit';
import type { Origin } from './inbound-origin.js';
import { Contacts, factsOf, ignored, messageItem } from './inbound-messages.js';
import {
  idOf,
  compact,
  externalId,
  identifier,
  isObject,
  list,
  object,
  Typed,
  unixTime,
  type Json,
} from './inbound-shape.js';
import { statusItem, templateItem } from './inbound-statuses.js';

/** Keys of a `messages` change that are read, or say nothing by themselves. */
const READ = new Set([
  'messaging_product',
  'metadata',
  'contacts',
  'messages',
  'statuses',
  'errors',
  'message_echoes',
  'standby',
]);

/**
 * Things that one POST may say. Meta sends up to 1,000 updates in one
 * (developers.facebook.com/docs/graph-api/webhooks/getting-started, "Frequency").
 */
const MOST_ITEMS = 2_000;

/**
 * Turns one POST (any number of entries, changes, messages, statuses) into items, in the order of the body, one after
 * the other: whoever takes them may do something else in between. What is not known becomes an `ignored` item; nothing
 * that the body says is dropped, and nothing inside it makes this throw but its number.
 * @param receivedAt stands in where the channel gives no usable time.
 * @throws NotAWebhook when the body is not an object with `object: "whatsapp_business_account"` and a list `entry`, or
 * says more than 2,000 things.
 */
export function* readWebhook(body: unknown, receivedAt: Date): Generator<ChannelItem> {
  if (!isObject(body)) throw new NotAWebhook('the body must be a JSON object');
  if (body.object !== 'whatsapp_business_account') {
    throw new NotAWebhook('object must be "whatsapp_business_account"');
  }
  if (!Array.isArray(body.entry)) throw new NotAWebhook('entry must be a list');
  let count = 0;
  const seen = new Set<string>();
  for (const entry of body.entry) {
    for (const { occurredAt, ...raw } of entryItems(entry, receivedAt)) {
      if (++count > MOST_ITEMS) throw new NotAWebhook(`entry must hold ${MOST_ITEMS} updates at most`);
      const item = { ...(storable(raw) as typeof raw), occurredAt } as ChannelItem;
      // Said twice in one body is said once.
      if (seen.has(item.externalId)) continue;
      seen.add(item.externalId);
      yield item;
    }
  }
}

/** All items of {@link readWebhook} at once. */
export function splitWebhook(body: unknown, receivedAt: Date): ChannelItem[] {
  return [...readWebhook(body, receivedAt)];
}

function* entryItems(raw: unknown, receivedAt: Date): Generator<ChannelItem> {
  const entry = object(raw);
  const shared = {
    accountId: idOf(entry.id),
    time: entryTime(entry.time),
    receivedAt,
  };
  const changes = [
    ...list(entry.changes).map((change) => ({ change, standby: false })),
    ...list(entry.standby).map((change) => ({ change, standby: true })),
  ];
  const unknown: Origin = { ...shared, field: 'unknown', standby: false };
  if (changes.length === 0) return yield ignored(unknown, 'an entry without changes', raw);
  for (const { change, standby } of changes) {
    if (!isObject(change)) {
      yield ignored(unknown, 'a change that is no object', change);
      continue;
    }
    const field = new Typed().optional(change.field)?.slice(0, 100) ?? (standby ? 'standby' : 'unknown');
    const origin = { ...shared, field, standby: standby || field === 'standby' };
    const value = standby && change.value === undefined ? change : change.value;
    if (isObject(value)) yield* changeItems(origin, value);
    else yield ignored(origin, 'a change whose value is no object', change);
  }
}

function* changeItems(shared: Origin, value: Json): Generator<ChannelItem> {
  const senderId = idOf(object(value.metadata).phone_number_id) ?? shared.senderId;
  const origin = compact({ ...shared, senderId });
  const template = templateItem(origin, value);
  if (template) return yield template;

  const contacts = new Contacts(value);
  const [messages, statuses, errors] = [list(value.messages), list(value.statuses), list(value.errors)];
  const [echoes, standby] = [list(value.message_echoes), list(value.standby)];
  if ([messages, statuses, errors, echoes, standby].every((all) => all.length === 0)) {
    return yield ignored(origin, `nothing here acts on ${origin.field}`, value);
  }
  for (const message of messages) yield messageItem(origin, contacts, message);
  for (const status of statuses) yield statusItem(origin, status);
  for (const error of errors) yield ignored(origin, 'an error that Meta reports', error);
  for (const echo of echoes) yield echoItem(origin, echo);
  for (const inner of standby) {
    if (isObject(inner)) yield* changeItems({ ...origin, standby: true }, inner);
    else yield ignored(origin, 'a standby change that is no object', inner);
  }
  const unknown = Object.entries(value).filter(([key]) => !READ.has(key));
  if (unknown.length > 0) yield ignored(origin, 'fields that are not known', Object.fromEntries(unknown));
}

/** What the business itself said, from its phone app or through another sender on the number. */
function echoItem(origin: Origin, echo: unknown): ChannelItem {
  const item = ignored(origin, 'an echo of what the business itself said', echo);
  const id = identifier(object(echo).id);
  if (!id) return item;
  const at = unixTime(object(echo).timestamp);
  return { ...item, ...factsOf(origin, externalId('echo', origin.senderId ?? '', id), at) };
}

/** Seconds; samples of some fields show milliseconds. */
function entryTime(value: unknown): Date | undefined {
  return unixTime(value) ?? (typeof value === 'number' ? unixTime(value / 1_000) : undefined);
}
