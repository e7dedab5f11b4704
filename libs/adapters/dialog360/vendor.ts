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
  type TemplateBook,
} from '#vendors/kit';
import { Dialog360Client } from './client.js';
import { NO_KEY } from './refusals.js';
import { dialog360 } from './transport.js';
import { DIALOG360_SECRET_HEADER, isDialog360Secret } from './webhook.js';

const BASE_URL = 'DIALOG360_BASE_URL';
/** Shared by all clients of a process. */
const AGENTS = openAgents();
const DAY_MS = 86_400_000;
/**
 * WhatsApp's. But nobody says when a template that was switched off may be sent again, so it is tried once a day: what a
 * number's webhooks say is messages, statuses and errors. Source:
 * docs.360dialog.com/partner/messaging/sending-and-receiving-messages/receiving-messages-via-webhook
 */
const RULES: ChannelRules = {
  ...WHATSAPP_RULES,
  templates: {
    ...WHATSAPP_RULES.templates,
    disabled: { ...WHATSAPP_RULES.templates.disabled, recheckMs: DAY_MS },
  },
};
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
  capabilities: ['talk', 'templates', 'subscribe', 'catalogs'],
  variables: [addressOf(BASE_URL, 'https://waba-v2.360dialog.io')],
  templates: templatesOf,
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

function templatesOf(account: ChannelAccountFields, means: Means): TemplateBook {
  const client = clientOf(account, means);
  return {
    list: () => calling(() => client.getTemplates()),
    create: ({ category, ...template }) =>
      calling(() =>
        client.createTemplate({
          ...template,
          category: category.toUpperCase() as Uppercase<typeof category>,
        }),
      ),
  };
}

/** The number has one address for webhooks; the header that protects it is not read back. */
async function subscribedTo(
  account: ChannelAccountFields,
  address: string,
  means: Means,
): Promise<Subscribed> {
  try {
    const url = await calling(() => clientOf(account, means).getWebhookUrl());
    if (url === address) return { state: 'yes' };
    const why =
      url === undefined
        ? 'the number has no address for webhooks'
        : 'webhooks of the number go to another address';
    return { state: 'no', why: `${why} at 360dialog` };
  } catch (error) {
    if (error instanceof CallFailed) return { state: 'unknown', why: error.message };
    throw error;
  }
}

async function subscribe(account: ChannelAccountFields, address: string, means: Means): Promise<void> {
  const headers = { [DIALOG360_SECRET_HEADER]: account.fields.webhookSecret! };
  await calling(() => clientOf(account, means).setWebhook(address, headers));
}

async function probe(account: ChannelAccountFields, means: Means): Promise<Connection> {
  try {
    await calling(() => clientOf(account, means).getWebhookUrl());
    return { state: 'ok' };
  } catch (error) {
    if (error instanceof CallFailed) return { state: 'failing', why: error.message };
    throw error;
  }
}

/** @throws CallFailed for what 360dialog refuses. Of a bad key it says only that: what is said of it may quote it. */
async function calling<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof GraphCallError)) throw error;
    const { code, details } = error;
    if (code === undefined) throw new CallFailed('no_answer', '360dialog did not answer as it should');
    if (code === NO_KEY) throw new CallFailed('refused', '360dialog does not accept the key');
    throw new CallFailed('refused', `360dialog says: ${details}`);
  }
}

function clientOf(account: ChannelAccountFields, means: Means): Dialog360Client {
  return new Dialog360Client({ ...optionsOf(account, means), timeoutMs: means.timeoutMs, agents: AGENTS });
}

function optionsOf({ fields }: ChannelAccountFields, { variables }: Means) {
  return { baseUrl: variables[BASE_URL]!, apiKey: fields.apiKey! };
}
