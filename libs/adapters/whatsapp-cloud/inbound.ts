import { storable } from '#core/messaging';
import { NotAWebhook, type InboundItem, type Origin } from './inbound-items.js';
import { contactsOf, factsOf, ignored, messageItem } from './inbound-messages.js';
import {
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

export { NotAWebhook, type InboundItem } from './inbound-items.js';

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
 * Turns one POST (any number of entries, changes, messages, statuses) into items, in the order of the body. What is
 * not known becomes an `ignored` item; nothing that the body says is dropped, and nothing inside it makes this throw.
 * @param receivedAt stands in where the channel gives no usable time.
 * @throws NotAWebhook when the body is not an object with `object: "whatsapp_business_account"` and a list `entry`.
 */
export function splitWebhook(body: unknown, receivedAt: Date): InboundItem[] {
  if (!isObject(body)) throw new NotAWebhook('the body must be a JSON object');
  if (body.object !== 'whatsapp_business_account') {
    throw new NotAWebhook('object must be "whatsapp_business_account"');
  }
  if (!Array.isArray(body.entry)) throw new NotAWebhook('entry must be a list');
  const items = new Map<string, InboundItem>();
  for (const entry of storable(body.entry) as unknown[]) {
    for (const item of entryItems(entry, receivedAt)) {
      // Said twice in one body is said once.
      if (!items.has(item.externalId)) items.set(item.externalId, item);
    }
  }
  return [...items.values()];
}

function entryItems(raw: unknown, receivedAt: Date): InboundItem[] {
  const entry = object(raw);
  const shared = {
    businessAccountId: identifier(entry.id, 64),
    time: entryTime(entry.time),
    receivedAt,
  };
  const changes = [
    ...list(entry.changes).map((change) => ({ change, standby: false })),
    ...list(entry.standby).map((change) => ({ change, standby: true })),
  ];
  const unknown: Origin = { ...shared, field: 'unknown', standby: false };
  if (changes.length === 0) return [ignored(unknown, 'an entry without changes', raw)];
  return changes.flatMap(({ change, standby }) => {
    if (!isObject(change)) return [ignored(unknown, 'a change that is no object', change)];
    const field = new Typed().optional(change.field)?.slice(0, 100) ?? (standby ? 'standby' : 'unknown');
    const origin = { ...shared, field, standby: standby || field === 'standby' };
    const value = standby && change.value === undefined ? change : change.value;
    return isObject(value)
      ? changeItems(origin, value)
      : [ignored(origin, 'a change whose value is no object', change)];
  });
}

function changeItems(shared: Origin, value: Json): InboundItem[] {
  const phoneNumberId = identifier(object(value.metadata).phone_number_id, 64) ?? shared.phoneNumberId;
  const origin = compact({ ...shared, phoneNumberId });
  const template = templateItem(origin, value);
  if (template) return [template];

  const contacts = contactsOf(value);
  const items = [
    ...list(value.messages).map((message) => messageItem(origin, contacts, message)),
    ...list(value.statuses).map((status) => statusItem(origin, status)),
    ...list(value.errors).map((error) => ignored(origin, 'an error that Meta reports', error)),
    ...list(value.message_echoes).map((echo) => echoItem(origin, echo)),
    ...list(value.standby).flatMap((inner) =>
      isObject(inner)
        ? changeItems({ ...origin, standby: true }, inner)
        : [ignored(origin, 'a standby change that is no object', inner)],
    ),
  ];
  if (items.length === 0) return [ignored(origin, `nothing here acts on ${origin.field}`, value)];
  const unknown = Object.entries(value).filter(([key]) => !READ.has(key));
  if (unknown.length > 0) {
    items.push(ignored(origin, 'fields that are not known', Object.fromEntries(unknown)));
  }
  return items;
}

/** What the business itself said, from its phone app or through another sender on the number. */
function echoItem(origin: Origin, echo: unknown): InboundItem {
  const item = ignored(origin, 'an echo of what the business itself said', echo);
  const id = identifier(object(echo).id);
  if (!id) return item;
  const at = unixTime(object(echo).timestamp);
  return { ...item, ...factsOf(origin, externalId('echo', origin.phoneNumberId ?? '', id), at) };
}

/** Seconds; samples of some fields show milliseconds. */
function entryTime(value: unknown): Date | undefined {
  return unixTime(value) ?? (typeof value === 'number' ? unixTime(value / 1_000) : undefined);
}
