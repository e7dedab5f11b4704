export * from './money.js';
export * from './product.js';
export * from './quote.js';
export * from './ports/store.port.js';
