import { createHmac } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import pg from 'pg';
import { bootService, loadEnv } from '#platform';
import {
  createTestDatabase,
  insertTestMerchant,
  TEST_MASTER_KEYS,
  type TestDatabase,
  type TestMerchant,
} from '#testing';
import { IngestGatewayEnv } from '../../src/env.js';
import { webhookRoutes } from '../../src/http/webhook-routes.js';
import { IngestGatewayModule } from '../../src/ingest-gateway.module.js';
import { WebhookBook } from '../../src/webhook-book.js';

export const APP_SECRETS = ['first-app-secret', 'second-app-secret'];
export const VERIFY_TOKEN = 'a-token-of-the-dashboard';

export interface Row {
  merchant_id: string | null;
  service: string;
  queue: string;
  stream: string;
  name: string;
  source: string;
  external_id: string;
  payload: Record<string, unknown>;
  occurred_at: Date;
  outcome: string | null;
  reason: string | null;
}

export interface SenderRow {
  merchant_id: string;
  port: string;
  kind: string;
  id: string;
  accepted_at: Date | null;
  refused: string;
  refused_since: Date | null;
  refused_at: Date | null;
  reasons: Record<string, number>;
  latest: { at: string; reason: string; route: string; bytes: number | null }[];
}

/** A gateway on real HTTP, with its own database, as its own role, and two merchants. */
export class Gateway {
  private constructor(
    private readonly app: NestFastifyApplication,
    readonly url: string,
    readonly database: TestDatabase,
    readonly owner: pg.Client,
    /** Stands between the gateway and Postgres. */
    readonly line: Line,
    readonly shop: TestMerchant,
    readonly other: TestMerchant,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<Gateway> {
    const database = await createTestDatabase();
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    const shop = await insertTestMerchant(database.ownerUrl);
    const other = await insertTestMerchant(database.ownerUrl);
    const line = await Line.to(new URL(database.ownerUrl));
    const env = loadEnv(IngestGatewayEnv, {
      NODE_ENV: 'test',
      LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent',
      PORT: '0',
      DATABASE_URL: line.through(database.url('waco_ingest')),
      QUEUE_URL: line.through(database.queueUrl),
      WACO_MASTER_KEYS: TEST_MASTER_KEYS,
      WHATSAPP_VERIFY_TOKEN: VERIFY_TOKEN,
      WHATSAPP_APP_SECRETS: APP_SECRETS.join(', '),
      ...settings,
    });
    const app = await bootService({
      service: 'ingest-gateway',
      module: IngestGatewayModule.forRoot(env),
      env,
      configure: webhookRoutes,
    });
    const { port } = app.getHttpServer().address() as AddressInfo;
    return new Gateway(app, `http://127.0.0.1:${port}`, database, owner, line, shop, other);
  }

  /** `beforeDrop`: a look at what it has left behind. */
  async stop({ beforeDrop }: { beforeDrop?: () => Promise<void> } = {}): Promise<void> {
    await this.app.close();
    await this.line.close();
    await beforeDrop?.();
    await this.owner.end();
    await this.database.drop();
  }

  post(path: string, body: string | Buffer, headers: Record<string, string>): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : new Uint8Array(body),
      headers,
    });
  }

  /** As Meta posts it. */
  whatsapp(body: string | object, secret = APP_SECRETS[0]!): Promise<Response> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.post('/webhooks/whatsapp', text, {
      'content-type': 'application/json',
      'x-hub-signature-256': metaSignature(text, secret),
    });
  }

  stripe(merchantId: string, event: object, secret: string, at = Date.now()): Promise<Response> {
    const text = JSON.stringify(event);
    return this.post(`/webhooks/payments/stripe/${merchantId}`, text, {
      'content-type': 'application/json',
      'stripe-signature': timedSignature(text, secret, at),
    });
  }

  store(merchantId: string, event: object | string, secret: string, at = Date.now()): Promise<Response> {
    const text = typeof event === 'string' ? event : JSON.stringify(event);
    return this.post(`/webhooks/store/${merchantId}`, text, {
      'content-type': 'application/json',
      'waco-signature': timedSignature(text, secret, at),
    });
  }

  async rows(where = 'true', ...parameters: unknown[]): Promise<Row[]> {
    const sql = `SELECT * FROM journal.items WHERE ${where} ORDER BY id`;
    return (await this.owner.query<Row>(sql, parameters)).rows;
  }

  /** Has what became of webhooks written down now, as it is every few seconds, and gives it. */
  async senders(merchantId?: string): Promise<SenderRow[]> {
    await this.app.get(WebhookBook).write();
    const sql = `SELECT * FROM ingest.webhook_senders WHERE merchant_id = coalesce($1, merchant_id) ORDER BY port, kind, id`;
    return (await this.owner.query<SenderRow>(sql, [merchantId ?? null])).rows;
  }

  async count(): Promise<number> {
    return (await this.rows()).length;
  }

  async metric(line: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const found = text.split('\n').find((l) => l.startsWith(`${line} `));
    return Number(found?.slice(line.length + 1) ?? 0);
  }

  /** A `messages` change of one merchant. */
  envelope(value: object, of: Pick<TestMerchant, 'businessAccountId' | 'phoneNumberId'> = this.shop): object {
    const metadata = { display_phone_number: '971500000000', phone_number_id: of.phoneNumberId };
    return {
      object: 'whatsapp_business_account',
      entry: [
        {
          id: of.businessAccountId,
          changes: [{ field: 'messages', value: { messaging_product: 'whatsapp', metadata, ...value } }],
        },
      ],
    };
  }
}

export function textMessage(id: string, body: string, more: object = {}): object {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  return { from: '971501234567', id: `wamid.${id}`, timestamp, type: 'text', text: { body }, ...more };
}

export function metaSignature(body: string | Buffer, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

function timedSignature(body: string, secret: string, at: number): string {
  const t = Math.floor(at / 1_000);
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`;
}

/** A TCP line to Postgres that can be cut (nobody answers) or frozen (nothing moves). */
export class Line {
  private readonly pairs = new Set<[Socket, Socket]>();
  private frozen = false;
  private port = 0;

  private constructor(
    private readonly target: URL,
    private server: Server,
  ) {}

  static async to(target: URL): Promise<Line> {
    const line = new Line(target, createServer());
    await line.mend();
    return line;
  }

  through(url: string): string {
    const changed = new URL(url);
    changed.hostname = '127.0.0.1';
    changed.port = String(this.port);
    return changed.href;
  }

  async cut(): Promise<void> {
    this.server.close();
    for (const sockets of this.pairs) for (const socket of sockets) socket.destroy();
  }

  async mend(): Promise<void> {
    this.server = createServer((client) => this.join(client));
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  freeze(): void {
    this.frozen = true;
    for (const sockets of this.pairs) for (const socket of sockets) socket.pause();
  }

  thaw(): void {
    this.frozen = false;
    for (const sockets of this.pairs) for (const socket of sockets) socket.resume();
  }

  close(): Promise<void> {
    return this.cut();
  }

  private join(client: Socket): void {
    const server = connect(Number(this.target.port || 5432), this.target.hostname);
    const pair: [Socket, Socket] = [client, server];
    this.pairs.add(pair);
    const end = (): void => {
      client.destroy();
      server.destroy();
      this.pairs.delete(pair);
    };
    client.on('data', (chunk) => server.write(chunk));
    server.on('data', (chunk) => client.write(chunk));
    for (const socket of pair) {
      socket.on('close', end);
      socket.on('error', end);
      if (this.frozen) socket.pause();
    }
  }
}
