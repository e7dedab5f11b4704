import { personOf } from '#core/messaging';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { stripeWebhooks } from '#adapters/stripe';
import { requestCheckout, type JobContract, type NoteOrderPayload } from '#contracts';
import type { Quote } from '#core/catalog';
import type { Order } from '#core/checkout';
import { Journal, Tenants } from '#persistence';
import { CLOCK, loadEnv, type Clock } from '#platform';
import { toItem, Waker, wakeOf } from '#queue';
import {
  createTestDatabase,
  insertTestMerchant,
  TEST_MASTER_KEYS,
  until,
  type TestDatabase,
  type TestMerchant,
} from '#testing';
import { SandboxEnv } from '../../../sandbox/src/env.js';
import { startSandbox } from '../../../sandbox/src/start.js';
import { CheckoutEnv } from '../../src/env.js';
import { Orders } from '../../src/orders.js';
import { startCheckout } from '../../src/start.js';

export const PUBLIC_URL = 'http://checkout.test';
export const LINK_KEYS = `k1:${Buffer.alloc(32, 5).toString('base64')}`;

export interface Delivery {
  rawBody: Buffer;
  headers: Record<string, string | undefined>;
}

/** The sandbox in memory, with a movable clock and a listener for what it sends. */
export class Outside {
  readonly deliveries: Delivery[] = [];
  onDelivery: (delivery: Delivery) => Promise<void> = async () => undefined;

  private constructor(
    readonly url: string,
    readonly hookUrl: string,
    readonly clockFile: string,
    private readonly app: NestFastifyApplication,
    private readonly hooks: Server,
    private readonly folder: string,
  ) {}

  static async open(): Promise<Outside> {
    const folder = mkdtempSync(join(tmpdir(), 'waco-checkout-'));
    const clockFile = join(folder, 'clock.json');
    const given = { NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: '0', WACO_CLOCK_FILE: clockFile };
    const app = await startSandbox(loadEnv(SandboxEnv, given));
    const hooks = createServer();
    await new Promise<void>((resolve) => hooks.listen(0, resolve));
    const world = new Outside(portUrl(app.getHttpServer()), portUrl(hooks), clockFile, app, hooks, folder);
    hooks.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.end();
        if (request.url === '/stripe') world.take(Buffer.concat(chunks), request.headers);
      });
    });
    return world;
  }

  async call<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  async advance(minutes: number): Promise<void> {
    await this.call('POST', '/control/clock', { advanceMs: Math.round(minutes * 60_000) });
  }

  async now(): Promise<Date> {
    return new Date((await this.call<{ now: string }>('GET', '/control/clock')).now);
  }

  async close(): Promise<void> {
    await this.app.close();
    await new Promise((resolve) => this.hooks.close(resolve));
    rmSync(this.folder, { recursive: true });
  }

  private take(rawBody: Buffer, headers: IncomingHttpHeaders): void {
    const delivery = { rawBody, headers: { 'stripe-signature': String(headers['stripe-signature']) } };
    this.deliveries.push(delivery);
    void this.onDelivery(delivery);
  }
}

/** The checkout service on its own database, between a shop and a Stripe that the sandbox plays. */
export class World {
  /** What happens to a payment webhook when it arrives; by default the order's line hears of it. */
  webhooks: 'deliver' | 'keep' = 'deliver';
  readonly kept: Delivery[] = [];
  private refs = 0;

  private constructor(
    readonly outside: Outside,
    readonly database: TestDatabase,
    readonly merchant: TestMerchant,
    readonly url: string,
    private readonly app: NestFastifyApplication,
    readonly owner: pg.Client,
  ) {
    outside.onDelivery = async (delivery) => {
      if (this.webhooks === 'keep') this.kept.push(delivery);
      else await this.deliver(delivery);
    };
  }

  static async open(settings: Record<string, string> = {}): Promise<World> {
    const [outside, database] = [await Outside.open(), await createTestDatabase()];
    const merchant = await insertTestMerchant(database.ownerUrl, { storeUrl: `${outside.url}/shops/demo` });
    await outside.call('PUT', '/control/shops/demo', {
      name: 'Dune & Date',
      currency: 'AED',
      apiKey: merchant.storeApiKey,
      seed: 'demo',
      webhookUrl: `${outside.hookUrl}/shop`,
      webhookSecret: merchant.storeWebhookSecret,
      shipping: { flatMinor: 2_000, freeFromMinor: 0 },
    });
    await outside.call('PUT', `/control/stripe/accounts/acct_${merchant.merchantId.replace(/\W/g, '')}`, {
      secretKey: merchant.stripeSecretKey,
      webhookSecret: merchant.stripeWebhookSecret,
      webhookUrl: `${outside.hookUrl}/stripe`,
    });
    const app = await startCheckout(
      loadEnv(CheckoutEnv, {
        NODE_ENV: 'test',
        LOG_LEVEL: 'silent',
        PORT: '0',
        WACO_CLOCK_FILE: outside.clockFile,
        DATABASE_URL: database.url('waco_checkout'),
        QUEUE_URL: database.queueUrl,
        WACO_MASTER_KEYS: TEST_MASTER_KEYS,
        PUBLIC_URL,
        STRIPE_BASE_URL: outside.url,
        CHECKOUT_LINK_KEYS: LINK_KEYS,
        ...settings,
      }),
    );
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    return new World(outside, database, merchant, portUrl(app.getHttpServer()), app, owner);
  }

  async close(): Promise<void> {
    await this.owner.end();
    await this.app.close();
    await this.outside.close();
    await this.database.drop();
  }

  /** A cart of one product that the customer accepted at the shop's present prices, on its way to checkout. */
  async order(sku: string, quantity = 1, quote?: Quote): Promise<string> {
    const orderRef = `WTEST${(this.refs += 1)}`;
    await this.say(requestCheckout, {
      orderRef,
      threadId: 'thr_1',
      threadStream: 'thread/acc_1/971501234567',
      person: personOf({ phone: '971501234567', name: 'Aisha Khan' }),
      quote: quote ?? (await this.quote(sku, quantity)),
    });
    return orderRef;
  }

  /** Puts an item into the journal, as another service would. */
  async say<P extends object>(contract: JobContract<P>, payload: P): Promise<void> {
    const now = this.app.get<Clock>(CLOCK, { strict: false }).now();
    const item = toItem(contract, payload, this.merchant.merchantId, now);
    const journal = this.app.get(Journal, { strict: false });
    await this.app
      .get(Tenants, { strict: false })
      .transaction(this.merchant.merchantId, (tx) => journal.append([item], now, tx));
    await this.app.get(Waker, { strict: false }).wake([wakeOf(item, now)]);
  }

  /** What the ingest gateway does with a payment webhook. */
  async deliver({ rawBody, headers }: Delivery): Promise<void> {
    const secrets = [this.merchant.stripeWebhookSecret];
    const signature = headers[stripeWebhooks.header]!;
    const reading = stripeWebhooks.read(rawBody, signature, secrets, await this.outside.now());
    if (reading.outcome !== 'read') throw new Error(reading.outcome);
    for (const notice of reading.notices) {
      if (!('event' in notice)) continue;
      const { merchantId: _owner, ...event } = notice.event;
      const orders = this.app.get(Orders, { strict: false });
      await orders.recordPayment(this.merchant.merchantId, { provider: 'stripe', ...event });
    }
  }

  async quote(sku: string, quantity: number, shop = 'demo'): Promise<Quote> {
    const response = await fetch(`${this.outside.url}/shops/${shop}/v1/quote`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.merchant.storeApiKey}` },
      body: JSON.stringify({ lines: [{ sku, quantity }] }),
    });
    if (!response.ok) throw new Error(`the shop quotes nothing: ${response.status}`);
    const {
      quoteId: _id,
      expiresAt,
      ...quote
    } = (await response.json()) as Quote & { quoteId: string; expiresAt: string };
    return { ...quote, source: 'live', validUntil: expiresAt };
  }

  read(orderRef: string): Promise<Order | null> {
    return this.app.get(Orders, { strict: false }).read(this.merchant.merchantId, orderRef);
  }

  /** Waits until the order is in one of these states. */
  state(orderRef: string, ...states: Order['state'][]): Promise<Order> {
    return until(
      `${orderRef} is ${states.join(' or ')}`,
      async () => {
        const order = await this.read(orderRef);
        return order && states.includes(order.state) ? order : undefined;
      },
      20_000,
    );
  }

  async facts(orderRef: string): Promise<NoteOrderPayload[]> {
    const { rows } = await this.owner.query<{ payload: NoteOrderPayload }>(
      `SELECT payload FROM journal.items WHERE name = 'conversation.note-order.v1' AND payload->>'orderRef' = $1 ORDER BY id`,
      [orderRef],
    );
    return rows.map((r) => r.payload);
  }

  async kinds(orderRef: string): Promise<string[]> {
    return (await this.facts(orderRef)).map((f) => f.fact.kind);
  }

  /** Nothing is left to do for the checkout service but what waits for a later time. */
  idle(): Promise<true> {
    return until(
      'the checkout is idle',
      async () => {
        const now = await this.outside.now();
        const { rows } = await this.owner.query(
          `SELECT 1 FROM journal.items WHERE service = 'checkout' AND settled_at IS NULL AND parked_at IS NULL AND due_at <= $1`,
          [now],
        );
        return rows.length === 0;
      },
      20_000,
    ) as Promise<true>;
  }

  async parked(): Promise<string[]> {
    const { rows } = await this.owner.query<{ name: string; reason: string }>(
      `SELECT name, reason FROM journal.items WHERE parked_at IS NOT NULL`,
    );
    return rows.map((r) => `${r.name}: ${r.reason}`);
  }

  /** The link in the thread, on this service. */
  async link(orderRef: string): Promise<string> {
    const fact = await until(`${orderRef} is ready to pay`, async () =>
      (await this.facts(orderRef)).map((f) => f.fact).find((f) => f.kind === 'ready_to_pay'),
    );
    return fact.kind === 'ready_to_pay' ? fact.url.replace(PUBLIC_URL, this.url) : '';
  }

  /** Nobody can read an order until the result is called. */
  async holdOrders(): Promise<() => Promise<void>> {
    const holder = new pg.Client({ connectionString: this.database.ownerUrl });
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE checkout.orders IN ACCESS EXCLUSIVE MODE');
    return () => holder.end();
  }

  async visit(url: string): Promise<{ status: number; to: string | null; html: string; headers: Headers }> {
    const response = await fetch(url, { redirect: 'manual' });
    return {
      status: response.status,
      to: response.headers.get('location'),
      html: await response.text(),
      headers: response.headers,
    };
  }

  /** Opens the link and gives the session of the payment page that it leads to. */
  async openPage(orderRef: string): Promise<string> {
    const { status, to, html } = await this.visit(await this.link(orderRef));
    if (status !== 303 || !to) throw new Error(`the link of ${orderRef} leads to no page: ${status} ${html}`);
    return to.split('/').at(-1)!;
  }

  pay(sessionId: string, outcome: 'paid' | 'declined' | 'delayed' = 'paid'): Promise<unknown> {
    return this.outside.call('POST', `/pay/${sessionId}/complete`, {
      outcome,
      settleAfterMs: 6 * 24 * 3_600_000,
    });
  }

  setProduct(sku: string, change: object): Promise<unknown> {
    return this.outside.call('PATCH', `/shops/demo/backoffice/products/${sku}`, change);
  }

  async stock(sku: string): Promise<number> {
    return (await this.quote(sku, 1)).lines[0]!.available;
  }

  storeOrders(): Promise<{ orders: { orderRef: string; number: string; status: string }[] }> {
    return this.outside.call('GET', '/shops/demo/backoffice/orders');
  }

  ledger(): Promise<{
    sessions: { id: string; client_reference_id: string; status: string; account: string }[];
    refunds: { account: string; payment_intent: string }[];
    payments: {
      account: string;
      amount: number;
      amount_refunded: number;
      session: string | null;
      metadata: Record<string, string>;
    }[];
  }> {
    return this.outside.call('GET', '/control/stripe/ledger');
  }
}

function portUrl(server: Server): string {
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}
