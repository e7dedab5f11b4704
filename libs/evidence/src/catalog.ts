import {
  bigint,
  boolean,
  currency,
  integer,
  moment,
  momentOrEver,
  orNull,
  seenView,
  text,
  texts,
  type RowOf,
} from './view.js';

/** The copy of what a merchant's shop sells. */
export const productsSeen = seenView('catalog.products_seen', {
  merchant_id: text(),
  sku: text(),
  title: text(),
  description: text(),
  category_id: text(),
  category_title: text(),
  image_url: orNull(text()),
  price_minor: bigint(),
  currency: currency(),
  available: bigint(),
  regions: orNull(texts()),
  deleted: boolean(),
  product_sequence: bigint(),
  price_sequence: bigint(),
  stock_sequence: bigint(),
  synced_at: moment(),
  described_at: moment(),
});
export type ProductSeen = RowOf<typeof productsSeen>;

/** How far the copy of a merchant's shop is. */
export const syncCursorsSeen = seenView('catalog.sync_cursors_seen', {
  merchant_id: text(),
  updated_since: orNull(moment()),
  confirmed_at: orNull(moment()),
  full_at: orNull(moment()),
  last_error: orNull(text()),
  last_error_at: orNull(moment()),
  turn_of: orNull(text()),
  turn_until: orNull(moment()),
  next_sync_at: momentOrEver(),
  failures: integer(),
  shop: orNull(text()),
});
export type SyncCursorSeen = RowOf<typeof syncCursorsSeen>;
