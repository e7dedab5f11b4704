export type { StoreConnectionOptions } from './http.js';
export { RestStore } from './rest-store.adapter.js';
export { restStore } from './vendor.js';
export { restStoreWebhooks } from './webhook.js';
