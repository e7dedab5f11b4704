export { RestStore, type StoreConnectionOptions } from './rest-store.adapter.js';
export { restStore } from './vendor.js';
export { restStoreWebhooks } from './webhook.js';
