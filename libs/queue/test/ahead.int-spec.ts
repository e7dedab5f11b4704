import type { INestApplication } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { done, type JobContract } from '#contracts';
import { cleared } from '#core/messaging';
import { Journal, lockNames, query, streamLock, Tenants, type PendingItem, type Stream } from '#persistence';
import { Unprepared, Waker } from '#queue';
import { createTestDatabase, until, type TestDatabase } from '#testing';
import {
  interrupt,
  mark,
  merchantId,
  message,
  newScript,
  put as putInto,
  say,
  startLines,
  type Script,
} from './support/lines.js';

/** What is found out before a transaction begins. */
let database: TestDatabase;
let app: INestApplication;
let script: Script;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startLines({
    script: () => script,
    databaseUrl: database.url('waco_outbound'),
    queueUrl: database.queueUrl,
    prefix: 'ahead',
  });
});
beforeEach(() => (script = newScript()));
afterAll(async () => {
  await app.close();
  await database.drop();
});

const put = <P extends object>(contract: JobContract<P>, payload: P, wake?: boolean): Promise<void> =>
  putInto(app, contract, payload, wake);

it('learns outside its transaction what an item has to know, and keeps what was learned with it', async () => {
  const line = `asks_${randomUUID()}`;
  const runs: string[] = [];
  script.onMessage = (id, ctx) => {
    const known = ctx.known as Set<string>;
    runs.push(`${id} ${known.has(id)}`);
    if (!known.has(id)) {
      throw new Unprepared(async () => {
        // Nothing is locked meanwhile, and who is woken does not begin the same.
        await put(say, message(`${id}_meanwhile`, `other_${line}`));
        await until('another line goes on', () => script.applied.includes(`${id}_meanwhile`));
        await put(interrupt, message(`${id}_fold`, line));
        known.add(id).add(`${id}_meanwhile`);
      });
    }
    ctx.evidence = cleared({ knew: [...known] });
    return done;
  };
  script.known = () => new Set(['first_known', ...['a', 'b'].map((x) => `${x}_meanwhile`)]);
  await put(say, message('first_known', line), false);
  await put(say, message('a', line), false);
  await put(say, message('b', line));
  const read = async () =>
    (await app
      .get(Tenants)
      .read(
        merchantId,
        `SELECT payload ->> 'id' AS id, attempts, evidence FROM journal.items WHERE stream = $1 AND name = $2 ORDER BY items.id`,
        [line, say.name],
      )) as { id: string; attempts: number; evidence: { knew: string[] } | null }[];
  await until('all are stored', async () => (await read()).every(({ evidence }) => evidence));
  const rows = await read();
  expect(rows.map(({ id, attempts }) => [id, attempts])).toEqual([
    ['first_known', 0],
    ['a', 0],
    ['b', 0],
  ]);
  expect(rows.every(({ id, evidence }) => evidence!.knew.includes(id))).toBe(true);
  expect(runs.filter((run) => run === 'a false')).toHaveLength(1);
});

it('finds something out for few streams of a merchant at a time', async () => {
  let [now, most] = [0, 0];
  script.known = async () => {
    most = Math.max(most, ++now);
    await new Promise((resume) => setTimeout(resume, 20));
    now--;
  };
  const ids = Array.from({ length: 60 }, () => randomUUID());
  for (const id of ids) await put(say, message(id, `many_${id}`), false);
  const streams = ids.map((id) => ({
    merchantId,
    queue: say.queue.name,
    stream: `many_${id}`,
    name: say.name,
  }));
  await app.get(Waker).wake(streams);
  await until('all are applied', () => ids.every((id) => script.applied.includes(id)), 20_000);
  // In each of the two lanes.
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(16);
});

describe('what is asked together with the lock of a stream', () => {
  const seen = new Map<string, unknown>();
  beforeEach(() => {
    seen.clear();
    script.ahead = (tx, { stream }) => {
      const rows = query<{ merchant: string }>(
        tx,
        `SELECT current_setting('waco.merchant_id') AS merchant`,
        [],
      );
      return { stream, rows };
    };
    script.onMessage = async (id, ctx) => {
      const ahead = ctx.ahead as { rows: Promise<object[]> } | undefined;
      seen.set(id, ahead && { ...ahead, rows: await ahead.rows });
      return done;
    };
  });

  it('is given to the handler of the only item of a transaction', async () => {
    const [id, line] = [randomUUID(), `alone_${randomUUID()}`];
    await put(say, message(id, line));
    await until('it is applied', () => script.applied.includes(id));
    expect(seen.get(id)).toEqual({ stream: line, rows: [{ merchant: merchantId }] });
  });

  it('is given to none of several, which might change what was read', async () => {
    const line = `several_${randomUUID()}`;
    const ids = [randomUUID(), randomUUID()];
    await put(say, message(ids[0]!, line), false);
    await put(say, message(ids[1]!, line));
    await until('both are applied', () => ids.every((id) => script.applied.includes(id)));
    expect([...seen.values()]).toEqual([undefined, undefined]);
  });

  it('fails with the transaction, and is asked again with the next', async () => {
    const id = randomUUID();
    let times = 0;
    script.ahead = (tx) => {
      const rows = query(tx, times++ === 0 ? 'SELECT 1 / 0' : 'SELECT 1 AS one', []);
      rows.catch(() => undefined);
      return { rows };
    };
    await put(say, message(id, `fails_${id}`));
    await until('it is applied', () => script.applied.includes(id));
    expect(times).toBeGreaterThan(1);
    expect(seen.get(id)).toEqual({ rows: [{ one: 1 }] });
  });
});

describe('the only item of a stream', () => {
  const pendingIn = (stream: Stream): Promise<PendingItem[]> =>
    app.get(Journal).pending(app.get(Tenants), stream, new Date(), 16);
  const runs: { id: string; isAsSeen: boolean; at: number }[] = [];
  let seen: PendingItem | undefined;
  beforeEach(() => {
    runs.length = 0;
    seen = undefined;
    script.known = async (stream) => ({ only: (seen ??= (await pendingIn(stream))[0]) });
    script.onMessage = (id, { isAsSeen }) => {
      runs.push({ id, isAsSeen, at: performance.now() });
      return done;
    };
  });
  const applied = (id: string): Promise<unknown> =>
    until(`${id} is applied`, () => script.applied.includes(id));
  const rowOf = async (id: string): Promise<{ attempts: number; outcome: string | null }> => {
    const sql = `SELECT attempts, outcome FROM journal.items WHERE payload ->> 'id' = $1`;
    const [row] = await app.get(Tenants).read(merchantId, sql, [id]);
    return row as { attempts: number; outcome: string | null };
  };

  it('is applied as it was seen', async () => {
    const [id, line] = [randomUUID(), `seen_${randomUUID()}`];
    script.known = async (stream) => {
      const [item] = await pendingIn(stream);
      return { only: item && { ...item, payload: message(`${id}_as_seen`, line) } };
    };
    await put(say, message(id, line));
    await applied(`${id}_as_seen`);
    expect(runs).toMatchObject([{ id: `${id}_as_seen`, isAsSeen: true }]);
    await until('it is settled', async () => (await rowOf(id)).outcome === 'done');
  });

  it('waits for whoever holds the stream', async () => {
    const [id, line] = [randomUUID(), `held_${randomUUID()}`];
    const lock = streamLock({ merchantId, queue: say.queue.name, stream: line });
    await app.get(Tenants).transaction(merchantId, async (tx) => {
      await tx.query(...lockNames('stream', [lock]));
      await put(say, message(id, line));
      await until('it was tried', () => runs.length > 0);
      await new Promise((resume) => setTimeout(resume, 200));
      expect(await rowOf(id)).toEqual({ attempts: 0, outcome: null });
    });
    await until('it is settled', async () => (await rowOf(id)).outcome === 'done');
    expect(await rowOf(id)).toEqual({ attempts: 0, outcome: 'done' });
  });

  it('is not applied twice when another has settled it, and what came after it is', async () => {
    const [first, second, line] = [randomUUID(), randomUUID(), `old_${randomUUID()}`];
    script.onMessage = (id, ctx) => {
      ctx.emit(mark, message(`${id}_${randomUUID()}`, `marks_${line}`));
      return done;
    };
    await put(say, message(first, line));
    await until('it is settled', async () => (await rowOf(first)).outcome === 'done');
    await put(say, message(second, line)); // and the first is what is seen
    await until('it is settled', async () => (await rowOf(second)).outcome === 'done');
    expect(await rowOf(second)).toEqual({ attempts: 0, outcome: 'done' });
    const sql = `SELECT FROM journal.items WHERE stream = $1 AND name = $2`;
    const marks = await app.get(Tenants).read(merchantId, sql, [`marks_${line}`, mark.name]);
    expect(marks).toHaveLength(2);
  });

  it('is not applied as it was seen once it has failed', async () => {
    const [id, line] = [randomUUID(), `fails_${randomUUID()}`];
    script.onMessage = (_, { isAsSeen }) => {
      runs.push({ id, isAsSeen, at: performance.now() });
      if (runs.length === 1) throw new Error('once');
      return done;
    };
    await put(say, message(id, line));
    await until('it is settled', async () => (await rowOf(id)).outcome === 'done');
    expect(runs).toHaveLength(2);
    expect(runs[1]!.at - runs[0]!.at).toBeGreaterThan(200);
    expect(await rowOf(id)).toEqual({ attempts: 1, outcome: 'done' });
  });

  it('is looked at again when it was seen too long ago', async () => {
    const [id, line] = [randomUUID(), `late_${randomUUID()}`];
    script.known = async (stream) => {
      const [only] = await pendingIn(stream);
      await new Promise((resume) => setTimeout(resume, 300));
      return { only };
    };
    await put(say, message(id, line));
    await applied(id);
    expect(runs).toMatchObject([{ id, isAsSeen: false }]);
  });
});
