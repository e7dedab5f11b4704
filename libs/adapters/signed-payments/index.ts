export { probeSignedPayments, SignedPayments } from './signed-payments.adapter.js';
export { signedPayments } from './vendor.js';
export { signedPaymentsWebhooks } from './webhook.js';
