import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { recordChange, type RecordChangePayload } from '#contracts';
import { Journal, Tenants } from '#persistence';
import { bootService, loadEnv } from '#platform';
import { connectJobs, toItem, Waker, wakeOf, type BulkContext } from '#queue';
import { createTestDatabase, insertTestMerchant, TEST_MASTER_KEYS, until, type TestDatabase } from '#testing';
import { CatalogSyncModule } from '../src/catalog-sync.module.js';
import { CatalogSyncEnv } from '../src/env.js';
import { RecordChangeHandler } from '../src/jobs/record-change.handler.js';

/** Changes of products in bulk, through the real handler. The copy must end as if each had been applied alone. */

const SKUS = ['A', 'B', 'C'];

let database: TestDatabase;
let app: Awaited<ReturnType<typeof bootService>>;

beforeAll(async () => {
  database = await createTestDatabase();
  const env = loadEnv(CatalogSyncEnv, {
    NODE_ENV: 'test',
    LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent',
    PORT: '0',
    DATABASE_URL: database.url('waco_catalog'),
    QUEUE_URL: database.queueUrl,
    WACO_MASTER_KEYS: TEST_MASTER_KEYS,
  });
  app = await bootService({
    service: 'catalog-sync',
    module: CatalogSyncModule.forRoot(env),
    env,
    configure: (a) => connectJobs(a, 'catalog'),
  });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

type Change = { sku: string; title?: string; minor?: number; available?: number; deleted?: boolean };

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    sku: fc.constantFrom(...SKUS),
    title: fc.constantFrom('Hoodie', 'Cap'),
    deleted: fc.boolean(),
    minor: fc.nat(500),
    available: fc.nat(9),
  }),
  fc.record({ sku: fc.constantFrom(...SKUS), minor: fc.nat(500) }),
  fc.record({ sku: fc.constantFrom(...SKUS), available: fc.nat(9) }),
);

/** The event as the gateway hands it on. */
function eventOf({ sku, title, minor, available, deleted }: Change, sequence: number): RecordChangePayload {
  const occurredAt = new Date(Date.parse('2026-11-21T10:00:00Z') + 1_000 * sequence).toISOString();
  const price = { minor: minor ?? 0, currency: 'AED' };
  const event = { eventId: randomUUID(), sku, sequence, occurredAt };
  if (title === undefined) {
    return minor === undefined
      ? { ...event, type: 'stock.updated', data: { sku, available } }
      : { ...event, type: 'price.updated', data: { sku, price } };
  }
  const product = {
    sku,
    title,
    description: '',
    category: { id: 'c', title: 'Category' },
    imageUrl: null,
    price,
    available,
    regions: null,
    sequence,
    updatedAt: occurredAt,
    deleted,
  };
  return { ...event, type: 'product.updated', data: product };
}

const within = <T>(merchantId: string, sql: string, parameters: unknown[] = []): Promise<T[]> =>
  app.get(Tenants, { strict: false }).transaction(merchantId, (tx) => tx.query(sql, parameters));

const copyOf = (merchantId: string): Promise<object[]> =>
  within(
    merchantId,
    `SELECT sku, title, deleted, price_minor::int AS minor, available::int FROM catalog.products ORDER BY sku`,
  );

interface Row {
  sku: string;
  outcome: string | null;
  reason: string | null;
  parked: boolean;
}
const rowsOf = (merchantId: string): Promise<Row[]> =>
  within(
    merchantId,
    `SELECT payload->>'sku' AS sku, outcome, reason, parked_at IS NOT NULL AS parked FROM journal.items
     WHERE name = $1`,
    [recordChange.name],
  );

/** Stores all, wakes once, and waits until each is settled or parked. */
async function inBulk(merchantId: string, events: readonly RecordChangePayload[]): Promise<void> {
  const now = new Date();
  const items = events.map((event) => toItem(recordChange, event, merchantId, now));
  await app
    .get(Tenants, { strict: false })
    .transaction(merchantId, (tx) => app.get(Journal, { strict: false }).append(items, now, tx));
  await app.get(Waker, { strict: false }).wake(items.map((item) => wakeOf(item, now)));
  await until('all are settled or parked', async () =>
    (await rowsOf(merchantId)).every((row) => row.outcome !== null || row.parked),
  );
}

/** Each in a transaction of its own, oldest first. */
async function oneByOne(merchantId: string, events: readonly RecordChangePayload[]): Promise<void> {
  const handler = app.get(RecordChangeHandler, { strict: false });
  for (const event of events) {
    await app.get(Tenants, { strict: false }).transaction(merchantId, async (tx) => {
      const ctx = { merchantId, tx, now: new Date(), emit: () => undefined };
      await handler.handle([event], ctx as unknown as BulkContext);
    });
  }
}

const openShop = async (): Promise<string> => (await insertTestMerchant(database.ownerUrl)).merchantId;

it('end as one by one, whatever the order, and doubled', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 12 }).chain((changes) => {
        // A shop describes a product before it tells of changes to it.
        const all = [
          ...SKUS.map((sku) => ({ sku, title: 'New', minor: 1, available: 1, deleted: false })),
          ...changes,
        ];
        const events = all.map(eventOf);
        const size = events.length;
        const shuffled = fc.shuffledSubarray(events, { minLength: size, maxLength: size });
        return fc.record({ events: fc.constant(events), order: shuffled, twice: fc.subarray(events) });
      }),
      async ({ events, order, twice }) => {
        const [bulk, singly] = [await openShop(), await openShop()];
        await oneByOne(singly, events);
        await inBulk(bulk, [...order, ...twice]);
        expect(await copyOf(bulk)).toEqual(await copyOf(singly));
        expect(await rowsOf(bulk)).toHaveLength(events.length);
      },
    ),
    { numRuns: 12 },
  );
}, 60_000);

it('parks one that breaks the store’s contract alone', async () => {
  const merchantId = await openShop();
  const sound = SKUS.map((sku, i) =>
    eventOf({ sku, title: 'New', minor: 1, available: i, deleted: false }, i + 1),
  );
  const prices = Array.from({ length: 60 }, (_, i) => eventOf({ sku: SKUS[i % 3]!, minor: i }, 10 + i));
  const broken = {
    ...eventOf({ sku: 'A', minor: 999 }, 500),
    data: { sku: 'B', price: { minor: 999, currency: 'AED' } },
  };
  await inBulk(merchantId, [...prices.slice(0, 30), broken, ...sound, ...prices.slice(30)]);
  const rows = await rowsOf(merchantId);
  expect(rows.filter((row) => row.parked)).toEqual([
    { sku: 'A', outcome: null, reason: 'data.sku must be the SKU of the stream', parked: true },
  ]);
  expect(await copyOf(merchantId)).toMatchObject([{ minor: 57 }, { minor: 58 }, { minor: 59 }]);
});
