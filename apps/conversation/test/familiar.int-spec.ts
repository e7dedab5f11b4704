import type { EntityManager } from 'typeorm';
import { personOf, type PersonNames } from '#core/messaging';
import { Tenants } from '#persistence';
import { createTestDatabase, insertTestMerchant, type TestDatabase } from '#testing';
import { linkContact, resolveContact, toPerson, type Book } from '../src/contacts.js';
import type { Work } from '../src/merges.js';
import { Threads, type Thread } from '../src/threads.js';
import { openSmallCatalog, type SmallCatalog } from './support/small-catalog.js';
import { namesOf, Stand, tap } from './support/stand.js';

/** The thread of a customer of whom a message says nothing new is found and locked in one statement. */

const PHONE = { phone: '971501234567' };
const USER = { userId: 'AE.1349', username: 'sheena', name: 'Sheena' };
const BOTH = { ...PHONE, ...USER };
const MINUTE_MS = 60_000;

let database: TestDatabase;
let catalog: SmallCatalog;
let one: Stand;
let other: Stand;
let book: Book;
let tenants: Tenants;

beforeAll(async () => {
  database = await createTestDatabase();
  catalog = await openSmallCatalog();
});
beforeEach(async () => {
  // Nobody is known to a new merchant.
  const merchant = await insertTestMerchant(database.ownerUrl);
  const open = (): Promise<Stand> => Stand.open({ database, rpcPort: catalog.rpcPort, merchant });
  [one, other] = [await open(), await open()];
  book = { merchantId: merchant.merchantId, channelAccountId: merchant.channelAccountId };
  tenants = one.app.get(Tenants, { strict: false });
});
afterEach(() => Promise.all([one.close(), other.close()]));
afterAll(async () => {
  await catalog.close();
  await database.drop();
});

const transaction = <T>(work: (tx: EntityManager) => Promise<T>): Promise<T> =>
  tenants.transaction(book.merchantId, work);
const workIn = (tx: EntityManager): Work => ({ tx, now: new Date(), emit: () => undefined });

const familiar = (person: PersonNames, { afterMs = 0, of = book } = {}): Promise<Thread | undefined> =>
  transaction((tx) =>
    one.app
      .get(Threads, { strict: false })
      .lockFamiliar(tx, of, personOf(person), new Date(Date.now() + afterMs)),
  );

const skus = async (): Promise<string[][]> =>
  (await one.threads()).map((thread) => thread.state.cart.map((line) => line.sku));

describe('a thread is found', () => {
  it.each([
    ['all of the names', BOTH],
    ['the phone number', PHONE],
    ['the user id', { userId: USER.userId }],
    ['the user id, the username and the profile name', USER],
  ])('by %s', async (_, person) => {
    await one.chat(BOTH, tap('add|A'));
    const [row] = await one.threads();
    const thread = await familiar(person, { afterMs: 59 * MINUTE_MS });
    expect(thread).toMatchObject({
      threadId: row!.thread_id,
      channelAccountId: book.channelAccountId,
      contactId: row!.contact_id,
      stream: row!.stream,
      state: row!.state,
    });
    expect(namesOf(toPerson(thread!))).toEqual(BOTH);
  });

  it('and nobody else has it until the transaction ends', async () => {
    await one.chat(BOTH, 'cart');
    const [row] = await one.threads();
    await transaction(async (tx) => {
      await one.app.get(Threads, { strict: false }).lockFamiliar(tx, book, personOf(BOTH), new Date());
      const locked = one.sql(`SELECT FROM conversation.threads WHERE thread_id = $1 FOR UPDATE NOWAIT`, [
        row!.thread_id,
      ]);
      await expect(locked).rejects.toMatchObject({ code: '55P03' });
    });
  });
});

describe('no thread is found of', () => {
  it.each([
    ['who is not known', { phone: '971509999999' }],
    ['who has a number that is new', { ...USER, phone: '971509999999' }],
    ['who has a user id that is new', { ...PHONE, userId: 'AE.STRANGER' }],
    ['who has a business’s user id that is new', { ...BOTH, parentUserId: 'P.1' }],
    ['who has a username that is new', { ...BOTH, username: 'sheena_now' }],
    ['who has another profile name', { ...BOTH, name: 'Sheena E.' }],
    ['who tells only a username', { username: USER.username }],
    ['who tells only a profile name', { name: USER.name }],
  ])('somebody %s', async (_, person) => {
    await one.chat(BOTH, 'cart');
    expect(await familiar(BOTH)).toBeDefined();
    expect(await familiar(person)).toBeUndefined();
  });

  it('somebody who was last seen more than an hour ago', async () => {
    await one.chat(BOTH, 'cart');
    expect(await familiar(BOTH, { afterMs: 61 * MINUTE_MS })).toBeUndefined();
  });

  it('somebody of whose names one was last seen more than an hour ago', async () => {
    await one.chat(BOTH, 'cart');
    await one.sql(
      `UPDATE conversation.aliases SET seen_at = seen_at - interval '61 minutes' WHERE merchant_id = $1 AND kind = 'wa_id'`,
      [book.merchantId],
    );
    expect(await familiar(BOTH)).toBeUndefined();
    expect(await familiar(PHONE)).toBeUndefined();
    expect(await familiar(USER)).toBeDefined();
  });

  it('somebody with a name of another contact', async () => {
    await one.chat(PHONE, 'cart');
    await one.chat(USER, 'cart');
    expect(await one.contacts()).toHaveLength(2);
    expect(await familiar(PHONE)).toBeDefined();
    expect(await familiar(USER)).toBeDefined();
    expect(await familiar({ ...PHONE, userId: USER.userId })).toBeUndefined();
    expect(await familiar({ ...PHONE, username: USER.username })).toBeUndefined();
  });

  it('somebody who goes back to a name, until it is the newest again', async () => {
    const renamed = { ...BOTH, username: 'sheena_now' };
    await one.chat(BOTH, 'cart');
    await one.chat(renamed, 'cart');
    expect(await familiar(renamed)).toBeDefined();
    expect(await familiar(BOTH)).toBeUndefined();
    await one.chat(BOTH, 'cart');
    expect(await familiar(BOTH)).toBeDefined();
    expect(await familiar(renamed)).toBeUndefined();
  });

  it('a contact without one', async () => {
    await transaction((tx) => resolveContact(workIn(tx), book, personOf(BOTH)));
    expect(await one.contacts()).toHaveLength(1);
    expect(await familiar(BOTH)).toBeUndefined();
  });

  it('a customer of another channel account or another merchant', async () => {
    await one.chat(BOTH, 'cart');
    expect(await familiar(BOTH, { of: { ...book, channelAccountId: 'acc_other' } })).toBeUndefined();
    const { merchantId } = await insertTestMerchant(database.ownerUrl);
    const theirs = await tenants.transaction(merchantId, (tx) =>
      one.app.get(Threads, { strict: false }).lockFamiliar(tx, book, personOf(BOTH), new Date()),
    );
    expect(theirs).toBeUndefined();
  });
});

describe('while two contacts become one', () => {
  const LINKED = { ...PHONE, userId: USER.userId };
  const link = (tx: EntityManager): Promise<string> =>
    linkContact(workIn(tx), book, personOf(PHONE), personOf(LINKED));

  /** Threads that waiting transactions find when the merge is committed. */
  async function foundMeanwhile(...people: PersonNames[]): Promise<(Thread | undefined)[]> {
    const waiting = await transaction(async (tx) => {
      await link(tx);
      const found = people.map((person) => familiar(person));
      await one.lockedOut(people.length);
      return { found };
    });
    return Promise.all(waiting.found);
  }

  it('a transaction that waits for the removed thread finds none; one that waits for the kept thread finds its new state', async () => {
    await one.chat(PHONE, tap('add|A'));
    await one.chat(USER, tap('add|X'), tap('add|B'));
    const [before, gone] = await one.threads();
    const [ofPhone, ofUser] = await foundMeanwhile(PHONE, { userId: USER.userId });
    const [kept, ...others] = await one.threads();
    expect(others).toEqual([]);
    expect(kept).toMatchObject({ thread_id: before!.thread_id, former_ids: [gone!.thread_id] });
    expect(ofUser).toBeUndefined();
    expect(ofPhone).toMatchObject({ threadId: kept!.thread_id, contactId: kept!.contact_id });
    expect(ofPhone!.state).toEqual(kept!.state);
    expect(ofPhone!.state).not.toEqual(before!.state);
  });

  it('a transaction that waits for a thread that moves to another contact finds none', async () => {
    const older = await transaction((tx) => resolveContact(workIn(tx), book, personOf(PHONE)));
    await one.chat(USER, tap('add|X'));
    const [before] = await one.threads();
    expect(before!.contact_id).not.toBe(older);
    expect(await foundMeanwhile(USER)).toEqual([undefined]);
    expect(await one.threads()).toMatchObject([{ thread_id: before!.thread_id, contact_id: older }]);
    expect(await skus()).toEqual([['X']]);
  });

  it.each([
    ['the thread that goes', USER],
    ['the thread that stays', PHONE],
  ])('a message that waits for %s is answered once, in the one that stays', async (_, person) => {
    await one.chat(PHONE, tap('add|A'));
    await one.chat(USER, tap('add|X'));
    const [stays] = await one.threads();
    const before = (await one.sends()).length;
    const message = other.message(person, tap('add|B'));
    await other.store(message);
    await transaction(async (tx) => {
      await link(tx);
      await other.wake(message);
      await one.lockedOut(1);
    });
    await one.settled();
    const answers = (await one.sends()).slice(before);
    expect(answers.map(({ threadId }) => threadId)).toEqual([stays!.thread_id]);
    const [cart, ...others] = await skus();
    expect(others).toEqual([]);
    expect(cart).toContain('B');
    for (const sku of cart!) expect(answers[0]!.content.body).toContain(`× ${sku}`);
    expect(await one.counted()).toBe(0);
  });
});

describe('two messages of a familiar customer at once, to two processes', () => {
  it.each([
    ['in one line', BOTH, BOTH, 1],
    ['in two lines', PHONE, USER, 2],
  ])('are both answered, and the thread has what both did, %s', async (_, first, second, waiting) => {
    await one.chat(BOTH, tap('add|A'));
    const [thread] = await one.threads();
    const before = (await one.sends()).length;
    const version = await one.versionOf(thread!.thread_id);
    const messages = [one.message(first, tap('add|B')), one.message(second, tap('add|C'))];
    // Nobody is done before the other has tried.
    const letGo = await one.holdThread(thread!.thread_id);
    await Promise.all([one.store(messages[0]!), other.store(messages[1]!)]);
    await Promise.all([one.wake(messages[0]!), other.wake(messages[1]!)]);
    await one.lockedOut(waiting);
    await letGo();
    await one.settled();
    const answers = (await one.sends()).slice(before).map(({ content }) => content.body);
    expect(answers).toHaveLength(2);
    for (const sku of ['A', 'B', 'C']) expect(answers[1]).toContain(`× ${sku}`);
    expect((await skus()).map((cart) => cart.toSorted())).toEqual([['A', 'B', 'C']]);
    expect(await one.versionOf(thread!.thread_id)).toBe(version + 2);
    expect(await one.contacts()).toHaveLength(1);
    expect(await one.counted()).toBe(0);
  });
});
