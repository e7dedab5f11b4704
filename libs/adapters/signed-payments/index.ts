export type { WebhookVerdict as SignedPaymentsVerdict } from '#rest';
export { SIGNED_PAYMENTS_RULES } from './rules.js';
export {
  probeSignedPayments,
  SignedPayments,
  type SignedPaymentsConnection,
  type SignedPaymentsOptions,
} from './signed-payments.adapter.js';
export type { SignedPaymentsAccount } from './transformers.js';
export {
  parseSignedPaymentsWebhook,
  verifySignedPaymentsWebhook,
  type SignedPaymentsReading,
} from './webhook.js';
