import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderFact } from '#core/checkout';
import { keyOf, step, type Answer, type ThreadEvent, type ThreadState } from '#core/conversation';
import type { OutboundContent, PersonNames } from '#core/messaging';
import { Directory } from '#persistence';
import {
  createTestDatabase,
  insertTestMerchant,
  until,
  type TestDatabase,
  type TestMerchant,
} from '#testing';
import { wordsOf } from '../../../libs/core/conversation/testing/thread-script.js';
import { contextOf } from '../src/step-context.js';
import { openSmallCatalog, type SmallCatalog } from './support/small-catalog.js';
import { Stand, tap, type ThreadRow } from './support/stand.js';

/** Two processes of the service on one database and one queue; what they race for is held at the catalog's answer. */

const PHONE = { phone: '971501234567' };
const USER = { userId: 'AE.1349', username: 'sheena', name: 'Sheena' };
const BOTH = { ...PHONE, ...USER };
const SHIPPED: OrderFact = { kind: 'shipped', tracking: { carrier: 'Aramex', trackingCode: 'AX1' } };

let database: TestDatabase;
let catalog: SmallCatalog;
let merchant: TestMerchant;
let one: Stand;
let other: Stand;

beforeAll(async () => {
  database = await createTestDatabase();
  catalog = await openSmallCatalog();
  merchant = await insertTestMerchant(database.ownerUrl);
  [one, other] = [await openStand(), await openStand()];
});
beforeEach(() => {
  catalog.asked.length = 0;
});
afterAll(async () => {
  await Promise.all([one.close(), other.close()]);
  await catalog.close();
  await database.drop();
});

const openStand = (): Promise<Stand> => Stand.open({ database, rpcPort: catalog.rpcPort, merchant });
/** The same people, whom nobody knows yet. */
function strangers(): { phone: PersonNames; user: PersonNames; both: PersonNames } {
  const [number, userId] = [`9715${Math.floor(Math.random() * 1e8)}`, `AE.${randomUUID()}`];
  const [phone, user] = [
    { ...PHONE, phone: number },
    { ...USER, userId, username: userId },
  ];
  return { phone, user, both: { ...BOTH, ...phone, ...user } };
}
async function threadOf(chat: () => Promise<unknown>): Promise<ThreadRow> {
  const before = new Set((await one.threads()).map((t) => t.thread_id));
  await chat();
  return (await one.threads()).find((t) => !before.has(t.thread_id))!;
}
const now = async ({ thread_id: id }: ThreadRow): Promise<ThreadRow> =>
  (await one.threads()).find((t) => t.thread_id === id)!;
const said = async (from: number): Promise<OutboundContent[]> =>
  (await one.sends()).slice(from).map((s) => s.content);
const said0 = async (): Promise<number> => (await one.sends()).length;

/** Nothing is left to do, and nobody is at it any more: what was done twice would be there. */
async function settled(): Promise<void> {
  await one.settled();
  await until('no transaction is under way', async () => {
    const [row] = await one.sql<{ busy: number }>(
      `SELECT count(*)::int AS busy FROM pg_stat_activity
       WHERE state <> 'idle' AND application_name = 'waco-conversation' AND datname = current_database()`,
    );
    return row!.busy === 0;
  });
}

it('two processes that prepare the head of a stream at once: one write and one reply of each message, in order', async () => {
  const { both } = strangers();
  const thread = await threadOf(() => one.chat(both, tap('add|A')));
  const [before, version, counted] = [
    await said0(),
    await one.versionOf(thread.thread_id),
    await one.counted(),
  ];
  const barrier = catalog.hold();
  // What is asked for them does not depend on the thread: nothing but the guards keeps them from being answered twice.
  const items = ['prod|B', 'prod|C', 'prod|D'].map((id) => one.message(both, tap(id)));
  await one.store(...items);
  await Promise.all([one.wake(items[0]!), other.wake(items[0]!)]);
  await barrier.reached(2);
  expect(await said(before)).toEqual([]);
  // Nobody is done before the other has tried.
  const letGo = await one.holdThread(thread.thread_id);
  barrier.release();
  await one.lockedOut(1);
  await sleep(100);
  await letGo();
  await settled();
  expect((await said(before)).map((c) => wordsOf([c]))).toEqual(
    ['B', 'C', 'D'].map((sku) => expect.stringContaining(`*${sku}*`)),
  );
  expect(await one.versionOf(thread.thread_id)).toBe(version + 3);
  expect(await one.counted()).toBe(counted);
});

describe('while the catalog is asked', () => {
  it('a fact of an order is told and kept, and an answer that still fits is used', async () => {
    const { phone, both } = strangers();
    const thread = await threadOf(() => one.chat(phone, tap('add|A')));
    await one.chat(both, 'my orders'); // the customer writes in another line than the order’s facts come in
    const before = await said0();
    catalog.asked.length = 0;
    const barrier = catalog.hold();
    const message = one.message(both, tap('add|B'));
    await one.store(message);
    await one.wake(message);
    await barrier.reached(1);
    const fact = other.fact(thread, 'W1', SHIPPED);
    await other.store(fact);
    await other.wake(fact);
    await until('the fact is told', async () => (await said(before)).length === 1);
    barrier.release();
    await settled();
    expect((await said(before)).map((c) => c.body)).toEqual([
      expect.stringContaining('AX1'),
      expect.stringContaining('× B'),
    ]);
    const { state } = await now(thread);
    expect(state.orders).toMatchObject([{ ref: 'W1', status: 'shipped' }]);
    expect(state.cart.map((l) => l.sku)).toEqual(['A', 'B']);
    expect(catalog.asked).toHaveLength(1);
  });

  it('a fact that empties the cart makes the answer that of another question, which is not used', async () => {
    const { phone, both } = strangers();
    const thread = await threadOf(() => one.chat(phone, tap('add|A'), tap('checkout')));
    await one.chat(both, 'my orders');
    const { order } = (await now(thread)).state;
    const before = await said0();
    catalog.asked.length = 0;
    const barrier = catalog.hold();
    const message = one.message(both, tap('add|B'));
    await one.store(message);
    await one.wake(message);
    await barrier.reached(1);
    const { quote, ref } = order!;
    const fact = other.fact(thread, ref, {
      kind: 'paid',
      number: 'DD-1',
      quote,
      total: quote.total,
      paidAt: new Date().toISOString(),
    });
    await other.store(fact);
    await other.wake(fact);
    await until('the receipt', async () => (await said(before)).length === 1);
    barrier.release();
    await settled();
    const [receipt, cart, ...more] = await said(before);
    expect(more).toEqual([]);
    expect(receipt!.body).toContain('DD-1');
    expect(cart!.body).toContain('× B');
    expect(cart!.body).not.toContain('× A');
    expect(catalog.asked.map((q) => q.kind === 'quote' && q.lines.map((l) => l.sku))).toEqual([
      ['A', 'B'],
      ['B'],
    ]);
    expect((await now(thread)).state).toMatchObject({
      cart: [{ sku: 'B' }],
      order: null,
      orders: [{ ref, status: 'paid' }],
    });
  });

  it('a merge of two contacts leaves the older thread, which answers once', async () => {
    const { phone, user } = strangers();
    const older = await threadOf(() => one.chat(phone, tap('add|A')));
    const younger = await threadOf(() => one.chat(user, tap('add|X')));
    const [before, counted] = [await said0(), await one.counted()];
    const barrier = catalog.hold();
    const message = one.message(user, tap('cart'));
    await one.store(message);
    await one.wake(message);
    await barrier.reached(1);
    const link = other.identity(phone, { ...phone, userId: user.userId });
    await other.store(link);
    await other.wake(link);
    await until('the merge', async () => (await now(younger)) === undefined);
    barrier.release();
    await settled();
    const replies = (await one.sends()).slice(before);
    expect(replies.map((s) => s.threadId)).toEqual([older.thread_id]);
    const { state, former_ids: formerIds } = await now(older);
    expect(formerIds).toEqual([younger.thread_id]);
    for (const { sku } of state.cart) expect(replies[0]!.content.body).toContain(`× ${sku}`);
    expect(state.cart.length).toBeGreaterThan(0);
    expect(await one.counted()).toBe(counted);
  });
});

it('a price that was good until its turn came, and no longer, is asked again: what is said is true', async () => {
  const [waits, asks] = [strangers().both, strangers().both];
  const held = await threadOf(() => one.chat(waits, 'agent'));
  await one.chat(asks, 'my orders');
  const before = await said0();
  catalog.asked.length = 0;
  const letGo = await one.holdThread(held.thread_id);
  try {
    catalog.validForMs = 100;
    // The first keeps its merchant's next transaction waiting for a quarter of a second.
    const [first, second] = [one.message(waits, 'bot'), one.message(asks, tap('prod|E'))];
    await one.store(first);
    await one.wake(first);
    await one.lockedOut(1);
    await one.store(second);
    await one.wake(second);
    await until('it is asked', () => catalog.asked.some((q) => q.kind === 'quote'));
    catalog.shop.change('E', { price: 222 });
    catalog.validForMs = 300_000;
    const reply = await until('the reply', async () =>
      (await said(before)).find((c) => wordsOf([c]).includes('E')),
    );
    expect(wordsOf([reply])).toContain('2.22');
    expect(wordsOf([reply])).not.toContain('1.00');
    expect(catalog.asked.filter((q) => q.kind === 'quote').length).toBeGreaterThan(1);
  } finally {
    catalog.validForMs = 300_000;
    catalog.shop.change('E', { price: 100 });
    await letGo();
    await settled();
  }
});

it('a catalog that is away for two seconds: silence, then the replies, in order', async () => {
  const { both } = strangers();
  await one.chat(both, 'my orders');
  const [before, counted] = [await said0(), await one.counted()];
  await catalog.close();
  const items = [tap('add|A'), tap('add|B'), 'my orders'].map((content) => one.message(both, content));
  await one.store(...items);
  await Promise.all([one.wake(...items), other.wake(...items)]);
  await sleep(2_000);
  expect(await said(before)).toEqual([]);
  catalog = await openSmallCatalog(catalog.rpcPort);
  await settled();
  expect((await said(before)).map((c) => c.body)).toEqual([
    expect.stringContaining('× A'),
    expect.stringMatching(/× A[^]*× B/),
    expect.stringContaining('I have no order of yours yet'),
  ]);
  expect(await one.counted()).toBe(counted);
});

describe('messages of a customer and facts of an order, over two processes and two lines', () => {
  const quote = () => catalog.shop.quote([{ sku: 'A', quantity: 1 }]);
  const payBefore = '2026-11-21T12:00:00.000Z';
  const tracking = { carrier: 'Aramex', trackingCode: 'AX1' };
  const FACTS: Record<string, () => OrderFact> = {
    ready: () => ({ kind: 'ready_to_pay', quote: quote(), url: 'https://pay.test/c/1', payBefore }),
    paid: () => ({ kind: 'paid', number: 'DD-1', quote: quote(), total: quote().total, paidAt: payBefore }),
    expired: () => ({ kind: 'expired' }),
    shipped: () => ({ kind: 'shipped', tracking }),
    delivered: () => ({ kind: 'delivered', tracking, deliveredAt: payBefore }),
  };
  const event = <T>(values: readonly T[]) =>
    fc.record({
      what: fc.constantFrom(...values),
      afterMs: fc.integer({ min: 0, max: 25 }),
      stores: fc.boolean(),
      wakes: fc.constantFrom('one', 'other', 'both'),
    });

  /** Every way to put two rows into one. */
  function* mixes<T>(a: readonly T[], b: readonly T[]): Generator<T[]> {
    if (a.length === 0 || b.length === 0) return void (yield [...a, ...b]);
    for (const rest of mixes(a.slice(1), b)) yield [a[0]!, ...rest];
    for (const rest of mixes(a, b.slice(1))) yield [b[0]!, ...rest];
  }

  const shape = ({ phase, cart, order, orders, shown }: ThreadState, words: string[]): object => ({
    phase,
    cart,
    order: order?.ref,
    shown: shown?.lines.map((l) => [l.sku, l.quantity]),
    orders: orders.map(({ ref, status, number }) => [ref, status, number]),
    words,
  });

  async function played(from: ThreadState, events: readonly ThreadEvent[]): Promise<object> {
    const directory = one.app.get(Directory, { strict: false });
    const context = contextOf((await directory.merchant(merchant.merchantId))!, new Date());
    const words: string[] = [];
    let state = from;
    for (const e of events) {
      const answers = new Map<string, Answer>();
      let outcome = step(state, e, context, answers);
      while ('needs' in outcome) {
        answers.set(keyOf(outcome.needs), catalog.shop.answer(outcome.needs));
        outcome = step(state, e, context, answers);
      }
      state = outcome.state;
      words.push(
        ...outcome.effects.flatMap((effect) => (effect.kind === 'say' ? [wordsOf([effect.content])] : [])),
      );
    }
    return shape(state, words);
  }

  it('end as in some order of one after the other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event(['add|A', 'add|B', 'cart', 'cancel', 'track'] as const), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.array(event(Object.keys(FACTS)), { minLength: 1, maxLength: 3 }),
        async (messages, facts) => {
          const { phone, both } = strangers();
          const thread = await threadOf(() => one.chat(phone, tap('add|A'), tap('checkout')));
          await one.chat(both, 'my orders');
          const from = (await now(thread)).state;
          const before = await said0();
          const { ref } = from.order!;
          const run = async (
            events: readonly { afterMs: number; stores: boolean; wakes: string }[],
            toItem: (i: number) => ReturnType<Stand['message']>,
          ): Promise<void> => {
            for (const [i, { afterMs, stores, wakes }] of events.entries()) {
              await sleep(afterMs);
              const item = toItem(i);
              await (stores ? one : other).store(item);
              const who = wakes === 'both' ? [one, other] : [wakes === 'one' ? one : other];
              await Promise.all(who.map((stand) => stand.wake(item)));
            }
          };
          await Promise.all([
            run(messages, (i) => one.message(both, tap(messages[i]!.what))),
            run(facts, (i) => one.fact(thread, ref, FACTS[facts[i]!.what]!())),
          ]);
          await settled();
          const ended = shape(
            (await now(thread)).state,
            (await said(before)).map((c) => wordsOf([c])),
          );
          const inbound = messages.map(({ what }): ThreadEvent => ({ kind: 'inbound', content: tap(what) }));
          const noted = facts.map(({ what }): ThreadEvent => ({
            kind: 'order_fact',
            orderRef: ref,
            fact: FACTS[what]!(),
          }));
          const serial: object[] = [];
          for (const events of mixes(inbound, noted)) serial.push(await played(from, events));
          expect(serial).toContainEqual(ended);
        },
      ),
      { numRuns: 15 },
    );
  }, 120_000);
});
