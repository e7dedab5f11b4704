import {
  bigint,
  boolean,
  integer,
  json,
  moment,
  orNull,
  seenView,
  smallint,
  text,
  type RowOf,
} from './view.js';

/** A piece of work, or something that came from outside, and what became of it. */
export const itemsSeen = seenView('journal.items_seen', {
  id: bigint(),
  /** Null for what could not be led to a merchant: only a transaction that opens the quarantine sees it. */
  merchant_id: orNull(text()),
  service: text(),
  queue: text(),
  stream: text(),
  name: text(),
  source: text(),
  external_id: text(),
  payload: json<object>(),
  occurred_at: moment(),
  created_at: moment(),
  due_at: moment(),
  expedited: boolean(),
  blocking: boolean(),
  attempts: integer(),
  redrives: integer(),
  outcome: orNull(text()),
  reason: orNull(text()),
  settled_at: orNull(moment()),
  parked_at: orNull(moment()),
  endings: smallint(),
  /** What was asked and answered while it was applied. */
  evidence: orNull(json<object>()),
});
export type ItemSeen = RowOf<typeof itemsSeen>;
