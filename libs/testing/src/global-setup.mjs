import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../../deploy/local/postgres.mjs';

/**
 * One PostgreSQL, and one Redis where there is one, for a whole test run: those that `DATABASE_URL` (its owner) and
 * `QUEUE_URL` name, or the run's own. Runs once however many projects ask.
 */
export default async function setup() {
  if (globalThis.__wacoServers) return;
  const folder = mkdtempSync(join(tmpdir(), 'waco-test-'));
  chmodSync(folder, 0o755); // the OS user that the server runs as has to pass
  const postgres = process.env.DATABASE_URL ? undefined : await startOwnPostgres(folder);
  process.env.WACO_TEST_DATABASE_URL = postgres?.url('postgres') ?? process.env.DATABASE_URL;
  const given = process.env.QUEUE_URL?.startsWith('redis') ? process.env.QUEUE_URL : undefined;
  if (given) process.env.WACO_TEST_REDIS_URL = given;
  const redis = given ? undefined : await startRedis(folder);
  globalThis.__wacoServers = { folder, postgres, redis };
}

async function startOwnPostgres(folder) {
  return startPostgres({
    folder: join(folder, 'postgres'),
    port: await freePort(),
    password: 'test',
    logFile: join(folder, 'postgres.log'),
    maxConnections: 400,
    // Tests do not survive a power cut, and need not.
    flags: ['-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'full_page_writes=off'],
  });
}

async function startRedis(folder) {
  const binary = process.env.WACO_TEST_REDIS ?? '/usr/bin/redis-server';
  if (!existsSync(binary)) return undefined;
  const port = await freePort();
  const args = [
    '--port',
    port,
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'yes',
    '--maxmemory-policy',
    'noeviction',
  ];
  const child = spawn(binary, args.map(String), { stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise((ready, fail) => {
    child.once('exit', (code) => fail(new Error(`redis-server ended with ${code}`)));
    child.stdout.on('data', (line) => String(line).includes('Ready to accept') && ready(undefined));
  });
  process.env.WACO_TEST_REDIS_URL = `redis://127.0.0.1:${port}`;
  return child;
}

function freePort() {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address());
      probe.close(() => done(port));
    });
  });
}
