import { DataSource, type EntityManager } from 'typeorm';
import { syncStore } from '#contracts';
import { Journal, Tenants } from '#persistence';
import { toItem } from '#queue';
import { createTestDatabase, insertTestMerchant, type TestDatabase } from '#testing';
import { endTurn, saveProgress, takeTurn, type Turn } from '../src/copy/sync-cursors.js';

const NOW = new Date('2026-11-27T10:00:00Z');
const at = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1_000);

let database: TestDatabase;
let source: DataSource;
let merchantId: string;
let inTransaction: <T>(work: (tx: EntityManager) => Promise<T>) => Promise<T>;

beforeAll(async () => {
  database = await createTestDatabase();
  source = await new DataSource({ type: 'postgres', url: database.url('waco_catalog') }).initialize();
});
beforeEach(async () => {
  merchantId = (await insertTestMerchant(database.ownerUrl)).merchantId;
  const tenants = new Tenants(source);
  inTransaction = (work) => tenants.transaction(merchantId, work);
});
afterAll(async () => {
  await source.destroy();
  await database.drop();
});

/** Journals a sync that is asked for, and resolves with the id of its item. */
async function ask(runId: string, mode: 'full' | 'incremental' = 'full'): Promise<string> {
  const item = toItem(syncStore, { mode, runId }, merchantId, NOW);
  return inTransaction(async (tx) => {
    await new Journal(source).append([item], NOW, tx);
    const rows = (await tx.query(`SELECT id::text FROM journal.items WHERE external_id = $1`, [
      item.externalId,
    ])) as { id: string }[];
    return rows[0]!.id;
  });
}

const take = (itemId: string, run: string, now = NOW): Promise<Turn> =>
  inTransaction((tx) =>
    takeTurn(tx, merchantId, { mode: 'full', itemId, askedAt: NOW }, `${itemId}/${run}`, now, at(60)),
  );
const end = (itemId: string, run: string): Promise<void> =>
  inTransaction((tx) => endTurn(tx, `${itemId}/${run}`));

it('is one sync of a merchant at a time; of those that wait, the last', async () => {
  const [first, second, third] = [await ask('1'), await ask('2'), await ask('3')];
  expect(await take(first, 'a')).toBe('mine');
  expect(await take(second, 'a')).toBe('asked-again');
  expect(await take(third, 'a')).toBe('taken');
  await end(first, 'a');
  expect(await take(third, 'a')).toBe('mine');
});

it('ends by itself, and is taken over by the same sync that is run again', async () => {
  const [first, second] = [await ask('1'), await ask('2')];
  expect(await take(first, 'a')).toBe('mine');
  expect(await take(first, 'b')).toBe('mine');
  await end(first, 'a'); // a run that was late is over at last: it is no longer its turn
  expect(await take(second, 'a')).toBe('taken');
  expect(await take(second, 'a', at(61))).toBe('mine');
});

it('is not needed when the shop has been read since it was asked for', async () => {
  const first = await ask('1');
  await inTransaction((tx) =>
    saveProgress(tx, merchantId, { mode: 'full', lastChange: undefined, startedAt: at(1) }),
  );
  expect(await take(first, 'a')).toBe('read-since');
});
