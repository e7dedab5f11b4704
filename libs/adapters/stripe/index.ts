export { StripePayments, type StripeOptions } from './stripe-payments.adapter.js';
export { parseStripeEvent, type IgnoredEvent } from './transformers.js';
export { verifyStripeWebhook, type StripeEvent, type VerifiedWebhook } from './webhook.js';
