import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHmac } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { cancelOrder, recordStoreOrder } from '#contracts';
import type { PaymentRoute } from '#core/tenancy';
import { bootService, loadEnv } from '#platform';
import { insertPaymentAccount, TEST_MASTER_KEYS, until } from '#testing';
import { IngestGatewayEnv } from '../../ingest-gateway/src/env.js';
import { webhookRoutes } from '../../ingest-gateway/src/http/webhook-routes.js';
import { IngestGatewayModule } from '../../ingest-gateway/src/ingest-gateway.module.js';
import { World } from './support/world.js';

const SAUDI = { stripeSecretKey: 'sk_test_saudi', stripeWebhookSecret: 'whsec_saudi' };
const BY_COUNTRY: PaymentRoute[] = [
  { country: 'SA', provider: 'stripe-sa' },
  { currency: 'AED', provider: 'stripe' },
];
/** A little longer than services remember a merchant's configuration. */
const REMEMBERED_MS = 5_200;

/** Webhooks go through the gateway here: which account may say what is decided on the whole way. */
describe('a merchant with a legal entity in each country', () => {
  let world: World;
  let gateway: NestFastifyApplication;
  let gatewayUrl: string;
  const accounts = { AE: '', SA: 'acct_saudi' };

  beforeAll(async () => {
    world = await World.open();
    const { merchantId } = world.merchant;
    accounts.AE = `acct_${merchantId.replace(/\W/g, '')}`;
    await insertPaymentAccount(world.owner, merchantId, 'stripe-sa', SAUDI);
    gateway = await startGateway(world);
    gatewayUrl = `http://127.0.0.1:${(gateway.getHttpServer().address() as AddressInfo).port}`;
    const { stripeSecretKey, stripeWebhookSecret } = world.merchant;
    await openAccount(accounts.AE, '', { stripeSecretKey, stripeWebhookSecret });
    await openAccount(accounts.SA, '/stripe-sa', SAUDI);
    await world.outside.call('PUT', '/control/shops/saudi', {
      name: 'Dune & Date KSA',
      currency: 'SAR',
      apiKey: world.merchant.storeApiKey,
      seed: 'demo',
      webhookUrl: `${world.outside.hookUrl}/shop`,
      webhookSecret: world.merchant.storeWebhookSecret,
      shipping: { flatMinor: 2_000, freeFromMinor: 0 },
    });
    await route(BY_COUNTRY);
  });
  afterAll(async () => {
    await gateway?.close();
    await world?.close();
  });

  const webhookPath = (suffix: string) => `/webhooks/payments/stripe/${world.merchant.merchantId}${suffix}`;
  const openAccount = (id: string, suffix: string, secrets: typeof SAUDI) =>
    world.outside.call('PUT', `/control/stripe/accounts/${id}`, {
      secretKey: secrets.stripeSecretKey,
      webhookSecret: secrets.stripeWebhookSecret,
      webhookUrl: `${gatewayUrl}${webhookPath(suffix)}`,
    });
  async function route(routes: PaymentRoute[]): Promise<void> {
    await world.owner.query(
      `INSERT INTO tenancy.merchant_settings (merchant_id, document, version, updated_at) VALUES ($1, $2, 1, now())
       ON CONFLICT (merchant_id) DO UPDATE SET document = excluded.document`,
      [world.merchant.merchantId, JSON.stringify({ payments: { routes } })],
    );
    await sleep(REMEMBERED_MS);
  }
  async function sellFrom(shop: 'demo' | 'saudi', region: 'AE' | 'SA'): Promise<void> {
    await world.owner.query(`UPDATE tenancy.store_connections SET base_url = $1, region = $2`, [
      `${world.outside.url}/shops/${shop}`,
      region,
    ]);
    await sleep(REMEMBERED_MS);
  }
  const orderAt = async (shop: 'demo' | 'saudi') =>
    world.order('CREW-GRY', 1, await world.quote('CREW-GRY', 1, shop));
  const of = async (ref: string) => {
    const { sessions, payments, refunds } = await world.ledger();
    return {
      sessions: sessions.filter((s) => s.client_reference_id === ref),
      payments: payments.filter((p) => p.metadata.waco_order === ref).map((p) => p.account),
      refunds: refunds.map((r) => r.account),
    };
  };
  function send(suffix: string, secret: string, event: object): Promise<Response> {
    const [body, t] = [JSON.stringify(event), Math.floor(Date.now() / 1_000)];
    const signature = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
    return fetch(`${gatewayUrl}${webhookPath(suffix)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'stripe-signature': `t=${t},v1=${signature}` },
      body,
    });
  }

  it('is paid at the account of the country, and gives money back there after the routes were changed', async () => {
    const emirati = await orderAt('demo');
    await world.pay(await world.openPage(emirati));
    expect(await world.state(emirati, 'placed')).toMatchObject({ account: 'stripe' });
    expect(await of(emirati)).toMatchObject({
      payments: [accounts.AE],
      sessions: [{ account: accounts.AE }],
    });

    await sellFrom('saudi', 'SA');
    const [paid, open] = [await orderAt('saudi'), await orderAt('saudi')];
    await world.pay(await world.openPage(paid));
    expect(await world.state(paid, 'placed')).toMatchObject({
      account: 'stripe-sa',
      payment: { amount: { currency: 'SAR' } },
    });
    expect(await of(paid)).toMatchObject({ payments: [accounts.SA] });
    await world.openPage(open);

    await route([{ provider: 'stripe' }]);
    const occurredAt = new Date().toISOString();
    await world.say(recordStoreOrder, {
      eventId: 'evt_cancelled',
      orderRef: paid,
      status: 'cancelled',
      sequence: 900,
      occurredAt,
    });
    await world.state(paid, 'refunded');
    expect((await of(paid)).refunds).toEqual([accounts.SA]);
    // The page that is open there is closed there; a new order goes where the routes say now.
    await world.say(cancelOrder, { orderRef: open, reason: 'back to shopping' });
    await until('the page is closed', async () => (await of(open)).sessions[0]?.status === 'expired');
    expect((await of(open)).sessions).toMatchObject([{ account: accounts.SA }]);
    const later = await orderAt('saudi');
    await world.openPage(later);
    expect((await of(later)).sessions).toMatchObject([{ account: accounts.AE }]);
    expect(await world.parked()).toEqual([]);

    await route(BY_COUNTRY);
    await sellFrom('demo', 'AE');
  }, 90_000);

  it('does not believe one account what it says of an order that is paid at another', async () => {
    const ref = await orderAt('demo');
    const session = await world.openPage(ref);
    const { total } = (await world.read(ref))!.accepted;
    const event = {
      id: 'evt_forged',
      object: 'event',
      type: 'checkout.session.completed',
      created: Math.floor(Date.now() / 1_000),
      data: {
        object: {
          id: session,
          object: 'checkout.session',
          mode: 'payment',
          payment_status: 'paid',
          payment_intent: 'pi_forged',
          amount_total: total.minor,
          currency: 'aed',
          client_reference_id: ref,
          metadata: { waco_order: ref, waco_merchant: world.merchant.merchantId },
        },
      },
    };
    const own = world.merchant.stripeWebhookSecret;
    expect((await send('', SAUDI.stripeWebhookSecret, event)).status).toBe(401);
    expect((await send('/stripe-sa', own, event)).status).toBe(401);
    expect((await send('/stripe-kw', own, event)).status).toBe(401);
    expect((await send('/..%2Fstripe', own, event)).status).toBe(401);

    expect((await send('/stripe-sa', SAUDI.stripeWebhookSecret, event)).status).toBe(200);
    const [parked] = await until('the claim is a dead letter', async () => {
      const found = await world.parked();
      return found.length > 0 && found;
    });
    expect(parked).toMatch(/pi_forged was paid at stripe-sa, but order .* is paid at stripe$/);
    expect(await world.read(ref)).toMatchObject({ state: 'awaiting_payment', payment: null, refunds: [] });
    // The same event id from the right account is another event.
    expect((await send('', own, event)).status).toBe(200);
    expect(await world.state(ref, 'placed')).toMatchObject({ payment: { paymentId: 'pi_forged' } });
  });

  it('tells the customer that payment is not possible when no route is for the order, and holds nothing', async () => {
    await route([{ country: 'KW', provider: 'stripe' }]);
    const stock = await world.stock('CREW-GRY');
    const ref = await orderAt('demo');
    await world.state(ref, 'declined');
    expect((await world.facts(ref)).map((f) => f.fact)).toEqual([{ kind: 'unavailable', why: 'payment' }]);
    expect(await world.stock('CREW-GRY')).toBe(stock);
    expect((await of(ref)).sessions).toEqual([]);

    await route([{ provider: 'stripe-qa' }]);
    await world.state(await orderAt('demo'), 'declined');
  }, 30_000);
});

function startGateway(world: World): Promise<NestFastifyApplication> {
  const env = loadEnv(IngestGatewayEnv, {
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    PORT: '0',
    WACO_CLOCK_FILE: world.outside.clockFile,
    DATABASE_URL: world.database.url('waco_ingest'),
    QUEUE_URL: world.database.queueUrl,
    WACO_MASTER_KEYS: TEST_MASTER_KEYS,
    WHATSAPP_VERIFY_TOKEN: 'unused-verify-token',
    WHATSAPP_APP_SECRETS: 'unused-app-secret',
  });
  const module = IngestGatewayModule.forRoot(env);
  return bootService({
    service: 'ingest-gateway',
    module,
    env,
    configure: webhookRoutes,
  });
}
