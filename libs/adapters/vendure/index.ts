export type { VendureConnection, VendureCredentials } from './api.js';
export { FieldError } from './fields.js';
export { VENDURE_RULES } from './rules.js';
export { VendureSessions } from './sessions.js';
export { VendureStore, type VendureOptions } from './vendure-store.adapter.js';
export {
  parseVendureWebhook,
  verifyVendureWebhook,
  type ParsedVendureWebhook,
  type VendureEvent,
  type VendureWebhookVerdict,
} from './webhook.js';
