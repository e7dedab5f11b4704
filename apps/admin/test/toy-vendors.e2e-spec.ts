import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createServer, type AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import { FAKE_SECRET } from '#core/checkout/testing';
import { bootService, loadEnv } from '#platform';
import { createTestDatabase, TEST_MASTER_KEYS, until, type TestDatabase } from '#testing';
import { CHANNELS, PAYMENT_PROVIDERS, STORES } from '#vendors';
import { toyChat, toyPay, toys, toyShop } from './toy-vendors.js';
import type { AdminUnderTest } from './support.js';

jest.setTimeout(120_000);

// The line in the registry, before any service reads it: forms, routes and environments are made when it is read.
CHANNELS.push(toyChat);
PAYMENT_PROVIDERS.push(toyPay);
STORES.push(toyShop);
const { startAdmin, onboard } = await import('./support.js');
const { IngestGatewayEnv } = await import('../../ingest-gateway/src/env.js');
const { IngestGatewayModule } = await import('../../ingest-gateway/src/ingest-gateway.module.js');
const { webhookRoutes } = await import('../../ingest-gateway/src/http/webhook-routes.js');
const { ConversationEnv } = await import('../../conversation/src/env.js');
const { ConversationModule, connectTurns } = await import('../../conversation/src/conversation.module.js');
const { CatalogSyncEnv } = await import('../../catalog-sync/src/env.js');
const { CatalogSyncModule } = await import('../../catalog-sync/src/catalog-sync.module.js');
const { connectTransports } = await import('../../catalog-sync/src/transports.js');
const { CheckoutEnv } = await import('../../checkout/src/env.js');
const { startCheckout } = await import('../../checkout/src/start.js');
const { OutboundEnv } = await import('../../outbound/src/env.js');
const { OutboundModule, connectSends } = await import('../../outbound/src/outbound.module.js');

const SECRETS = { toyKey: 'key-of-a-toy', toySecret: FAKE_SECRET };

let database: TestDatabase;
let admin: AdminUnderTest;
const services: NestFastifyApplication[] = [];
let gateway: string;
let checkout: string;
let path: string;

beforeAll(async () => {
  database = await createTestDatabase();
  const rpc = { CATALOG_RPC_HOST: '127.0.0.1', CATALOG_RPC_PORT: String(await freePort()) };
  const shared = {
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    PORT: '0',
    QUEUE_URL: database.queueUrl,
    WACO_MASTER_KEYS: TEST_MASTER_KEYS,
    WACO_ALLOW_PRIVATE_URLS: 'true',
    ...rpc,
  };
  const env = (role: Parameters<TestDatabase['url']>[0], more = {}) => ({
    ...shared,
    DATABASE_URL: database.url(role),
    ...more,
  });
  const catalogEnv = loadEnv(CatalogSyncEnv, env('waco_catalog'));
  const conversationEnv = loadEnv(ConversationEnv, env('waco_conversation'));
  const outboundEnv = loadEnv(OutboundEnv, env('waco_outbound'));
  const gatewayEnv = loadEnv(
    IngestGatewayEnv,
    env('waco_ingest', {
      WHATSAPP_VERIFY_TOKEN: 'a-token-of-the-dashboard',
      WHATSAPP_APP_SECRETS: 'a-secret-of-an-app',
    }),
  );
  const links = `k1:${Buffer.alloc(32, 5).toString('base64')}`;
  const checkoutEnv = loadEnv(CheckoutEnv, env('waco_checkout', { CHECKOUT_LINK_KEYS: links }));
  admin = await startAdmin({ QUEUE_PREFIX: 'waco', WACO_ALLOW_PRIVATE_URLS: 'true' }, undefined, database);
  services.push(
    await bootService({
      service: 'ingest-gateway',
      module: IngestGatewayModule.forRoot(gatewayEnv),
      env: gatewayEnv,
      configure: webhookRoutes,
    }),
    await bootService({
      service: 'catalog-sync',
      module: CatalogSyncModule.forRoot(catalogEnv),
      env: catalogEnv,
      configure: (app) => connectTransports(app, catalogEnv),
    }),
    await bootService({
      service: 'conversation',
      module: ConversationModule.forRoot(conversationEnv),
      env: conversationEnv,
      configure: connectTurns,
    }),
    await startCheckout(checkoutEnv),
    await bootService({
      service: 'outbound',
      module: OutboundModule.forRoot(outboundEnv),
      env: outboundEnv,
      configure: connectSends,
    }),
  );
  const [entrance, , , paying] = services;
  gateway = urlOf(entrance!);
  checkout = urlOf(paying!);
  path = `/v1/merchants/${(await onboard(admin)).merchantId}`;
});
afterAll(async () => {
  await Promise.all(services.map((app) => app.close()));
  await admin.close();
  await database.drop();
});

it('is shown with its fields, and named in the documents', async () => {
  const { json } = await admin.call('GET', '/v1/vendors');
  const kinds = json.items.map(({ port, kind }: { port: string; kind: string }) => `${port} ${kind}`);
  expect(kinds).toEqual(expect.arrayContaining(['channel toychat', 'store toyshop', 'payment toypay']));
  expect(json.items.find(({ kind }: { kind: string }) => kind === 'toypay').fields).toContainEqual({
    name: 'purse',
    label: 'Purse',
    help: 'Which one.',
    secret: false,
    kind: 'text',
    optional: false,
    pattern: '^(left|right)$',
    flags: '',
    rule: 'must be left or right',
  });
  const documents = (await admin.call('GET', '/docs/openapi.json')).json;
  expect(documents.components.schemas).toMatchObject({
    PutToypayAccount: { properties: { purse: { type: 'string' }, toyKey: { writeOnly: true } } },
    ConnectToychat: { required: expect.arrayContaining(['club', 'seat', 'nickname', 'toySecret']) },
    PutToyshopStore: { required: expect.arrayContaining(['region', 'toyKey']) },
  });
});

it('is connected by its form, whose rules are said, and tested with what was sealed', async () => {
  const pay = `${path}/payment-providers/toypay`;
  const wrong = await admin.call('PUT', pay, { body: { ...SECRETS, purse: 'both', extra: 1 } });
  expect([wrong.status, wrong.json.errors]).toEqual([
    400,
    expect.arrayContaining([
      expect.objectContaining({ field: 'purse', detail: 'purse must be left or right' }),
      expect.objectContaining({ field: 'extra' }),
    ]),
  ]);
  const put = await admin.call('PUT', pay, { body: { ...SECRETS, purse: 'left' } });
  expect(put.json).toMatchObject({ kind: 'toypay', purse: 'left', toyKey: 'set', toySecret: 'set' });
  expect((await admin.call('POST', `${pay}/test`)).json).toMatchObject({
    ok: false,
    why: 'https://toypay.example finds it empty',
  });
  await admin.call('PUT', pay, { body: { ...SECRETS, purse: 'right' } });
  expect((await admin.call('POST', `${pay}/test`)).json).toMatchObject({ ok: true });
  expect((await admin.call('PUT', `${path}/payment-providers/nopay`, { body: SECRETS })).status).toBe(400);
  const body = { kind: 'toyshop', region: 'AE', ...SECRETS };
  expect((await admin.call('PUT', `${path}/store`, { body: { ...body, kind: 'noshop' } })).status).toBe(400);
  expect((await admin.call('PUT', `${path}/store`, { body })).json).toMatchObject({ kind: 'toyshop' });
  expect((await admin.call('POST', `${path}/store/test`)).json).toMatchObject({ ok: true });
  const seat = { club: 'toys-inc', seat: 'seat-1', nickname: 'The toys', ...SECRETS };
  const chat = await admin.call('PUT', `${path}/channel-accounts/toychat`, { body: seat });
  expect(chat.json).toMatchObject({ senderId: 'seat-1', displayName: 'The toys', toyKey: 'set' });
  expect(chat.json.webhookUrl).toContain(`/webhooks/toychat/${path.split('/').at(-1)}/${chat.json.id}`);
  expect((await admin.call('POST', `${path}/channel-accounts/${chat.json.id}/test`)).json).toMatchObject({
    ok: true,
  });
  const { rows } = await admin.owner.query(
    `SELECT kind, settings, credentials FROM tenancy.payment_providers WHERE kind = 'toypay'`,
  );
  expect(rows[0].settings).toEqual({ purse: 'right' });
  expect(rows[0].credentials).not.toContain('toy');
});

it('is asked for no templates when its channel has none', async () => {
  const { json } = await admin.call('GET', `${path}/readiness`);
  const steps = (json.steps as { step: string }[]).map(({ step }) => step);
  expect(steps).toContain('channel_account');
  expect(steps.filter((step) => step.startsWith('template:'))).toEqual([]);
  const body = {
    name: 'order_receipt',
    language: 'en',
    category: 'utility',
    body: 'Your order {{1}} has news.',
    parameters: ['order'],
  };
  const put = await admin.call('PUT', `${path}/templates/order_receipt`, { body });
  expect([put.status, put.json.code]).toEqual([422, 'no_templates']);
});

it('sells: a customer writes, taps, pays, and gets a receipt', async () => {
  const { json: account } = await admin.call('GET', `${path}/channel-accounts/toychat`);
  const hook = new URL(account.webhookUrl).pathname;
  let messages = 0;
  const say = async (what: object, secret = FAKE_SECRET): Promise<number> => {
    const at = new Date().toISOString();
    const body = JSON.stringify({ id: `m${++messages}`, from: 'tara', to: 'seat-1', at, ...what });
    return (await fetch(gateway + hook, { method: 'POST', body, headers: { 'toy-secret': secret } })).status;
  };
  const shown = (what: string, fits: (text: string) => boolean): Promise<string> =>
    until(what, () => toys.chat.arrived.map(({ shown: s }) => JSON.stringify(s)).find(fits), 30_000);
  expect(await say({ text: 'hi' }, 'another-secret')).toBe(401);
  expect(await say({ id: '' })).toBe(400);
  expect(await say({ text: 'kite' })).toBe(200);
  await shown('the kite', (text) => text.includes('prod|KITE'));
  await say({ tap: 'prod|KITE' });
  await shown('its price', (text) => text.includes('add|KITE') && text.includes('25.00'));
  await say({ tap: 'add|KITE' });
  await shown('the cart', (text) => text.includes('checkout'));
  await say({ tap: 'checkout' });
  const link = /https?:[^"]*\/c\/[^"]+/.exec(await shown('the link', (text) => text.includes('/c/')))![0];
  const opened = await fetch(checkout + new URL(link).pathname, { redirect: 'manual' });
  const page = opened.headers.get('location')!;
  expect([opened.status, page]).toEqual([303, expect.stringContaining('https://pay.example/')]);
  toys.payments.pay(page.split('/').at(-1)!, 'paid');
  const { rawBody, headers } = toys.payments.deliveries.at(-1)!;
  const { json: paying } = await admin.call('GET', `${path}/payment-providers/toypay`);
  const paid = { method: 'POST', body: new Uint8Array(rawBody), headers };
  expect((await fetch(gateway + new URL(paying.webhookUrl).pathname, paid)).status).toBe(200);
  await shown('the receipt', (text) => text.includes('Paid'));
  const orders = await admin.call('GET', `${path}/orders`);
  expect(orders.json.items).toMatchObject([{ paymentAccount: 'toypay', state: 'placed' }]);
});

it('tells what changed in its shop, in the words of the domain', async () => {
  const merchant = path.split('/').at(-1)!;
  const body = JSON.stringify({ id: 'count-1', sku: 'KITE', available: 7, sequence: 900 });
  const headers = { 'toy-secret': FAKE_SECRET };
  const url = `${gateway}/webhooks/toyshop/${merchant}`;
  expect((await fetch(url, { method: 'POST', body, headers })).status).toBe(200);
  const item = await until('the item', async () => {
    const { rows } = await admin.owner.query(
      `SELECT source, name, payload, outcome FROM journal.items WHERE external_id = 'event/count-1' AND outcome IS NOT NULL`,
    );
    return rows[0] as Record<string, unknown> | undefined;
  });
  expect(item).toMatchObject({
    source: 'toyshop',
    name: 'catalog.record-change.v1',
    outcome: 'done',
    payload: { type: 'stock.updated', sku: 'KITE', data: { sku: 'KITE', available: 7 } },
  });
});

function urlOf(app: NestFastifyApplication): string {
  return `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
