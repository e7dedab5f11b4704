import type { QueueDefinition } from './job.js';

/** What each service keeps of people and merchants, and for how long: slow, and never in a hurry. */
const DATA = { kind: 'task', concurrency: 2, crowd: 1, limitSeconds: 1_800, share: 0.25 } as const;

/** Every queue: one noun per (rate, concurrency, owner). */
export const QUEUES = {
  threads: { name: 'threads', owner: 'conversation', kind: 'ordered', concurrency: 16, crowd: 1 },
  products: { name: 'products', owner: 'catalog', kind: 'bulk', concurrency: 8, crowd: 2, gatherMs: 50 },
  // A sync may take as long as its shop; a setting of catalog-sync ends it sooner.
  syncs: {
    name: 'syncs',
    owner: 'catalog',
    kind: 'task',
    concurrency: 16,
    crowd: 4,
    limitSeconds: 7_500,
    share: 0.25,
  },
  orders: { name: 'orders', owner: 'checkout', kind: 'ordered', concurrency: 8, crowd: 2 },
  errands: {
    name: 'errands',
    owner: 'checkout',
    kind: 'task',
    concurrency: 16,
    crowd: 8,
    limitSeconds: 120,
    share: 2,
  },
  recipients: { name: 'recipients', owner: 'outbound', kind: 'ordered', concurrency: 16, crowd: 1 },
  statuses: { name: 'statuses', owner: 'outbound', kind: 'bulk', concurrency: 8, crowd: 2, gatherMs: 500 },
  sends: {
    name: 'sends',
    owner: 'outbound',
    kind: 'task',
    concurrency: 64,
    crowd: 16,
    limitSeconds: 120,
    share: 8,
  },
  'conversation-data': { name: 'conversation-data', owner: 'conversation', ...DATA },
  'catalog-data': { name: 'catalog-data', owner: 'catalog', ...DATA },
  'checkout-data': { name: 'checkout-data', owner: 'checkout', ...DATA },
  'outbound-data': { name: 'outbound-data', owner: 'outbound', ...DATA },
  'admin-data': { name: 'admin-data', owner: 'admin', ...DATA },
} as const satisfies Record<string, QueueDefinition>;
