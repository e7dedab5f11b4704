import type { INestApplication } from '@nestjs/common';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource, type EntityManager } from 'typeorm';
import { deferred, done, QUEUES, type JobOutcome } from '#contracts';
import { CONNECTION, Journal, Tenants, type Stream } from '#persistence';
import { systemClock } from '#platform';
import { openQueueBackend, toItem, Waker } from '#queue';
import { createTestDatabase, TEST_BACKENDS, until, type TestDatabase } from '#testing';
import { CountNeeded } from '../src/failures.js';
import type { ProcessorDeps } from '../src/handling.js';
import { OrderedProcessor } from '../src/ordered-processor.js';
import { TaskProcessor } from '../src/task-processor.js';
import {
  fetchThing,
  merchantId,
  message,
  newScript,
  put,
  say,
  startLines,
  type Script,
} from './support/lines.js';

describe('an item at which a process died', () => {
  let database: TestDatabase;
  let app: INestApplication;
  let script: Script;
  let stream: Stream;

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await startLines({
      script: () => script,
      databaseUrl: database.url('waco_outbound'),
      queueUrl: database.queueUrl,
      prefix: 'deaths',
    });
  });
  beforeEach(async () => {
    script = newScript();
    stream = { merchantId, queue: say.queue.name, stream: `con_${randomUUID()}` };
    await put(app, say, message(randomUUID(), stream.stream), false);
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const processorOf = (kind: 'ordered' | 'task', deps: ProcessorDeps): OrderedProcessor | TaskProcessor =>
    kind === 'ordered' ? new OrderedProcessor(deps) : new TaskProcessor(deps, QUEUES.sends);
  const depsWith = (handle: () => Promise<JobOutcome>): ProcessorDeps => ({
    journal: app.get(Journal),
    tenants: app.get(Tenants),
    waker: app.get(Waker),
    clock: systemClock,
    contracts: new Map([[say.name, say]]),
    prepare: {},
    handlers: new Map([[say.name, handle]]),
    log: () => undefined,
  });

  interface State {
    id: string;
    attempts: number;
    endings: number;
    parked: boolean;
    reason: string | null;
    outcome: string | null;
  }
  const state = async (): Promise<State> => {
    const rows = await app.get(Tenants).read(
      merchantId,
      `SELECT id::text, attempts, endings, parked_at IS NOT NULL AS parked, reason, outcome
         FROM journal.items WHERE stream = $1`,
      [stream.stream],
    );
    return rows[0] as State;
  };
  /** The item as earlier runs left it. */
  const after = (attempts: number, endings: number): Promise<unknown> =>
    app
      .get(Tenants)
      .transaction(merchantId, (tx) =>
        tx.query(
          `UPDATE journal.items SET attempts = $2, endings = $3, due_at = now() - interval '1 second' WHERE stream = $1`,
          [stream.stream, attempts, endings],
        ),
      );

  it.each([
    ['ordered', 3],
    ['task', 10],
  ] as const)(
    'counts each run before it begins, and is parked when so many ended the process: %p',
    async (kind, most) => {
      let runs = 0;
      for (let run = 1; run <= most; run++) {
        let end = (): void => undefined;
        const handle = (): Promise<JobOutcome> => {
          runs++;
          return new Promise((_, reject) => (end = () => reject(new Error('not reached'))));
        };
        const running = processorOf(kind, depsWith(handle)).run(stream, true);
        await until('the handler', () => runs === run);
        expect(await state()).toMatchObject({ attempts: 0, endings: run, parked: false });
        end();
        await running;
        await after(0, run); // as if the process had ended, and nobody been left to count what was thrown
      }
      const handle = (): Promise<JobOutcome> => Promise.resolve((runs++, done));
      await processorOf(kind, depsWith(handle)).run(stream, true);
      expect(runs).toBe(most);
      const parked = await state();
      const reason = `the process ended ${most} times while it was applied`;
      expect(parked).toMatchObject({ parked: true, reason });
      const redrive = (tx: EntityManager): Promise<void> =>
        app.get(Journal).unpark(tx, parked.id, new Date(Date.now() + 60_000));
      await app.get(Tenants).transaction(merchantId, redrive);
      expect(await state()).toMatchObject({ attempts: 0, endings: 1, parked: false }); // and run with care
    },
  );

  it.each(['ordered', 'task'] as const)('is left to who applies it with care: %p', async (kind) => {
    await after(1, 1);
    let runs = 0;
    const handle = (): Promise<JobOutcome> => Promise.resolve((runs++, done));
    await expect(processorOf(kind, depsWith(handle)).run(stream, false)).rejects.toThrow(CountNeeded);
    expect(runs).toBe(0);
    await app.get(Waker).wake([{ ...stream, name: say.name }]);
    await until('it is applied', async () => (await state()).outcome === 'done');
    expect(await state()).toMatchObject({ attempts: 1, reason: null });
  });

  it.each(['ordered', 'task'] as const)('is not counted for a run that it survives: %p', async (kind) => {
    await after(0, 2);
    const later = new Date(Date.now() + 60_000);
    const wait = (): Promise<JobOutcome> => Promise.resolve(deferred(later));
    await processorOf(kind, depsWith(wait)).run(stream, true);
    expect(await state()).toMatchObject({ attempts: 0, endings: 2, parked: false, outcome: null });
  });

  it.each(['ordered', 'task'] as const)('fails no more often for being run with care: %p', async (kind) => {
    await after(0, 1);
    const fail = (): Promise<JobOutcome> => Promise.reject(new Error('not today'));
    await processorOf(kind, depsWith(fail)).run(stream, true);
    expect(await state()).toMatchObject({ attempts: 1, endings: 1, parked: false, reason: 'not today' });
  });

  it('holds up those behind it no longer than it takes a process to die, when it is a task that is slow', async () => {
    const ids = ['slow', ...Array.from({ length: 5 }, (_, i) => `behind_${i}`)].map(
      (id) => `${id}_${randomUUID()}`,
    );
    let end = (): void => undefined;
    script.onTask = (id) =>
      id.startsWith('slow') ? new Promise((resolve) => (end = () => resolve(done))) : done;
    for (const id of ids) await put(app, fetchThing, message(id), false);
    const streams = ids.map((id) => ({
      merchantId,
      queue: 'sends',
      stream: toItem(fetchThing, message(id), merchantId, new Date()).stream,
    }));
    const wake = (of: Stream[]) =>
      app.get(Waker).wake(of.map((s) => ({ ...s, name: fetchThing.name, counted: true })));
    await wake(streams.slice(0, 1));
    await until('it has begun', () => script.tasks.length === 1);
    await wake(streams.slice(1));
    await until('those behind are done', () => script.tasks.length === ids.length, 9_000);
    end();
  });

  it('is not counted when another applies its stream', async () => {
    await app.get(Tenants).transaction(merchantId, async (tx) => {
      await app.get(Journal).lock(tx, [stream], new Date(), 1);
      const again = await new OrderedProcessor(depsWith(() => Promise.resolve(done))).run(stream, true);
      expect(again).toMatchObject({ afterMs: expect.any(Number) });
    });
    expect(await state()).toMatchObject({ attempts: 0, endings: 0, parked: false, outcome: null });
  });
});

it('a stream that the database does not let be read is given back, not tried without end', async () => {
  const database = await createTestDatabase();
  // The gateway's role may add to the journal and read nothing there.
  const source = new DataSource({ type: 'postgres', url: database.url('waco_ingest'), extra: CONNECTION });
  try {
    await source.initialize();
    const processor = new OrderedProcessor({
      journal: new Journal(source),
      tenants: new Tenants(source),
      waker: new Waker(openQueueBackend(database.queueUrl, 'refused')),
      clock: systemClock,
      contracts: new Map(),
      prepare: {},
      handlers: new Map(),
      log: () => undefined,
    });
    const run = processor.run({ merchantId, queue: say.queue.name, stream: 'con_1' }, false);
    await expect(run).rejects.toThrow(/permission denied/);
  } finally {
    await source.destroy();
    await database.drop();
  }
});

const redis = TEST_BACKENDS.includes('redis') ? describe : describe.skip;
redis('a queue that is first used while Redis is away', () => {
  let server: ChildProcess | undefined;
  const folder = mkdtempSync(join(tmpdir(), 'waco-away-'));
  afterAll(() => {
    server?.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it('takes wake-ups when Redis is back', async () => {
    const port = await freePort();
    const backend = openQueueBackend(`redis://127.0.0.1:${port}`, 'away');
    const queue = backend.queue('recipients');
    const wakeUp = { merchantId, stream: 'con_1' };
    await expect(queue.add('early', wakeUp)).rejects.toThrow();

    const binary = process.env.WACO_TEST_REDIS ?? '/usr/bin/redis-server';
    server = spawn(binary, ['--port', String(port), '--dir', folder, '--save', ''], { stdio: 'ignore' });
    await until('a wake-up', () =>
      queue.add('late', wakeUp).then(
        () => true,
        () => false,
      ),
    );
    expect(await queue.getWaitingCount()).toBe(1);
    await queue.close();
    await backend.close();
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
