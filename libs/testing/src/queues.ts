import type { TestDatabase } from './database.js';

/** The queue servers of this run: PostgreSQL always, Redis where `redis-server` is installed (CI installs it). */
export function testQueueUrls(database: TestDatabase) {
  const redis = process.env.WACO_TEST_REDIS_URL;
  return {
    postgres: database.queueUrl,
    ...(redis ? { redis } : {}),
  };
}

/** The backends that a test file can be run on, known before any database exists. */
export const TEST_BACKENDS: ('postgres' | 'redis')[] = process.env.WACO_TEST_REDIS_URL
  ? ['postgres', 'redis']
  : ['postgres'];
