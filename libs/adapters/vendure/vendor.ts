import { isISO31661Alpha2 } from 'class-validator';
import { SECRET_RULE, URL_RULE, type Fields, type StoreVendor } from '#vendors/kit';
import type { VendureCredentials } from './api.js';
import { VendureSessions } from './sessions.js';
import { VendureStore } from './vendure-store.adapter.js';
import { vendureWebhooks } from './webhook.js';

const TOKEN = { rule: /^[\x21-\x7e]{1,500}$/, words: 'must be 1 to 500 printable characters without spaces' };
const COUNTRY = 'must be an ISO 3166-1 country code in capitals, e.g. AE';
/** Shared by all stores of a process: each would log in by itself. */
const SESSIONS = new VendureSessions();

/** A Vendure shop with the Waco plugin (README.md). */
export const vendure: StoreVendor = {
  port: 'store',
  kind: 'vendure',
  displayName: 'Vendure',
  fields: [
    {
      name: 'baseUrl',
      identifies: true,
      label: 'Address',
      help: 'Of the Vendure server, without /admin-api.',
      example: 'https://shop.example.com',
      ...URL_RULE,
    },
    {
      name: 'channelToken',
      identifies: true,
      label: 'Channel token',
      help: 'Of the channel that is sold in; left out: the default channel.',
      secret: false,
      ...TOKEN,
      optional: true,
    },
    {
      name: 'country',
      label: 'Country',
      help: 'Where parcels go when nobody says where, ISO 3166-1 alpha-2; left out: the first country of the shop.',
      example: 'AE',
      secret: false,
      rule: /^[A-Z]{2}$/,
      words: COUNTRY,
      optional: true,
    },
    {
      name: 'username',
      label: 'User name',
      help: 'Of an administrator. Left out with an API key.',
      secret: false,
      ...TOKEN,
      optional: true,
    },
    {
      name: 'password',
      label: 'Password',
      help: 'Of that administrator.',
      secret: true,
      ...TOKEN,
      optional: true,
    },
    {
      name: 'apiKey',
      label: 'API key',
      help: 'In place of user name and password.',
      secret: true,
      ...TOKEN,
      optional: true,
    },
    {
      name: 'webhookSecret',
      label: 'Webhook secret',
      help: 'What the plugin signs its webhooks with.',
      ...SECRET_RULE,
    },
  ],
  capabilities: ['holds'],
  variables: [],
  source: 'vendure',
  webhooks: { routes: ['/webhooks/vendure/:merchant'], secret: 'webhookSecret', reader: vendureWebhooks },
  wrongIn: ({ username, password, apiKey, country }) => {
    if (country !== undefined && !isISO31661Alpha2(country)) return { field: 'country', words: COUNTRY };
    if ((username === undefined) !== (password === undefined)) {
      return {
        field: username === undefined ? 'username' : 'password',
        words: 'must be given with the other',
      };
    }
    if (apiKey !== undefined || username !== undefined) return undefined;
    return { field: 'apiKey', words: 'must be given, or username and password' };
  },
  connect: (fields, { timeoutMs, fetch, clock }) =>
    new VendureStore({
      baseUrl: fields.baseUrl!,
      credentials: credentialsIn(fields),
      channelToken: fields.channelToken,
      country: fields.country,
      timeoutMs,
      fetch,
      clock,
      sessions: SESSIONS,
    }),
};

function credentialsIn({ apiKey, username, password }: Fields): VendureCredentials {
  return apiKey === undefined ? { username: username!, password: password! } : { apiKey };
}
