import { createServer, type AddressInfo, type Server } from 'node:net';
import pg from 'pg';
import { CONNECTION } from '../src/connection.js';

const message = (type: string, body: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
};
const authenticated = message('R', Buffer.alloc(4));
const ready = message('Z', Buffer.from('I'));
const fatal = message(
  'E',
  Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'),
);

/** A server that ends each session in the packet that says it is ready. */
let server: Server;
beforeAll(async () => {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.concat([authenticated, ready, fatal])));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterAll(() => new Promise((closed) => server.close(closed)));

it('a session that ends while the pool hands it over fails its query, and not the process', async () => {
  const thrown: unknown[] = [];
  const catchIt = (error: unknown): void => void thrown.push(error);
  process.on('uncaughtException', catchIt);
  const { port } = server.address() as AddressInfo;
  const pool = new pg.Pool({
    ...CONNECTION,
    host: '127.0.0.1',
    port,
    user: 'u',
    database: 'd',
  } as pg.PoolConfig);
  pool.on('error', () => undefined);
  try {
    for (let i = 0; i < 3; i++) {
      // As TypeORM takes it: listening only when the promise is resolved.
      const connected = pool.connect();
      const client = await connected.catch(() => undefined);
      await expect(client ? client.query('SELECT 1') : Promise.reject(new Error('ended'))).rejects.toThrow();
      client?.release();
    }
    expect(thrown).toEqual([]);
    expect(pool.totalCount).toBe(0);
  } finally {
    await pool.end();
    process.off('uncaughtException', catchIt);
  }
});
