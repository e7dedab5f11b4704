// Order by thread the way it is usually done on BullMQ alone: a lock in Redis for each thread; a job whose thread is
// locked is moved to the delayed ones and looks again.
import { createServer } from 'node:http';
import { DelayedError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';

const { REDIS_URL, DATABASE_URL, CONCURRENCY, PORT } = process.env;
const LOCK_MS = 10_000;
const LOOK_AGAIN_MS = 100;

const redis = new Redis(REDIS_URL, { maxRetriesPerRequest: null });
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 20 });

const worker = new Worker(
  'lines',
  async (job, token) => {
    const { thread, sequence } = job.data;
    const lock = `lock:${thread}`;
    if ((await redis.set(lock, token, 'PX', LOCK_MS, 'NX')) === null) {
      await job.moveToDelayed(Date.now() + LOOK_AGAIN_MS, token);
      throw new DelayedError();
    }
    try {
      await pool.query('INSERT INTO bench.applied (thread, sequence) VALUES ($1, $2)', [thread, sequence]);
    } finally {
      await redis.del(lock);
    }
  },
  { connection: new Redis(REDIS_URL, { maxRetriesPerRequest: null }), concurrency: Number(CONCURRENCY) },
);
await worker.waitUntilReady();
createServer((_request, response) => response.end()).listen(Number(PORT));
process.once('SIGTERM', () => process.exit(0));
