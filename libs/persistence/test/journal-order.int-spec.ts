import pg from 'pg';
import { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '#testing';
import { Journal } from '../src/journal.js';
import { Tenants } from '../src/tenants.js';

describe('the order of a stream', () => {
  let database: TestDatabase;
  let source: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    source = await new DataSource({ type: 'postgres', url: database.url('waco_conversation') }).initialize();
  });
  afterAll(async () => {
    await source.destroy();
    await database.drop();
  });

  it('is that of arrival among items of one second, also where ids get one digit longer', async () => {
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    for (const id of [9_998, 9_999, 10_000, 10_001]) {
      await owner.query(
        `INSERT INTO journal.items (id, merchant_id, service, queue, stream, name, source, external_id, payload,
           occurred_at, due_at)
         OVERRIDING SYSTEM VALUE
         VALUES ($1::bigint, 'mer_1', 'conversation', 'threads', 'thread/1', 'x', 'whatsapp', ($1::bigint)::text, '{}',
           '2026-11-21T10:00:00Z', '2026-11-21T10:00:00Z')`,
        [id],
      );
    }
    await owner.end();
    const stream = { merchantId: 'mer_1', queue: 'threads', stream: 'thread/1' };
    const tenants = new Tenants(source);
    const pending = await new Journal(source).pending(tenants, stream, new Date('2026-11-21T11:00:00Z'), 16);
    expect(pending.map((item) => item.id)).toEqual(['9998', '9999', '10000', '10001']);
  });
});
