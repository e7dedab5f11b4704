import { DataSource } from 'typeorm';
import { Journal } from '#persistence';
import { createTestDatabase, until, type TestDatabase } from '#testing';

const now = new Date('2026-03-01T12:00:00Z');
const OVERDUE_MS = 2_000;

describe('overdue streams of a crowded journal', () => {
  let database: TestDatabase;
  let owner: DataSource;
  let service: DataSource;
  let journal: Journal;

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = await new DataSource({ type: 'postgres', url: database.ownerUrl }).initialize();
    service = await new DataSource({ type: 'postgres', url: database.url('waco_outbound') }).initialize();
    journal = new Journal(service);
  });

  beforeEach(() => owner.query('TRUNCATE journal.items'));
  afterAll(async () => {
    await service.destroy();
    await owner.destroy();
    await database.drop();
  });

  /** `count` items whose stream, due time and flags are SQL of `i`, their number. */
  async function fill(
    count: number,
    {
      stream = `'s'`,
      dueIn = `'-1 hour'`,
      flags = 'false, false',
    }: { stream?: string; dueIn?: string; flags?: string } = {},
  ): Promise<void> {
    await owner.query(
      `INSERT INTO journal.items (merchant_id, service, queue, stream, name, source, external_id, payload, occurred_at,
         due_at, blocking, expedited)
       SELECT 'mer_1', 'outbound', 'recipients', ${stream}, 'n', 'job', gen_random_uuid(), '{}',
         $2::timestamptz - interval '1 hour' + i * interval '1 microsecond', $2::timestamptz + interval ${dueIn}, ${flags}
       FROM generate_series(1, $1::int) i`,
      [count, now],
    );
  }

  const overdue = async (limit = 5_000): Promise<string[]> =>
    (await journal.overdue(now, OVERDUE_MS, limit)).map((s) => s.stream).sort();

  it('counts a stream once, however many items it has: a crowded one hides no other', async () => {
    await fill(6_000, { stream: `'crowded'` });
    await fill(1, { stream: `'quiet'`, dueIn: `'-1 minute'` });
    expect(await overdue()).toEqual(['crowded', 'quiet']);
  });

  it('leaves out what stands still, unless something expedited came', async () => {
    await fill(1, { stream: `'still'`, dueIn: `'1 hour'`, flags: 'true, false' });
    await fill(5, { stream: `'still'` });
    await fill(1, { stream: `'timer'`, dueIn: `'1 hour'` });
    await fill(5, { stream: `'timer'` });
    expect(await overdue()).toEqual(['timer']);
    await fill(1, { stream: `'still'`, flags: 'false, true' });
    expect(await overdue()).toEqual(['still', 'timer']);
  });

  it('gives each stream its turn when there are more than are asked for', async () => {
    await fill(40, { stream: `'s' || i` });
    const seen = new Set<string>();
    await until('all of them', async () => {
      for (const stream of await overdue(10)) seen.add(stream);
      return seen.size === 40;
    });
  });

  it('leaves out no merchant for the backlog of another', async () => {
    await fill(1, { stream: `'quiet'` });
    await owner.query(`UPDATE journal.items SET merchant_id = 'mer_2'`);
    await fill(2_000, { stream: `'s' || i` });
    expect(await overdue(10)).toContain('quiet');
  });

  it('finds every due stream once beside 200,000 timers and 20,000 due items', async () => {
    await fill(200_000, { stream: `'t' || i`, dueIn: `'1 day'` });
    await fill(20_000, { stream: `'s' || i % 2000` });
    await owner.query('VACUUM ANALYZE journal.items');
    expect(await overdue()).toHaveLength(2_000);
  });

  it('looks at nothing that is for another service', async () => {
    await fill(20_000);
    await owner.query(`UPDATE journal.items SET service = 'checkout', queue = 'orders'`);
    await fill(2, { stream: `'s' || i` });
    await owner.query('VACUUM ANALYZE journal.items');
    const read = async (): Promise<number> => {
      for (const connection of [owner, service]) await connection.query('SELECT pg_stat_force_next_flush()');
      await new Promise((resume) => setTimeout(resume, 300));
      const [row] = await owner.query(
        `SELECT idx_tup_read::int AS n FROM pg_stat_user_indexes WHERE indexrelname = 'items_overdue'`,
      );
      return row.n as number;
    };
    const before = await read();
    expect(await overdue()).toEqual(['s1', 's2']);
    await journal.backlog(now);
    expect((await read()) - before).toBeLessThan(10);
  });

  it('looks at no settled row to count what is left', async () => {
    await fill(20_000);
    await owner.query(`UPDATE journal.items SET settled_at = now()`);
    await fill(3, { dueIn: `'-10 seconds'` });
    await fill(2, { dueIn: `'1 hour'` });
    await fill(1);
    await owner.query(`UPDATE journal.items SET parked_at = now() WHERE settled_at IS NULL AND due_at < $1`, [
      new Date(now.getTime() - 60_000),
    ]);
    await owner.query('VACUUM ANALYZE journal.items');
    const scans = async (): Promise<number> => {
      // What each connection has counted so far is told now, and not at some later time.
      for (const connection of [owner, service]) await connection.query('SELECT pg_stat_force_next_flush()');
      await new Promise((resume) => setTimeout(resume, 300));
      const [row] = await owner.query(
        `SELECT seq_scan::int AS n FROM pg_stat_user_tables WHERE relname = 'items'`,
      );
      return row.n as number;
    };
    const before = await scans();
    expect(await journal.backlog(now)).toEqual([
      { queue: 'recipients', pending: 3, parked: 1, oldestSeconds: 10 },
    ]);
    await overdue();
    expect(await scans()).toBe(before);
  });
});
