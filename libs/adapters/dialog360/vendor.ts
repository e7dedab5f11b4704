import {
  GraphCallError,
  openAgents,
  readWebhook,
  WHATSAPP_IDS,
  WHATSAPP_RULES,
  WhatsAppChannel,
  whatsAppFacts,
} from '#adapters/whatsapp-cloud';
import type { ChannelRules } from '#core/outbound';
import type { Connection, Notice, Subscribed, WebhookReading } from '#core/tenancy';
import { JsonOutOfBounds, parseBoundedJson } from '#platform';
import {
  addressOf,
  CallFailed,
  NotAWebhook,
  SECRET_RULE,
  type ChannelAccountFields,
  type ChannelItem,
  type ChannelVendor,
  type Means,
} from '#vendors/kit';
import { Dialog360Client } from './client.js';
import { NO_KEY } from './refusals.js';
import { dialog360 } from './transport.js';
import { DIALOG360_SECRET_HEADER, isDialog360Secret } from './webhook.js';

const BASE_URL = 'DIALOG360_BASE_URL';
/** Shared by all clients of a process. */
const AGENTS = openAgents();
/** WhatsApp's, but for templates: which ones a number has, nothing here asks 360dialog yet. */
const RULES: ChannelRules = { ...WHATSAPP_RULES, outsideWindow: 'nothing', templates: null };
/** A few updates of one number. */
const BODY = { values: 10_000, depth: 64 };

/** WhatsApp by way of 360dialog: the Cloud API's messages under a key of the number's own. */
export const dialog360Vendor: ChannelVendor = {
  port: 'channel',
  kind: 'dialog360',
  displayName: 'WhatsApp by 360dialog',
  ids: WHATSAPP_IDS,
  fields: [
    {
      name: 'apiKey',
      label: 'API key',
      help: "The number's key, from 360dialog's hub.",
      ...SECRET_RULE,
    },
    {
      name: 'webhookSecret',
      label: 'Webhook secret',
      help: `A long random text that 360dialog is to send as the header ${DIALOG360_SECRET_HEADER}.`,
      ...SECRET_RULE,
      rule: /^[\x21-\x7e]{24,256}$/,
      words: 'must be 24 to 256 printable characters without spaces',
    },
  ],
  capabilities: ['talk', 'subscribe', 'catalogs'],
  variables: [addressOf(BASE_URL, 'https://waba-v2.360dialog.io')],
  talk: {
    facts: { ...whatsAppFacts, rules: RULES },
    connect: (account, means) =>
      new WhatsAppChannel({
        transport: dialog360(optionsOf(account, means)),
        rules: RULES,
        timeoutMs: means.timeoutMs,
        agents: AGENTS,
      }),
  },
  accountWebhooks: {
    routes: ['/webhooks/360dialog/:merchant/:account'],
    secret: 'webhookSecret',
    reader: { header: DIALOG360_SECRET_HEADER, form: /^[\x21-\x7e]{24,256}$/, read },
  },
  probe,
  subscription: { probe: subscribedTo, set: subscribe },
};

/** 360dialog signs for its partners only: what protects a webhook is a header that nobody else was told. */
function read(
  rawBody: Buffer,
  secret: string,
  secrets: readonly string[],
  now: Date,
): WebhookReading<ChannelItem> {
  if (!isDialog360Secret(secret, secrets)) return { outcome: 'unsigned' };
  try {
    const items = [...readWebhook(parseBoundedJson(rawBody, BODY), now)];
    return { outcome: 'read', notices: items.map(noticeOf) };
  } catch (error) {
    if (error instanceof SyntaxError) return { outcome: 'malformed', reason: 'the body must be JSON' };
    if (error instanceof NotAWebhook || error instanceof JsonOutOfBounds) {
      return { outcome: 'malformed', reason: error.message };
    }
    throw error;
  }
}

function noticeOf(item: ChannelItem): Notice<ChannelItem> {
  const { externalId: id, kind: name, occurredAt } = item;
  return { id, name, occurredAt, event: item };
}

/** The number has one address for webhooks; the header that protects it is not read back. */
async function subscribedTo(
  account: ChannelAccountFields,
  address: string,
  means: Means,
): Promise<Subscribed> {
  try {
    const url = await clientOf(account, means).getWebhookUrl();
    if (url === address) return { state: 'yes' };
    const why =
      url === undefined
        ? 'the number has no address for webhooks'
        : 'webhooks of the number go to another address';
    return { state: 'no', why: `${why} at 360dialog` };
  } catch (error) {
    if (!(error instanceof GraphCallError)) throw error;
    return { state: 'unknown', why: reasonOf(error) };
  }
}

async function subscribe(account: ChannelAccountFields, address: string, means: Means): Promise<void> {
  try {
    const headers = { [DIALOG360_SECRET_HEADER]: account.fields.webhookSecret! };
    await clientOf(account, means).setWebhook(address, headers);
  } catch (error) {
    if (!(error instanceof GraphCallError)) throw error;
    throw new CallFailed(error.code === undefined ? 'no_answer' : 'refused', reasonOf(error));
  }
}

function clientOf(account: ChannelAccountFields, means: Means): Dialog360Client {
  return new Dialog360Client({ ...optionsOf(account, means), timeoutMs: means.timeoutMs });
}

async function probe(account: ChannelAccountFields, means: Means): Promise<Connection> {
  try {
    await clientOf(account, means).getWebhookUrl();
    return { state: 'ok' };
  } catch (error) {
    if (!(error instanceof GraphCallError)) throw error;
    return { state: 'failing', why: reasonOf(error) };
  }
}

/** For people. Of a bad key only that: what is said of it may quote it. */
function reasonOf({ code, details }: GraphCallError): string {
  if (code === undefined) return '360dialog did not answer as it should';
  return code === NO_KEY ? '360dialog does not accept the key' : `360dialog says: ${details}`;
}

function optionsOf({ fields }: ChannelAccountFields, { variables }: Means) {
  return { baseUrl: variables[BASE_URL]!, apiKey: fields.apiKey! };
}
