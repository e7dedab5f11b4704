import pg from 'pg';
import { DataSource } from 'typeorm';
import { nextSyncAt } from '#core/catalog';
import { Tenants } from '#persistence';
import { createTestDatabase, insertTestMerchant, type TestDatabase } from '#testing';
import {
  claimDueSyncs,
  noteFailure,
  saveProgress,
  scheduleNext,
  takeTurn,
} from '../src/copy/sync-cursors.js';

const NOW = new Date('2026-11-27T10:00:00Z');
const at = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1_000);

describe('what is due to be read', () => {
  let database: TestDatabase;
  let owner: pg.Client;
  /** Two replicas of the service. */
  let replicas: DataSource[];

  beforeEach(async () => {
    database = await createTestDatabase();
    owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    replicas = await Promise.all(
      [1, 2].map(() =>
        new DataSource({ type: 'postgres', url: database.url('waco_catalog'), poolSize: 4 }).initialize(),
      ),
    );
  });
  afterEach(async () => {
    for (const replica of replicas) await replica.destroy();
    await owner.end();
    await database.drop();
  });

  const merchants = async (count: number): Promise<string[]> => {
    const made: string[] = [];
    for (let i = 0; i < count; i++) made.push((await insertTestMerchant(database.ownerUrl)).merchantId);
    return made;
  };
  const claim = (now: Date, limit = 100, replica = 0): Promise<string[]> =>
    claimDueSyncs(replicas[replica]!, now, new Date(now.getTime() + 50_000), limit);
  const within = <T>(merchantId: string, work: Parameters<Tenants['transaction']>[1]): Promise<T> =>
    new Tenants(replicas[0]!).transaction(merchantId, work) as Promise<T>;

  it('two replicas claim each of 50 merchants once, new shops and known ones alike', async () => {
    const all = await merchants(50);
    for (const round of [0, 60, 120]) {
      const claimed = (
        await Promise.all(Array.from({ length: 16 }, (_, i) => claim(at(round), 7, i % 2)))
      ).flat();
      for (let more = ['']; more.length > 0; claimed.push(...more)) more = await claim(at(round), 7);
      expect(claimed.toSorted()).toEqual(all.toSorted());
    }
  });

  it('takes no shop that is claimed, being read, not connected, or of a merchant that is not active', async () => {
    const [claimed, read, gone, suspended, closed, due] = await merchants(6);
    await claim(NOW);
    await owner.query(`UPDATE catalog.sync_cursors SET next_sync_at = $1 WHERE merchant_id <> $2`, [
      NOW,
      claimed,
    ]);
    await within(read!, (tx) =>
      takeTurn(tx, read!, { mode: 'full', itemId: '1', askedAt: NOW }, '1/a', NOW, at(600)),
    );
    await owner.query(`DELETE FROM tenancy.store_connections WHERE merchant_id = $1`, [gone]);
    for (const [status, merchantId] of [
      ['suspended', suspended],
      ['closed', closed],
    ]) {
      await owner.query(`UPDATE tenancy.merchants SET status = $1 WHERE merchant_id = $2`, [
        status,
        merchantId,
      ]);
    }
    expect(await claim(at(1))).toEqual([due]);
    await owner.query(`UPDATE tenancy.merchants SET status = 'active' WHERE merchant_id = $1`, [suspended]);
    expect(await claim(at(1))).toEqual([suspended]);
  });

  it('falls due again when whoever claimed it has died', async () => {
    const all = await merchants(3);
    expect((await claim(NOW)).toSorted()).toEqual(all.toSorted());
    await replicas.pop()!.destroy();
    expect(await claim(at(49))).toEqual([]);
    expect((await claim(at(50))).toSorted()).toEqual(all.toSorted());
  });

  it('waits longer after each failure, at least as long as the shop asks for, and is forgiven by one success', async () => {
    const [merchantId] = await merchants(1);
    const next = async (): Promise<number> => {
      const { rows } = await owner.query(`SELECT next_sync_at AS at FROM catalog.sync_cursors`);
      return ((rows[0] as { at: Date }).at.getTime() - NOW.getTime()) / 1_000;
    };
    const most = (failures: number): number =>
      (nextSyncAt(NOW, failures, 0).getTime() - NOW.getTime()) / 1_000;
    for (let failures = 1; failures <= 8; failures++) {
      await within(merchantId!, (tx) => noteFailure(tx, merchantId!, 'away', NOW));
      expect(await next()).toBeLessThanOrEqual(most(failures));
      expect(await next()).toBeGreaterThanOrEqual(most(failures) * 0.8);
    }
    await within(merchantId!, (tx) => noteFailure(tx, merchantId!, 'too many', NOW, 3_600_000));
    expect(await next()).toBe(3_600);
    await within(merchantId!, async (tx) => {
      await saveProgress(tx, merchantId!, { mode: 'incremental', lastChange: undefined, startedAt: NOW });
      await scheduleNext(tx, NOW, 0);
    });
    expect(await next()).toBeLessThanOrEqual(60);
    await within(merchantId!, (tx) => noteFailure(tx, merchantId!, 'away', NOW));
    expect(await next()).toBeLessThanOrEqual(120);
  });
});
