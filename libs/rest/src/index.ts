export {
  callRest,
  codeOf,
  malformed,
  NEVER_SENT,
  retryAfterMs,
  type RestAnswer,
  type RestCall,
  type RestConnection,
} from './call.js';
export * from './commerce-fields.js';
export * from './fields.js';
export { signedStoreWebhooks, signedWebhooks } from './webhook.js';
