import { Matches } from 'class-validator';
import type { ChannelPort } from '#core/outbound';
import type { Connection, Subscribed } from '#core/tenancy';
import {
  addressOf,
  CallFailed,
  DISPLAY_NAME,
  SECRET_RULE,
  type ChannelAccountFields,
  type ChannelVendor,
  type Means,
  type TemplateBook,
} from '#vendors/kit';
import { WhatsAppClient } from './client.js';
import { GraphCallError } from './errors.js';
import type { GraphOptions } from './graph.js';
import { openAgents } from './http.js';
import { PageClient } from './page-client.js';
import { cloudApi } from './transport.js';
import { whatsAppWebhooks } from './webhooks.js';
import { WhatsAppChannel, whatsAppFacts } from './whatsapp.adapter.js';

/** Shared by all clients of a process. */
const AGENTS = openAgents();
const [BASE_URL, VERSION] = ['WHATSAPP_BASE_URL', 'WHATSAPP_API_VERSION'];

const META = {
  port: 'channel',
  isOfBefore: true,
  variables: [
    addressOf(BASE_URL, 'https://graph.facebook.com'),
    {
      name: VERSION,
      default: 'v25.0',
      rules: [Matches(/^v\d+\.\d+$/, { message: `${VERSION} must be such as v25.0` })],
    },
  ],
} as const;

const ID = { secret: false, rule: /^\d{5,32}$/, words: 'must be 5 to 32 digits' } as const;
const PAGE = {
  ...ID,
  name: 'pageId',
  label: 'Page',
  help: "Meta's id of the page.",
  example: '110123456789012',
};
const ACCESS_TOKEN = { name: 'accessToken', label: 'Access token', ...SECRET_RULE };

/** What tells numbers on WhatsApp apart, whichever way leads there. */
export const WHATSAPP_IDS = {
  account: {
    ...ID,
    name: 'businessAccountId',
    label: 'Business account',
    help: "Meta's id of the WhatsApp business account.",
    example: '102290129340398',
  },
  sender: {
    ...ID,
    name: 'phoneNumberId',
    label: 'Phone number id',
    help: "Meta's id of the phone number.",
    example: '106540352242922',
  },
  name: {
    name: 'displayPhoneNumber',
    label: 'Phone number',
    help: 'As customers see it.',
    example: '+971 50 000 0000',
    secret: false,
    rule: /^(?=(?:\D*\d){5,15}\D*$)\+?\d[\d ()-]{4,22}$/,
    words: 'must be a phone number of 5 to 15 digits',
  },
} as const;

/** WhatsApp by Meta's Cloud API. */
export const whatsApp: ChannelVendor = {
  ...META,
  kind: 'whatsapp',
  displayName: 'WhatsApp',
  ids: WHATSAPP_IDS,
  fields: [{ ...ACCESS_TOKEN, help: 'Token of a system user.' }],
  capabilities: ['talk', 'templates', 'subscribe', 'catalogs'],
  templates: templatesOf,
  talk: { facts: whatsAppFacts, connect: channelOf },
  webhooks: whatsAppWebhooks,
  subscription: { probe: subscribedTo, set: subscribe },
  /** Webhooks name both, and are led here only if they belong together. */
  probe: (account, means) =>
    asking(async () => {
      const client = whatsAppClient(account, means);
      await client.getPhoneNumber();
      if (await client.isNumberOf(account.accountId)) return { state: 'ok' };
      return { state: 'failing', why: `the number is none of business account ${account.accountId}` };
    }),
};

export const messenger: ChannelVendor = {
  ...META,
  kind: 'messenger',
  displayName: 'Messenger',
  ids: { account: PAGE, sender: PAGE, name: DISPLAY_NAME },
  fields: [{ ...ACCESS_TOKEN, help: "The page's access token." }],
  capabilities: [],
  probe: ({ accountId, fields }, means) =>
    asking(async () => {
      await new PageClient(graphOf(fields.accessToken!, means)).getPage(accountId, false);
      return { state: 'ok' };
    }),
};

export const instagram: ChannelVendor = {
  ...META,
  kind: 'instagram',
  displayName: 'Instagram',
  ids: {
    account: PAGE,
    sender: {
      ...ID,
      name: 'instagramAccountId',
      label: 'Instagram account',
      help: "Meta's id of the professional account.",
      example: '17841400000000000',
    },
    name: DISPLAY_NAME,
  },
  fields: [{ ...ACCESS_TOKEN, help: "The page's access token." }],
  capabilities: [],
  /** The account must be the one that is linked with its page. */
  probe: ({ accountId, senderId, fields }, means) =>
    asking(async () => {
      const page = await new PageClient(graphOf(fields.accessToken!, means)).getPage(accountId, true);
      if (page.instagramAccountId === senderId) return { state: 'ok' };
      const why = `the page is not linked with Instagram account ${senderId}, or the token may not see it`;
      return { state: 'failing', why };
    }),
};

/**
 * Meta sends nothing of a business account to an app that is not subscribed to it. Which app the token was made for, Meta says;
 * where that app's webhooks go, its dashboard alone knows, unless those of this account go elsewhere.
 */
async function subscribedTo(
  account: ChannelAccountFields,
  address: string,
  means: Means,
): Promise<Subscribed> {
  const isOurs = (url: string): boolean => url === address || url.startsWith(`${address}/`);
  try {
    const client = whatsAppClient(account, means);
    const apps = await calling(() => client.getSubscribedApps(account.accountId));
    if (apps.length === 0)
      return { state: 'no', why: 'no app is subscribed to the business account at Meta' };
    if (apps.some(({ overrideUrl }) => overrideUrl !== undefined && isOurs(overrideUrl)))
      return { state: 'yes' };
    const own = await client.getApp().catch(() => undefined);
    if (own === undefined) {
      return {
        state: 'unknown',
        why: 'Meta does not say whether the app that is subscribed is the one of the token',
      };
    }
    const app = apps.find(({ id }) => id === own);
    if (!app)
      return { state: 'no', why: 'the app of the token is not subscribed to the business account at Meta' };
    if (app.overrideUrl === undefined) return { state: 'yes' };
    return { state: 'no', why: 'Meta takes messages of the business account to another address' };
  } catch (error) {
    if (error instanceof CallFailed) return { state: 'unknown', why: error.message };
    throw error;
  }
}

/** An account whose webhooks come here is left alone: subscribing once more would take an address of its own away. */
async function subscribe(account: ChannelAccountFields, address: string, means: Means): Promise<void> {
  if ((await subscribedTo(account, address, means)).state === 'yes') return;
  await calling(() => whatsAppClient(account, means).subscribeApp(account.accountId));
}

function whatsAppClient({ senderId, fields }: ChannelAccountFields, means: Means): WhatsAppClient {
  return new WhatsAppClient({ ...graphOf(fields.accessToken!, means), phoneNumberId: senderId });
}

function graphOf(accessToken: string, { variables, timeoutMs }: Means): GraphOptions {
  return { baseUrl: variables[BASE_URL]!, version: variables[VERSION]!, accessToken, timeoutMs };
}

function channelOf({ senderId, fields }: ChannelAccountFields, means: Means): ChannelPort {
  const { timeoutMs, ...options } = graphOf(fields.accessToken!, means);
  const transport = cloudApi({ ...options, phoneNumberId: senderId });
  return new WhatsAppChannel({ transport, timeoutMs, agents: AGENTS });
}

function templatesOf(account: ChannelAccountFields, means: Means): TemplateBook {
  const client = whatsAppClient(account, means);
  return {
    list: () => calling(() => client.getTemplates(account.accountId)),
    create: ({ category, ...template }) =>
      calling(() =>
        client.createTemplate(account.accountId, {
          ...template,
          category: category.toUpperCase() as Uppercase<typeof category>,
        }),
      ),
  };
}

async function asking(ask: () => Promise<Connection>): Promise<Connection> {
  try {
    return await calling(ask);
  } catch (error) {
    if (error instanceof CallFailed) return { state: 'failing', why: error.message };
    throw error;
  }
}

/** @throws CallFailed for what Meta refuses. Of a bad token it says only that: Meta's message quotes the token. */
async function calling<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof GraphCallError)) throw error;
    const { code, details } = error;
    if (code === undefined) throw new CallFailed('no_answer', 'Meta did not answer as it should');
    if (code === 190) throw new CallFailed('refused', 'Meta does not accept the access token');
    throw new CallFailed('refused', `Meta says (#${code}) ${details}`);
  }
}
