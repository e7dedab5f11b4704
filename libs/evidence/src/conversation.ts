import type { CartLine } from '#core/catalog';
import type { OrderNote, Phase } from '#core/conversation';
import { integer, jsonb, moment, orNull, seenView, text, texts, type RowOf } from './view.js';

/** A customer, on one of the merchant's channel accounts. */
export const contactsSeen = seenView('conversation.contacts_seen', {
  merchant_id: text(),
  contact_id: text(),
  channel_account_id: text(),
  name: orNull(text()),
  created_at: moment(),
  /** The name in small letters, to be searched for by its beginning. */
  name_key: orNull(text()),
  /** Null: not proved to be one person with another contact. */
  person_id: orNull(text()),
});
export type ContactSeen = RowOf<typeof contactsSeen>;

/** A name that a contact goes by at the channel. */
export const aliasesSeen = seenView('conversation.aliases_seen', {
  merchant_id: text(),
  channel_account_id: text(),
  /** The scheme, but for a phone number: that is `wa_id`. */
  kind: text(),
  value: text(),
  contact_id: text(),
  seen_at: moment(),
  /** The channel that proved that it is the contact's. */
  verified_by: orNull(text()),
  /** When the contact last wrote under it and the channel proved it: by the channel's clock. */
  verified_at: orNull(moment()),
});
export type AliasSeen = RowOf<typeof aliasesSeen>;

/** Somebody of whom contacts are proved to be. */
export const peopleSeen = seenView('conversation.people_seen', {
  merchant_id: text(),
  person_id: text(),
  created_at: moment(),
});
export type PersonSeen = RowOf<typeof peopleSeen>;

/** What proves that contacts are one person: contacts with the same proof are. */
export const proofsSeen = seenView('conversation.proofs_seen', {
  merchant_id: text(),
  contact_id: text(),
  kind: text(),
  scheme: text(),
  value: text(),
  proved_at: moment(),
  /** Since when it does not hold any more. */
  ended_at: orNull(moment()),
});
export type ProofSeen = RowOf<typeof proofsSeen>;

/** A conversation with one contact. Not all of its state: that may hold the link to an open payment page. */
export const threadsSeen = seenView('conversation.threads_seen', {
  merchant_id: text(),
  thread_id: text(),
  channel_account_id: text(),
  contact_id: text(),
  stream: text(),
  phase: text<Phase>(),
  version: integer(),
  expires_at: moment(),
  created_at: moment(),
  updated_at: moment(),
  /** Of threads that were merged into it. */
  former_ids: texts(),
  cart: jsonb<CartLine[]>(),
  orders: jsonb<OrderNote[]>(),
  open_order_ref: orNull(text()),
  waiting_since: orNull(text()),
});
export type ThreadSeen = RowOf<typeof threadsSeen>;
