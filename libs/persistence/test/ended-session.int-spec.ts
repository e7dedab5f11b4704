import pg from 'pg';
import { startEndingSessions, uncaughtBy, type EndingSessions } from '#testing';
import { CONNECTION } from '../src/connection.js';

let server: EndingSessions;
beforeAll(async () => {
  server = await startEndingSessions();
});
afterAll(() => server.close());

it('a session that ends while the pool hands it over fails its query, and not the process', async () => {
  const config = { ...CONNECTION, host: '127.0.0.1', port: server.port, user: 'u', database: 'd' };
  const pool = new pg.Pool(config as pg.PoolConfig);
  pool.on('error', () => undefined);
  const uncaught = await uncaughtBy(async () => {
    for (let i = 0; i < 3; i++) {
      // TypeORM listens to the client when the promise is resolved.
      const client = await pool.connect();
      await expect(client.query('SELECT 1')).rejects.toThrow();
      client.release();
    }
  });
  expect(uncaught).toEqual([]);
  expect([server.count(), pool.totalCount]).toEqual([3, 0]);
  await pool.end();
});
