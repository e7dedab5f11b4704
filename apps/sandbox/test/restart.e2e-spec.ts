import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '#testing';
import { eventually, expectedSignature, World } from './support/world.js';

/** Connects as the sandbox's own role, which may do nothing but keep tables in its schema. */
async function sandboxUrl(database: TestDatabase): Promise<string> {
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  await owner.query(`ALTER ROLE waco_sandbox LOGIN PASSWORD 'test'`);
  await owner.end();
  const url = new URL(database.ownerUrl);
  url.username = 'waco_sandbox';
  url.password = 'test';
  return url.href;
}

describe('a sandbox with a database', () => {
  let database: TestDatabase;
  let world: World;
  let env: Record<string, string>;

  beforeAll(async () => {
    database = await createTestDatabase();
    env = { DATABASE_URL: await sandboxUrl(database) };
    world = await World.start({}, env);
  });
  afterAll(async () => {
    await world.stop();
    await database.drop();
  });

  it('goes on after a restart: threads are there, and undelivered webhooks are signed and sent again', async () => {
    world.receiver.answer = () => 503;
    const customer = await world.customer({ name: 'عائشة' });
    const reply = await world.text(customer.phone, 'with a \u0000 in it');
    expect(reply.status).toBe(200);
    await world.restart(env);
    world.receiver.answer = () => 200;

    const { messages } = await world.ok('GET', customer.thread);
    expect(messages.map((m: { text: string }) => m.text)).toEqual(['hi', 'with a \ufffd in it']);
    const greeting = await eventually(() => world.receiver.messages().find((m) => m.id === messages[0].id));
    expect(greeting.text.body).toBe('hi');
    await eventually(() =>
      world.receiver.statuses(reply.body.messages[0].id).some((s) => s.status === 'delivered'),
    );
    for (const { raw, signature } of world.receiver.deliveries)
      expect(signature).toBe(expectedSignature(raw));
    expect((await world.text(customer.phone, 'the window is still open')).status).toBe(200);
  });
});
