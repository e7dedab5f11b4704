export * from './fake-store.js';
export * from './store-contract-suite.js';
