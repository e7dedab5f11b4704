import type { EntityManager } from 'typeorm';
import type { PersonNames } from '#core/messaging';
import { Tenants, type NewItem } from '#persistence';
import { createTestDatabase, insertTestMerchant, type TestDatabase } from '#testing';
import { LookAhead } from '../src/look-ahead.js';
import { deleteContacts } from '../src/privacy/contacts.js';
import { openSmallCatalog, type SmallCatalog } from './support/small-catalog.js';
import { Stand, tap } from './support/stand.js';

/** A familiar customer's only message is applied as the look-ahead has seen it and the thread. */

const PHONE = { phone: '971501234567' };
const USER = { userId: 'AE.1349', username: 'sheena', name: 'Sheena' };
const BOTH = { ...PHONE, ...USER };
const MINUTE_MS = 60_000;

let database: TestDatabase;
let catalog: SmallCatalog;
let one: Stand;
let other: Stand;
let merchantId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  catalog = await openSmallCatalog();
});
beforeEach(async () => {
  // Nobody is known to a new merchant.
  const merchant = await insertTestMerchant(database.ownerUrl);
  const open = (): Promise<Stand> => Stand.open({ database, rpcPort: catalog.rpcPort, merchant });
  [one, other] = [await open(), await open()];
  ({ merchantId } = merchant);
});
afterEach(() => Promise.all([one.close(), other.close()]));
afterAll(async () => {
  await catalog.close();
  await database.drop();
});

const skus = async (): Promise<string[][]> =>
  (await one.threads()).map((thread) => thread.state.cart.map((line) => line.sku));

/** Has `change` done after the message was seen and before it is written, and waits until the message is settled. */
async function seenBefore(message: NewItem, change: (tx: EntityManager) => Promise<void>): Promise<void> {
  await other.store(message);
  await one.app.get(Tenants, { strict: false }).transaction(merchantId, async (tx) => {
    await change(tx);
    await other.wake(message);
    await one.lockedOut(1);
  });
  await one.settled();
}

const forgetAll = async (tx: EntityManager): Promise<void> => {
  await deleteContacts({ tx, now: new Date() }, merchantId, await one.contacts());
};

/** Whether the items, which are of one line, are one message that can be. They are applied afterwards. */
async function isSeen(items: readonly NewItem[], { afterMs = 0 } = {}): Promise<boolean> {
  await one.store(...items);
  const { queue, stream } = items[0]!;
  const look = { merchantId: merchantId, queue, stream };
  const now = new Date(Date.now() + afterMs);
  const { only, thread } = await one.app.get(LookAhead, { strict: false }).prepare(look, now);
  expect(thread === undefined).toBe(only === undefined);
  if (only) expect(only).toMatchObject({ stream, due: true, name: items[0]!.name });
  return only !== undefined;
}
const seen = (person: PersonNames, more?: { afterMs: number }): Promise<boolean> =>
  isSeen([one.message(person, 'cart')], more);

it.each([
  ['all names', BOTH],
  ['the user id and the phone number', { ...PHONE, userId: USER.userId }],
  ['the user id alone', { userId: USER.userId }],
])('of somebody who is known by %s', async (_, person) => {
  await one.chat(BOTH, 'cart');
  expect(await seen(person, { afterMs: 59 * MINUTE_MS })).toBe(true);
});

it.each([
  ['with a number that is new', { ...USER, phone: '971509999999' }],
  ['with a business’s user id that is new', { ...BOTH, parentUserId: 'P.1' }],
  ['with a username that is new', { ...BOTH, username: 'sheena_now' }],
  ['with another profile name', { ...BOTH, name: 'Sheena E.' }],
])('not of somebody %s', async (_, person) => {
  await one.chat(BOTH, 'cart');
  expect(await seen(person)).toBe(false);
});

it('not of a stranger', async () => {
  expect(await seen(BOTH)).toBe(false);
});

it('not of somebody who was last seen more than an hour ago', async () => {
  await one.chat(BOTH, 'cart');
  expect(await seen(BOTH, { afterMs: 61 * MINUTE_MS })).toBe(false);
});

it('not of a customer of another channel account', async () => {
  await one.chat(BOTH, 'cart');
  const item = one.message(BOTH, 'cart', { channelAccountId: 'acc_other' });
  const { stream } = one.message(BOTH, 'cart');
  expect(await isSeen([{ ...item, stream }])).toBe(false);
});

it('not with another item behind it', async () => {
  await one.chat(BOTH, 'cart');
  expect(await isSeen([one.message(BOTH, 'cart'), one.message(BOTH, 'help')])).toBe(false);
});

it('not when it has failed, crashed, is not due, or breaks its contract', async () => {
  await one.chat(BOTH, 'cart');
  const [thread] = await one.threads();
  for (const change of [
    'attempts = 1',
    'endings = 1',
    'blocking = true',
    `due_at = now() + interval '1 hour'`,
    `payload = '{}'`,
    `payload = '{"channelAccountId": 7, "person": null}'`,
  ]) {
    const item = one.message(BOTH, 'cart');
    await one.store(item);
    await one.sql(`UPDATE journal.items SET ${change} WHERE external_id = $1`, [item.externalId]);
    const look = { merchantId: merchantId, queue: item.queue, stream: thread!.stream };
    const { only } = await one.app.get(LookAhead, { strict: false }).prepare(look, new Date());
    expect([change, only]).toEqual([change, undefined]);
    await one.sql(`DELETE FROM journal.items WHERE external_id = $1`, [item.externalId]);
  }
});

it('not a fact of an order', async () => {
  await one.chat(BOTH, 'cart');
  const [thread] = await one.threads();
  expect(await isSeen([one.fact(thread!, 'W1', { kind: 'expired' })])).toBe(false);
});

it('and done again when the thread has changed before it is written: the answer is to what is there then', async () => {
  await one.chat(BOTH, tap('add|A'));
  const [thread] = await one.threads();
  const [before, version] = [(await one.sends()).length, await one.versionOf(thread!.thread_id)];
  await seenBefore(other.message(BOTH, tap('add|B')), async (tx) => {
    const cart = [{ ...thread!.state.cart[0], sku: 'C' }];
    await tx.query(`UPDATE conversation.threads SET state = $2, version = version + 1 WHERE thread_id = $1`, [
      thread!.thread_id,
      { ...thread!.state, cart },
    ]);
  });
  const answers = (await one.sends()).slice(before).map(({ content }) => content.body);
  expect(answers).toEqual([expect.stringMatching(/× C[^]*× B/)]);
  expect(await skus()).toEqual([['C', 'B']]);
  expect(await one.versionOf(thread!.thread_id)).toBe(version + 2);
  expect(await one.counted()).toBe(0);
});

it('and moves the thread back to its line when another message has taken it away meanwhile', async () => {
  await one.chat(BOTH, 'cart');
  const message = other.message(BOTH, 'cart');
  await seenBefore(message, async (tx) => {
    await tx.query(`UPDATE conversation.threads SET stream = 'thread/another'`);
  });
  expect(await one.threads()).toMatchObject([{ stream: message.stream }]);
  expect(await one.counted()).toBe(0);
});

it('but a message that is only noted is not: it may be of somebody who has been forgotten meanwhile', async () => {
  await one.chat(BOTH, 'cart');
  const [thread] = await one.threads();
  await seenBefore(other.message(BOTH, 'hello', { standby: true }), forgetAll);
  const notes = await one.sql<{ contact: string }>(
    `SELECT payload ->> 'contactId' AS contact FROM journal.items WHERE merchant_id = $1 AND name = 'outbound.note-inbound.v1'`,
    [merchantId],
  );
  expect(notes.map(({ contact }) => contact)).not.toContain(thread!.contact_id);
  expect(notes).toHaveLength(1);
});

it('and not at all when the customer has been forgotten meanwhile: a new one is answered', async () => {
  await one.chat(BOTH, tap('add|A'));
  const before = (await one.sends()).length;
  await seenBefore(other.message(BOTH, 'cart'), forgetAll);
  expect((await one.sends()).length).toBe(before + 1);
  expect(await skus()).toEqual([[]]);
  expect(await one.counted()).toBe(0);
});
