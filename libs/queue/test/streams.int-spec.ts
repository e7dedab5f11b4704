import type { INestApplication } from '@nestjs/common';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { CONTRACTS, done, rejected, type JobContract } from '#contracts';
import { Journal, Tenants } from '#persistence';
import { CLOCK, systemClock } from '#platform';
import { createTestDatabase, TEST_BACKENDS, until, type TestDatabase } from '#testing';
import { openQueueBackend, toItem, Waker, wakeOf } from '#queue';
import {
  fetchThing,
  merchantId,
  message,
  newScript,
  put as putInto,
  say,
  startLines,
  TASK_LIMIT,
  type Script,
} from './support/lines.js';

let script: Script;

describe.each(TEST_BACKENDS)('streams on %s', (kind) => {
  let database: TestDatabase;
  let queueUrl: string;
  let prefix: string;
  let app: INestApplication;
  beforeAll(async () => {
    database = await createTestDatabase();
    queueUrl = kind === 'redis' ? process.env.WACO_TEST_REDIS_URL! : database.queueUrl;
    prefix = `t${randomUUID().slice(0, 8)}`;
  });

  beforeEach(async () => {
    script = newScript();
    app = await startLines({
      script: () => script,
      databaseUrl: database.url('waco_outbound'),
      queueUrl,
      prefix,
    });
  });

  afterEach(() => app.close());
  afterAll(() => database.drop());

  const put = <P extends object>(contract: JobContract<P>, payload: P, wake?: boolean): Promise<void> =>
    putInto(app, contract, payload, wake);

  it('applies each item once and in order, whatever wakes it', async () => {
    const ids = Array.from({ length: 60 }, (_, i) => `a_${i}_${randomUUID()}`);
    for (const id of ids) {
      await put(say, message(id));
      await put(say, message(id)); // a duplicate
    }
    await until('all applied', () => script.applied.length >= 60);
    await new Promise((resume) => setTimeout(resume, 200));
    expect(script.applied).toEqual(ids);
  });

  it('brings lost wake-ups back by the sweep', async () => {
    const id = randomUUID();
    await put(say, message(id), false);
    await until('swept', () => script.applied.includes(id), 8_000);
  });

  it('holds up only the failing stream, then parks the item and goes on', async () => {
    const [bad, after, other] = [`bad_${randomUUID()}`, `after_${randomUUID()}`, `other_${randomUUID()}`];
    script.onMessage = (id) => (id === bad ? rejected('cannot be') : done);
    await put(say, message(bad, 'con_bad'));
    await put(say, message(after, 'con_bad'));
    await put(say, message(other, 'con_other'));
    await until('the others', () => script.applied.includes(after) && script.applied.includes(other));
    expect(script.applied).not.toContain(bad);

    // It stands among the queue's failed jobs with its reason; retrying it there redrives it.
    const queue = app.get(Waker).queue('recipients');
    const failed = await until('the dead letter', async () =>
      (await queue.getFailed()).find((j) => j.failedReason === 'cannot be'),
    );
    script.onMessage = () => done;
    await failed.retry();
    await until('redriven', () => script.applied.includes(bad));
  });

  it('retries what throws, in place, with nothing of the failed run stored', async () => {
    const [flaky, next] = [`flaky_${randomUUID()}`, `next_${randomUUID()}`];
    let runs = 0;
    script.onMessage = (id, ctx) => {
      if (id !== flaky) return done;
      ctx.emit(fetchThing, message(`from_run_${runs}`));
      if (++runs < 3) throw new Error('not yet');
      return done;
    };
    await put(say, message(flaky, 'con_flaky'));
    await put(say, message(next, 'con_flaky'));
    await until('both', () => script.applied.includes(next), 15_000);
    expect(script.applied).toEqual([flaky, next]);
    await until('the task', () => script.tasks.length > 0);
    expect(script.tasks).toEqual(['from_run_2']);
  });

  it('keeps what was emitted before the item that fails in the same batch', async () => {
    const [good, flaky] = [`good_${randomUUID()}`, `flaky_${randomUUID()}`];
    let runs = 0;
    script.onMessage = (id, ctx) => {
      if (id === good) ctx.emit(fetchThing, message(`by_${good}`));
      if (id === flaky && ++runs < 2) throw new Error('not yet');
      return done;
    };
    await put(say, message(good, 'con_batch'), false);
    await put(say, message(flaky, 'con_batch'));
    await until('both', () => script.applied.includes(flaky), 15_000);
    await until('the task', () => script.tasks.includes(`by_${good}`));
    expect(script.tasks).toEqual([`by_${good}`]);
  });

  it('applies at once what was emitted by a process whose clock is ahead', async () => {
    for (const aheadMs of [3, 50, 30_000]) {
      const id = `ahead_${aheadMs}`;
      await putInto(app, say, message(id, `line_${id}`), true, new Date(Date.now() + aheadMs));
      await putInto(app, fetchThing, message(id), true, new Date(Date.now() + aheadMs));
      const both = (): boolean => script.applied.includes(id) && script.tasks.includes(id);
      await until('it is applied', both, 1_500); // before any sweep would bring it
    }
  });

  it('applies a timer at the time it was set for, by whichever clock is ahead', async () => {
    const seen: number[] = [];
    script.onMessage = (_id, { now, item }) => {
      seen.push(now.getTime() - item.dueAt.getTime());
      return done;
    };
    for (let i = 0; i < 40; i++) {
      const at = new Date(Date.now() + 20 + i * 7);
      const item = toItem(say, message(`timer_${i}`, `timers_${i}`), merchantId, new Date(), { dueAt: at });
      await app.get(Tenants).transaction(merchantId, (tx) => app.get(Journal).append([item], new Date(), tx));
      await app.get(Waker).wake([wakeOf(item, new Date())]);
    }
    await until('all have fired', () => seen.length === 40, 20_000);
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(0);
  });

  it('stores a task result once, and fires timers', async () => {
    const id = `task_${randomUUID()}`;
    let commits: boolean[] = [];
    script.onTask = async (_id, ctx) => {
      const first = await ctx.commit(async ({ emit }) => {
        emit(say, message(`result_${id}`), { dueAt: new Date(Date.now() + 700) });
      });
      const second = await ctx.commit(async ({ tx, emit }) => {
        emit(say, message(`again_${id}`));
        await tx.query(`UPDATE journal.items SET reason = 'again'`);
      });
      commits = [first, second];
      return done;
    };
    const startedAt = Date.now();
    await put(fetchThing, message(id));
    await until('the result', () => script.applied.includes(`result_${id}`));
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(690);
    expect(commits).toEqual([true, false]);
    const again = (await app
      .get(Tenants)
      .transaction(merchantId, (tx) =>
        tx.query(`SELECT id FROM journal.items WHERE reason = 'again' OR external_id LIKE '%again_' || $1`, [
          id,
        ]),
      )) as unknown[];
    expect(again).toEqual([]);
  });

  it('takes the places of tasks that do not end in time away from them', async () => {
    const places = 2 * fetchThing.queue.concurrency; // in both lanes
    let late = 0;
    const hangs = new Set<string>();
    script.onTask = (id, { signal }) => {
      if (id === 'good' || hangs.has(id)) return done;
      hangs.add(id);
      return new Promise(() => signal.addEventListener('abort', () => late++));
    };
    await Promise.all(Array.from({ length: places }, (_, i) => put(fetchThing, message(`hang_${i}`))));
    await until('they wait', () => hangs.size >= fetchThing.queue.concurrency);
    await put(fetchThing, message('good'));
    await until('another has its turn', () => script.tasks.includes('good'), TASK_LIMIT * 5_000);
    await until(
      'each was told, and had another',
      () => late === places && script.tasks.length > 2 * places,
      60_000,
    );
  }, 90_000);

  it('runs what is left for the end once for all items that are applied together', async () => {
    const [first, second] = [`first_${randomUUID()}`, `second_${randomUUID()}`];
    const ran: string[] = [];
    script.onMessage = (id, ctx) => {
      ctx.atEnd('tidy', async () => {
        ran.push(id);
        ctx.emit(fetchThing, message(`by_end_of_${id}`));
      });
      return done;
    };
    await put(say, message(first, 'con_end'), false);
    await put(say, message(second, 'con_end'));
    await until('its task', () => script.tasks.length > 0);
    expect(ran).toEqual([second]);
    expect(script.tasks).toEqual([`by_end_of_${second}`]);
  });

  it('survives an emptied queue server', async () => {
    if (kind === 'redis') await forget(queueUrl, prefix);
    else {
      const owner = new pg.Client({ connectionString: database.ownerUrl });
      await owner.connect();
      await owner.query('TRUNCATE bullmq.job CASCADE');
      await owner.end();
    }
    const id = randomUUID();
    await put(say, message(id));
    await until('applied', () => script.applied.includes(id), 10_000);
  });

  it('shows a service only its own work, and only within a tenant transaction', async () => {
    const rows = (await app
      .get(Tenants)
      .transaction('mer_other', (tx) => tx.query('SELECT count(*)::int AS n FROM journal.items'))) as {
      n: number;
    }[];
    expect(rows[0]!.n).toBe(0);
    const mine = (await app
      .get(Tenants)
      .transaction(merchantId, (tx) => tx.query('SELECT count(*)::int AS n FROM journal.items'))) as {
      n: number;
    }[];
    expect(mine[0]!.n).toBeGreaterThan(0);
  });
});

it('has a connection left for what ordered handlers look up, however small the pool', async () => {
  script = newScript();
  const database = await createTestDatabase();
  const app = await startLines({
    script: () => script,
    databaseUrl: database.url('waco_outbound'),
    queueUrl: database.queueUrl,
    prefix: 'small',
    poolSize: 4,
  });
  script.onMessage = async () => {
    await new Promise((resume) => setTimeout(resume, 50));
    await app.get(Tenants).transaction(merchantId, (tx) => tx.query('SELECT 1'));
    return done;
  };
  const ids = Array.from({ length: 24 }, (_, i) => `look_${i}`);
  await Promise.all(ids.map((id) => putInto(app, say, message(id, id))));
  await until('all', () => script.applied.length >= ids.length, 2_500);
  await app.close();
  await database.drop();
});

it('refuses a QUEUE_URL of another kind', () => {
  expect(() => openQueueBackend('http://localhost', 'x')).toThrow(/QUEUE_URL must begin with/);
});

it('knows one owner for each contract name', () => {
  expect(new Set(CONTRACTS.map((c) => c.name)).size).toBe(CONTRACTS.length);
  expect(CONTRACTS.length).toBeGreaterThan(15);
  expect(systemClock.now()).toBeInstanceOf(Date);
  expect(typeof CLOCK).toBe('symbol');
});

/** What an emptied Redis would do to this stack, on a server that others may use too. */
async function forget(url: string, prefix: string): Promise<void> {
  const redis = new Redis(url);
  const keys = await redis.keys(`{${prefix}-*`);
  expect(keys.length).toBeGreaterThan(0);
  await redis.del(...keys);
  redis.disconnect();
}
