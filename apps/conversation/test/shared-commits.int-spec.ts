import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NewItem } from '#persistence';
import { createTestDatabase, insertTestMerchant, type TestDatabase } from '#testing';
import { openSmallCatalog, type SmallCatalog } from './support/small-catalog.js';
import { Stand, tap, type ThreadRow } from './support/stand.js';

/** Lines of one person whose items are applied in the same transaction. */
let database: TestDatabase;
let catalog: SmallCatalog;
let stand: Stand;

beforeAll(async () => {
  database = await createTestDatabase();
  catalog = await openSmallCatalog();
  const merchant = await insertTestMerchant(database.ownerUrl);
  stand = await Stand.open({ database, rpcPort: catalog.rpcPort, merchant });
});
afterAll(async () => {
  await stand.close();
  await catalog.close();
  await database.drop();
});

function stranger() {
  const phone = { phone: `9715${Math.floor(Math.random() * 1e8)}` };
  const userId = `AE.${randomUUID()}`;
  return { phone, both: { ...phone, userId, username: userId, name: 'Sheena' } };
}

async function threadOf(number: string): Promise<ThreadRow & { stream: string }> {
  const [thread] = await stand.sql<ThreadRow & { stream: string }>(
    `SELECT t.* FROM conversation.threads t JOIN conversation.aliases a USING (merchant_id, contact_id)
     WHERE a.kind = 'wa_id' AND a.value = $1`,
    [number],
  );
  return thread!;
}

/** Has the items wait for the merchant's transaction that is under way, and so share the next. */
async function inOneTransaction(...items: NewItem[]): Promise<void> {
  const other = stranger().phone;
  await stand.chat(other, 'my orders');
  const letGo = await stand.holdThread((await threadOf(other.phone)).thread_id);
  const busy = stand.message(other, 'my orders');
  await stand.store(busy);
  await stand.wake(busy);
  await sleep(30);
  await stand.store(...items);
  await stand.wake(...items);
  await sleep(200);
  await letGo();
  await stand.settled();
}

it('facts of two orders that come into two lines of one thread are both kept', async () => {
  for (let i = 0; i < 4; i++) {
    const { phone, both } = stranger();
    await stand.chat(phone, 'my orders');
    const first = await threadOf(phone.phone);
    await stand.chat(both, 'my orders');
    const second = await threadOf(phone.phone);
    expect(second.stream).not.toBe(first.stream);
    const shipped = (thread: ThreadRow, ref: string): NewItem =>
      stand.fact(thread, ref, { kind: 'shipped', tracking: { carrier: 'Aramex', trackingCode: ref } });
    await inOneTransaction(shipped(first, 'W1'), shipped(second, 'W2'));
    const { state } = await threadOf(phone.phone);
    expect(state.orders.map(({ ref }) => ref).toSorted()).toEqual(['W1', 'W2']);
  }
}, 60_000);

it('a stranger who comes under two names at once is one contact with one cart', async () => {
  for (let i = 0; i < 4; i++) {
    const { phone, both } = stranger();
    await inOneTransaction(stand.message(phone, tap('add|B')), stand.message(both, tap('add|C')));
    const { state, contact_id } = await threadOf(phone.phone);
    expect(state.cart.map(({ sku }) => sku).toSorted()).toEqual(['B', 'C']);
    const nameless = await stand.sql(
      `SELECT FROM conversation.contacts c WHERE NOT EXISTS (
         SELECT FROM conversation.aliases a WHERE a.contact_id = c.contact_id)`,
    );
    expect([nameless.length, typeof contact_id]).toEqual([0, 'string']);
  }
}, 60_000);
