export * from './money.js';
export * from './ports/store.port.js';
export * from './product.js';
export * from './quote.js';
export * from './replies.js';
export * from './search.js';
export * from './sync-pace.js';
export * from './synced-quote.js';
