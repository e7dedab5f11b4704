import pg from 'pg';
import { DataSource } from 'typeorm';
import { journalRetention } from '#contracts';
import type { RetentionSettings } from '#core/tenancy';
import { Directory, inOrderOfIndex, Journal, removeRows, TENANCY_ENTITIES, Tenants } from '#persistence';
import type { Clock } from '#platform';
import type { TaskContext } from '#queue';
import { createTestDatabase, type TestDatabase } from '#testing';
import { RetentionHandler as CheckoutRetention } from '../../checkout/src/privacy/retention.handler.js';
import { RetentionHandler as ConversationRetention } from '../../conversation/src/privacy/retention.handler.js';
import { RetentionHandler as OutboundRetention } from '../../outbound/src/privacy/retention.handler.js';
import { RetentionHandler as JournalRetention } from '../src/privacy/retention.handler.js';
import { RetentionSchedule } from '../src/privacy/retention-schedule.js';
import { closeTables } from './closed-tables.js';

const HANDLERS = {
  waco_conversation: ConversationRetention,
  waco_checkout: CheckoutRetention,
  waco_outbound: OutboundRetention,
  waco_admin: JournalRetention,
} as const;
type Role = keyof typeof HANDLERS;

const NOW = new Date('2031-05-05T12:00:00Z');
const DAY_MS = 24 * 3_600_000;
const daysAgo = (days: number): Date => new Date(NOW.getTime() - days * DAY_MS);
const [A, B] = ['mer_a', 'mer_b'] as const;
const CHOSEN: RetentionSettings = { chats: 60, orders: 90, journal: 10 };

let database: TestDatabase;
let owner: pg.Client;
const sources = new Map<Role, DataSource>();

beforeAll(async () => {
  database = await createTestDatabase();
  await closeTables(database);
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  for (const role of Object.keys(HANDLERS) as Role[]) {
    const options = { url: database.url(role), entities: [...TENANCY_ENTITIES] };
    sources.set(role, await new DataSource({ type: 'postgres', ...options }).initialize());
  }
  for (const merchantId of [A, B]) {
    await owner.query(
      `INSERT INTO tenancy.merchants (merchant_id, slug, name, country, currency) VALUES ($1, $2, $2, 'AE', 'AED')`,
      [merchantId, merchantId.replace('_', '-')],
    );
  }
  await owner.query(`INSERT INTO tenancy.merchant_settings VALUES ($1, $2, 1, now())`, [
    A,
    { retention: CHOSEN },
  ]);
});
afterAll(async () => {
  for (const source of sources.values()) await source.destroy();
  await owner?.end();
  await database?.drop();
});

/** One service's retention of a merchant, as the job runs it. `lives`: transactions until it is killed. */
async function apply(role: Role, merchantId: string, lives = Infinity): Promise<void> {
  const source = sources.get(role)!;
  const tenants = new Tenants(source);
  const directory = new Directory(source, tenants, undefined as never);
  let left = lives;
  const mortal = {
    transaction: (...given: Parameters<Tenants['transaction']>) =>
      left-- > 0 ? tenants.transaction(...given) : Promise.reject(new Error('killed')),
  } as unknown as Tenants;
  const handler = new HANDLERS[role](directory, mortal);
  await handler.handle({ runId: 'day_1' }, { merchantId, now: NOW } as TaskContext);
}

async function ids(sql: string, ...parameters: unknown[]): Promise<string[]> {
  const { rows } = await owner.query<{ id: string }>(sql, parameters);
  return rows.map((row) => row.id).sort();
}

async function item(merchantId: string | null, name: string, more: Record<string, unknown>): Promise<void> {
  const row: Record<string, unknown> = {
    merchant_id: merchantId,
    service: 'conversation',
    queue: 'threads',
    stream: 'thread/x',
    name,
    source: 'whatsapp',
    external_id: name,
    payload: '{}',
    occurred_at: daysAgo(400),
    created_at: daysAgo(400),
    due_at: daysAgo(400),
    ...more,
  };
  const columns = Object.keys(row);
  await owner.query(
    `INSERT INTO journal.items (${columns.join()}) VALUES (${columns.map((_, i) => `$${i + 1}`).join()})`,
    Object.values(row),
  );
}

const items = (merchantId: string | null) =>
  ids(`SELECT external_id AS id FROM journal.items WHERE merchant_id IS NOT DISTINCT FROM $1`, merchantId);

describe('what is older than a merchant keeps it, to the hour', () => {
  it('contacts with their threads and names, unless anything was heard of them', async () => {
    const contact = async (merchantId: string, id: string, thread: number | null, alias: number | null) => {
      await owner.query(
        `INSERT INTO conversation.contacts (merchant_id, contact_id, channel_account_id, name, created_at) VALUES ($1, $2, 'acc', 'x', $3)`,
        [merchantId, id, daysAgo(300)],
      );
      if (thread !== null) {
        await owner.query(
          `INSERT INTO conversation.threads (merchant_id, thread_id, channel_account_id, contact_id, stream, phase, state,
             expires_at, updated_at) VALUES ($1, $2, 'acc', $2, 's', 'browsing', '{}', $3, $3)`,
          [merchantId, id, daysAgo(thread)],
        );
      }
      if (alias !== null) {
        await owner.query(`INSERT INTO conversation.aliases VALUES ($1, 'acc', 'user_id', $2, $2, $3)`, [
          merchantId,
          id,
          daysAgo(alias),
        ]);
      }
    };
    await contact(A, 'both_old', 60.1, 60.1);
    await contact(A, 'thread_young', 59.9, 60.1);
    await contact(A, 'name_young', 60.1, 59.9);
    await contact(A, 'bare_old', null, null);
    await contact(B, 'old_enough_elsewhere', 60.1, 60.1);
    await apply('waco_conversation', A);
    await apply('waco_conversation', B);
    const kept = ['name_young', 'old_enough_elsewhere', 'thread_young'];
    expect(await ids(`SELECT contact_id AS id FROM conversation.contacts`)).toEqual(kept);
    expect(await ids(`SELECT thread_id AS id FROM conversation.threads`)).toEqual(kept);
    expect(await ids(`SELECT value AS id FROM conversation.aliases`)).toEqual(kept);
  });

  it('messages that are out of their lines, and recipients who have none', async () => {
    const message = (merchantId: string, id: string, age: number, open: boolean) =>
      owner.query(
        `INSERT INTO outbound.messages (merchant_id, message_id, channel_account_id, contact_id, person, content,
           thread_id, state, open, created_at) VALUES ($1, $2, 'acc', $2, '{}', '{}', 't', $3, $4, $5)`,
        [merchantId, id, open ? 'waiting' : 'read', open, daysAgo(age)],
      );
    await message(A, 'old', 60.1, false);
    await message(A, 'old_open', 60.1, true);
    await message(A, 'young', 59.9, false);
    await message(B, 'old_elsewhere', 60.1, false);
    for (const [contact, age, into] of [
      ['old', 60.1],
      ['old_open', 60.1],
      ['young', 59.9],
      // Something may still come for one that leads to another, as long as that other one is there.
      ['merged', 60.1, 'young'],
      ['merged_long_ago', 60.1, 'nobody'],
    ] as const) {
      await owner.query(
        `INSERT INTO outbound.recipients (merchant_id, channel_account_id, contact_id, last_inbound_at, pair_at, merged_into)
         VALUES ($1, 'acc', $2, $3, $3, $4)`,
        [A, contact, daysAgo(age), into ?? null],
      );
    }
    for (const [id, age] of [
      ['early_old', 1.1],
      ['early_young', 0.9],
    ] as const) {
      await owner.query(
        `INSERT INTO outbound.early_statuses (merchant_id, channel_message_id, status, received_at)
         VALUES ($1, $2, '{}', $3)`,
        [A, id, daysAgo(age)],
      );
    }
    await apply('waco_outbound', A);
    await apply('waco_outbound', B);
    expect(await ids(`SELECT channel_message_id AS id FROM outbound.early_statuses`)).toEqual([
      'early_young',
    ]);
    const kept = ['old_elsewhere', 'old_open', 'young'];
    expect(await ids(`SELECT message_id AS id FROM outbound.messages`)).toEqual(kept);
    expect(await ids(`SELECT contact_id AS id FROM outbound.recipients`)).toEqual([
      'merged',
      ...kept.slice(1),
    ]);
  });

  it('names and numbers of orders, not the orders, and none that is being placed or refunded', async () => {
    const order = (merchantId: string, id: string, age: number, state = 'delivered') =>
      owner.query(
        `INSERT INTO checkout.orders (merchant_id, order_ref, thread_id, thread_stream, person, state, version,
           accepted_quote, nonce, link_token, work, payment_amount, fulfilments, created_at, updated_at)
         VALUES ($1, $2, 't', 'thread/acc/971501', '{"waId":"971501","name":"Sheena"}', $3, 1, '{"total":1}', 'n', 'tok',
           '{}', '{"minor":100}', '[{"kind":"failed","reason":"nobody at Sheena''s"},{"kind":"delivered"}]', $4, $4)`,
        [merchantId, id, state, daysAgo(age)],
      );
    await order(A, 'old', 90.1);
    await order(A, 'old_paid', 90.1, 'paid');
    await order(A, 'young', 89.9);
    await order(B, 'old_elsewhere', 90.1);
    await apply('waco_checkout', A);
    await apply('waco_checkout', B);
    const { rows } = await owner.query(`SELECT * FROM checkout.orders ORDER BY order_ref`);
    const [old, ...others] = rows;
    expect(JSON.stringify(old)).not.toMatch(/Sheena|971501|"tok"/);
    expect(old).toMatchObject({
      state: 'delivered',
      accepted_quote: { total: 1 },
      payment_amount: { minor: 100 },
      fulfilments: [{ kind: 'failed' }, { kind: 'delivered' }],
    });
    expect(others.map((o) => [o.order_ref, o.person.name, o.link_token])).toEqual([
      ['old_elsewhere', 'Sheena', 'tok'],
      ['old_paid', 'Sheena', 'tok'],
      ['young', 'Sheena', 'tok'],
    ]);
  });

  it('settled items of the journal, never one that is not, and emptied ones sooner', async () => {
    const settled = (age: number, outcome = 'done') => ({ outcome, settled_at: daysAgo(age) });
    await item(A, 'old', settled(10.1));
    await item(A, 'young', settled(9.9));
    await item(A, 'erased_old', settled(8.1, 'erased'));
    await item(A, 'erased_young', settled(7.9, 'erased'));
    await item(A, 'pending', {});
    await item(A, 'parked', { parked_at: daysAgo(300) });
    await item(B, 'by_default', settled(29.9));
    await item(B, 'old_by_default', settled(30.1));
    for (const merchantId of [A, B]) await apply('waco_admin', merchantId);
    expect(await items(A)).toEqual(['erased_young', 'parked', 'pending', 'young']);
    expect(await items(B)).toEqual(['by_default']);
  });
});

describe('in batches', () => {
  it('goes on where it was killed, and takes nothing else', async () => {
    await owner.query(
      `INSERT INTO journal.items (merchant_id, service, queue, stream, name, source, external_id, payload, occurred_at,
         due_at, outcome, settled_at)
       SELECT $1, 'outbound', 'q', 's', 'n', 'job', 'bulk-' || i, '{}', $2, $2, 'done', $2::timestamptz + i * interval '1 ms'
       FROM generate_series(1, 3500) i`,
      [A, daysAgo(50)],
    );
    const kept = (await items(A)).filter((id) => !id.startsWith('bulk-'));
    const bulk = async () => (await items(A)).filter((id) => id.startsWith('bulk-')).length;
    await expect(apply('waco_admin', A, 2)).rejects.toThrow('killed');
    expect(await bulk()).toBe(1_500);
    await apply('waco_admin', A);
    expect(await bulk()).toBe(0);
    expect((await items(A)).filter((id) => !id.startsWith('bulk-'))).toEqual(kept);
  });

  it('finds its rows by an index, however many others there are', async () => {
    await owner.query(
      `INSERT INTO journal.items (merchant_id, service, queue, stream, name, source, external_id, payload, occurred_at,
         due_at, outcome, settled_at)
       SELECT CASE i % 2 WHEN 0 THEN 'mer_a' ELSE 'mer_' || i % 20 END, 'outbound', 'q', 's', 'n', 'job', 'other-' || i, '{}', $1, $1, 'done', $1
       FROM generate_series(1, 40000) i`,
      [daysAgo(50)],
    );
    await owner.query('ANALYZE journal.items');
    const plan = await new Tenants(sources.get('waco_admin')!).transaction(A, async (tx) => {
      await inOrderOfIndex(tx);
      return tx.query(
        `EXPLAIN SELECT id FROM journal.items WHERE settled_at IS NOT NULL AND merchant_id = $1 AND settled_at < $2
         ORDER BY merchant_id, settled_at LIMIT 1000 FOR UPDATE SKIP LOCKED`,
        [A, daysAgo(10)],
      );
    });
    expect(JSON.stringify(plan)).toMatch(/Index Scan using items_settled/);
    expect(JSON.stringify(plan)).not.toMatch(/Sort|Bitmap|Seq Scan/);
  });

  it('is refused by the database for what is not settled', async () => {
    const all = `SELECT ctid FROM journal.items WHERE merchant_id = $1 FOR UPDATE`;
    await new Tenants(sources.get('waco_admin')!).transaction(A, (tx) =>
      removeRows(tx, 'journal.items', all, [A]),
    );
    expect(await items(A)).toEqual(['parked', 'pending']);
  });
});

describe('the schedule', () => {
  it('asks once a day for each merchant that is there, whoever asks, and tidies the quarantine and used keys', async () => {
    await owner.query(`DELETE FROM journal.items`);
    const quarantined = { service: 'quarantine', queue: 'quarantine', outcome: 'quarantined' };
    await item(null, 'lost_old', { ...quarantined, settled_at: daysAgo(30.1) });
    await item(null, 'lost_replayed', { ...quarantined, outcome: 'replayed', settled_at: daysAgo(30.1) });
    await item(null, 'lost_young', { ...quarantined, settled_at: daysAgo(29.9) });
    await owner.query(
      `INSERT INTO tenancy.merchants (merchant_id, slug, name, country, currency, status, erased_at)
       VALUES ('mer_gone', 'gone', 'gone', 'AE', 'AED', 'closed', now())`,
    );
    for (const [key, merchantId, age] of [
      ['old', A, 1.1],
      ['of_the_platform', null, 1.1],
      ['young', A, 0.9],
    ] as const) {
      await owner.query(
        `INSERT INTO tenancy.idempotency_keys (caller, key_hash, merchant_id, request_hash, created_at)
         VALUES ('key_a', $1, $2, 'hash', $3)`,
        [key, merchantId, daysAgo(age)],
      );
    }
    let now = NOW;
    const clock: Clock = { now: () => now };
    const woken: string[] = [];
    const source = sources.get('waco_admin')!;
    const process = () =>
      new RetentionSchedule(
        source,
        new Tenants(source),
        new Journal(source),
        { wake: async (wakes: { queue: string }[]) => woken.push(...wakes.map((w) => w.queue)) } as never,
        { error: (line: { reason: string }) => expect(line.reason).toBe('') } as never,
        clock,
      );
    const replicas = [process(), process()];
    const asked = () =>
      ids(`SELECT merchant_id || ' ' || name AS id FROM journal.items WHERE source = 'job'`);
    await Promise.all(replicas.map((r) => r.tick()));
    await Promise.all(replicas.map((r) => r.tick()));
    const once = [A, B].flatMap((m) =>
      ['admin', 'checkout', 'conversation', 'outbound'].map((s) => `${m} ${s}.apply-retention.v1`),
    );
    expect(await asked()).toEqual(once);
    expect(woken).toHaveLength(8);
    expect(await items(null)).toEqual(['lost_young']);
    expect(await ids(`SELECT key_hash AS id FROM tenancy.idempotency_keys`)).toEqual(['young']);

    // Whatever queue server forgets: the request is in the journal, and the sweep finds it.
    const overdue = await new Journal(source).overdue(new Date(NOW.getTime() + 60_000), 2_000, 100);
    expect(overdue.map((stream) => stream.queue)).toEqual([
      journalRetention.queue.name,
      journalRetention.queue.name,
    ]);

    now = new Date(NOW.getTime() + DAY_MS);
    await replicas[0]!.tick();
    expect(await asked()).toEqual(once.flatMap((id) => [id, id]));
  });
});
