export type { StoreConnectionOptions } from './http.js';
export { RestStore } from './rest-store.adapter.js';
