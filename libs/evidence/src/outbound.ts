import type { OutboundContent, TemplateFallback } from '#core/messaging';
import type { MessageState, Verdict } from '#core/outbound';
import {
  bigint,
  boolean,
  double,
  integer,
  jsonb,
  moment,
  orNull,
  seenView,
  text,
  texts,
  type RowOf,
} from './view.js';

interface MessageError {
  code: number | null;
  class: string;
  details: string;
  at: string;
  deadLetter?: boolean;
}

interface Pricing {
  category?: string;
  type?: string;
  billable?: boolean;
}

/** A message to a customer, without the link to a payment page that its content may have. */
export const messagesSeen = seenView('outbound.messages_seen', {
  merchant_id: text(),
  message_id: text(),
  seq: bigint(),
  channel_account_id: text(),
  contact_id: text(),
  /** In the form in which it was written: see `readPerson`. */
  person: jsonb<object>(),
  content: jsonb<OutboundContent>(),
  template: orNull(jsonb<TemplateFallback>()),
  thread_id: text(),
  order_ref: orNull(text()),
  deadline: orNull(moment()),
  state: text<MessageState>(),
  open: boolean(),
  plan: integer(),
  verdict: orNull(jsonb<Verdict>()),
  planned_at: orNull(moment()),
  slot_at: orNull(moment()),
  called_at: orNull(moment()),
  sends: integer(),
  retries: integer(),
  late_failures: integer(),
  not_before: orNull(moment()),
  indeterminate_at: orNull(moment()),
  possible_duplicate: boolean(),
  without_media: boolean(),
  channel_message_id: orNull(text()),
  failed_channel_ids: texts(),
  error: orNull(jsonb<MessageError>()),
  pricing: orNull(jsonb<Pricing>()),
  created_at: moment(),
  accepted_at: orNull(moment()),
  held_at: orNull(moment()),
  sent_at: orNull(moment()),
  delivered_at: orNull(moment()),
  read_at: orNull(moment()),
  played_at: orNull(moment()),
  failed_at: orNull(moment()),
  dropped_at: orNull(moment()),
});
export type MessageSeen = RowOf<typeof messagesSeen>;

/** Somebody who is written to from one channel account: the service window and the pair rate. */
export const recipientsSeen = seenView('outbound.recipients_seen', {
  merchant_id: text(),
  channel_account_id: text(),
  contact_id: text(),
  last_inbound_at: orNull(moment()),
  window_refused: boolean(),
  pair_level: double(),
  pair_at: moment(),
  pair_refusals: integer(),
  pair_hold_until: orNull(moment()),
  /** The contact that is kept, of one that is gone. */
  merged_into: orNull(text()),
});
export type RecipientSeen = RowOf<typeof recipientsSeen>;

/** A channel account as it sends: its slots and pauses. */
export const sendersSeen = seenView('outbound.senders_seen', {
  merchant_id: text(),
  channel_account_id: text(),
  /** Milliseconds of the epoch, with fractions. */
  next_slot_ms: double(),
  slowed_to: orNull(double()),
  slowed_at: orNull(moment()),
  paused_at: orNull(moment()),
  paused_until: orNull(moment()),
  pause_reason: orNull(text()),
  pauses: integer(),
});
export type SenderSeen = RowOf<typeof sendersSeen>;

/** What the channel last said of a template. */
export const templateStatesSeen = seenView('outbound.template_states_seen', {
  merchant_id: text(),
  /** The account under its name of before. */
  business_account_id: text(),
  name: text(),
  language: text(),
  state: text(),
  reason: orNull(text()),
  at: moment(),
  recheck_at: orNull(moment()),
  account_id: text(),
});
export type TemplateStateSeen = RowOf<typeof templateStatesSeen>;

/** A status that came before the answer that names its message. */
export const earlyStatusesSeen = seenView('outbound.early_statuses_seen', {
  merchant_id: text(),
  channel_message_id: text(),
  status: jsonb<object>(),
  received_at: moment(),
});
export type EarlyStatusSeen = RowOf<typeof earlyStatusesSeen>;
