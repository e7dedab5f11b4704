import * as catalog from './catalog.js';
import * as checkout from './checkout.js';
import * as conversation from './conversation.js';
import * as ingest from './ingest.js';
import * as journal from './journal.js';
import * as outbound from './outbound.js';
import type { SeenView } from './view.js';

export * from './catalog.js';
export * from './checkout.js';
export * from './conversation.js';
export * from './ingest.js';
export * from './journal.js';
export * from './outbound.js';
export { named, type Named, type SeenView } from './view.js';

/** Every view that there is. */
export const SEEN_VIEWS: readonly SeenView[] = [
  catalog,
  checkout,
  conversation,
  ingest,
  journal,
  outbound,
].flatMap((service) => Object.values(service));
