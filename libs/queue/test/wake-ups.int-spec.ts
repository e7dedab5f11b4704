import type { INestApplication } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { done, LANES, rejected, type JobContract, type JobOutcome } from '#contracts';
import { later, query, Tenants } from '#persistence';
import { toItem, Waker, wakeOf, type OrderedContext, type Wake } from '#queue';
import { createTestDatabase, TEST_BACKENDS, until, type TestDatabase } from '#testing';
import {
  fetchThing,
  merchantId,
  message,
  newScript,
  put as putInto,
  say,
  startLines,
  type Script,
} from './support/lines.js';

let script: Script;

describe.each(TEST_BACKENDS)('wake-ups on %s', (kind) => {
  let database: TestDatabase;
  let app: INestApplication;
  beforeAll(async () => {
    database = await createTestDatabase();
  });

  beforeEach(async () => {
    script = newScript();
    app = await startLines({
      script: () => script,
      databaseUrl: database.url('waco_outbound'),
      queueUrl: kind === 'redis' ? process.env.WACO_TEST_REDIS_URL! : database.queueUrl,
      prefix: `t${randomUUID().slice(0, 8)}`,
    });
  });

  afterEach(() => app.close());
  afterAll(() => database.drop());

  const put = <P extends object>(contract: JobContract<P>, payload: P, wake?: boolean): Promise<void> =>
    putInto(app, contract, payload, wake);

  it('begins with what it wakes itself without a job, but for calls to others', async () => {
    const [said, called] = [randomUUID(), randomUUID()];
    const queues = [say, fetchThing].map((contract) => app.get(Waker).queue(contract.queue.name));
    for (const queue of queues) await queue.pause();
    await put(say, message(said, 'con_direct'));
    await put(fetchThing, message(called));
    await until('what it said', () => script.applied.includes(said), 1_500); // before a sweep
    expect(script.tasks).toEqual([]);
    for (const queue of queues) await queue.resume();
    await until('the call', () => script.tasks.includes(called));
  });

  it('ends when what runs without a job is done', async () => {
    const id = randomUUID();
    script.onMessage = async () => {
      await new Promise((resume) => setTimeout(resume, 400));
      return done;
    };
    await app.get(Waker).queue(say.queue.name).pause();
    await put(say, message(id, 'con_closing'));
    await new Promise((resume) => setTimeout(resume, 100));
    await app.close();
    expect(script.applied).toEqual([id]);
  });

  it('minds no queue that is no more: the others are woken all the same', async () => {
    const id = randomUUID();
    await put(say, message(id, 'con_known'), false);
    const known = { queue: say.queue.name, merchantId, stream: 'con_known' };
    await app.get(Waker).rouse([{ ...known, queue: 'of-an-earlier-version' }, known]);
    await until('the known one', () => script.applied.includes(id), 1_500);
    expect(await app.get(Waker).queue('of-an-earlier-version').getJobCountByTypes()).toBe(0);
  });

  /** A line each, all of which one job wakes. */
  const putTogether = async (ids: string[]): Promise<void> => {
    for (const id of ids) await put(say, message(id, `line_${id}`), false);
    const wakes = ids.map((id) =>
      wakeOf(toItem(say, message(id, `line_${id}`), merchantId, new Date()), new Date()),
    );
    await app.get(Waker).wake(wakes);
  };

  it('applies lines that are woken together in one transaction', async () => {
    const ids = Array.from({ length: 5 }, () => randomUUID());
    const transactions = new Set<string>();
    script.onMessage = async (_id, { tx }) => {
      const [row] = await query<{ xid: string }>(tx, 'SELECT pg_current_xact_id()::text AS xid', []);
      transactions.add(row!.xid);
      return done;
    };
    await putTogether(ids);
    await until('all applied', () => script.applied.length >= ids.length);
    expect(script.applied.toSorted()).toEqual(ids.toSorted());
    expect(transactions.size).toBe(1);
  });

  it.each([
    ['refuses', (): JobOutcome => rejected('one of five')],
    [
      'breaks its transaction',
      (_id: string, ctx: OrderedContext): JobOutcome => {
        later(ctx.tx, 'SELECT 1 / 0 + $1::int', [1]);
        return done;
      },
    ],
  ])('applies the others when one of those woken together %s', async (_how, fail) => {
    const ids = Array.from({ length: 5 }, () => randomUUID());
    const stored = (): Promise<{ id: string }[]> =>
      app
        .get(Tenants)
        .transaction(merchantId, (tx) =>
          query(
            tx,
            `SELECT payload->>'id' AS id FROM journal.items WHERE settled_at IS NOT NULL AND payload->>'id' = ANY($1)`,
            [ids],
          ),
        );
    script.onMessage = (id, ctx) => (id === ids[2] ? fail(id, ctx) : done);
    await putTogether(ids);
    await until('the others', async () => (await stored()).length >= ids.length - 1);
    expect((await stored()).map(({ id }) => id).toSorted()).toEqual(ids.toSpliced(2, 1).toSorted());
  });

  it('wakes many streams of a merchant with few jobs, and none waits for one that stands still', async () => {
    const waker = app.get(Waker);
    const wakes = Array.from({ length: 40 }, (_, i) => ({ merchantId, stream: `s_${i}`, name: 'many' }));
    await waker.wake(wakes.map((w) => ({ ...w, queue: 'orders' }))); // nobody works here
    const lanes = LANES.filter(({ queue }) => queue.name === 'orders');
    const jobs = (
      await Promise.all(lanes.map(({ name }) => waker.queue(name).getJobs(['waiting', 'prioritized'])))
    ).flat();
    expect(jobs).toHaveLength(3);
    expect(jobs.flatMap((j) => [j.data.stream, ...(j.data.others ?? [])]).toSorted()).toEqual(
      wakes.map((w) => w.stream).toSorted(),
    );

    script.onMessage = (id) => (id.startsWith('bad') ? Promise.reject(new Error('not today')) : done);
    const ids = Array.from({ length: 40 }, (_, i) => `${i === 7 ? 'bad' : 'good'}_${i}_${randomUUID()}`);
    for (const [i, id] of ids.entries()) await put(say, message(id, `con_many_${i}`), false);
    await waker.wake(
      ids.map((_, i) => ({ merchantId, queue: say.queue.name, stream: `con_many_${i}`, name: 'many' })),
    );
    const applied = (): number => new Set(script.applied).size; // some twice: those that were rolled back with it
    await until('all but one', () => applied() === 39, 2_000);
    script.onMessage = () => done;
    await until('the one', () => applied() === 40, 5_000);
  });

  it('gives a task no second wake-up, whichever lane has the first, and brings a delayed one forward', async () => {
    const waker = app.get(Waker);
    const lanes = LANES.filter(({ queue }) => queue.name === 'errands'); // nobody works here
    const jobs = async (): Promise<string[]> =>
      (
        await Promise.all(
          lanes.map(async ({ name }) =>
            (await waker.queue(name).getJobs(['waiting', 'prioritized', 'delayed'])).map(
              (job) => `${name}: ${job.data.stream}${job.delay > 0 ? ' delayed' : ''}`,
            ),
          ),
        )
      )
        .flat()
        .toSorted();
    const errand = (stream: string): Wake => ({
      queue: 'errands',
      merchantId,
      stream,
      name: 'errand',
    });
    await waker.wake([
      { ...errand('first'), delayMs: 60_000 },
      { ...errand('second'), behind: true },
    ]);
    expect(await jobs()).toEqual(['errands-crowd: second', 'errands: first delayed']);
    await waker.rouse(['first', 'second', 'third'].map((stream) => errand(stream)));
    expect(await jobs()).toEqual(['errands-crowd: second', 'errands-crowd: third', 'errands: first']);
  });
});
