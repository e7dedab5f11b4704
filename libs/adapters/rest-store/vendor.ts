import { SECRET_RULE, URL_RULE, type StoreVendor } from '#vendors/kit';
import { RestStore } from './rest-store.adapter.js';
import { restStoreWebhooks } from './webhook.js';

/** Any shop that speaks the store contract (store-contract.openapi.yaml). */
export const restStore: StoreVendor = {
  port: 'store',
  kind: 'rest',
  isOfBefore: true,
  displayName: 'Any shop, by the store contract',
  fields: [
    {
      name: 'baseUrl',
      identifies: true,
      label: 'Address',
      help: 'Where the shop answers the store contract.',
      example: 'https://shop.example.com/waco',
      ...URL_RULE,
    },
    { name: 'apiKey', label: 'API key', help: 'What the shop is called with.', ...SECRET_RULE },
    {
      name: 'webhookSecret',
      label: 'Webhook secret',
      help: 'What the shop signs its webhooks with.',
      ...SECRET_RULE,
    },
  ],
  capabilities: ['holds'],
  variables: [],
  source: 'store',
  webhooks: {
    routes: ['/webhooks/store/:merchant'],
    secret: 'webhookSecret',
    reader: restStoreWebhooks,
  },
  connect: ({ baseUrl, apiKey }, { timeoutMs, fetch }) =>
    new RestStore({ baseUrl: baseUrl!, apiKey: apiKey!, timeoutMs, fetch }),
};
