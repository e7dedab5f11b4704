import type { StoreEvent, StorePort } from '#core/catalog';
import type { PaymentEvent, PaymentProviderPort } from '#core/checkout';
import type { ChannelFacts, ChannelPort } from '#core/outbound';
import type { Connection, Subscribed, WebhookReader } from '#core/tenancy';
import type { Clock, GuardedFetch, UrlPolicy } from '#platform';
import type { ChannelItem, ChannelWebhooks } from './channel-webhooks.js';
import type { Variable } from './variable.js';

export type { ChannelItem, ChannelWebhooks, ItemFacts } from './channel-webhooks.js';
export { NotAWebhook } from './channel-webhooks.js';
export { addressOf, type Variable } from './variable.js';

/** What a vendor's definition is made of. Adapters import this; the registry imports adapters. */

/** What a merchant gives to connect an account of its own. Forms, the API's documents and checks are made from it. */
export interface Field {
  /** As the API has it, in camelCase. */
  name: string;
  /** As a form has it. */
  label: string;
  help?: string;
  example?: string;
  /** Sealed before it is stored, and never shown. */
  secret: boolean;
  /**
   * `url`: an http(s) address without user name, which a merchant may give only if it is public, of 500 characters at most.
   * `name`: a text for people, of 100 characters at most. Otherwise what `rule` allows.
   */
  kind?: 'url' | 'name';
  /** What it must look like, and the same in words that follow its name: `must be …`. */
  rule: RegExp;
  words: string;
  /** Of a shop: another value is another shop, of which everything is read anew. */
  identifies?: true;
  optional?: boolean;
}

export interface Vendor {
  /** `a-z`, `0-9`: stands in accounts' keys, in addresses and in the database. Never changes. */
  kind: string;
  displayName: string;
  fields: readonly Field[];
  /** What is wrong with values that each keep their field's rule; `words` follow the field's name. */
  wrongIn?(given: Fields): { field: string; words: string } | undefined;
  /** The release before knows it, and has columns of its own for its fields. */
  isOfBefore?: boolean;
  /** What it can do of what not every vendor of its port can. */
  capabilities: readonly Capability[];
  /** Of whoever calls the vendor. */
  variables: readonly Variable[];
}

export type Capability =
  /** Channels: customers can be talked with; without it, accounts can be stored and tested. */
  | 'talk'
  /** Channels: what goes out when the customer has not written lately. */
  | 'templates'
  /** Channels: one call has webhooks of an account brought here. */
  | 'subscribe'
  /** Channels: carts of the channel's own, from a catalog that an account names. */
  | 'catalogs'
  /** Stores: stock can be held for an order. */
  | 'holds'
  /** Payment providers: money goes back through the provider. */
  | 'refunds';

/** What clients are made with besides an account. */
export interface Means {
  /** The vendor's variables, as they are set. */
  variables: Readonly<Record<string, string | undefined>>;
  timeoutMs: number;
  /** For addresses that merchants give. */
  fetch: GuardedFetch;
  /** What an address that a vendor names may be. */
  urls: UrlPolicy;
  clock: Clock;
}

/** An account of a merchant, opened: the values of its vendor's fields by their names. */
export type Fields = Readonly<Record<string, string>>;

/** Where webhooks of an account come in, with `:merchant` and perhaps `:account`, and what they say. */
export interface Webhooks<E> {
  /** The first one that fits is the address that a merchant is told. */
  routes: readonly string[];
  /** Name of the field that holds the secret which signs. */
  secret: string;
  reader: WebhookReader<E>;
}

/** Of a vendor that says where it brings webhooks. `address`: ours, as the vendor is to be told it. */
export interface Subscription<A> {
  /** Asks, and changes nothing. It never throws. */
  probe(account: A, address: string, means: Means): Promise<Subscribed>;
}

export interface PaymentVendor extends Vendor {
  port: 'payment';
  connect(fields: Fields, means: Means): PaymentProviderPort;
  /** Asks the vendor whose account it is, and changes nothing. It never throws. */
  probe(fields: Fields, means: Means): Promise<Connection>;
  subscription?: Subscription<Fields>;
  /** A payment page lives at least so long, in milliseconds. */
  pageLifeMs: number;
  webhooks: Webhooks<PaymentEvent>;
}

export interface StoreVendor extends Vendor {
  port: 'store';
  /** What the journal and the metrics call its webhooks. */
  source: string;
  connect(fields: Fields, means: Means): StorePort;
  webhooks: Webhooks<StoreEvent>;
}

export interface ChannelVendor extends Vendor {
  port: 'channel';
  /** What tells its accounts apart, in the channel's own words. `account` and `sender` may be one field. */
  ids: {
    /** What the sender belongs to: a business account, a page. */
    account: Field;
    /** What messages are sent from. */
    sender: Field;
    /** As customers see it. */
    name: Field;
  };
  /** Asks the channel about the account, and changes nothing. It never throws. */
  probe(account: ChannelAccountFields, means: Means): Promise<Connection>;
  subscription?: Subscription<ChannelAccountFields> & {
    /** From now on webhooks come here; with the capability `subscribe`. @throws CallFailed */
    set(account: ChannelAccountFields, address: string, means: Means): Promise<void>;
  };
  /** Of the business account; with the capability `templates`. */
  templates?(account: ChannelAccountFields, means: Means): TemplateBook;
  /** With the capability `talk`: what holds for all accounts, and the client of one. */
  talk?: { facts: ChannelFacts; connect(account: ChannelAccountFields, means: Means): ChannelPort };
  /** Of apps that serve many accounts. */
  webhooks?: ChannelWebhooks;
  /** Of each account by itself; places are `merchant` and `account`. */
  accountWebhooks?: Webhooks<ChannelItem>;
}

export interface ChannelAccountFields {
  senderId: string;
  accountId: string;
  fields: Fields;
}

/** The templates that a business account has at its channel. */
export interface TemplateBook {
  /** @throws CallFailed */
  list(): Promise<TemplateFacts[]>;
  /** Hands one in for approval. @throws CallFailed */
  create(template: NewTemplate): Promise<{ status: string }>;
}

export interface TemplateFacts {
  name: string;
  language: string;
  /** The channel's word, in capitals: `APPROVED`, `PENDING`, … */
  status: string;
}

export interface NewTemplate {
  name: string;
  language: string;
  category: 'utility' | 'marketing' | 'authentication';
  body: string;
  /** One example for each variable of the body, in order. */
  examples: readonly string[];
}

/** The other side refused a call, or did not answer as it should. The message is for people and holds no secret. */
export class CallFailed extends Error {
  constructor(
    readonly why: 'refused' | 'no_answer',
    message: string,
  ) {
    super(message);
  }
}

/** A secret as it fits into a header: printable ASCII without spaces. */
export const SECRET_RULE = {
  secret: true,
  rule: /^[\x21-\x7e]{8,2048}$/,
  words: 'must be 8 to 2048 printable characters without spaces',
} as const;

/** What customers see an account called. */
export const DISPLAY_NAME = {
  name: 'displayName',
  label: 'Name',
  help: 'As customers see it.',
  example: 'Desert Threads',
  secret: false,
  kind: 'name',
  rule: /^.{1,100}$/u,
  words: 'must be 1 to 100 characters',
} as const;

/** An address that a merchant gives. */
export const URL_RULE = {
  secret: false,
  kind: 'url',
  rule: /^[^?#]*$/,
  words: 'must have no query and no fragment',
} as const;
