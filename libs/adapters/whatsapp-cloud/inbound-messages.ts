import { excerpt, formsOf, personOf, phoneOf, userIdOf, type PersonRef } from '#core/messaging';
import { contentOf } from './inbound-content.js';
import type { ChannelItem, ItemFacts } from '#vendors/kit';
import type { Origin } from './inbound-origin.js';
import {
  compact,
  externalId,
  hashOf,
  identifier,
  list,
  object,
  personId,
  text,
  Typed,
  unixTime,
  type Json,
} from './inbound-shape.js';

/** Who the item is from and what tells it apart; the time is the channel's, else the entry's, else of arrival. */
export function factsOf(origin: Origin, id: string, at: Date | undefined): ItemFacts {
  return compact({
    field: origin.field,
    accountId: origin.accountId,
    senderId: origin.senderId,
    externalId: id,
    occurredAt: at ?? origin.time ?? origin.receivedAt,
  });
}

/** Something that no job takes: kept as far as an excerpt goes, card numbers masked, under a hash of all that it says. */
export function ignored(origin: Origin, reason: string, value: unknown): ChannelItem {
  const { field, accountId, senderId } = origin;
  const time = origin.time ?? timeIn(value);
  const id = externalId(
    'other',
    // Under the names that the release before hashed: what came to it is known when it comes again.
    hashOf({ field, businessAccountId: accountId, phoneNumberId: senderId, time: time?.getTime(), value }),
  );
  const payload = { field, value: new Typed().everything(excerpt(value)) };
  return { ...factsOf(origin, id, time), kind: 'ignored', reason, payload };
}

/** When something happened, by itself or by the latest of what it lists: entries of messages have no time of their own. */
function timeIn(value: unknown): Date | undefined {
  const own = unixTime(object(value).timestamp);
  if (own) return own;
  const inner = Object.values(object(value)).flatMap((listed) => list(listed));
  return inner.reduce<Date | undefined>((latest, entry) => {
    const at = unixTime(object(entry).timestamp);
    return at && (!latest || at > latest) ? at : latest;
  }, undefined);
}

/** One entry of `messages[]`. `contacts` are those of the same change, in any order. */
export function messageItem(origin: Origin, contacts: Contacts, raw: unknown): ChannelItem {
  const message = object(raw);
  const id = identifier(message.id);
  if (!id) return ignored(origin, 'a message without a usable id', raw);
  if (message.group_id !== undefined) return ignored(origin, 'a message to a group', raw);

  const at = unixTime(message.timestamp);
  const type = text(message.type) ?? 'unknown';
  // The type belongs to the id: a reaction to or an edit of a message is not that message once more.
  const facts = factsOf(origin, externalId('message', origin.senderId ?? '', type, id), at);
  const typed = new Typed();
  const person = senderOf(message, contacts, typed);
  if (type === 'system') return identityItem(origin, facts, person, message);
  if (!person) return ignored(origin, 'a message without a sender', raw);

  const content = contentOf(message, typed);
  const payload = compact({
    channel: 'whatsapp' as const,
    person,
    messageId: id,
    sentAt: facts.occurredAt.toISOString(),
    content,
    replyTo: identifier(object(message.context).id),
    standby: origin.standby || undefined,
    cardNumberMasked: typed.found || undefined,
  });
  return { ...facts, kind: 'message', payload };
}

const LONGEST_NAME = 500;

/**
 * The sender: from the message itself, and from the contact that bears one of its ids. `contacts[]` does not follow
 * the order of `messages[]`. Undefined when neither a user id nor a phone number is known.
 */
function senderOf(message: Json, contacts: Contacts, typed: Typed): PersonRef | undefined {
  const phone = personId(message.from);
  const userId = personId(message.from_user_id);
  const contact = contacts.of(userId, phone);
  const profile = object(contact?.profile);
  const person = personOf({
    userId: userId ?? personId(contact?.user_id),
    parentUserId: personId(message.from_parent_user_id) ?? personId(contact?.parent_user_id),
    phone: phone ?? personId(contact?.wa_id),
    username: typed.optional(profile.username ?? contact?.username, LONGEST_NAME),
    name: typed.optional(profile.name, LONGEST_NAME),
  });
  return userIdOf(person) === undefined && phoneOf(person) === undefined ? undefined : person;
}

/**
 * `user_changed_number`: `from` is the old number, `system.wa_id` the new one. `user_changed_user_id`: the ids stand in
 * `system.previous_user_id` and `system.user_id`. A user id is made anew when the number changes.
 */
function identityItem(
  origin: Origin,
  facts: ItemFacts,
  sender: PersonRef | undefined,
  message: Json,
): ChannelItem {
  const system = object(message.system);
  const type = text(system.type);
  if (type !== 'user_changed_number' && type !== 'user_changed_user_id') {
    return ignored(origin, 'a system message of another kind', message);
  }
  const newUserId = personId(system.user_id);
  const [senderId, phone] = sender ? [userIdOf(sender), phoneOf(sender)] : [];
  const newPhone = personId(system.wa_id) ?? personId(system.new_wa_id);
  const oldUserId = personId(system.previous_user_id) ?? (senderId === newUserId ? undefined : senderId);
  const previous = personOf({
    userId: oldUserId,
    parentUserId: personId(system.previous_parent_user_id),
    phone: phone === newPhone ? undefined : phone,
  });
  const current = personOf({
    userId: newUserId,
    parentUserId: personId(system.parent_user_id),
    phone: newPhone ?? (type === 'user_changed_user_id' ? phone : undefined),
  });
  const nobody = (p: PersonRef): boolean => userIdOf(p) === undefined && phoneOf(p) === undefined;
  if (nobody(previous) || nobody(current)) {
    return ignored(origin, 'a change of identity that does not say from whom to whom', message);
  }
  const messageId = identifier(message.id)!;
  return { ...facts, kind: 'identity', payload: { channel: 'whatsapp', previous, current, messageId } };
}

/** A message and its contact may have one number in two forms. */
const dialled = (phone: string): string => formsOf(phone)[0]!;

/** `contacts[]` of a change, whatever stands in it, by the ids of its persons; of two with one id the first counts. */
export class Contacts {
  private readonly byUserId = new Map<string, Json>();
  private readonly byPhone = new Map<string, Json>();
  private readonly byNumber = new Map<string, Json>();
  private readonly only: Json | undefined;

  constructor(value: Json) {
    const all = list(value.contacts).map(object);
    for (const contact of all) {
      const [userId, phone] = [personId(contact.user_id), personId(contact.wa_id)];
      if (userId !== undefined && !this.byUserId.has(userId)) this.byUserId.set(userId, contact);
      if (phone === undefined) continue;
      if (!this.byPhone.has(phone)) this.byPhone.set(phone, contact);
      if (!this.byNumber.has(dialled(phone))) this.byNumber.set(dialled(phone), contact);
    }
    this.only = all.length === 1 ? all[0] : undefined;
  }

  /** A message that names nobody is from the only person there is. */
  of(userId: string | undefined, phone: string | undefined): Json | undefined {
    if (userId === undefined && phone === undefined) return this.only;
    const byUserId = userId === undefined ? undefined : this.byUserId.get(userId);
    if (byUserId || phone === undefined) return byUserId;
    return this.byPhone.get(phone) ?? this.byNumber.get(dialled(phone));
  }
}
