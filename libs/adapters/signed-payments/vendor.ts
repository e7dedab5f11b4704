import { PortError, type Connection } from '#core/tenancy';
import { SECRET_RULE, URL_RULE, type Fields, type Means, type PaymentVendor } from '#vendors/kit';
import {
  probeSignedPayments,
  SignedPayments,
  type SignedPaymentsConnection,
} from './signed-payments.adapter.js';
import { signedPaymentsWebhooks } from './webhook.js';

/** Any payment service that keeps the payment contract (payment-contract.openapi.yaml). */
export const signedPayments: PaymentVendor = {
  port: 'payment',
  kind: 'signed',
  displayName: 'Any payment page, by the payment contract',
  fields: [
    {
      name: 'baseUrl',
      label: 'Address',
      help: 'Where the payment service answers the payment contract.',
      example: 'https://pay.example.com/waco',
      ...URL_RULE,
    },
    { name: 'apiKey', label: 'API key', help: 'What the service is called with.', ...SECRET_RULE },
    {
      name: 'webhookSecret',
      label: 'Webhook secret',
      help: 'What the service signs its webhooks with.',
      ...SECRET_RULE,
    },
  ],
  capabilities: ['refunds'],
  variables: [],
  pageLifeMs: 31 * 60_000,
  webhooks: {
    routes: ['/webhooks/payments/signed/:merchant', '/webhooks/payments/signed/:merchant/:account'],
    secret: 'webhookSecret',
    reader: signedPaymentsWebhooks,
  },
  connect: (fields, means) => new SignedPayments({ ...connectionOf(fields, means), urls: means.urls }),
  probe,
};

async function probe(fields: Fields, means: Means): Promise<Connection> {
  try {
    await probeSignedPayments(connectionOf(fields, means));
    return { state: 'ok' };
  } catch (error) {
    // The code only: what stands behind the address may say more than a merchant's key should read.
    if (error instanceof PortError) return { state: 'failing', why: `${error.kind}, ${error.code}` };
    throw error;
  }
}

function connectionOf({ baseUrl, apiKey }: Fields, { timeoutMs, fetch }: Means): SignedPaymentsConnection {
  return { baseUrl: baseUrl!, apiKey: apiKey!, timeoutMs, fetch };
}
