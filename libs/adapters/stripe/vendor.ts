import type { Connection, Subscribed } from '#core/tenancy';
import { addressOf, type Fields, type Means, type PaymentVendor } from '#vendors/kit';
import type Stripe from 'stripe';
import { StripePayments } from './stripe-payments.adapter.js';
import { NEEDED_EVENTS } from './transformers.js';
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
  subscription: { probe: subscribedTo },
};

/** `GET /v1/account`: answers whom the key belongs to. Source: docs.stripe.com/api/accounts/retrieve */
async function probe(fields: Fields, means: Means): Promise<Connection> {
  const answer = await get('account', fields, means);
  if (answer?.status === 200) return { state: 'ok' };
  if (!answer) return { state: 'failing', why: 'it does not answer' };
  const why = answer.status === 401 ? 'it does not accept the key' : `it says ${answer.status}`;
  return { state: 'failing', why };
}

/**
 * Whether an endpoint that is switched on has our address and the events that are acted on. A restricted key needs the
 * permission to read webhook endpoints. Source: docs.stripe.com/api/webhook_endpoints/list
 */
async function subscribedTo(fields: Fields, address: string, means: Means): Promise<Subscribed> {
  const answer = await get('webhook_endpoints?limit=100', fields, means);
  if (!answer) return { state: 'unknown', why: 'Stripe does not answer' };
  if (answer.status === 401 || answer.status === 403) {
    return { state: 'unknown', why: 'the key may not read the webhook endpoints at Stripe' };
  }
  const { data } = (answer.body ?? {}) as { data?: Partial<Stripe.WebhookEndpoint>[] };
  if (answer.status !== 200 || !Array.isArray(data)) {
    return { state: 'unknown', why: 'Stripe does not list its webhook endpoints' };
  }
  const here = data.filter(({ url, status }) => url === address && status === 'enabled');
  if (here.length === 0) {
    return { state: 'no', why: 'no webhook endpoint that is switched on has this address at Stripe' };
  }
  const sent = new Set<string>(here.flatMap((endpoint) => endpoint.enabled_events ?? []));
  const missing = sent.has('*') ? [] : NEEDED_EVENTS.filter((event) => !sent.has(event));
  if (missing.length === 0) return { state: 'yes' };
  return { state: 'no', why: `the webhook endpoint at Stripe lacks the events ${missing.join(', ')}` };
}

/** Undefined when no whole answer came. */
async function get(
  path: string,
  { secretKey }: Fields,
  { variables, timeoutMs }: Means,
): Promise<{ status: number; body: unknown } | undefined> {
  try {
    const answer = await fetch(`${variables[BASE_URL]!.replace(/\/+$/, '')}/v1/${path}`, {
      headers: { authorization: `Bearer ${secretKey}` },
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'manual',
    });
    const text = await answer.text();
    return { status: answer.status, body: answer.ok ? JSON.parse(text) : undefined };
  } catch {
    return undefined;
  }
}
