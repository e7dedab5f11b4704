import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { connect } from '../lib/gateway.mjs';
import { cpuMs, freePort, startServers } from '../lib/servers.mjs';

const THREADS = 1_000;
const BURST = 5;
const ROUND = THREADS * BURST;
/** Messages handed over and not applied yet, at most: what is measured is the queue, not its memory. */
const OUTSTANDING = 2 * ROUND;
/** Messages in one insert, or in one bulk of jobs: what some dozens of concurrent webhooks make. */
const HANDED_OVER = 100;
const CONCURRENCY = 16;

export default {
  name: 'order',
  about: '1,000 threads in bursts of 5, each in order: the queue library, and a lock with moveToDelayed',
  long: true,
  open,
  comparisons: {
    'messages a second, of the recipe': { figure: 'messages a second', side: 'waco', beside: 'recipe' },
  },
  goals: [
    { name: 'rate beside the recipe', ratio: 'messages a second, of the recipe', atLeast: 3 },
    { name: 'out of order', figure: ['waco', 'out of order'], atMost: 0, value: 'max' },
    { name: 'messages of the long run', figure: ['waco', 'messages in all'], atLeast: 1_000_000 },
  ],
};

/** The long run is a million messages through the library alone, once. */
async function open({ quick, long }) {
  const rounds = long ? 1_000_000 / ROUND : quick ? 1 : 3;
  const servers = await startServers();
  const redis = new Redis(servers.redis.url);
  const database = await servers.database('bench');
  const owner = await connect(database.url());
  await owner.query(`CREATE SCHEMA bench;
    CREATE TABLE bench.applied (at bigint GENERATED ALWAYS AS IDENTITY, thread int NOT NULL, sequence int NOT NULL);
    GRANT USAGE ON SCHEMA bench TO PUBLIC; GRANT INSERT ON bench.applied TO PUBLIC`);
  const library = await startLibrary(servers, database);
  const recipe = long ? undefined : await startRecipe(servers, database);

  const run = async ({ worker, give, checked }) => {
    const count = async () => Number((await owner.query('SELECT count(*) FROM bench.applied')).rows[0].count);
    const total = rounds * ROUND;
    const cpuBefore = cpuMs(worker.pid);
    const startedAt = performance.now();
    let given = 0;
    for (let round = 0; round < rounds; round++) {
      const messages = inBursts(round);
      for (let i = 0; i < messages.length; i += HANDED_OVER) {
        if (i % 1_000 === 0) while (given - (await count()) > OUTSTANDING) await sleep(10);
        await give(messages.slice(i, i + HANDED_OVER));
        given += Math.min(HANDED_OVER, messages.length - i);
      }
    }
    while ((await count()) < total) await sleep(10);
    const seconds = (performance.now() - startedAt) / 1_000;
    const cpu = cpuMs(worker.pid) - cpuBefore;
    const outOfOrder = await audit(owner, total);
    if (checked && outOfOrder > 0) throw new Error(`${outOfOrder} messages were applied out of order`);
    await owner.query('TRUNCATE bench.applied, journal.items');
    await redis.flushall();
    return {
      ...(long ? { 'messages in all': total } : {}),
      'messages a second': total / seconds,
      'CPU ms a message': cpu / total,
      'out of order': outOfOrder,
    };
  };

  return {
    facts: { threads: THREADS, burst: BURST, messages: rounds * ROUND },
    sides: {
      waco: () => run({ ...library, checked: true }),
      ...(recipe ? { recipe: () => run({ ...recipe, checked: false }) } : {}),
    },
    async close() {
      await library.close();
      await recipe?.close();
      await owner.end();
      redis.disconnect();
      await servers.close();
    },
  };
}

/** Every thread's next messages: the threads in random order, a thread's burst without a gap. */
function inBursts(round) {
  const threads = Array.from({ length: THREADS }, (_, thread) => ({ thread, place: Math.random() }));
  threads.sort((a, b) => a.place - b.place);
  return threads.flatMap(({ thread }) =>
    Array.from({ length: BURST }, (_, i) => ({ thread, sequence: round * BURST + i })),
  );
}

/** @returns how many messages were applied after a later one of their thread. @throws Error when not each was once. */
async function audit(owner, total) {
  const { rows } = await owner.query(
    `SELECT count(*)::int AS applied, count(DISTINCT (thread, sequence))::int AS different,
       count(*) FILTER (WHERE sequence < latest)::int AS "outOfOrder"
     FROM (SELECT thread, sequence, max(sequence) OVER (PARTITION BY thread ORDER BY at) AS latest FROM bench.applied) a`,
  );
  const { applied, different, outOfOrder } = rows[0];
  if (different !== total || applied !== total) {
    throw new Error(`of ${total}: ${total - different} lost, ${applied - different} doubled`);
  }
  return outOfOrder;
}

async function startLibrary(servers, database) {
  const dist = '../../dist';
  const { TEST_MASTER_KEYS } = await import(`${dist}/libs/testing/src/index.js`);
  const { Journal } = await import(`${dist}/libs/persistence/src/index.js`);
  const { openQueueBackend, toItem, Waker, wakeOf } = await import(`${dist}/libs/queue/src/index.js`);
  const { applyLine } = await import(`${dist}/bench/order/line.js`);
  const { DataSource } = await import('typeorm');
  const port = await freePort();
  const env = {
    PORT: String(port),
    NODE_ENV: 'production',
    LOG_LEVEL: 'warn',
    DATABASE_URL: database.url('waco_outbound'),
    QUEUE_URL: servers.redis.url,
    WACO_MASTER_KEYS: TEST_MASTER_KEYS,
  };
  const worker = await servers.start('library', 'dist/bench/order/worker.js', { port, env });
  const source = new DataSource({ type: 'postgres', url: database.url('waco_ingest') });
  await source.initialize();
  const backend = openQueueBackend(servers.redis.url, 'waco');
  const waker = new Waker(backend);
  const journal = new Journal(source);
  return {
    worker,
    async give(messages) {
      const now = new Date();
      const items = messages.map((message) =>
        toItem(applyLine, message, 'mer_bench', now, { source: 'whatsapp' }),
      );
      await journal.append(items, now);
      await waker.wake(items.map((item) => wakeOf(item, now)));
    },
    async close() {
      await waker.close();
      await backend.close();
      await source.destroy();
    },
  };
}

async function startRecipe(servers, database) {
  const port = await freePort();
  const env = {
    PORT: String(port),
    REDIS_URL: servers.redis.url,
    DATABASE_URL: database.url('waco_outbound'),
    CONCURRENCY: String(CONCURRENCY),
  };
  const worker = await servers.start('recipe', 'bench/comparisons/lock-and-delay.mjs', {
    port,
    env,
    ready: '',
  });
  const connection = new Redis(servers.redis.url, { maxRetriesPerRequest: null });
  const queue = new Queue('lines', { connection });
  return {
    worker,
    give: (messages) =>
      queue.addBulk(messages.map((data) => ({ name: 'line', data, opts: { removeOnComplete: true } }))),
    async close() {
      await queue.close();
      connection.disconnect();
    },
  };
}
