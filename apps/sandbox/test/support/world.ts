import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadEnv } from '#platform';
import { SandboxEnv } from '../../src/env.js';
import { startSandbox } from '../../src/start.js';

export const PHONE_ID = '106540352242922';
export const WABA_ID = '102290129340398';
const TOKEN = 'EAAG-test-token';
const APP_SECRET = 'a-secret-of-the-app';
const VERIFY_TOKEN = 'say-this-back';

// Tests read fields of answers whose shape is what they assert.
export type Answer = Record<string, any>;

/** One delivery of a webhook, with the bytes as they came. */
interface Delivery {
  raw: Buffer;
  signature: string;
  body: Answer;
}

/** A business's webhook endpoint: does the handshake, keeps what it gets, answers what `answer` says. */
class Receiver {
  readonly deliveries: Delivery[] = [];
  answer: () => number = () => 200;
  private server: Server | undefined;

  async start(): Promise<string> {
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://receiver');
      if (request.method === 'GET') {
        const known = url.searchParams.get('hub.verify_token') === VERIFY_TOKEN;
        response.writeHead(known ? 200 : 403).end(known ? url.searchParams.get('hub.challenge') : 'no');
        return;
      }
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const status = this.answer();
        const raw = Buffer.concat(chunks);
        const signature = String(request.headers['x-hub-signature-256']);
        if (status === 200)
          this.deliveries.push({ raw, signature, body: JSON.parse(raw.toString()) as Answer });
        response.writeHead(status).end();
      });
    });
    this.server = server;
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/meta`;
  }

  async stop(): Promise<void> {
    if (!this.server) return;
    this.server.closeAllConnections();
    await new Promise((done) => this.server!.close(done));
  }

  /** `value` of every change of field `messages`. */
  values(): Answer[] {
    return this.deliveries.map((d) => d.body.entry[0].changes[0].value as Answer);
  }

  messages(): Answer[] {
    return this.values().flatMap((v) => (v.messages as Answer[] | undefined) ?? []);
  }

  statuses(wamid?: string): Answer[] {
    const all = this.values().flatMap((v) => (v.statuses as Answer[] | undefined) ?? []);
    return wamid ? all.filter((s) => s.id === wamid) : all;
  }
}

export function expectedSignature(raw: Buffer): string {
  return `sha256=${createHmac('sha256', APP_SECRET).update(raw).digest('hex')}`;
}

/** A sandbox in memory with one business number, its webhook endpoint and a clock that can be moved. */
export class World {
  readonly receiver = new Receiver();
  url: string;
  callbackUrl: string;
  private app: NestFastifyApplication;
  private folder: string;

  /** Only the sandbox, without any business. `env` is laid over the test settings. */
  static async boot(env: Record<string, string> = {}): Promise<World> {
    const world = new World();
    world.folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
    await world.open({ WACO_CLOCK_FILE: join(world.folder, 'clock.json'), ...env });
    return world;
  }

  /** The sandbox with one business; `waba` is laid over its registration. */
  static async start(waba: Answer = {}, env: Record<string, string> = {}): Promise<World> {
    const world = await World.boot(env);
    world.callbackUrl = await world.receiver.start();
    const app = { appSecret: APP_SECRET, callbackUrl: world.callbackUrl, verifyToken: VERIFY_TOKEN };
    await world.ok('PUT', '/control/meta/apps/app-1', app);
    await world.ok('PUT', `/control/meta/wabas/${WABA_ID}`, {
      appId: 'app-1',
      portfolioId: 'portfolio-1',
      accessToken: TOKEN,
      name: 'Test Shop',
      phoneNumbers: [
        { id: PHONE_ID, displayPhoneNumber: '+971 4 555 0100', verifiedName: 'Test Shop', throughput: 1_000 },
      ],
      ...waba,
    });
    await world.ok('PUT', '/control/meta/settings', { sentAfterMs: 5, deliveredAfterMs: 5 });
    return world;
  }

  /** Stops the sandbox and starts another one, with the same settings, in its place. */
  async restart(env: Record<string, string>): Promise<void> {
    await this.app.close();
    await this.open({ WACO_CLOCK_FILE: join(this.folder, 'clock.json'), ...env });
  }

  private async open(env: Record<string, string>): Promise<void> {
    const settings = { NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: '0', ...env };
    this.app = await startSandbox(loadEnv(SandboxEnv, settings));
    this.url = `http://127.0.0.1:${(this.app.getHttpServer().address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.receiver.stop();
    rmSync(this.folder, { recursive: true });
  }

  /** All routes, as a tree. */
  routes(): string {
    return this.app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(this.url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: (text ? JSON.parse(text) : {}) as Answer };
  }

  async ok(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  graph(method: string, path: string, body?: unknown, token = TOKEN) {
    return this.call(method, `/graph/v24.0/${path}`, body, { authorization: `Bearer ${token}` });
  }

  /** Sends a message; `content` is merged over the envelope. */
  send(to: string, content: Answer) {
    return this.graph('POST', `${PHONE_ID}/messages`, { messaging_product: 'whatsapp', to, ...content });
  }

  text(to: string, body: string) {
    return this.send(to, { type: 'text', text: { body } });
  }

  /** A new customer; `greets` opens the service window with a message. */
  async customer(options: { name?: string; phone?: string; hidePhone?: boolean; greets?: boolean } = {}) {
    const { greets = true, name = 'Sheena', ...rest } = options;
    const customer = await this.ok('POST', '/phone/api/customers', { name, ...rest });
    const thread = `/phone/api/threads/${String(customer.customerId)}/${PHONE_ID}`;
    if (greets) await this.ok('POST', `${thread}/messages`, { type: 'text', text: 'hi' });
    return { ...customer, thread } as Answer & { phone: string; thread: string; userId: string };
  }

  advance(ms: number): Promise<Answer> {
    return this.ok('POST', '/control/clock', { advanceMs: ms });
  }
}

/** Waits until `found` answers something other than undefined or false. */
export async function eventually<T>(
  found: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const result = await found();
    if (result !== undefined && result !== false) return result;
    if (Date.now() > deadline) throw new Error('waited 10 s in vain');
    await sleep(20);
  }
}
