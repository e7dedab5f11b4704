import type { Connection } from '#core/tenancy';
import { addressOf, type Fields, type Means, type PaymentVendor } from '#vendors/kit';
import { StripePayments } from './stripe-payments.adapter.js';
import { stripeWebhooks } from './webhook.js';

const BASE_URL = 'STRIPE_BASE_URL';

/** Stripe's hosted checkout, by each merchant's own account. */
export const stripe: PaymentVendor = {
  port: 'payment',
  kind: 'stripe',
  isOfBefore: true,
  displayName: 'Stripe',
  fields: [
    {
      name: 'secretKey',
      label: 'Secret key',
      help: 'Secret or restricted key.',
      secret: true,
      rule: /^(sk|rk)_(test|live)_\w{4,255}$/,
      words: 'must be a Stripe key: sk_test_…, sk_live_…, rk_test_… or rk_live_…',
    },
    {
      name: 'webhookSecret',
      label: 'Signing secret',
      help: "The endpoint's signing secret.",
      secret: true,
      rule: /^whsec_[\w+/=-]{4,255}$/,
      words: 'must be a Stripe signing secret: whsec_…',
    },
  ],
  capabilities: ['refunds'],
  variables: [addressOf(BASE_URL, 'https://api.stripe.com')],
  // Stripe asks for at least 30 minutes; one more for the way there.
  pageLifeMs: 31 * 60_000,
  webhooks: {
    routes: ['/webhooks/payments/stripe/:merchant', '/webhooks/payments/stripe/:merchant/:account'],
    secret: 'webhookSecret',
    reader: stripeWebhooks,
  },
  connect: ({ secretKey }, { variables }) =>
    new StripePayments({ secretKey: secretKey!, baseUrl: variables[BASE_URL] }),
  probe,
};

/** `GET /v1/account`: answers whom the key belongs to. Source: docs.stripe.com/api/accounts/retrieve */
async function probe({ secretKey }: Fields, { variables, timeoutMs }: Means): Promise<Connection> {
  try {
    const answer = await fetch(`${variables[BASE_URL]!.replace(/\/+$/, '')}/v1/account`, {
      headers: { authorization: `Bearer ${secretKey}` },
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'manual',
    });
    await answer.body?.cancel();
    if (answer.ok) return { state: 'ok' };
    return {
      state: 'failing',
      why: answer.status === 401 ? 'it does not accept the key' : `it says ${answer.status}`,
    };
  } catch {
    return { state: 'failing', why: 'it does not answer' };
  }
}
