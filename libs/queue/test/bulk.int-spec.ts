import type { INestApplication } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { alone, done, QUEUES, rejected, skipped } from '#contracts';
import { Journal, Tenants } from '#persistence';
import { newId } from '#platform';
import { toItem, Waker, wakeOf } from '#queue';
import { createTestDatabase, until, type TestDatabase } from '#testing';
import { mark, merchantId, message, newScript, startLines, type Script } from './support/lines.js';

interface Row {
  id: string;
  outcome: string | null;
  reason: string | null;
  attempts: number;
  parked: boolean;
  crashes: number;
}

describe('what commutes', () => {
  let database: TestDatabase;
  let app: INestApplication;
  let owner: pg.Client;
  let script: Script;
  let batches: string[][];

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    app = await startLines({
      script: () => script,
      databaseUrl: database.url('waco_outbound'),
      queueUrl: database.queueUrl,
      prefix: 'bulk',
    });
  });
  beforeEach(() => {
    batches = [];
    script = newScript();
    script.onBulk = (ids) => {
      batches.push(ids);
      return ids.map(() => done);
    };
  });
  afterAll(async () => {
    await app.close();
    await owner.end();
    await database.drop();
  });

  const give = async (
    ids: readonly string[],
    { wake = true, owner: whose = merchantId } = {},
  ): Promise<void> => {
    const now = new Date();
    const items = ids.map((id, i) => toItem(mark, message(id, `line_${i % 7}`), whose, now));
    await app.get(Tenants).transaction(whose, (tx) => app.get(Journal).append(items, now, tx));
    if (wake) await app.get(Waker).wake(items.map((item) => wakeOf(item, now)));
  };
  const some = (count: number): string[] => Array.from({ length: count }, () => randomUUID());
  const rowsOf = async (ids: readonly string[]): Promise<Row[]> =>
    (
      await owner.query<Row>(
        `SELECT payload->>'id' AS id, outcome, reason, attempts, parked_at IS NOT NULL AS parked, endings AS crashes
         FROM journal.items WHERE payload->>'id' = ANY ($1)`,
        [ids],
      )
    ).rows;
  const settled = (ids: readonly string[]): Promise<unknown> =>
    until(
      'all are settled or parked',
      async () =>
        (await rowsOf(ids)).filter((row) => row.outcome !== null || row.parked).length === ids.length,
      20_000,
    );

  it('gives the items of a batch by the time at which they happened', async () => {
    const now = Date.now();
    const minutes = [5, 2, 9, 1, 7];
    const items = minutes.map((ago) => {
      const happened = { occurredAt: new Date(now - ago * 60_000) };
      return toItem(mark, message(`at_${ago}`, `line_${ago}`), merchantId, new Date(now), happened);
    });
    await app.get(Tenants).transaction(merchantId, (tx) => app.get(Journal).append(items, new Date(now), tx));
    await app.get(Waker).wake([wakeOf(items[0]!, new Date(now))]);
    await until('they are applied', () => batches.flat().length === minutes.length);
    expect(batches).toEqual([['at_9', 'at_7', 'at_5', 'at_2', 'at_1']]);
  });

  it('is applied together, up to 500, once each', async () => {
    const ids = some(700);
    await give(ids);
    await settled(ids);
    expect(batches.flat().toSorted()).toEqual(ids.toSorted());
    expect(batches[0]!.length).toBe(500);
    expect(batches.length).toBeLessThan(5);
  });

  it('gathers what comes within a moment in one job', async () => {
    const ids = some(30);
    for (const id of ids) await give([id]);
    await settled(ids);
    expect(batches.length).toBeLessThan(ids.length / 2);
  });

  it.each(['refused by the database', 'thrown at', 'rejected', 'broken'])(
    'stores all but an item that is %s, which alone is parked',
    async (how) => {
      const ids = some(300);
      const poison = ids[137]!;
      script.onBulk = async (all, ctx) => {
        batches.push(all);
        const isThere = all.includes(poison);
        if (isThere && how.startsWith('refused')) await ctx.tx.query(`SELECT 1 / 0`);
        if (isThere && how.startsWith('thrown')) throw new Error('poison');
        return all.map((id) => (id === poison && how === 'rejected' ? rejected('poison') : done));
      };
      await give(ids, { wake: false });
      if (how === 'broken') {
        await owner.query(`UPDATE journal.items SET payload = $2 WHERE payload->>'id' = $1`, [
          poison,
          JSON.stringify({ id: poison }),
        ]);
      }
      await app.get(Waker).wake([{ queue: mark.queue.name, merchantId, stream: 'line_0', name: mark.name }]);
      await until(
        'its neighbours are stored',
        async () => (await rowsOf(ids)).filter((row) => row.outcome === 'done').length === ids.length - 1,
        20_000,
      );
      const rows = await rowsOf([poison]);
      expect(rows[0]).toMatchObject({ outcome: null });
      // Each failed try halves what is tried: nobody is tried alone for the fault of one.
      expect(batches.length).toBeLessThan(60);
      await until('the item is parked', async () => (await rowsOf([poison]))[0]!.parked, 25_000);
      await owner.query(`DELETE FROM journal.items WHERE payload->>'id' = $1`, [poison]);
    },
    60_000,
  );

  it('is given alone to a handler that wants it so, once', async () => {
    const ids = some(40);
    const special = new Set([ids[3]!, ids[17]!, ids[39]!]);
    script.onBulk = (all) => {
      batches.push(all);
      return all.map((id) => (special.has(id) && all.length > 1 ? alone : skipped('seen')));
    };
    await give(ids);
    await settled(ids);
    expect(
      batches
        .filter((batch) => batch.length === 1)
        .flat()
        .toSorted(),
    ).toEqual([...special].toSorted());
    expect((await rowsOf(ids)).every((row) => row.outcome === 'skipped')).toBe(true);
  });

  it('stores what is emitted with it once, and nothing of a try that failed', async () => {
    const ids = some(50);
    let failed = false;
    script.onBulk = (all, ctx) => {
      for (const id of all)
        ctx.emit(mark, message(`after_${id}`, 'later'), { dueAt: new Date(Date.now() + 3_600_000) });
      if (!failed) {
        failed = true;
        throw new Error('once');
      }
      return all.map(() => done);
    };
    await give(ids);
    await settled(ids);
    const { rows } = await owner.query(
      `SELECT payload->>'id' AS id FROM journal.items WHERE payload->>'id' = ANY ($1)`,
      [ids.map((id) => `after_${id}`)],
    );
    expect(rows).toHaveLength(ids.length);
  });

  it('counts a crash for all that ran together, then for fewer, and parks the one that was there each time', async () => {
    const ids = some(200);
    await give(ids, { wake: false });
    const [killer] = ids;
    await owner.query(`UPDATE journal.items SET endings = 3 WHERE payload->>'id' = $1`, [killer]);
    await owner.query(`UPDATE journal.items SET endings = 1 WHERE payload->>'id' = ANY ($1)`, [
      ids.slice(1, 100),
    ]);
    await app.get(Waker).wake([{ queue: mark.queue.name, merchantId, stream: 'line_0', name: mark.name }]);
    await settled(ids);
    expect((await rowsOf([killer!]))[0]).toMatchObject({ parked: true, outcome: null });
    const sizes = batches.map((batch) => batch.length);
    // Of those that were in one crash, so few run together that three crashes show which it was.
    expect(sizes.filter((size) => size <= 22).length).toBeGreaterThanOrEqual(5);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(199);
    expect((await rowsOf(ids.slice(1))).every((row) => row.outcome === 'done')).toBe(true);
    await owner.query(`DELETE FROM journal.items WHERE payload->>'id' = $1`, [killer]);
  });

  it('of a merchant that has more and more does not keep others waiting for ever', async () => {
    const [busy, other] = [newId('mer'), newId('mer')];
    const others: string[] = [];
    let given = 0;
    script.onBulk = async (all, ctx) => {
      if (ctx.merchantId === other) others.push(...all);
      // It gives itself more than it has done, for as long as the other waits.
      else if (others.length === 0) {
        given += all.length;
        for (const id of all) ctx.emit(mark, message(`more_${id}`.slice(-60) + given, 'flood'));
      }
      return all.map(() => done);
    };
    for (let i = 0; i < QUEUES.statuses.concurrency; i++) await give(some(20), { owner: busy });
    await give(['patient'], { owner: other });
    await until('the other had its turn', () => others.includes('patient'), 20_000);
  });

  it('is found by the sweep when its wake-up is lost', async () => {
    const ids = some(5);
    await give(ids, { wake: false });
    await settled(ids);
    expect(batches.flat()).toEqual(expect.arrayContaining(ids));
  });
});
