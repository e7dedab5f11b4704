import {
  createPostgresBackend,
  Queue,
  Worker,
  type Job,
  type Processor,
  type QueueOptions,
  type WorkerOptions,
} from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';

/** What a job carries: which streams have work. Everything else is in the journal. */
export interface WakeUp {
  merchantId: string;
  stream: string;
  /** Others of the same merchant that were woken in the same moment: one job costs as much as another. */
  others?: string[];
  /** A process may have died at one of these streams. */
  counted?: true;
  /** A dead letter: the job stands among the failed ones; retrying it redrives this journal item. */
  parked?: { itemId: string; reason: string };
}

export type WakeQueue = Queue<WakeUp>;
export type WakeJob = Job<WakeUp>;

/**
 * Wake-ups leave nothing behind, failed ones neither (the database was away, say): one that stayed would keep its id,
 * and the sweep's next wake-up of the same stream would fold into it for ever.
 */
const JOB_OPTIONS = { removeOnComplete: true, removeOnFail: true } as const;

/** Dead letters stand among the failed jobs for a bounded time; the journal keeps them. */
export const DEAD_LETTER_OPTIONS = { removeOnFail: { age: 14 * 24 * 3_600, count: 10_000 } } as const;

const WORKER_OPTIONS = {
  lockDuration: 5_000,
  stalledInterval: 2_000,
  maxStalledCount: 1_000,
} as const;

export interface QueueBackend {
  kind: 'redis' | 'postgres';
  queue(name: string): WakeQueue;
  worker(name: string, process: Processor<WakeUp>, concurrency: number): Worker<WakeUp>;
  /** Throws when the queue server does not answer. */
  ping(): Promise<void>;
  /** What an operator should know about this server, e.g. that it may lose or evict jobs. Empty: all is well. */
  warnings(): Promise<string[]>;
  close(): Promise<void>;
}

/**
 * BullMQ on the server that `url` names: `redis://` (production) or `postgres://` (the embedded default, schema
 * `bullmq`). `prefix` keeps several stacks on one Redis apart.
 * @throws Error when the scheme is neither, or PostgreSQL would be logged in to as anybody but the queue's own role.
 */
export function openQueueBackend(url: string, prefix: string): QueueBackend {
  const scheme = url.slice(0, url.indexOf(':'));
  if (['redis', 'rediss'].includes(scheme)) return redisBackend(url, prefix);
  if (['postgres', 'postgresql'].includes(scheme)) return postgresBackend(url);
  throw new Error('QUEUE_URL must begin with redis://, rediss:// or postgres://');
}

/** A hash tag per queue: all keys of one queue share a Redis Cluster slot, and queues spread over the cluster. */
const hashTag = (prefix: string, name: string): string => `{${prefix}-${name}}`;

function redisBackend(url: string, prefix: string): QueueBackend {
  // Producers fail fast while Redis is down: the journal has the work, and a sweep brings it later.
  const producer = new Redis(url, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    lazyConnect: true,
    retryStrategy: (times) => Math.min(times * 100, 1_000),
  });
  const consumer = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(times * 100, 1_000),
  });
  for (const connection of [producer, consumer]) connection.on('error', () => undefined); // readiness reports it
  producer.connect().catch(() => undefined);
  return {
    kind: 'redis',
    queue: (name) =>
      quiet(
        new Queue<WakeUp>(name, {
          connection: producer,
          prefix: hashTag(prefix, name),
          defaultJobOptions: JOB_OPTIONS,
          skipWaitingForReady: true,
          // It would ask once, now, and never again: a queue first used while Redis is away would fail for ever.
          skipVersionCheck: true,
        }),
      ),
    worker: (name, process, concurrency) =>
      quiet(
        new Worker<WakeUp>(name, process, {
          connection: consumer,
          prefix: hashTag(prefix, name),
          concurrency,
          ...WORKER_OPTIONS,
        }),
      ),
    ping: async () => void (await producer.ping()),
    warnings: async () => {
      const info = await producer.info();
      const warnings: string[] = [];
      if (/aof_enabled:0/.test(info)) warnings.push('Redis runs without AOF: a restart loses wake-ups');
      if (!/maxmemory_policy:noeviction/.test(info)) {
        warnings.push('Redis maxmemory-policy is not noeviction: it may evict jobs');
      }
      return warnings;
    },
    close: async () => {
      producer.disconnect();
      consumer.disconnect();
    },
  };
}

/** The role that BullMQ's connections log in as. Where it looks names up, and its time-outs, are settings of the role. */
const POSTGRES_ROLE = 'waco_queue';

function postgresBackend(url: string): QueueBackend {
  if (new URL(url).username !== POSTGRES_ROLE) {
    throw new Error(`QUEUE_URL must log in as ${POSTGRES_ROLE} when it is postgres://`);
  }
  const pool = new pg.Pool({
    connectionString: url,
    max: 12,
    keepAlive: true,
    application_name: 'waco-queue',
  });
  pool.on('error', () => undefined); // readiness reports it
  // A session may end in the moment in which the pool hands it over, and neither listens.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const connection = pool as unknown as QueueOptions['connection'];
  return {
    kind: 'postgres',
    queue: (name) =>
      quiet(
        new Queue<WakeUp>(
          name,
          { connection, defaultJobOptions: JOB_OPTIONS } as QueueOptions,
          createPostgresBackend as never,
        ) as WakeQueue,
      ),
    worker: (name, process, concurrency) =>
      quiet(
        new Worker<WakeUp>(
          name,
          process,
          { connection, concurrency, ...WORKER_OPTIONS } as WorkerOptions,
          createPostgresBackend as never,
        ) as Worker<WakeUp>,
      ),
    ping: async () => void (await pool.query('SELECT 1')),
    warnings: async () => [],
    close: () => pool.end(),
  };
}

/** An emitter without an error listener would end the process; connection errors show in readiness and metrics. */
function quiet<T extends { on(event: 'error', listener: (error: Error) => void): unknown }>(emitter: T): T {
  emitter.on('error', () => undefined);
  return emitter;
}
