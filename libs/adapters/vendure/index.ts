export type { VendureCredentials } from './api.js';
export { vendure } from './vendor.js';
export { VendureStore } from './vendure-store.adapter.js';
export { vendureWebhooks } from './webhook.js';
