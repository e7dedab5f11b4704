import * as catalog from './catalog.jobs.js';
import * as checkout from './checkout.jobs.js';
import * as conversation from './conversation.jobs.js';
import type { JobContract } from './job.js';
import * as outbound from './outbound.jobs.js';
import * as people from './people.jobs.js';

export * from './catalog.jobs.js';
export * from './catalog.rpc.js';
export * from './checkout.jobs.js';
export * from './conversation.jobs.js';
export * from './job.js';
export * from './keeps-contract.js';
export * from './lanes.js';
export * from './outbound.jobs.js';
export * from './people-in-payloads.js';
export * from './people.jobs.js';
export * from './queues.js';

/** Every job there is. Each service must handle exactly those whose queue it owns. */
export const CONTRACTS: readonly JobContract[] = [conversation, catalog, checkout, outbound, people].flatMap(
  (context) =>
    (Object.values(context) as unknown[]).filter(
      (exported): exported is JobContract =>
        typeof exported === 'object' && exported !== null && 'queue' in exported,
    ),
);
