import { personOf } from '#core/messaging';
import { FakeStore } from '#core/catalog/testing';
import { money } from '#core/catalog';
import { FAKE_WEBHOOKS, FakePaymentProvider } from '#core/checkout/testing';
import { FakeChannel, STRICT } from '#core/outbound/testing';
import type { WebhookReader } from '#core/tenancy';
import {
  SECRET_RULE,
  type ChannelItem,
  type ChannelVendor,
  type Field,
  type PaymentVendor,
  type StoreVendor,
} from '#vendors/kit';

/** Three vendors that exist nowhere: what stands in such a file is all that a vendor is. */

const KEY: Field = { name: 'toyKey', label: 'Key', ...SECRET_RULE };
const SECRET: Field = { name: 'toySecret', label: 'Webhook secret', ...SECRET_RULE };

const { limits } = STRICT;
const chat = new FakeChannel({
  ...STRICT,
  pair: null,
  limits: {
    ...limits,
    text: 4_000,
    body: 2_000,
    url: 4_000,
    list: { ...limits.list!, rows: 10, id: 200, title: 24, description: 72 },
    buttons: { ...limits.buttons!, count: 3, id: 200, title: 20 },
  },
});
const payments = new FakePaymentProvider(() => new Date());
const shop = new FakeStore(() => new Date(), 'AE', 'AED');
shop.put({
  sku: 'KITE',
  title: 'Red Kite',
  description: 'It flies.',
  category: { id: 'toys', title: 'Toys' },
  imageUrl: null,
  price: money(2_500, 'AED'),
  available: 3,
  regions: null,
  deleted: false,
});

/** The calls that the toy vendors have received, and levers for what their people do. */
export const toys = { chat, payments, shop };

/** A message is `{ "id", "from", "at", "text" | "tap" }`, and the secret is the signature. */
const toyMessages: WebhookReader<ChannelItem> = {
  header: 'toy-secret',
  form: /^[\x21-\x7e]{8,100}$/,
  read(rawBody, signature, secrets) {
    if (!secrets.includes(signature)) return { outcome: 'unsigned' };
    const { id, from, at, to, text, tap } = JSON.parse(rawBody.toString()) as Record<string, string>;
    if (!id) return { outcome: 'malformed', reason: 'id must be a text' };
    const occurredAt = new Date(at!);
    const content = tap
      ? ({ type: 'choice', id: tap, title: tap } as const)
      : ({ type: 'text', text: text! } as const);
    const event: ChannelItem = {
      kind: 'message',
      field: 'messages',
      accountId: 'toys-inc',
      senderId: to,
      externalId: `message/${id}`,
      occurredAt,
      payload: {
        channel: 'toychat',
        person: personOf({ userId: from, name: 'Tara' }),
        messageId: id,
        sentAt: at!,
        content,
      },
    };
    return { outcome: 'read', notices: [{ id, name: 'message', occurredAt, event }] };
  },
};

export const toyChat: ChannelVendor = {
  port: 'channel',
  kind: 'toychat',
  displayName: 'Toy chat',
  ids: {
    account: {
      name: 'club',
      label: 'Club',
      secret: false,
      rule: /^[a-z-]{1,30}$/,
      words: 'must be a club',
    },
    sender: {
      name: 'seat',
      label: 'Seat',
      secret: false,
      rule: /^[a-z0-9-]{1,30}$/,
      words: 'must be a seat',
    },
    name: {
      name: 'nickname',
      label: 'Nickname',
      secret: false,
      kind: 'name',
      rule: /^.{1,30}$/u,
      words: 'must be 1 to 30 characters',
    },
  },
  fields: [KEY, SECRET],
  capabilities: ['talk'],
  variables: [],
  probe: async ({ senderId, fields }) =>
    fields.toyKey === 'key-of-a-toy'
      ? { state: 'ok' }
      : { state: 'failing', why: `seat ${senderId} is taken` },
  talk: { facts: chat, connect: () => chat },
  accountWebhooks: {
    routes: ['/webhooks/toychat/:merchant/:account'],
    secret: 'toySecret',
    reader: toyMessages,
  },
};

export const toyPay: PaymentVendor = {
  port: 'payment',
  kind: 'toypay',
  displayName: 'Toy pay',
  fields: [
    KEY,
    SECRET,
    {
      name: 'purse',
      label: 'Purse',
      help: 'Which one.',
      secret: false,
      rule: /^(left|right)$/,
      words: 'must be left or right',
    },
  ],
  capabilities: ['refunds'],
  variables: [{ name: 'TOYPAY_BASE_URL', default: 'https://toypay.example', rules: [] }],
  pageLifeMs: 600_000,
  webhooks: {
    routes: ['/webhooks/payments/toypay/:merchant', '/webhooks/payments/toypay/:merchant/:account'],
    secret: 'toySecret',
    reader: FAKE_WEBHOOKS,
  },
  connect: () => payments,
  probe: async ({ purse }, { variables }) =>
    purse === 'right'
      ? { state: 'ok' }
      : { state: 'failing', why: `${variables.TOYPAY_BASE_URL} finds it empty` },
};

export const toyShop: StoreVendor = {
  port: 'store',
  kind: 'toyshop',
  displayName: 'Toy shop',
  fields: [KEY, SECRET],
  capabilities: ['holds'],
  variables: [],
  source: 'toyshop',
  connect: () => shop,
  webhooks: {
    routes: ['/webhooks/toyshop/:merchant'],
    secret: 'toySecret',
    reader: {
      header: 'toy-secret',
      form: /^[\x21-\x7e]{8,100}$/,
      read(rawBody, signature, secrets) {
        if (!secrets.includes(signature)) return { outcome: 'unsigned' };
        const { id, sku, available, sequence } = JSON.parse(rawBody.toString()) as {
          id: string;
          sku: string;
          available: number;
          sequence: number;
        };
        const occurredAt = new Date();
        const change = { type: 'stock.updated', sku, available } as const;
        const event = { about: 'catalog', sequence, change } as const;
        return { outcome: 'read', notices: [{ id, name: 'counted', occurredAt, event }] };
      },
    },
  },
};
