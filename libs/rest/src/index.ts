export { callRest, malformed, type RestAnswer, type RestCall, type RestConnection } from './call.js';
export * from './commerce-fields.js';
export * from './fields.js';
export { codeOf, failure, malformedAnswer, NEVER_SENT, retryAfterMs, unreachable } from './port-errors.js';
export { signedStoreWebhooks, signedWebhooks } from './webhook.js';
