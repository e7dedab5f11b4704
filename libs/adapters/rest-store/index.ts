export { FieldError } from '#rest';
export { RestStore, type StoreConnectionOptions } from './rest-store.adapter.js';
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
