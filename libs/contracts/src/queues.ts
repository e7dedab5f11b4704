import type { QueueDefinition } from './job.js';

/** Every queue: one noun per (rate, concurrency, owner). */
export const QUEUES = {
  threads: { name: 'threads', owner: 'conversation', kind: 'ordered', concurrency: 16, crowd: 1 },
  questions: {
    name: 'questions',
    owner: 'conversation',
    kind: 'task',
    inside: true,
    concurrency: 32,
    crowd: 4,
  },
  products: { name: 'products', owner: 'catalog', kind: 'ordered', concurrency: 8, crowd: 2 },
  syncs: { name: 'syncs', owner: 'catalog', kind: 'task', concurrency: 4 },
  orders: { name: 'orders', owner: 'checkout', kind: 'ordered', concurrency: 8, crowd: 2 },
  errands: { name: 'errands', owner: 'checkout', kind: 'task', concurrency: 16, crowd: 8 },
  recipients: { name: 'recipients', owner: 'outbound', kind: 'ordered', concurrency: 16, crowd: 1 },
  sends: { name: 'sends', owner: 'outbound', kind: 'task', concurrency: 64, crowd: 16 },
  // What each service keeps of people and merchants, and for how long: slow, and never in a hurry.
  'conversation-data': { name: 'conversation-data', owner: 'conversation', kind: 'task', concurrency: 2 },
  'catalog-data': { name: 'catalog-data', owner: 'catalog', kind: 'task', concurrency: 2 },
  'checkout-data': { name: 'checkout-data', owner: 'checkout', kind: 'task', concurrency: 2 },
  'outbound-data': { name: 'outbound-data', owner: 'outbound', kind: 'task', concurrency: 2 },
  'admin-data': { name: 'admin-data', owner: 'admin', kind: 'task', concurrency: 2 },
} as const satisfies Record<string, QueueDefinition>;
