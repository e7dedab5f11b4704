import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import {
  changeIdentity,
  noteOrder,
  receiveMessage,
  type JobContract,
  type SendMessagePayload,
} from '#contracts';
import type { OrderFact } from '#core/checkout';
import type { ThreadState } from '#core/conversation';
import {
  aliasOf,
  personOf,
  phoneOf,
  readPerson,
  userIdOf,
  type InboundContent,
  type OutboundContent,
  type PersonNames,
  type PersonRef,
} from '#core/messaging';
import { Journal, Tenants, type NewItem } from '#persistence';
import { bootService, CLOCK, loadEnv, type Clock } from '#platform';
import { toItem, Waker, wakeOf } from '#queue';
import { insertTestMerchant, until, type TestDatabase, type TestMerchant } from '#testing';
import { connectTurns, ConversationModule } from '../../src/conversation.module.js';
import { ConversationEnv } from '../../src/env.js';

export interface ThreadRow {
  thread_id: string;
  contact_id: string;
  stream: string;
  former_ids: string[];
  state: ThreadState;
}

/** The conversation service in this process; messages come as the gateway would journal them. */
export class Stand {
  private sent = 0;

  private constructor(
    readonly app: NestFastifyApplication,
    readonly merchant: TestMerchant,
    private readonly owner: pg.Pool,
    private readonly startedAt: number,
  ) {}

  static async open(options: {
    database: TestDatabase;
    merchant?: TestMerchant;
    backend?: 'postgres' | 'redis';
    /** Where the catalog answers. */
    rpcPort: number;
    clockFile?: string;
  }): Promise<Stand> {
    const { database } = options;
    const env = loadEnv(ConversationEnv, {
      NODE_ENV: 'test',
      LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent',
      PORT: '0',
      DATABASE_URL: database.url('waco_conversation'),
      QUEUE_URL: options.backend === 'redis' ? process.env.WACO_TEST_REDIS_URL : database.queueUrl,
      QUEUE_PREFIX: `t${randomUUID().slice(0, 8)}`,
      CATALOG_RPC_PORT: String(options.rpcPort),
      ...(options.clockFile ? { WACO_CLOCK_FILE: options.clockFile } : {}),
    });
    const merchant = options.merchant ?? (await insertTestMerchant(database.ownerUrl));
    const app = await bootService({
      service: 'conversation',
      module: ConversationModule.forRoot(env),
      env,
      configure: connectTurns,
    });
    const owner = new pg.Pool({ connectionString: database.ownerUrl, max: 2 });
    return new Stand(app as NestFastifyApplication, merchant, owner, Date.now());
  }

  async close(): Promise<void> {
    await this.owner.end();
    await this.app.close();
  }

  async sql<T>(query: string, parameters: unknown[] = []): Promise<T[]> {
    return (await this.owner.query(query, parameters)).rows as T[];
  }

  /** One message, sent a second after the one before it. */
  message(person: PersonNames | PersonRef, content: InboundContent | string, more: object = {}): NewItem {
    const at = new Date(this.startedAt - 60_000 + 1_000 * this.sent++);
    const payload = {
      channel: 'whatsapp' as const,
      channelAccountId: this.merchant.channelAccountId,
      person: toRef(person),
      messageId: `wamid.${randomUUID()}`,
      sentAt: at.toISOString(),
      content: typeof content === 'string' ? ({ type: 'text', text: content } as const) : content,
      ...more,
    };
    return this.item(receiveMessage, payload, at);
  }

  identity(previous: PersonNames, current: PersonNames): NewItem {
    const { channelAccountId } = this.merchant;
    const people = { previous: personOf(previous), current: personOf(current) };
    const payload = { channel: 'whatsapp', channelAccountId, ...people, messageId: `wamid.${randomUUID()}` };
    return this.item(changeIdentity, payload, new Date());
  }

  fact(thread: Pick<ThreadRow, 'thread_id' | 'stream'>, orderRef: string, fact: OrderFact): NewItem {
    return this.item(
      noteOrder,
      {
        threadId: thread.thread_id,
        threadStream: thread.stream,
        orderRef,
        fact,
        factId: randomUUID(),
        occurredAt: new Date().toISOString(),
      },
      new Date(),
    );
  }

  item<P extends object>(contract: JobContract<P>, payload: P, occurredAt: Date): NewItem {
    const now = this.app.get<Clock>(CLOCK, { strict: false }).now();
    return toItem(contract, payload, this.merchant.merchantId, now, { occurredAt });
  }

  /** Stores items as one webhook brings them, without a wake-up. */
  async store(...items: NewItem[]): Promise<void> {
    const now = new Date();
    const { merchantId } = this.merchant;
    const journal = this.app.get(Journal, { strict: false });
    await this.app
      .get(Tenants, { strict: false })
      .transaction(merchantId, (tx) => journal.append(items, now, tx));
  }

  async wake(...items: NewItem[]): Promise<void> {
    await this.app.get(Waker, { strict: false }).wake(items.map((i) => wakeOf(i, new Date())));
  }

  /** Stores, wakes, and waits until these items and every question they led to are settled. */
  async give(...items: NewItem[]): Promise<void> {
    await this.store(...items);
    await this.wake(...items);
    await this.settled();
  }

  /** Gives what the customer does, and returns what is said to it. */
  async chat(
    person: PersonNames | PersonRef,
    ...contents: (InboundContent | string)[]
  ): Promise<OutboundContent[]> {
    const before = (await this.sends()).length;
    await this.give(...contents.map((c) => this.message(person, c)));
    return (await this.sends()).slice(before).map((s) => s.content);
  }

  /** Keeps everybody off a thread until the returned function is called. */
  async holdThread(threadId: string): Promise<() => Promise<void>> {
    const holder = await this.owner.connect();
    await holder.query('BEGIN');
    await holder.query(`SELECT FROM conversation.threads WHERE thread_id = $1 FOR UPDATE`, [threadId]);
    return async () => {
      await holder.query('COMMIT');
      holder.release();
    };
  }

  /** Resolves when so many wait for a lock. */
  async lockedOut(count: number): Promise<void> {
    await until(`${count} wait for a lock`, async () => {
      const [row] = await this.sql<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity
         WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      );
      return row!.waiting >= count;
    });
  }

  async versionOf(threadId: string): Promise<number> {
    const [row] = await this.sql<{ version: number }>(
      `SELECT version::int FROM conversation.threads WHERE thread_id = $1`,
      [threadId],
    );
    return row!.version;
  }

  /** Failed runs and crashes that items of this merchant have counted. */
  async counted(): Promise<number> {
    const [row] = await this.sql<{ counted: number }>(
      `SELECT coalesce(sum(attempts + endings), 0)::int AS counted FROM journal.items WHERE merchant_id = $1`,
      [this.merchant.merchantId],
    );
    return row!.counted;
  }

  async settled(): Promise<void> {
    const open = `SELECT name, reason, parked_at FROM journal.items
      WHERE service = 'conversation' AND merchant_id = $1 AND settled_at IS NULL`;
    await until(
      'the conversation has nothing left to do',
      async () => {
        const rows = await this.sql<{ parked_at: Date | null }>(open, [this.merchant.merchantId]);
        if (rows.some((r) => r.parked_at)) throw new Error(`parked: ${JSON.stringify(rows)}`);
        return rows.length === 0;
      },
      15_000,
    );
  }

  async sends(): Promise<SendMessagePayload[]> {
    const rows = await this.sql<{ payload: SendMessagePayload }>(
      `SELECT payload FROM journal.items WHERE name = 'outbound.send-message.v1' AND merchant_id = $1 ORDER BY id`,
      [this.merchant.merchantId],
    );
    return rows.map(({ payload }) => ({ ...payload, person: readPerson(payload.person) }));
  }

  threads(): Promise<ThreadRow[]> {
    return this.sql(
      `SELECT * FROM conversation.threads WHERE merchant_id = $1 ORDER BY created_at, thread_id`,
      [this.merchant.merchantId],
    );
  }

  async contacts(): Promise<string[]> {
    const rows = await this.sql<{ contact_id: string }>(
      `SELECT contact_id FROM conversation.contacts WHERE merchant_id = $1`,
      [this.merchant.merchantId],
    );
    return rows.map((r) => r.contact_id);
  }
}

const toRef = (person: PersonNames | PersonRef): PersonRef =>
  'aliases' in person ? person : personOf(person);

/** The person's usual names, those that they have. */
export function namesOf(person: PersonRef): PersonNames {
  const names: PersonNames = {
    phone: phoneOf(person),
    userId: userIdOf(person),
    parentUserId: aliasOf(person, 'parent_user_id'),
    username: aliasOf(person, 'username'),
    name: person.name,
  };
  return Object.fromEntries(Object.entries(names).filter(([, value]) => value !== undefined));
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

export const tap = (id: string): InboundContent => ({ type: 'choice', id, title: id });
