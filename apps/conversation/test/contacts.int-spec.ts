import type { EntityManager } from 'typeorm';
import type { OrderFact } from '#core/checkout';
import { personOf, type PersonNames } from '#core/messaging';
import { lockNames, Tenants } from '#persistence';
import { createTestDatabase, insertTestMerchant, TEST_BACKENDS, type TestDatabase } from '#testing';
import { resolveContact } from '../src/contacts.js';
import { openSmallCatalog } from './support/small-catalog.js';
import { namesOf, Stand, tap } from './support/stand.js';

const PHONE = { phone: '971501234567' };
const USER = { userId: 'AE.1349', username: 'sheena', name: 'Sheena' };
const BOTH = { ...PHONE, ...USER };
const SHIPPED: OrderFact = { kind: 'shipped', tracking: { carrier: 'Aramex', trackingCode: 'AX1' } };

let database: TestDatabase;
let stand: Stand;
let catalog: Awaited<ReturnType<typeof openSmallCatalog>>;

beforeAll(async () => {
  database = await createTestDatabase();
  catalog = await openSmallCatalog();
});
beforeEach(async () => {
  stand = await Stand.open({ database, rpcPort: catalog.rpcPort });
});
afterEach(() => stand.close());
afterAll(async () => {
  await catalog.close();
  await database.drop();
});

const skus = async (): Promise<string[][]> =>
  (await stand.threads()).map((t) => t.state.cart.map((l) => l.sku));
const lastPerson = async () => namesOf((await stand.sends()).at(-1)!.person);

it('a person without a phone number is answered under the user id', async () => {
  await stand.chat(USER, 'agent');
  expect(await lastPerson()).toEqual(USER);
  expect(await stand.contacts()).toHaveLength(1);
});

it('phone only, then both names, then the user id only: one contact, one thread, one cart', async () => {
  await stand.chat(PHONE, tap('add|A'));
  await stand.chat(BOTH, tap('add|B'));
  await stand.chat(USER, tap('add|C'));
  expect(await stand.contacts()).toHaveLength(1);
  expect(await skus()).toEqual([['A', 'B', 'C']]);
  expect(await lastPerson()).toEqual(BOTH);
});

describe('a number that WhatsApp gives in two forms', () => {
  it.each([
    ['Brazil', '551176543210', '5511976543210'],
    ['Mexico', '5215587654321', '525587654321'],
    ['Argentina', '5491187654322', '541187654322'],
    ['Ivory Coast', '22508123456', '2250708123456'],
  ])('is one contact with one cart: %s', async (_, first, second) => {
    await stand.chat({ phone: first }, tap('add|A'));
    await stand.chat({ phone: second }, tap('add|B'));
    expect(await stand.contacts()).toHaveLength(1);
    expect(await skus()).toEqual([['A', 'B']]);
    expect(await lastPerson()).toEqual({ phone: second });
    await stand.chat({ phone: first }, 'cart');
    expect(await stand.contacts()).toHaveLength(1);
    expect(await lastPerson()).toEqual({ phone: first });
  });

  it('is one contact when both come at once, and when two have been made of it before', async () => {
    const [short, long] = ['558588887777', '5585988887777'];
    await stand.give(
      stand.message({ phone: short }, tap('add|A')),
      stand.message({ phone: long }, tap('add|B')),
    );
    expect(await stand.contacts()).toHaveLength(1);
    await stand.sql(`UPDATE conversation.aliases SET value = '5585999990000' WHERE value = $1`, [long]);
    await stand.chat({ phone: '5585966665555' }, tap('add|C'));
    await stand.sql(
      `UPDATE conversation.aliases SET value = $1, seen_at = now() - interval '2 hours' WHERE value = '5585966665555'`,
      [long],
    );
    expect(await stand.contacts()).toHaveLength(2);
    await stand.chat({ phone: long }, 'cart');
    expect(await stand.contacts()).toHaveLength(1);
    expect(await skus()).toHaveLength(1);
  });

  it('has one lock for all of them', async () => {
    const { merchantId, channelAccountId } = stand.merchant;
    const name = `${merchantId}/${channelAccountId}/wa_id/5511976543210`;
    const message = stand.message({ phone: '551176543210' }, 'cart');
    await stand.store(message);
    await stand.app.get(Tenants, { strict: false }).transaction(merchantId, async (tx) => {
      await tx.query(...lockNames('contact', [name]));
      await stand.wake(message);
      await stand.lockedOut(1);
    });
    await stand.settled();
    expect(await stand.contacts()).toHaveLength(1);
  });

  it('with a user id of its own each is somebody else', async () => {
    await stand.chat({ phone: '551176543210', userId: 'BR.1' }, tap('add|A'));
    await stand.chat({ phone: '5511976543210', userId: 'BR.2' }, tap('add|B'));
    expect(await stand.contacts()).toHaveLength(2);
    const numbers = await stand.sql(
      `SELECT n.value AS number, u.value AS "userId" FROM conversation.aliases n JOIN conversation.aliases u USING (contact_id)
       WHERE n.merchant_id = $1 AND n.kind = 'wa_id' AND u.kind = 'user_id'`,
      [stand.merchant.merchantId],
    );
    expect(numbers).toEqual([{ number: '5511976543210', userId: 'BR.2' }]);
    // Who has the number now is known by each of its forms.
    for (const phone of ['5511976543210', '551176543210'])
      await stand.chat({ phone, name: `New ${phone}` }, 'cart');
    expect(await stand.contacts()).toHaveLength(2);
    expect(await skus()).toEqual([['A'], ['B']]);
  });

  it('is not where two people meet who each had a form of it before that was seen to', async () => {
    await stand.chat({ phone: '971501111111', userId: 'BR.1' }, tap('add|A'));
    await stand.chat({ phone: '971502222222', userId: 'BR.2' }, tap('add|B'));
    await stand.sql(
      `UPDATE conversation.aliases SET value = CASE value WHEN '971501111111' THEN '551176543210' ELSE '5511976543210' END
       WHERE kind = 'wa_id' AND value IN ('971501111111', '971502222222')`,
    );
    await stand.chat({ phone: '5511976543210', name: 'Bia' }, tap('add|C'));
    expect(await stand.contacts()).toHaveLength(2);
    expect(await skus()).toEqual([['A'], ['B', 'C']]);
  });
});

it('a username that passed on brings no cart along', async () => {
  await stand.chat(USER, tap('add|A'));
  await stand.chat({ ...USER, userId: 'AE.2' }, tap('add|B'));
  await stand.chat(USER, tap('add|C'));
  expect(await stand.contacts()).toHaveLength(2);
  expect(await skus()).toEqual([['A', 'C'], ['B']]);
});

it('who has changed a username is familiar all the same: nothing is written down for each message', async () => {
  const renamed = { ...USER, username: 'sheena_now' };
  await stand.chat(USER, 'cart');
  await stand.chat(renamed, 'cart');
  const seen = async () =>
    stand.sql(`SELECT kind, value, seen_at FROM conversation.aliases ORDER BY kind, value`);
  const before = await seen();
  await stand.chat(renamed, 'cart');
  expect(await seen()).toEqual(before);
  expect(await lastPerson()).toEqual(renamed);
  await stand.chat(USER, 'cart');
  expect(await lastPerson()).toEqual(USER);
});

it('who writes while two contacts become one is found under the one that stays', async () => {
  await stand.chat(PHONE, 'cart');
  await stand.chat(USER, 'cart');
  const { merchantId, channelAccountId } = stand.merchant;
  const tenants = stand.app.get(Tenants, { strict: false });
  const contactOf = (tx: EntityManager, person: PersonNames): Promise<string> =>
    resolveContact(
      { tx, now: new Date(), emit: () => undefined },
      { merchantId, channelAccountId },
      personOf(person),
    );
  const [kept, meanwhile] = await tenants.transaction(merchantId, async (tx) => {
    const contactId = await contactOf(tx, BOTH);
    const other = tenants.transaction(merchantId, (tx2) => contactOf(tx2, USER));
    await new Promise((resume) => setTimeout(resume, 150));
    return [contactId, { other }] as const;
  });
  expect(await meanwhile.other).toBe(kept);
  expect(await stand.contacts()).toEqual([kept]);
});

it('answers come into the line in which the customer writes now', async () => {
  await stand.chat(PHONE, tap('add|A'));
  await stand.chat(USER, tap('add|X'));
  const [, user] = await stand.threads();
  expect(user!.stream).toContain(USER.userId);
  // Both lines at once, each waiting for answers of the other.
  const items = [PHONE, BOTH, PHONE, BOTH].map((p, i) => stand.message(p, tap(`add|B${i}`)));
  await stand.give(...items);
  expect(await stand.threads()).toHaveLength(1);
  expect((await skus())[0]!.filter((s) => s.startsWith('B')).toSorted()).toEqual(['B0', 'B1', 'B2', 'B3']);
});

it('two contacts found to be one: the older thread has the orders of both, facts reach it under both ids', async () => {
  await stand.chat(PHONE, 'agent', 'bot');
  await stand.chat(USER, tap('add|A'));
  const [phone, user] = await stand.threads();
  await stand.give(stand.fact(phone!, 'W1', SHIPPED), stand.fact(user!, 'W2', SHIPPED));
  expect(await stand.contacts()).toHaveLength(2);

  await stand.chat(BOTH, tap('cart'));
  const [merged, ...others] = await stand.threads();
  expect(others).toEqual([]);
  expect(await stand.contacts()).toEqual([merged!.contact_id]);
  expect(merged).toMatchObject({ thread_id: phone!.thread_id, former_ids: [user!.thread_id] });
  expect(merged!.state.orders.map((o) => o.ref).toSorted()).toEqual(['W1', 'W2']);
  expect(await skus()).toEqual([['A']]);

  const delivered = { ...SHIPPED, kind: 'delivered', deliveredAt: new Date().toISOString() } as OrderFact;
  await stand.give(stand.fact(user!, 'W2', delivered), stand.fact(phone!, 'W1', delivered));
  const sends = (await stand.sends()).slice(-2);
  expect(sends.map((s) => [s.threadId, s.contactId, s.orderRef]).toSorted()).toEqual([
    [merged!.thread_id, merged!.contact_id, 'W1'],
    [merged!.thread_id, merged!.contact_id, 'W2'],
  ]);
  expect((await stand.threads())[0]!.state.orders.map((o) => o.status)).toEqual(['delivered', 'delivered']);
});

it('a fact that waits for a thread being merged away arrives in the one that stays', async () => {
  await stand.chat(PHONE, 'agent', 'bot');
  await stand.chat(USER, 'agent', 'bot');
  const [phone, user] = await stand.threads();
  const before = (await stand.sends()).length;
  await Promise.all([
    stand.give(...Array.from({ length: 6 }, (_, i) => stand.fact(user!, `W${i}`, SHIPPED))),
    stand.give(stand.message(BOTH, 'my orders')),
    stand.give(...Array.from({ length: 6 }, (_, i) => stand.fact({ ...user!, stream: phone!.stream }, `V${i}`, SHIPPED))),
  ]); // prettier-ignore
  await stand.settled();
  expect((await stand.sends()).length - before).toBe(13);
  const [merged] = await stand.threads();
  expect(merged!.state.orders).toHaveLength(10); // as many as are kept
});

it('a merged thread that is merged again still has all its ids', async () => {
  await stand.chat({ userId: 'AE.9' }, 'agent');
  await stand.chat(PHONE, 'agent');
  await stand.chat({ parentUserId: 'P.1', userId: 'AE.1' }, 'agent');
  const [first, second, third] = await stand.threads();
  await stand.chat({ ...PHONE, userId: 'AE.1' }, 'bot');
  await stand.give(stand.identity({ userId: 'AE.1' }, { userId: 'AE.9', phone: '971509999999' }));
  const [merged, ...others] = await stand.threads();
  expect(others).toEqual([]);
  expect(merged!.thread_id).toBe(first!.thread_id);
  expect(merged!.former_ids.toSorted()).toEqual([second!.thread_id, third!.thread_id].toSorted());
});

it('a new number: cart and orders follow, answers go to the new number, the old one is anybody’s', async () => {
  await stand.chat(BOTH, tap('add|A'));
  const [thread] = await stand.threads();
  await stand.give(stand.fact(thread!, 'W1', SHIPPED));
  const current = { phone: '971507777777', userId: 'AE.2000' };
  await stand.give(stand.identity({ ...PHONE, userId: USER.userId }, current));
  await stand.give(stand.fact(thread!, 'W2', SHIPPED));
  expect(await lastPerson()).toMatchObject(current);

  await stand.chat(current, tap('add|B'));
  expect(await skus()).toEqual([['A', 'B']]);
  await stand.chat({ ...PHONE, userId: 'AE.STRANGER' }, 'my orders');
  expect(await stand.contacts()).toHaveLength(2);
  expect((await stand.sends()).at(-1)!.content.body).toContain('I have no order of yours yet');
  expect(await lastPerson()).toEqual({ ...PHONE, userId: 'AE.STRANGER' });
});

it('a message under the new names before the news of them: one contact in the end', async () => {
  await stand.chat(BOTH, tap('add|A'));
  const current = { phone: '971507777777', userId: 'AE.2000' };
  await stand.chat(current, 'my orders');
  expect(await stand.contacts()).toHaveLength(2);
  await stand.give(stand.identity({ ...PHONE, userId: USER.userId }, current));
  expect(await stand.contacts()).toHaveLength(1);
  await stand.chat(current, tap('add|B'));
  expect(await skus()).toEqual([['A', 'B']]);
});

it('a number that changed hands without a word does not hand over the orders', async () => {
  await stand.chat(BOTH, 'my orders');
  const [thread] = await stand.threads();
  await stand.give(stand.fact(thread!, 'W1', SHIPPED));
  await stand.chat({ ...PHONE, userId: 'AE.STRANGER' }, 'my orders');
  expect((await stand.sends()).at(-1)!.content.body).toContain('I have no order of yours yet');
  expect(await stand.contacts()).toHaveLength(2);
});

it('another merchant’s thread is not found', async () => {
  await stand.chat(BOTH, tap('add|A'));
  const [theirs] = await stand.threads();
  const other = await Stand.open({ database, rpcPort: catalog.rpcPort, merchant: await insertTestMerchant(database.ownerUrl) });
  try {
    const fact = other.fact(theirs!, 'W1', SHIPPED);
    await other.give(fact);
    expect(await other.sql(`SELECT outcome, reason FROM journal.items WHERE external_id = $1`, [fact.externalId])).toEqual([
      { outcome: 'skipped', reason: 'the thread is gone' },
    ]);
    await other.chat(BOTH, 'my orders');
    expect(await other.contacts()).not.toEqual(await stand.contacts());
    expect(await other.sends()).toHaveLength(1);
    expect(await stand.threads()).toEqual([theirs]);
  } finally {
    await other.close();
  }
}); // prettier-ignore

it('what another agent talks about is noted and not answered; a tap on ours is', async () => {
  await stand.give(stand.message(USER, 'black hoodie', { standby: true }));
  expect(await stand.sends()).toEqual([]);
  const noted = await stand.sql(`SELECT 1 FROM journal.items WHERE name = 'outbound.note-inbound.v1' AND merchant_id = $1`, [stand.merchant.merchantId]);
  expect(noted).toHaveLength(1);
  await stand.give(stand.message(USER, tap('track'), { standby: true }));
  expect(await stand.sends()).toHaveLength(1);
}); // prettier-ignore

describe.each(TEST_BACKENDS)('five first messages at once, on %s', (backend) => {
  let busy: Stand;
  beforeEach(async () => {
    busy = await Stand.open({
      database,
      backend,
      rpcPort: catalog.rpcPort,
      merchant: await insertTestMerchant(database.ownerUrl),
    });
  });
  afterEach(() => busy.close());
  const taps = ['A', 'B', 'C', 'D', 'E'].map((sku) => tap(`add|${sku}`));

  it('of one name: one contact, one thread, applied in order', async () => {
    const items = taps.map((t) => busy.message(BOTH, t));
    await Promise.all(items.toReversed().map((i) => busy.store(i)));
    await Promise.all([...items, ...items].map((i) => busy.wake(i)));
    await busy.settled();
    const [thread, ...others] = await busy.threads();
    expect(others).toEqual([]);
    expect(await busy.contacts()).toHaveLength(1);
    expect(thread!.state.cart.map((l) => l.sku)).toEqual(['A', 'B', 'C', 'D', 'E']);
    expect(await busy.sends()).toHaveLength(5);
  });

  it('of several names: one contact, one thread, nothing lost', async () => {
    const people = [PHONE, BOTH, PHONE, BOTH, BOTH];
    const items = taps.map((t, i) => busy.message(people[i]!, t));
    await Promise.all(items.map((i) => busy.store(i).then(() => busy.wake(i))));
    await busy.settled();
    expect(await busy.contacts()).toHaveLength(1);
    const [thread, ...others] = await busy.threads();
    expect(others).toEqual([]);
    expect(thread!.state.cart.map((l) => l.sku).toSorted()).toEqual(['A', 'B', 'C', 'D', 'E']);
  });
});
