import pg from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { Tenants } from '#persistence';
import { newId } from '#platform';
import { createTestDatabase, type TestDatabase } from '#testing';
import { callsOf, statusesOf } from '../src/operations/journal-items.js';
import { afterOf, keyOf } from '../src/operations/keyset.js';
import { Messages } from '../src/operations/messages.js';
import { Orders } from '../src/operations/orders.js';
import { Reading } from '../src/operations/reading.js';
import { Threads } from '../src/operations/threads.js';
import { Timelines } from '../src/operations/timelines.js';
import { Webhooks } from '../src/operations/webhooks.js';
import { closeTables } from './closed-tables.js';
import { QUOTE } from './rows.js';

/** Rows of each big table, a tenth of them another merchant's. */
const ROWS = 100_000;
/** Looking one thing up among them takes a few milliseconds; this is far from it, and far from a scan with joins. */
const SLOW_MS = 500;

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  Plans?: Plan[];
}

/** Runs what it is asked to and keeps every statement's plan, as row-level security makes it. */
class Explaining extends Tenants {
  readonly plans: { sql: string; plan: Plan; ms: number }[] = [];

  override transaction<T>(merchantId: string, work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return super.transaction(merchantId, (tx) => work(this.watched(tx)));
  }

  private watched(tx: EntityManager): EntityManager {
    const query = async (sql: string, parameters: unknown[]): Promise<unknown> => {
      const [row] = (await tx.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`, parameters)) as {
        'QUERY PLAN': { Plan: Plan; 'Execution Time': number }[];
      }[];
      const [explained] = row!['QUERY PLAN'];
      this.plans.push({ sql, plan: explained!.Plan, ms: explained!['Execution Time'] });
      return tx.query(sql, parameters);
    };
    return new Proxy(tx, {
      get: (target, name) => (name === 'query' ? query : (Reflect.get(target, name) as unknown)),
    });
  }
}

describe('searching among 100,000 rows', () => {
  let database: TestDatabase;
  let source: DataSource;
  const own = newId('mer');

  beforeAll(async () => {
    database = await createTestDatabase();
    await closeTables(database);
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    await fill(owner, own, newId('mer'));
    await owner.end();
    source = await new DataSource({ type: 'postgres', url: database.url('waco_admin') }).initialize();
  }, 180_000);
  afterAll(async () => {
    await source?.destroy();
    await database?.drop();
  });

  /** Plans of all that `look` asked, which must have found something. */
  async function explained(
    look: (tenants: Explaining, reading: Reading) => Promise<unknown>,
  ): Promise<string[]> {
    const tenants = new Explaining(source);
    const found = await look(tenants, new Reading(tenants));
    expect(Array.isArray(found) ? found.length : 1).toBeGreaterThan(0);
    for (const { sql, plan, ms } of tenants.plans) {
      expect([sql, scansOf(plan)]).toEqual([sql, []]);
      expect([sql, ms < SLOW_MS]).toEqual([sql, true]);
    }
    return tenants.plans.flatMap(({ plan }) => indexesOf(plan));
  }

  const N = 54_321;
  const cursor = afterOf(Buffer.from(keyOf('2026-06-01T00:00:00.000000Z', 'z')).toString('base64url'))!;

  it.each([
    ['a phone number', `9715${String(N).padStart(8, '0')}`, 'aliases_by_value'],
    ['the beginning of a name', `Person ${N}`, 'contacts_by_name'],
    ["the shop's number", `NUM-${N}`, 'orders_by_number'],
    ['a reference', `W${N}`, 'orders_pkey'],
    ['a thread that was merged away', 'thr_100_old', 'threads_merged'],
  ])('finds a thread by %s', async (_what, q, index) => {
    const used = await explained((_tenants, reading) => new Threads(reading).list(own, { q, limit: 50 }));
    expect(used).toContain(index);
  });

  it('lists threads, also by phase and from the middle', async () => {
    await explained((_t, reading) => new Threads(reading).list(own, { limit: 50 }));
    await explained((_t, reading) => new Threads(reading).list(own, { limit: 50, phase: 'with_human' }));
    await explained((_t, reading) => new Threads(reading).list(own, { limit: 50, after: cursor }));
  });

  it.each([
    ['all', {}],
    ['by status', { status: 'failed' }],
    ['by order', { orderRef: `W${N}` }],
    ['by thread', { threadId: `thr_${N}` }],
    ['by channel id', { channelMessageId: `wamid.${N}` }],
    ['by id', { id: `msg_${N}` }],
    ['from the middle', { before: '40000' }],
    ['that were handed over', { handedOver: true }],
  ])('lists messages: %s', async (_what, search) => {
    await explained((_t, reading) => new Messages(reading).list(own, { ...search, limit: 50 }));
  });

  it.each([
    ['all', {}],
    ['by state', { state: 'refunded' }],
    ['by number', { number: `NUM-${N}` }],
    ['by thread', { threadId: `thr_${N}` }],
    ['from the middle', { after: cursor }],
  ])('lists orders: %s', async (_what, search) => {
    await explained((_t, reading) => new Orders(reading).list(own, { ...search, limit: 50 }));
  });

  it.each([
    ['all', {}],
    ['by source', { source: 'stripe' }],
    ['by state', { state: 'skipped' as const }],
    ['by external id', { externalId: `evt_${N}` }],
    ['by time', { from: '2026-06-01T00:00:00Z', to: '2026-06-01T02:00:00Z' }],
    ['from the middle', { after: { ...cursor, key: '1' } }],
  ])('lists webhooks: %s', async (_what, search) => {
    await explained((_t, reading) => new Webhooks(reading).list(own, { ...search, limit: 50 }));
  });

  it('puts timelines and explanations together', async () => {
    await explained((_t, reading) => new Timelines(reading).ofOrder(own, `W${N}`));
    await explained((_t, reading) => new Timelines(reading).ofThread(own, `thr_${N}`));
    await explained((tenants) =>
      tenants.transaction(own, async (tx) => {
        const message = {
          messageId: `msg_${N}`,
          plan: 1,
          channelMessageId: `wamid.${N}`,
          failedChannelIds: [],
        };
        await statusesOf(tx, own, message);
        return callsOf(tx, own, message);
      }),
    );
  });
});

/** Big tables that are read from end to end. */
function scansOf(plan: Plan): string[] {
  const own =
    plan['Node Type'] === 'Seq Scan' && plan['Relation Name'] !== 'merchants'
      ? [plan['Relation Name'] ?? '?']
      : [];
  return [...own, ...(plan.Plans ?? []).flatMap(scansOf)];
}

function indexesOf(plan: Plan): string[] {
  return [...(plan['Index Name'] ? [plan['Index Name']] : []), ...(plan.Plans ?? []).flatMap(indexesOf)];
}

async function fill(owner: pg.Client, own: string, other: string): Promise<void> {
  const merchant = `CASE WHEN n % 10 = 0 THEN '${other}' ELSE '${own}' END`;
  const from = `FROM generate_series(1, ${ROWS}) AS n`;
  const at = `timestamptz '2026-01-01' + n * interval '4 minutes'`;
  for (const id of [own, other]) {
    await owner.query(
      `INSERT INTO tenancy.merchants (merchant_id, slug, name, country, currency) VALUES ($1, $1, 'Shop', 'AE', 'AED')`,
      [id],
    );
  }
  await owner.query(
    `INSERT INTO conversation.contacts (merchant_id, contact_id, channel_account_id, name)
     SELECT ${merchant}, 'con_' || n, 'acc_1', 'Person ' || n ${from}`,
  );
  await owner.query(
    `INSERT INTO conversation.aliases (merchant_id, channel_account_id, kind, value, contact_id, seen_at)
     SELECT ${merchant}, 'acc_1', 'wa_id', '9715' || lpad(n::text, 8, '0'), 'con_' || n, ${at} ${from}`,
  );
  await owner.query(
    `INSERT INTO conversation.threads (merchant_id, thread_id, channel_account_id, contact_id, stream, phase, state,
       expires_at, updated_at, former_ids)
     SELECT ${merchant}, 'thr_' || n, 'acc_1', 'con_' || n, 'thread/acc_1/9715' || lpad(n::text, 8, '0'),
       CASE WHEN n % 1000 = 1 THEN 'with_human' ELSE 'browsing' END, '{"cart":[],"orders":[]}', ${at}, ${at},
       CASE WHEN n IN (101, 202) THEN ARRAY['thr_' || n - 1 || '_old'] ELSE '{}' END ${from}`,
  );
  await owner.query(
    `INSERT INTO checkout.orders (merchant_id, order_ref, thread_id, thread_stream, person, state, version,
       accepted_quote, nonce, store_order_number, work, created_at, updated_at)
     SELECT ${merchant}, 'W' || n, 'thr_' || n, 's', '{}', CASE WHEN n % 997 = 1 THEN 'refunded' ELSE 'delivered' END, 1,
       $1, 'nonce', 'NUM-' || n, '{"round":1}', ${at}, ${at} ${from}`,
    [JSON.stringify(QUOTE)],
  );
  await owner.query(
    `INSERT INTO outbound.messages (merchant_id, message_id, channel_account_id, contact_id, person, content, thread_id,
       order_ref, state, open, plan, channel_message_id, created_at)
     SELECT ${merchant}, 'msg_' || n, 'acc_1', 'con_' || n, '{}', '{"type":"text","body":"hi"}', 'thr_' || n, 'W' || n,
       CASE WHEN n % 1000 = 1 THEN 'failed' ELSE 'read' END, false, 1, 'wamid.' || n, ${at} ${from}`,
  );
  await owner.query(
    `INSERT INTO journal.items (merchant_id, service, queue, stream, name, source, external_id, payload, occurred_at,
       created_at, due_at, outcome, settled_at)
     SELECT ${merchant}, 'checkout', 'orders', kind.stream, kind.name, kind.source, kind.external_id, '{}', ${at}, ${at},
       ${at}, CASE WHEN n % 500 = 1 THEN 'skipped' ELSE 'done' END, ${at}
     ${from}, LATERAL (VALUES
       ('order/W' || n, 'checkout.record-payment.v1', CASE WHEN n % 3 = 0 THEN 'stripe' ELSE 'store' END, 'event/evt_' || n),
       ('outbound.call-channel.v1/msg_' || n || '_1', 'outbound.call-channel.v1', 'job',
         'outbound.call-channel.v1/msg_' || n || '_1')
     ) AS kind (stream, name, source, external_id)`,
  );
  await owner.query('ANALYZE');
}
