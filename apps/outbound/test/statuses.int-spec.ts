import { personOf } from '#core/messaging';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import {
  advanceRecipient,
  recordStatus,
  sendMessage,
  type JobContract,
  type RecordStatusPayload,
} from '#contracts';
import { Journal, Tenants, type NewItem } from '#persistence';
import { bootService, loadEnv } from '#platform';
import { toItem, Waker, wakeOf, type BulkContext } from '#queue';
import { createTestDatabase, insertTestMerchant, TEST_MASTER_KEYS, until, type TestDatabase } from '#testing';
import { OutboundEnv } from '../src/env.js';
import { RecordStatusHandler } from '../src/jobs/record-status.handler.js';
import { connectSends, OutboundModule } from '../src/outbound.module.js';

/** Statuses in bulk, through the real handler, over two processes. Messages must end as if each had been applied alone. */

const MESSAGES = 120;
const STEPS = ['sent', 'delivered', 'read'] as const;
const FAILED = [7, 31, 60];
const LOCKED = 50;
const POISON = 90;
const UNKNOWN = 4;
const AT = Date.parse('2026-11-21T10:00:00Z');

let database: TestDatabase;
let owner: pg.Pool;
let processes: NestFastifyApplication[];
let holder: pg.PoolClient;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.ownerUrl, max: 4 });
  processes = [await open(), await open()];
  holder = await owner.connect();
  // The database refuses one status, as it would refuse a value that a column does not take.
  await owner.query(`
    CREATE FUNCTION outbound.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE check_violation USING MESSAGE = 'refused'; END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON outbound.messages FOR EACH ROW
      WHEN (NEW.message_id = 'msg_${POISON}' AND NEW.state = 'read') EXECUTE FUNCTION outbound.refuse()`);
});
afterAll(async () => {
  holder.release(true);
  await Promise.all(processes.map((app) => app.close()));
  await owner.end();
  await database.drop();
});

function open(): Promise<NestFastifyApplication> {
  const env = loadEnv(OutboundEnv, {
    NODE_ENV: 'test',
    LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent',
    PORT: '0',
    DATABASE_URL: database.url('waco_outbound'),
    QUEUE_URL: database.queueUrl,
    WACO_MASTER_KEYS: TEST_MASTER_KEYS,
    WHATSAPP_BASE_URL: 'http://127.0.0.1:9/graph',
  });
  return bootService({
    service: 'outbound',
    module: OutboundModule.forRoot(env),
    env,
    configure: connectSends,
  });
}

interface Shop {
  merchantId: string;
  channelAccountId: string;
}

/** A merchant whose messages were all accepted. */
async function openShop(): Promise<Shop> {
  const merchant = await insertTestMerchant(database.ownerUrl);
  await owner.query(
    `INSERT INTO outbound.messages (merchant_id, message_id, channel_account_id, contact_id, person, content,
       thread_id, state, open, sends, created_at, accepted_at, channel_message_id)
     SELECT $1, 'msg_' || i, $2, 'con_' || i % 20, '{}', '{"type":"text","body":"hi"}', 'thr', 'accepted', false, 1,
       $3::timestamptz, $3, 'wamid.' || i
     FROM generate_series(0, $4::int - 1) i`,
    [merchant.merchantId, merchant.channelAccountId, new Date(AT), MESSAGES],
  );
  return merchant;
}

function statusesOf({ channelAccountId }: Shop): RecordStatusPayload[] {
  const status = (i: number, step: number, more: Partial<RecordStatusPayload> = {}): RecordStatusPayload => ({
    channelAccountId,
    channelMessageId: `wamid.${i}`,
    messageId: `msg_${i}`,
    status: STEPS[step]!,
    at: new Date(AT + 1_000 * (step + 1)).toISOString(),
    errors: [],
    ...more,
  });
  const known = Array.from({ length: MESSAGES }, (_, i) =>
    FAILED.includes(i)
      ? [status(i, 0), status(i, 1, { status: 'failed', errors: [{ code: 131026, title: 'undeliverable' }] })]
      : STEPS.map((_step, step) => status(i, step, { pricing: { category: 'service', type: 'regular' } })),
  ).flat();
  const unknown = Array.from({ length: UNKNOWN }, (_, i) =>
    status(MESSAGES + i, 0, { messageId: i % 2 === 0 ? `msg_of_nobody_${i}` : undefined }),
  );
  return [...known, ...unknown];
}

const shuffled = <T>(all: readonly T[]): T[] =>
  all
    .map((value) => ({ value, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ value }) => value);

const itemOf = <P extends object>({ merchantId }: Shop, contract: JobContract<P>, payload: P): NewItem =>
  toItem(contract, payload, merchantId, new Date());

async function store(
  app: NestFastifyApplication,
  { merchantId }: Shop,
  items: readonly NewItem[],
): Promise<void> {
  const journal = app.get(Journal, { strict: false });
  await app
    .get(Tenants, { strict: false })
    .transaction(merchantId, (tx) => journal.append(items, new Date(), tx));
  await app.get(Waker, { strict: false }).wake(items.map((item) => wakeOf(item, new Date())));
}

/** What the database says of a merchant's messages, without the time at which something was stored. */
async function stateOf({ merchantId }: Shop): Promise<object> {
  const messages = await owner.query(
    `SELECT message_id, state, open, channel_message_id, accepted_at, sent_at, delivered_at, read_at, failed_at IS NOT NULL AS failed, pricing,
       error->>'class' AS error FROM outbound.messages
     WHERE merchant_id = $1 AND message_id LIKE 'msg%' ORDER BY message_id`,
    [merchantId],
  );
  const early = await owner.query(
    `SELECT channel_message_id, status->>'status' AS status FROM outbound.early_statuses WHERE merchant_id = $1
     ORDER BY channel_message_id`,
    [merchantId],
  );
  return { messages: messages.rows as object[], early: early.rows as object[] };
}

interface Item {
  message: string;
  status: string;
  outcome: string | null;
  parked: boolean;
  attempts: number;
}
async function itemsOf({ merchantId }: Shop): Promise<Item[]> {
  const { rows } = await owner.query<Item>(
    `SELECT coalesce(payload->>'messageId', payload->>'channelMessageId') AS message, payload->>'status' AS status,
       outcome, attempts, parked_at IS NOT NULL AS parked
     FROM journal.items WHERE merchant_id = $1 AND name = $2`,
    [merchantId, recordStatus.name],
  );
  return rows;
}

/** Each in a transaction of its own, in the order in which things happened. */
async function oneByOne(shop: Shop): Promise<void> {
  const handler = processes[0]!.get(RecordStatusHandler, { strict: false });
  for (const status of statusesOf(shop)) {
    await processes[0]!
      .get(Tenants, { strict: false })
      .transaction(shop.merchantId, async (tx) => {
        const ctx = { merchantId: shop.merchantId, tx, now: new Date(), emit: () => undefined };
        await handler.handle([status], ctx as unknown as BulkContext);
      })
      .catch((error: Error) => {
        if (!error.message.includes('refused')) throw error;
      });
  }
}

const deadlocks = async (): Promise<number> => {
  const { rows } = await owner.query<{ n: number }>(
    `SELECT deadlocks::int AS n FROM pg_stat_database WHERE datname = current_database()`,
  );
  return rows[0]!.n;
};

/** Another transaction has the row; resolves with what lets it go. */
async function hold({ merchantId }: Shop, message: number): Promise<() => Promise<unknown>> {
  await holder.query('BEGIN');
  await holder.query(`SELECT FROM outbound.messages WHERE merchant_id = $1 AND message_id = $2 FOR UPDATE`, [
    merchantId,
    `msg_${message}`,
  ]);
  return () => holder.query('COMMIT');
}

it('no status waits for a row that another transaction holds but those of its message', async () => {
  const shop = await openShop();
  const letGo = await hold(shop, LOCKED);
  const plain = statusesOf(shop).filter(
    ({ messageId, status }) => /^msg_\d+$/.test(messageId ?? '') && status !== 'failed',
  );
  const sound = plain.filter(({ messageId }) => messageId !== `msg_${POISON}`);
  await store(
    processes[0]!,
    shop,
    shuffled(sound).map((status) => itemOf(shop, recordStatus, status)),
  );
  const open = async (): Promise<string[]> =>
    (await itemsOf(shop)).filter((item) => item.outcome === null).map((item) => item.message);
  await until('the others are stored', async () => (await open()).length === STEPS.length, 5_000);
  expect(await open()).toEqual(STEPS.map(() => `msg_${LOCKED}`));
  await letGo();
  await until('it is stored as well', async () => (await open()).length === 0);
  expect((await itemsOf(shop)).every((item) => item.attempts === 0)).toBe(true);
});

it('hundreds of statuses in any order, doubled, over two processes, end as one by one', async () => {
  const [bulk, singly] = [await openShop(), await openShop()];
  await oneByOne(singly);
  const letGo = await hold(bulk, LOCKED);
  const all = shuffled([...statusesOf(bulk), ...statusesOf(bulk)]).map((s) => itemOf(bulk, recordStatus, s));
  const before = await deadlocks();
  // One after the other: two that store the same items at once in two orders would end in a deadlock of their own.
  for (let from = 0; from < all.length; from += 40) {
    await store(processes[(from / 40) % 2]!, bulk, all.slice(from, from + 40));
  }
  // Lines are worked on at the same time: they lock recipients, and then messages.
  const { channelAccountId } = bulk;
  const lines = Array.from({ length: 40 }, (_, i) =>
    i % 4 < 2
      ? itemOf(bulk, advanceRecipient, {
          channelAccountId,
          contactId: `con_${i % 20}`,
          occasion: randomUUID(),
        })
      : itemOf(bulk, sendMessage, {
          channelAccountId,
          contactId: `con_${i % 20}`,
          messageId: `line_${i}`,
          threadId: 'thr',
          person: personOf({ phone: '971500000000' }),
          content: { type: 'text', body: 'in line' },
        }),
  );
  await Promise.all(
    processes.map((app, i) =>
      store(
        app,
        bulk,
        lines.filter((_, n) => n % 2 === i),
      ),
    ),
  );
  await sleep(500);
  await letGo();
  await until(
    'nothing is left',
    async () => (await itemsOf(bulk)).every((item) => item.outcome !== null || item.parked),
    30_000,
  );
  await sleep(1_100); // statistics are told once a second
  expect(await deadlocks()).toBe(before);
  const items = await itemsOf(bulk);
  expect(items).toHaveLength(statusesOf(bulk).length);
  expect(items.filter((item) => item.parked)).toMatchObject([{ message: `msg_${POISON}`, status: 'read' }]);
  expect(items.filter((item) => !item.parked && item.attempts > 0)).toEqual([]);
  expect(await stateOf(bulk)).toEqual(await stateOf(singly));
}, 90_000);
