export { StripePayments, type StripeOptions } from './stripe-payments.adapter.js';
export { stripe } from './vendor.js';
export { stripeWebhooks } from './webhook.js';
