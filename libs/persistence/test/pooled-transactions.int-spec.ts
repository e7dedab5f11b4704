import { jest } from '@jest/globals';
import pg from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { CONNECTION, Tenants } from '#persistence';
import { createTestDatabase, type TestDatabase } from '#testing';

jest.setTimeout(180_000);

const MERCHANTS = Array.from({ length: 8 }, (_, i) => `mer_${i}`);
const TRANSACTIONS = 10_000;
const POOL = 10;
const ROWS_EACH = 5;
/** More than the pool has: transactions queue for connections that others have just given back. */
const AT_ONCE = 40;

let database: TestDatabase;
let owner: pg.Client;
let source: DataSource;
let tenants: Tenants;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  await owner.query(
    `INSERT INTO catalog.products (merchant_id, sku, title, description, category_id, category_title, price_minor,
       currency, available, product_sequence, price_sequence, stock_sequence, synced_at, described_at)
     SELECT m, 'sku-' || i, 'of ' || m, '', 'c', 'C', 0, 'AED', 0, 0, 0, 0, now(), now()
     FROM unnest($1::text[]) m, generate_series(1, $2::int) i`,
    [MERCHANTS, ROWS_EACH],
  );
  source = await new DataSource({
    type: 'postgres',
    url: database.url('waco_catalog'),
    poolSize: POOL,
    extra: CONNECTION,
  }).initialize();
  tenants = new Tenants(source);
});
afterAll(async () => {
  await source?.destroy();
  await owner?.end();
  await database?.drop();
});

/** Small, seeded and reported, so that a failure can be played again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

class OnPurpose extends Error {}

const counts = { committed: 0, aborted: 0, crossed: 0 };
/** What must have been written in the end: by merchant, how often its rows were counted up by committed transactions. */
const written = new Map<string, number>(MERCHANTS.map((m) => [m, 0]));

async function look(tx: EntityManager, merchantId: string): Promise<void> {
  const rows = (await tx.query(`SELECT merchant_id AS m, title FROM catalog.products`)) as {
    m: string;
    title: string;
  }[];
  counts.crossed += rows.filter((row) => row.m !== merchantId || row.title !== `of ${merchantId}`).length;
  if (rows.length !== ROWS_EACH) throw new Error(`${merchantId} sees ${rows.length} rows`);
}

async function countUp(tx: EntityManager, merchantId: string): Promise<void> {
  const result = (await tx.queryRunner!.query(
    `UPDATE catalog.products SET price_minor = price_minor + 1 WHERE sku = 'sku-1'`,
    [],
    true,
  )) as { affected?: number };
  if (result.affected !== 1) throw new Error(`${merchantId} changed ${result.affected} rows`);
}

async function ownPid(tx: EntityManager): Promise<number> {
  const [row] = (await tx.query(`SELECT pg_backend_pid() AS pid`)) as { pid: number }[];
  return row!.pid;
}

/** How a transaction ends, besides well: as code, database, operator or network end it. */
const ENDINGS: Record<string, (tx: EntityManager) => Promise<void>> = {
  'throws before its end': async () => {
    throw new OnPurpose();
  },
  'makes a mistake in SQL': async (tx) => void (await tx.query(`SELECT 1 / 0`)),
  'goes on after a mistake': async (tx) => {
    await tx.query(`SELECT no_such_column`).catch(() => undefined);
    await tx.query(`SELECT 1`);
  },
  'tries to write for another merchant': async (tx) =>
    void (await tx.query(`UPDATE catalog.products SET merchant_id = 'mer_other'`)),
  'takes too long': async (tx) => {
    await tx.query(`SET LOCAL statement_timeout = 2`);
    await tx.query(`SELECT pg_sleep(5)`);
  },
  'is cancelled': async (tx) => {
    const pid = await ownPid(tx);
    const slow = tx.query(`SELECT pg_sleep(5)`);
    const ended = slow.then(
      () => 'it was not cancelled',
      (error: Error) => error.message,
    );
    let outcome: string | undefined;
    while (outcome === undefined) {
      await owner.query(`SELECT pg_cancel_backend($1)`, [pid]);
      outcome = await Promise.race([ended, delay(1).then(() => undefined)]);
    }
    expect(outcome).toMatch(/canceling statement/);
    throw new OnPurpose();
  },
  'loses its connection': async (tx) => {
    await owner.query(`SELECT pg_terminate_backend($1)`, [await ownPid(tx)]);
    await tx.query(`SELECT 1`);
  },
  'ends its transaction itself': async (tx) => {
    await tx.query(`ROLLBACK`);
    throw new OnPurpose();
  },
  'drops the answer of what it began': async (tx) => {
    void tx.query(`SELECT pg_sleep(0.001)`).catch(() => undefined);
    throw new OnPurpose();
  },
};
const NAMES = Object.keys(ENDINGS);

const delay = (ms: number): Promise<false> => new Promise((resume) => setTimeout(() => resume(false), ms));

async function oneTransaction(next: () => number): Promise<void> {
  const merchantId = MERCHANTS[Math.floor(next() * MERCHANTS.length)]!;
  const dice = next();
  // A lost connection is dear: seldom.
  const name = dice < 0.003 ? 'loses its connection' : NAMES[Math.floor(next() * NAMES.length)]!;
  const ending = dice < 0.4 && (name !== 'loses its connection' || dice < 0.003) ? ENDINGS[name] : undefined;
  const writes = next() < 0.3;
  try {
    await tenants.transaction(merchantId, async (tx) => {
      await look(tx, merchantId);
      if (writes) await countUp(tx, merchantId);
      if (ending) {
        await ending(tx);
        throw new Error(`went well, though it ${name}`);
      }
      await look(tx, merchantId);
    });
    counts.committed++;
    if (writes) written.set(merchantId, written.get(merchantId)! + 1);
  } catch (error) {
    if (!ending || /went well|sees|changed/.test((error as Error).message)) throw error;
    counts.aborted++;
  }
}

it('keeps merchants apart over 10,000 interleaved transactions, four in ten of them broken off', async () => {
  const seed = Date.now() >>> 0;
  const next = random(seed);
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun++ < TRANSACTIONS) await oneTransaction(next);
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } catch (error) {
    throw new Error(`with seed ${seed}: ${(error as Error).message}`, { cause: error });
  }
  expect(counts.crossed).toBe(0);
  expect(counts.committed + counts.aborted).toBe(TRANSACTIONS);
  expect(counts.aborted).toBeGreaterThan(TRANSACTIONS / 4);
  const { rows } = await owner.query<{ m: string; n: number }>(
    `SELECT merchant_id AS m, price_minor::int AS n FROM catalog.products WHERE sku = 'sku-1'`,
  );
  expect(new Map(rows.map((row) => [row.m, row.n]))).toEqual(written);
});

it('leaves no connection in the pool with a merchant, an open transaction or another role', async () => {
  const runners = Array.from({ length: POOL }, () => source.createQueryRunner());
  try {
    const seen = await Promise.all(
      runners.map(async (runner) => {
        const [row] = await runner.query(
          `SELECT pg_backend_pid() AS pid, coalesce(current_setting('waco.merchant_id', true), '') AS merchant,
             now() = statement_timestamp() AS idle, current_user = 'waco_catalog' AS self,
             (SELECT count(*)::int FROM catalog.products) AS rows`,
        );
        return row;
      }),
    );
    expect(new Set(seen.map((row) => row.pid)).size).toBe(POOL);
    for (const row of seen) expect(row).toMatchObject({ merchant: '', idle: true, self: true, rows: 0 });
  } finally {
    for (const runner of runners) await runner.release();
  }
});
