import { parseKeyRing, seal } from '#platform';
import { TEST_MASTER_KEYS } from '#testing';
import { APP_SECRETS, Gateway, metaSignature, textMessage, VERIFY_TOKEN } from './support/gateway.js';

const APP = 'app_of_the_shop';
const SECRET = 'secret-of-the-shops-own-app';
const TOKEN = 'token-of-the-shops-own-app';
/** Longer than the gateway remembers what it read. */
const FORGOTTEN_MS = 5_200;

let gateway: Gateway;
beforeAll(async () => {
  gateway = await Gateway.start();
  await gateway.owner.query(
    `INSERT INTO tenancy.meta_apps (id, merchant_id, app, app_secret, verify_token, created_at, updated_at)
     VALUES ($1, $2, 'own', $3, $4, now(), now())`,
    [
      APP,
      gateway.shop.merchantId,
      sealed(`meta_apps/${APP}/app_secret`, SECRET),
      sealed(`meta_apps/${APP}/verify_token`, TOKEN),
    ],
  );
});
afterAll(() => gateway?.stop());
beforeEach(() => gateway.owner.query('TRUNCATE journal.items'));

function sealed(binding: string, secret: string): string {
  return seal(secret, binding, parseKeyRing(TEST_MASTER_KEYS));
}

function post(app: string, body: object, secret: string): Promise<Response> {
  const text = JSON.stringify(body);
  return gateway.post(`/webhooks/whatsapp/${app}`, text, {
    'x-hub-signature-256': metaSignature(text, secret),
  });
}

async function keepFormer(owner: string, secret: string, until: string): Promise<void> {
  const id = `old_${Math.random().toString(36).slice(2)}`;
  await gateway.owner.query(
    `INSERT INTO tenancy.former_webhook_secrets (id, merchant_id, owner_id, secret, until)
     VALUES ($1, $2, $3, $4, now() + $5::interval)`,
    [id, gateway.shop.merchantId, owner, sealed(`former_webhook_secrets/${id}/secret`, secret), until],
  );
}

describe("a merchant's own Meta app", () => {
  it('answers the handshake with its own token only', async () => {
    const ask = (app: string, token: string): Promise<Response> =>
      fetch(
        `${gateway.url}/webhooks/whatsapp${app}?hub.mode=subscribe&hub.challenge=4711&hub.verify_token=${token}`,
      );
    expect(await (await ask(`/${APP}`, TOKEN)).text()).toBe('4711');
    for (const [app, token] of [
      [`/${APP}`, VERIFY_TOKEN],
      ['', TOKEN],
      ['/app_unknown', TOKEN],
      ['/app_unknown', VERIFY_TOKEN],
      ['/%27%3B--', TOKEN],
    ] as const) {
      expect((await ask(app, token)).status).toBe(403);
    }
  });

  it('journals what it signs for its merchant', async () => {
    const body = gateway.envelope({ messages: [textMessage('own1', 'hello')] });
    expect((await post(APP, body, SECRET)).status).toBe(200);
    expect(await gateway.rows()).toMatchObject([
      { merchant_id: gateway.shop.merchantId, service: 'conversation', outcome: null },
    ]);
  });

  it('does not take for the same message what the platform app brings as well', async () => {
    const body = gateway.envelope({ messages: [textMessage('own2', 'hello')] });
    await post(APP, body, SECRET);
    await gateway.whatsapp(body);
    expect(await gateway.count()).toBe(1);
  });

  it('counts for no other merchant: what it says of them is quarantined', async () => {
    const body = gateway.envelope({ messages: [textMessage('own3', 'hello')] }, gateway.other);
    expect((await post(APP, body, SECRET)).status).toBe(200);
    expect(await gateway.rows()).toMatchObject([
      { merchant_id: null, service: 'quarantine', outcome: 'quarantined', reason: 'another_merchants_app' },
    ]);
  });

  it.each([
    ["the platform's secret at its address", APP, APP_SECRETS[0]!],
    ['another secret', APP, 'not-the-secret-of-the-app'],
    ['an address that is no app', 'app_unknown', SECRET],
    ['an address that is a merchant', 'MERCHANT', SECRET],
  ])('refuses %s', async (_what, app, secret) => {
    const address = app === 'MERCHANT' ? gateway.shop.merchantId : app;
    const body = gateway.envelope({ messages: [textMessage('own4', 'hello')] });
    expect((await post(address, body, secret)).status).toBe(401);
    expect(await gateway.count()).toBe(0);
  });

  it("its secret is none at the platform's address", async () => {
    const body = gateway.envelope({ messages: [textMessage('own5', 'hello')] });
    expect((await gateway.whatsapp(body, SECRET)).status).toBe(401);
  });
});

describe('secrets that are being changed', () => {
  const event = (id: string): object => ({
    id,
    type: 'stock.updated',
    occurredAt: new Date().toISOString(),
    sequence: 1,
    data: { sku: 'HOODIE', available: 3 },
  });
  const stripe = (id: string): object => ({
    id,
    object: 'event',
    type: 'ping',
    created: Math.floor(Date.now() / 1_000),
    data: { object: {} },
  });

  it('takes the former ones until their time is over', async () => {
    const { merchantId } = gateway.shop;
    const idOf = async (table: string): Promise<string> =>
      (
        await gateway.owner.query<{ id: string }>(`SELECT id FROM tenancy.${table} WHERE merchant_id = $1`, [
          merchantId,
        ])
      ).rows[0]!.id;
    for (const owner of [APP, await idOf('store_connections'), await idOf('payment_providers')]) {
      await keepFormer(owner, `whsec_former-${owner}`, '1 hour');
      await keepFormer(owner, `whsec_over-${owner}`, '-1 second');
    }
    await new Promise((resolve) => setTimeout(resolve, FORGOTTEN_MS));
    const owners = {
      [APP]: (secret: string) => post(APP, gateway.envelope({ messages: [textMessage('r', 'hi')] }), secret),
      [await idOf('store_connections')]: (secret: string) =>
        gateway.store(merchantId, event('evt_r'), secret),
      [await idOf('payment_providers')]: (secret: string) =>
        gateway.stripe(merchantId, stripe('evt_r'), secret),
    };
    const present = [SECRET, gateway.shop.storeWebhookSecret, gateway.shop.stripeWebhookSecret];
    for (const [index, [owner, send]] of Object.entries(owners).entries()) {
      expect((await send(present[index]!)).status).toBe(200);
      expect((await send(`whsec_former-${owner}`)).status).toBe(200);
      expect((await send(`whsec_over-${owner}`)).status).toBe(401);
      // One merchant's former secret is none of another's, and one vendor's none of another's.
      for (const stranger of Object.keys(owners).filter((o) => o !== owner)) {
        expect((await send(`whsec_former-${stranger}`)).status).toBe(401);
      }
    }
    const { merchantId: other } = gateway.other;
    const store = await idOf('store_connections');
    expect((await gateway.store(other, event('evt_o'), `whsec_former-${store}`)).status).toBe(401);
  }, 30_000);
});
