import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { Journal } from '#persistence';
import { systemClock } from '#platform';
import { openQueueBackend, Waker, type QueueBackend } from '#queue';
import { createTestDatabase, TEST_BACKENDS, type TestDatabase } from '#testing';
import { Sweeper } from '../src/sweeper.js';

const CROWD = 320;
const QUIET = 3;

describe.each(TEST_BACKENDS)('a sweep on %s', (kind) => {
  let database: TestDatabase;
  let owner: DataSource;
  let service: DataSource;
  let backend: QueueBackend;
  let waker: Waker;
  let sweeper: Sweeper;

  beforeEach(async () => {
    database = await createTestDatabase();
    owner = await new DataSource({ type: 'postgres', url: database.ownerUrl }).initialize();
    service = await new DataSource({ type: 'postgres', url: database.url('waco_outbound') }).initialize();
    const url = kind === 'redis' ? process.env.WACO_TEST_REDIS_URL! : database.queueUrl;
    backend = openQueueBackend(url, `t${randomUUID().slice(0, 8)}`);
    waker = new Waker(backend);
    sweeper = new Sweeper(new Journal(service), waker, systemClock, () => undefined);
    await overdue('mer_crowd', CROWD);
    await overdue('mer_quiet', QUIET);
  });

  afterEach(async () => {
    await backend.close();
    await service.destroy();
    await owner.destroy();
    await database.drop();
  });

  const overdue = (merchantId: string, streams: number) =>
    owner.query(
      `INSERT INTO journal.items (merchant_id, service, queue, stream, name, source, external_id, payload, occurred_at,
         due_at)
       SELECT $1, 'outbound', 'recipients', 's' || i, 'n', 'job', gen_random_uuid(), '{}', now(),
         now() - interval '1 hour'
       FROM generate_series(1, $2::int) i`,
      [merchantId, streams],
    );
  const wakeCrowd = (streams: number) =>
    waker.wake(
      Array.from({ length: streams }, (_, i) => ({
        queue: 'recipients',
        merchantId: 'mer_crowd',
        stream: `s${i + 1}`,
        name: 'first',
        behind: true,
      })),
    );

  it('wakes everything that is overdue when nothing waits, and nothing twice', async () => {
    expect(await sweeper.sweep()).toEqual({ woken: CROWD + QUIET, more: false });
    expect(await sweeper.sweep()).toEqual({ woken: 0, more: false });
  });

  it('wakes everything when what waits cannot be all that is overdue', async () => {
    await wakeCrowd(CROWD / 2);
    expect(await sweeper.sweep()).toMatchObject({ woken: CROWD + QUIET });
  });

  it('makes a backlog that waits in line hardly longer, and finds whoever has little to do', async () => {
    await wakeCrowd(CROWD + 16);
    expect(await sweeper.sweep()).toMatchObject({ woken: 100 + QUIET });
    const waiting = await waker.waiting('recipients');
    expect(waiting).toBeLessThanOrEqual((CROWD + 16) / 16 + Math.ceil(100 / 16) + 1);
  });
});
