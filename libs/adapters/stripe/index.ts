export { parseStripeEvent, type IgnoredEvent } from './transformers.js';
export { verifyStripeWebhook, type StripeEvent, type VerifiedWebhook } from './webhook.js';
