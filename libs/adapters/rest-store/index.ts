export type { StoreConnectionOptions } from './http.js';
export { RestStore } from './rest-store.adapter.js';
export { FieldError } from './shape.js';
export {
  parseStoreWebhook,
  readCatalogChange,
  verifyStoreWebhook,
  type CatalogChange,
  type CatalogEventType,
  type ParsedStoreWebhook,
  type StoreEvent,
  type StoreWebhookVerdict,
} from './webhook.js';
