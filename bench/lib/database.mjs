import { join } from 'node:path';
import pg from 'pg';
import { startPostgres } from '../../deploy/local/postgres.mjs';

/**
 * A durable PostgreSQL with an empty database `waco`, which can be made to crash.
 * @returns {Promise<{ url: string, crash(): Promise<void>, start(): Promise<void>, stop(): Promise<void> }>} `url` is
 *   the owner's; `crash` is an immediate shutdown: no goodbye to anybody, and a recovery at the next `start`.
 */
export async function startDatabase({ folder, port }) {
  const database = { url: undefined, crash, start, stop };
  let server;

  async function start() {
    server = await startPostgres({
      folder: join(folder, 'postgres'),
      port,
      password: 'bench',
      logFile: join(folder, 'postgres.log'),
      flags: ['-c', 'jit=off'],
    });
  }

  async function crash() {
    process.kill(server.pid, 'SIGQUIT');
    await server.exited;
  }

  async function stop() {
    await server.stop();
  }

  await start();
  await ask(server.url('postgres'), 'CREATE DATABASE waco');
  database.url = server.url('waco');
  return database;
}

/** One statement over a connection of its own, which outlives no fault. */
export async function ask(url, sql, parameters) {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql, parameters)).rows;
  } finally {
    await client.end();
  }
}

/** Connections that do nothing, as a leaking client leaves them. @returns what closes them. */
export async function idleConnections(url, count) {
  const clients = [];
  for (let i = 0; i < count; i++) {
    const client = new pg.Client({ connectionString: url, application_name: 'bench-idle' });
    client.on('error', () => undefined);
    const taken = await client.connect().then(
      () => true,
      () => false,
    );
    if (taken) clients.push(client);
  }
  return { count: clients.length, close: () => Promise.allSettled(clients.map((c) => c.end())) };
}
