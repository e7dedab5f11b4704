import pg from 'pg';
import { DataSource } from 'typeorm';
import { CONNECTION, isSettledBefore, type NewItem } from '#persistence';
import { createTestDatabase, type TestDatabase } from '#testing';
import { Journal } from '../src/journal.js';
import { Tenants } from '../src/tenants.js';

const OCCURRED_AT = '2026-11-21T10:00:00Z';
const now = new Date('2026-11-21T11:00:00Z');
const line = (stream: string) => ({ merchantId: 'mer_1', queue: 'threads', stream });

it('cannot be made of what was not cleared of card numbers', () => {
  const item = { payload: { text: 'hello' } };
  // @ts-expect-error -- the compiler refuses it
  const stored: Pick<NewItem, 'payload'> = item;
  expect(stored).toBe(item);
});

describe('the items of a stream', () => {
  let database: TestDatabase;
  let source: DataSource;
  let owner: pg.Client;
  let journal: Journal;
  let tenants: Tenants;

  beforeAll(async () => {
    database = await createTestDatabase();
    source = await new DataSource({
      type: 'postgres',
      url: database.url('waco_conversation'),
      poolSize: 1,
      extra: CONNECTION,
    }).initialize();
    owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    journal = new Journal(source);
    tenants = new Tenants(source);
  });
  afterAll(async () => {
    await owner.end();
    await source.destroy();
    await database.drop();
  });

  /** Ids are numbers from `from` on; `stream` is SQL of `id`. */
  async function fill(from: number, count: number, stream: string): Promise<void> {
    await owner.query(
      `INSERT INTO journal.items (id, merchant_id, service, queue, stream, name, source, external_id, payload,
         occurred_at, due_at)
       OVERRIDING SYSTEM VALUE
       SELECT id, 'mer_1', 'conversation', 'threads', ${stream}, 'x', 'whatsapp', id::text, '{}', $3, $3
       FROM generate_series($1::bigint, $1::bigint + $2::bigint - 1) AS id`,
      [from, count, OCCURRED_AT],
    );
  }

  it('come in the order of arrival within one second, also where ids get one digit longer', async () => {
    await fill(9_998, 4, `'thread/1'`);
    const pending = await journal.pending(tenants, line('thread/1'), now, 16);
    expect(pending.map((item) => item.id)).toEqual(['9998', '9999', '10000', '10001']);
  });

  it.each([
    ['one', ['20000']],
    ['several', ['20001', '20002', '20003']],
  ])('are settled once, with nothing else of the transaction that would do it again: %s', async (_n, ids) => {
    await fill(Number(ids[0]), ids.length, `'thread/2'`);
    const settle = (some: readonly string[], reason: string): Promise<void> =>
      tenants.transaction('mer_1', async (tx) =>
        journal.settle(
          tx,
          some.map((id) => ({ id, outcome: 'done' as const, reason })),
          now,
        ),
      );
    await settle(ids.slice(-1), 'first');
    const again: unknown = await settle(ids, 'second').catch((error: unknown) => error);
    expect(isSettledBefore(again)).toBe(true);
    const { rows } = await owner.query<{ reason: string | null }>(
      'SELECT reason FROM journal.items WHERE id = ANY($1) ORDER BY id',
      [ids],
    );
    expect(rows.map((row) => row.reason)).toEqual([...ids.slice(1).map(() => null), 'first']);
  });

  it.each([
    ['one', ['21000']],
    ['several', ['21001', '21002']],
  ])('are settled by their own merchant only: %s', async (_n, ids) => {
    await fill(Number(ids[0]), ids.length, `'thread/3'`);
    const settled = tenants.transaction('mer_2', async (tx) =>
      journal.settle(
        tx,
        ids.map((id) => ({ id, outcome: 'done' as const, reason: null })),
        now,
      ),
    );
    expect(isSettledBefore(await settled.catch((error: unknown) => error))).toBe(true);
  });

  it('are not put off once they are settled', async () => {
    await fill(22_000, 1, `'thread/4'`);
    await tenants.transaction('mer_1', async (tx) => {
      journal.settle(tx, [{ id: '22000', outcome: 'done', reason: null }], now);
    });
    const read = 'SELECT due_at, blocking FROM journal.items WHERE id = 22000';
    const { rows: before } = await owner.query(read);
    await tenants.transaction('mer_1', async (tx) => {
      journal.defer(tx, '22000', new Date(now.getTime() + 60_000));
    });
    expect((await owner.query(read)).rows).toEqual(before);
  });

  it('are found without a look at the rest of a backlog that no statistics know of', async () => {
    await owner.query('TRUNCATE journal.items');
    await owner.query('VACUUM ANALYZE journal.items');
    await fill(30_000, 20_000, `'thread/' || id`);
    const read = async (): Promise<number> => {
      await owner.query('SELECT pg_stat_force_next_flush()');
      await source.query('SELECT pg_stat_force_next_flush()');
      await new Promise((resume) => setTimeout(resume, 300));
      const { rows } = await owner.query<{ read: string }>(
        `SELECT sum(idx_tup_read) AS read FROM pg_stat_user_indexes WHERE relname = 'items'`,
      );
      return Number(rows[0]!.read);
    };
    const before = await read();
    for (let id = 30_000; id < 30_010; id++) {
      const stream = line(`thread/${id}`);
      expect(await journal.pending(tenants, stream, now, 16)).toHaveLength(1);
      await tenants.transaction('mer_1', async (tx) => {
        const locked = await journal.lock(tx, [stream], now, 16);
        const items = locked.get(stream.stream)!.map((item) => ({
          id: item.id,
          outcome: 'done' as const,
          reason: null,
        }));
        journal.settle(tx, items, now);
      });
    }
    expect((await read()) - before).toBeLessThan(100);
  });

  it.each([
    ['ascii', 'a', 262_144 - '{"t":""}'.length],
    ['three bytes a character', '中', Math.floor((262_144 - '{"t":""}'.length) / 3)],
  ])('hold 256 KiB at most, whoever writes them: %s', async (_n, letter, most) => {
    const insert = (length: number): Promise<unknown> =>
      owner.query(
        `INSERT INTO journal.items (merchant_id, service, queue, stream, name, source, external_id, payload,
           occurred_at, due_at)
         VALUES ('mer_1', 'conversation', 'threads', 'thread/9', 'x', 'whatsapp', $1, $2, now(), now())`,
        [`${letter}${length}`, JSON.stringify({ t: letter.repeat(length) })],
      );
    await insert(most);
    await expect(insert(most + 1)).rejects.toThrow(/items_payload_bounded/);
  });
});
