import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import pg from 'pg';
import { splitWebhook } from '#adapters/whatsapp-cloud';
import {
  noteInbound,
  recordStatus,
  recordTemplateStatus,
  sendMessage,
  type JobContract,
  type SendMessagePayload,
} from '#contracts';
import { personOf, type TemplatePurpose } from '#core/messaging';
import { Journal, lockSlot, streamLock, Tenants } from '#persistence';
import { bootService, CLOCK, loadEnv, newId, type Clock } from '#platform';
import { toItem, Waker, wakeOf } from '#queue';
import {
  createTestDatabase,
  insertTestMerchant,
  TEST_MASTER_KEYS,
  testQueueUrls,
  until,
  type TestDatabase,
  type TestMerchant,
} from '#testing';
import { World, type Answer } from '../../../sandbox/test/support/world.js';
import { OutboundEnv } from '../../src/env.js';
import { connectSends, OutboundModule } from '../../src/outbound.module.js';

/** How long a lost answer is waited for in these tests, in milliseconds. */
export const GRACE_MS = 1_500;
export const TIMEOUT_MS = 3_000;
const DAY_MS = 24 * 3_600_000;

export interface Customer {
  contactId: string;
  phone: string;
  /** Path of the customer's thread on the phone. */
  thread: string;
}

/** A process, which resolves with its exit code when it has ended. */
export interface Spawned {
  kill(): Promise<number | null>;
  stop(): Promise<number | null>;
}

export interface StoredMessage {
  message_id: string;
  state: string;
  open: boolean;
  plan: number;
  sends: number;
  verdict: Answer;
  error: Answer | null;
  pricing: Answer | null;
  possible_duplicate: boolean;
  channel_message_id: string | null;
  called_at: Date | null;
  [column: string]: unknown;
}

/**
 * The outbound service with its database and queue, against the simulated Meta, whose webhooks are led in as the
 * gateway does: each item journaled once, and its stream woken.
 */
export class Stand {
  readonly owner: pg.Client;
  /** Changes what a webhook says before it is led in: what arrives is up to the test. */
  onStatus: (payload: Answer) => Answer | undefined = (payload) => payload;
  private readonly spawned: { child: ChildProcess; ended: Promise<unknown> }[] = [];
  private taken = 0;
  private timer: NodeJS.Timeout;

  private constructor(
    readonly world: World,
    readonly database: TestDatabase,
    readonly merchant: TestMerchant,
    readonly app: NestFastifyApplication,
    private readonly folder: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {
    this.owner = new pg.Client({ connectionString: database.ownerUrl });
  }

  /** `idle`: the service of this process takes up nothing; see `spawn`. `settings` are those of its environment. */
  static async start(
    backend: 'postgres' | 'redis' = 'postgres',
    { idle = false, settings = {} }: { idle?: boolean; settings?: Record<string, string> } = {},
  ): Promise<Stand> {
    const database = await createTestDatabase();
    const merchant = await insertTestMerchant(database.ownerUrl);
    const folder = mkdtempSync(join(tmpdir(), 'outbound-'));
    const clockFile = join(folder, 'clock.json');
    const world = await World.start({}, { WACO_CLOCK_FILE: clockFile });
    await Stand.register(world, merchant);
    const environment = {
      NODE_ENV: 'test',
      LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent',
      PORT: '0',
      DATABASE_URL: database.url('waco_outbound'),
      QUEUE_URL: testQueueUrls(database)[backend],
      QUEUE_PREFIX: newId('t').replace('_', '-'),
      WACO_MASTER_KEYS: TEST_MASTER_KEYS,
      WACO_CLOCK_FILE: clockFile,
      WHATSAPP_BASE_URL: `${world.url}/graph`,
      CHANNEL_TIMEOUT_MS: String(TIMEOUT_MS),
      INDETERMINATE_GRACE_MS: String(GRACE_MS),
      ...settings,
    };
    const env = loadEnv(OutboundEnv, environment);
    const app = await bootService({
      service: 'outbound',
      module: OutboundModule.forRoot(env),
      env,
      configure: (a) => {
        if (!idle) connectSends(a);
      },
    });
    const stand = new Stand(world, database, merchant, app, folder, environment);
    await stand.owner.connect();
    stand.timer = setInterval(() => void stand.leadIn(), 10);
    return stand;
  }

  private static async register(world: World, merchant: TestMerchant): Promise<void> {
    await world.ok('PUT', `/control/meta/wabas/${merchant.businessAccountId}`, {
      appId: 'app-1',
      portfolioId: 'portfolio-2',
      accessToken: merchant.accessToken,
      name: 'Shop',
      phoneNumbers: [
        {
          id: merchant.phoneNumberId,
          displayPhoneNumber: '+971 4 555 0101',
          verifiedName: 'Shop',
          throughput: 1_000,
        },
      ],
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.app.getHttpServer().address() as AddressInfo).port}`;
  }

  get now(): Date {
    return this.app.get<Clock>(CLOCK, { strict: false }).now();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    for (const { child, ended } of this.spawned) {
      child.kill('SIGKILL');
      await ended;
    }
    await this.app.close();
    await this.world.stop();
    await this.owner.end();
    await this.database.drop();
    rmSync(this.folder, { recursive: true });
  }

  /** The service as a process of its own, as the build made it. */
  spawn(settings: Record<string, string> = {}): Spawned {
    const program = resolve('dist/apps/outbound/src/main.js');
    const child = spawn(process.execPath, [program], {
      env: { PATH: process.env.PATH, ...this.environment, ...settings },
      stdio: 'inherit',
    });
    const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
    this.spawned.push({ child, ended });
    const end = (signal: NodeJS.Signals) => (child.kill(signal), ended);
    return { kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
  }

  /** The commit that marks a message with this text as called takes so many seconds. */
  async slowMark(text: string, seconds: number): Promise<void> {
    await this.owner.query(`
      CREATE OR REPLACE FUNCTION public.take_long() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_sleep(TG_ARGV[0]::float8);
        RETURN NULL;
      END $$`);
    await this.owner.query('DROP TRIGGER IF EXISTS slow_mark ON outbound.messages');
    await this.owner.query(`
      CREATE CONSTRAINT TRIGGER slow_mark AFTER INSERT OR UPDATE ON outbound.messages DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW WHEN (NEW.state = 'sending' AND NEW.called_at IS NOT NULL AND NEW.content->>'body' = '${text}')
      EXECUTE FUNCTION public.take_long(${seconds})`);
  }

  /** Keeps the service off a stream until the returned function is called. */
  async holdStream(queue: string, stream: string): Promise<() => Promise<void>> {
    const { merchantId } = this.merchant;
    const holder = new pg.Client({ connectionString: this.database.ownerUrl });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query(
      `SELECT FROM journal.locks WHERE service = 'outbound' AND kind = 'stream' AND slot = $1 FOR UPDATE`,
      [lockSlot('stream', streamLock({ merchantId, queue, stream }))],
    );
    return () => holder.end();
  }

  /** Journals one item and wakes its stream. */
  async emit<P extends object>(contract: JobContract<P>, payload: P): Promise<void> {
    const { now } = this;
    const item = toItem(contract, payload, this.merchant.merchantId, now);
    const journal = this.app.get(Journal, { strict: false });
    const tenants = this.app.get(Tenants, { strict: false });
    await tenants.transaction(this.merchant.merchantId, (tx) => journal.append([item], now, tx));
    await this.app.get(Waker, { strict: false }).wake([wakeOf(item, now)]);
  }

  /** A customer; `greets` (the default) writes first, which opens the service window on both sides. */
  async customer({ greets = true } = {}): Promise<Customer> {
    const made = await this.world.ok('POST', '/phone/api/customers', { name: 'Sheena' });
    const thread = `/phone/api/threads/${String(made.customerId)}/${this.merchant.phoneNumberId}`;
    const customer = { contactId: `con_${String(made.phone)}`, phone: String(made.phone), thread };
    if (greets) await this.writes(customer);
    return customer;
  }

  /** The customer writes; resolves when outbound knows. */
  async writes(customer: Customer): Promise<void> {
    await this.world.ok('POST', `${customer.thread}/messages`, { type: 'text', text: 'hi' });
    await this.opens(customer, this.now);
  }

  /** Tells outbound alone that the customer wrote at `sentAt`. */
  async opens(customer: Customer, sentAt: Date): Promise<void> {
    const { channelAccountId } = this.merchant;
    const { contactId } = customer;
    const messageId = newId('wamid');
    await this.emit(noteInbound, { channelAccountId, contactId, messageId, sentAt: sentAt.toISOString() });
    await until('the window is noted', async () => {
      const { rows } = await this.owner.query(
        `SELECT 1 FROM journal.items WHERE external_id LIKE '%' || $1 AND settled_at IS NOT NULL`,
        [messageId],
      );
      return rows.length > 0;
    });
  }

  async send(customer: Customer, body: string, options: Partial<SendMessagePayload> = {}): Promise<string> {
    const messageId = options.messageId ?? newId('msg');
    await this.emit(sendMessage, {
      messageId,
      channelAccountId: this.merchant.channelAccountId,
      contactId: customer.contactId,
      person: personOf({ phone: customer.phone }),
      content: { type: 'text', body },
      threadId: 'thr_1',
      ...options,
    });
    return messageId;
  }

  async template(purpose: TemplatePurpose, name: string, body: string, parameters: string[]): Promise<void> {
    const { merchantId, channelAccountId, businessAccountId, accessToken } = this.merchant;
    const example = parameters.length > 0 ? { example: { body_text: [parameters] } } : {};
    const created = await this.world.graph(
      'POST',
      `${businessAccountId}/message_templates`,
      { name, language: 'en', category: 'UTILITY', components: [{ type: 'BODY', text: body, ...example }] },
      accessToken,
    );
    if (created.status !== 200) throw new Error(JSON.stringify(created.body));
    await this.owner.query(
      `INSERT INTO tenancy.templates (id, merchant_id, channel_account_id, purpose, name, language, category, body,
         parameters) VALUES ($1, $2, $3, $4, $5, 'en', 'utility', $6, $7)`,
      [newId('tpl'), merchantId, channelAccountId, purpose, name, body, parameters],
    );
  }

  setTemplate(name: string, status: string): Promise<Answer> {
    const { businessAccountId } = this.merchant;
    return this.world.ok('PUT', `/control/meta/templates/${businessAccountId}/${name}/en`, { status });
  }

  faults(...nextSends: object[]): Promise<Answer> {
    return this.world.ok('PUT', '/control/meta/faults', { nextSends });
  }

  async message(messageId: string): Promise<StoredMessage | undefined> {
    const { rows } = await this.owner.query(`SELECT * FROM outbound.messages WHERE message_id = $1`, [
      messageId,
    ]);
    return rows[0] as StoredMessage | undefined;
  }

  /** Waits until the message is in one of these states. */
  reaches(messageId: string, ...states: string[]): Promise<StoredMessage> {
    let last: StoredMessage | undefined;
    return until(`${messageId} is ${states.join(' or ')}`, async () => {
      last = await this.message(messageId);
      return last && states.includes(last.state) && last;
    }).catch((error: Error) => {
      throw new Error(`${error.message}; it is ${JSON.stringify(last)}`, { cause: error });
    });
  }

  /** What this phone shows from the business, oldest first. */
  async shown(customer: Customer): Promise<string[]> {
    const answer = await this.world.ok('GET', customer.thread);
    return (answer.messages as Answer[]).filter((i) => i.direction === 'in').map((i) => String(i.text));
  }

  /** What Meta was asked to send for this message. */
  async asked(messageId: string): Promise<{ accepted: Answer[]; refused: Answer[] }> {
    const ledger = await this.world.ok('GET', '/control/meta/ledger');
    const ours = (list: Answer[]) => list.filter((e) => e.bizOpaqueCallbackData === messageId);
    return { accepted: ours(ledger.accepted as Answer[]), refused: ours(ledger.refused as Answer[]) };
  }

  /** Moves everyone's time; the processes look at their clock every 50 ms. */
  async advance(ms: number): Promise<void> {
    const target = this.now.getTime() + ms;
    await this.world.advance(ms);
    await until('the clock has moved', () => this.now.getTime() >= target);
  }

  pastWindow(): Promise<void> {
    return this.advance(DAY_MS);
  }

  private async leadIn(): Promise<void> {
    const fresh = this.world.receiver.deliveries.slice(this.taken);
    this.taken += fresh.length;
    for (const { body } of fresh) {
      for (const item of splitWebhook(body, this.now)) {
        if (item.kind === 'status') {
          const payload = this.onStatus({ ...item.payload });
          if (payload) {
            const { channelAccountId } = this.merchant;
            await this.emit(recordStatus, { ...payload, channelAccountId } as never);
          }
        } else if (item.kind === 'template') await this.emit(recordTemplateStatus, item.payload);
      }
    }
  }
}
