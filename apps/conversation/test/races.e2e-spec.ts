import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createTestDatabase, insertTestMerchant, until, type TestDatabase } from '#testing';
import { openSmallCatalog, type SmallCatalog } from './support/small-catalog.js';
import { Stand, tap } from './support/stand.js';

const MAIN = join(process.cwd(), 'dist', 'apps', 'conversation', 'main.js');
const ANYONE = { userId: 'AE.1349', name: 'Sheena' };

let database: TestDatabase;
let catalog: SmallCatalog;
beforeAll(async () => {
  database = await createTestDatabase();
  catalog = await openSmallCatalog();
});
afterAll(async () => {
  await catalog.close();
  await database.drop();
});

/** The service as a process of its own, as it is built. */
function startProcess(): ChildProcess {
  return spawn(process.execPath, [MAIN], {
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      PORT: '0',
      DATABASE_URL: database.url('waco_conversation'),
      QUEUE_URL: database.queueUrl,
      CATALOG_RPC_PORT: String(catalog.rpcPort),
    },
  });
}

it('a process that is killed while it asks has stored nothing; another one gives the reply, once', async () => {
  const merchant = await insertTestMerchant(database.ownerUrl);
  const open = (): Promise<Stand> => Stand.open({ database, rpcPort: catalog.rpcPort, merchant });
  const writer = await open();
  const [first, second] = [writer.message(ANYONE, tap('add|A')), writer.message(ANYONE, tap('add|B'))];
  await writer.store(first, second);
  await writer.close(); // nobody is there but the process that is going to die

  const barrier = catalog.hold();
  const child = startProcess();
  const ended = once(child, 'exit');
  await barrier.reached(1);
  child.kill('SIGKILL');
  await ended;
  barrier.release();

  const other = await open();
  try {
    expect([await other.threads(), await other.contacts(), await other.sends()]).toEqual([[], [], []]);
    await other.settled();
    const said = async (): Promise<(string | undefined)[]> =>
      (await other.sends()).map((s) => s.content.body);
    const both = [expect.stringContaining('× A'), expect.stringMatching(/× A[^]*× B/)];
    expect(await said()).toEqual(both);
    // Its job is found stalled by then, and whatever comes of that is known.
    await until('its job is gone', async () => {
      const [row] = await other.sql<{ jobs: number }>(
        `SELECT count(*)::int AS jobs FROM bullmq.job WHERE queue LIKE 'threads%'`,
      );
      return row!.jobs === 0;
    });
    expect(await said()).toEqual(both);
    expect((await other.threads())[0]!.state.cart.map((l) => l.sku)).toEqual(['A', 'B']);
    const attempts = `SELECT DISTINCT attempts FROM journal.items WHERE service = 'conversation'`;
    expect(await other.sql(attempts)).toEqual([{ attempts: 0 }]);
  } finally {
    await other.close();
  }
}, 60_000);
