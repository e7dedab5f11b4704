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
});
export type ContactSeen = RowOf<typeof contactsSeen>;

/** A name that a contact goes by at the channel. */
export const aliasesSeen = seenView('conversation.aliases_seen', {
  merchant_id: text(),
  channel_account_id: text(),
  kind: text<'user_id' | 'parent_user_id' | 'wa_id' | 'username'>(),
  value: text(),
  contact_id: text(),
  seen_at: moment(),
});
export type AliasSeen = RowOf<typeof aliasesSeen>;

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
