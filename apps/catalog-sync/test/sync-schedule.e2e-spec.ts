import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { until } from '#testing';
import { openListedStore, type ListedStore } from './support/listed-store.js';
import { openService, type Service } from './support/service.js';

/** From one look to the next, at most, in milliseconds. */
const EVERY_MS = 60_000;
/** The clock's file is read again after 50 ms. */
const CLOCK_MS = 60;

describe('the schedule of syncs', () => {
  let folder: string;
  let shop: ListedStore;
  let service: Service;
  let offsetMs: number;

  /** Resolves when the shop is in the copy: of a new one there is so much to read that a sync is asked for, once. */
  const open = async (products: number): Promise<void> => {
    folder = mkdtempSync(join(tmpdir(), 'schedule-'));
    offsetMs = 0;
    shop = await openListedStore(products);
    service = await openService({ storeUrl: shop.url, clockFile: join(folder, 'clock.json') });
    await until(
      'the first sync',
      async () => (await count(`FROM journal.items WHERE outcome = 'done'`)) === 1,
    );
    expect([await inCopy(), await journaled()]).toEqual([products, 1]);
  };
  afterEach(async () => {
    await service.close();
    await shop.close();
    rmSync(folder, { recursive: true });
  });

  const count = async (sql: string): Promise<number> =>
    (await service.sql<{ n: number }>(`SELECT count(*)::int AS n ${sql}`))[0]!.n;
  const journaled = (): Promise<number> => count('FROM journal.items');
  const inCopy = (): Promise<number> => count('FROM catalog.products WHERE NOT deleted');
  const looks = (): number => shop.asked.filter((url) => !url.includes('cursor')).length;
  const pass = async (ms: number): Promise<void> => {
    offsetMs += ms;
    writeFileSync(join(folder, 'clock.json'), JSON.stringify({ offsetMs }));
    await sleep(CLOCK_MS);
    await service.tick();
  };
  /** An hour passes, minute by minute; resolves with how often the shop was looked at. */
  const hour = async (): Promise<number> => {
    const before = looks();
    for (let minute = 1; minute <= 60; minute++) {
      await pass(EVERY_MS);
    }
    return looks() - before;
  };

  it('makes no row in the journal in an hour in which nothing changes, nor for a few changes', async () => {
    await open(12);
    expect(await hour()).toBe(60);
    expect(await journaled()).toBe(1);
    shop.store.put({ ...shop.store.products.get('SKU-3')!, deleted: true });
    await pass(EVERY_MS);
    await until('the change is in the copy', async () => (await inCopy()) === 11);
    expect(await journaled()).toBe(1);
  }, 60_000);

  it('asks for one sync when there is much to read, and for none when that is read and listed again', async () => {
    await open(60);
    // All of it changed within the overlap: each look lists all of it anew.
    expect(await hour()).toBe(60);
    expect(shop.asked.length).toBeGreaterThan(180);
    expect(await journaled()).toBe(1);
  }, 60_000);

  it('a shop that fails is looked at less often, and a whole hour of it makes no row either', async () => {
    await open(12);
    shop.meddle((page) => ({ ...page, products: 'none' }));
    const often = await hour();
    expect(often).toBeGreaterThanOrEqual(7);
    expect(often).toBeLessThanOrEqual(11);
    expect(await journaled()).toBe(1);
    const [failed] = await service.sql<{ last_error: string }>(`SELECT last_error FROM catalog.sync_cursors`);
    expect(failed!.last_error).toMatch(/products/);
    shop.meddle(undefined);
    await pass(10 * EVERY_MS);
    expect(await service.sql(`SELECT last_error, failures FROM catalog.sync_cursors`)).toEqual([
      { last_error: null, failures: 0 },
    ]);
    expect(await hour()).toBe(60);
  }, 60_000);

  it('a sync that was claimed and could not be asked for falls due again', async () => {
    await open(12);
    const owner = new pg.Client({ connectionString: service.database.ownerUrl });
    await owner.connect();
    // As if the process had died in the transaction that ends the claim.
    await owner.query(`
      CREATE FUNCTION public.die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'dead'; END $$;
      CREATE TRIGGER die BEFORE INSERT ON journal.items FOR EACH ROW EXECUTE FUNCTION public.die()`);
    for (let i = 1; i <= 40; i++) {
      shop.store.put({ ...shop.store.products.get('SKU-1')!, sku: `NEW-${i}` });
    }
    await pass(EVERY_MS);
    expect(await inCopy()).toBeGreaterThan(12);
    expect(await inCopy()).toBeLessThan(52);
    await owner.query('DROP TRIGGER die ON journal.items');
    await owner.end();
    await service.tick();
    expect(await journaled()).toBe(1); // it is still claimed
    await pass(EVERY_MS);
    await until('all of it is read', async () => (await inCopy()) === 52);
  }, 60_000);
});
