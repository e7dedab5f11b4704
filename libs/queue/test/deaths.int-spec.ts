import type { INestApplication } from '@nestjs/common';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { deferred, done, type JobOutcome } from '#contracts';
import { CONNECTION, Journal, Tenants, type Stream } from '#persistence';
import { systemClock } from '#platform';
import { openQueueBackend, Waker } from '#queue';
import { createTestDatabase, TEST_BACKENDS, until, type TestDatabase } from '#testing';
import { CareNeeded, OrderedProcessor, TaskProcessor, type ProcessorDeps } from '../src/processor.js';
import { merchantId, message, newScript, put, say, startLines, type Script } from './support/lines.js';

const REASON = 'the process ended while it was applied';

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
      queueUrl: database.url('waco_outbound'),
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

  const depsWith = (handle: () => Promise<JobOutcome>): ProcessorDeps => ({
    journal: app.get(Journal),
    tenants: app.get(Tenants),
    waker: app.get(Waker),
    clock: systemClock,
    contracts: new Map([[say.name, say]]),
    handlers: new Map([[say.name, handle]]),
    log: () => undefined,
  });

  interface State {
    attempts: number;
    parked: boolean;
    reason: string | null;
    outcome: string | null;
  }
  const state = async (): Promise<State> => {
    const rows = await app
      .get(Tenants)
      .read(
        merchantId,
        `SELECT attempts, parked_at IS NOT NULL AS parked, reason, outcome FROM journal.items WHERE stream = $1`,
        [stream.stream],
      );
    return rows[0] as State;
  };
  /** The item as earlier attempts left it. */
  const attempted = (attempts: number, reason: string): Promise<unknown> =>
    app
      .get(Tenants)
      .transaction(merchantId, (tx) =>
        tx.query(
          `UPDATE journal.items SET attempts = $2, reason = $3, due_at = now() - interval '1 second', parked_at = NULL WHERE stream = $1`,
          [stream.stream, attempts, reason],
        ),
      );

  it('counts each attempt before it begins, and is parked when they ended the process three times', async () => {
    let runs = 0;
    for (let attempt = 1; attempt <= 3; attempt++) {
      let end = (): void => undefined;
      const died = new OrderedProcessor(
        depsWith(() => {
          runs++;
          // The process ends here: what is in the transaction is gone.
          return new Promise<JobOutcome>((_, reject) => (end = () => reject(new Error('not reached'))));
        }),
      );
      const running = died.run(stream, true).catch(() => undefined);
      await until('the handler', () => runs === attempt);
      expect(await state()).toMatchObject({ attempts: attempt, parked: false, reason: REASON });
      await attempted(attempt + 100, REASON); // as if nobody had been left to count what the handler threw
      end();
      await running;
      await attempted(attempt, REASON);
    }
    await new OrderedProcessor(
      depsWith(() => {
        runs++;
        return Promise.resolve(done);
      }),
    ).run(stream, true);
    expect(runs).toBe(3);
    expect(await state()).toMatchObject({ parked: true, reason: REASON });
  });

  it.each([OrderedProcessor, TaskProcessor])(
    'is left to who applies it with care (%p)',
    async (Processor) => {
      await attempted(1, REASON);
      let runs = 0;
      const handle = (): Promise<JobOutcome> => Promise.resolve((runs++, done));
      await expect(new Processor(depsWith(handle)).run(stream, false)).rejects.toThrow(CareNeeded);
      expect(runs).toBe(0);
      await app.get(Waker).wake([{ ...stream, name: say.name }]);
      await until('it is applied', async () => (await state()).outcome === 'done');
      expect(await state()).toMatchObject({ attempts: 2, reason: null });
    },
  );

  it.each([OrderedProcessor, TaskProcessor])(
    'is not counted for a run that it survives (%p)',
    async (Processor) => {
      await attempted(2, REASON);
      const later = new Date(Date.now() + 50);
      const wait = (): Promise<JobOutcome> => Promise.resolve(deferred(later));
      await new Processor(depsWith(wait)).run(stream, true);
      expect(await state()).toMatchObject({ attempts: 2, parked: false, reason: null, outcome: null });
    },
  );

  it('is not counted when another applies its stream', async () => {
    await app.get(Tenants).transaction(merchantId, async (tx) => {
      await app.get(Journal).lock(tx, [stream], new Date(), 1);
      const again = await new OrderedProcessor(depsWith(() => Promise.resolve(done))).run(stream, true);
      expect(again).toMatchObject({ afterMs: expect.any(Number) });
    });
    expect(await state()).toMatchObject({ attempts: 0, parked: false, reason: null, outcome: null });
  });

  it('has its last attempt, though that is made with care', async () => {
    await attempted(say.retry.attempts - 1, 'not today');
    await new OrderedProcessor(depsWith(() => Promise.resolve(done))).run(stream, true);
    expect(await state()).toMatchObject({ outcome: 'done', parked: false });
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
      waker: new Waker(openQueueBackend(database.url('waco_outbound'), 'refused')),
      clock: systemClock,
      contracts: new Map(),
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
