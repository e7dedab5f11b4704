import { insertMessage, lockMessage, lockWithNext } from '../src/store/messages.js';
import {
  lockRecipient,
  lockRecipientOf,
  openWindow,
  updateRecipient,
  type Recipient,
  type RecipientKey,
} from '../src/store/recipients.js';
import { messageTo, newContact, NOW, Store } from './support/store.js';

/** A recipient is written once, when its transaction is committed. */

let store: Store;
beforeAll(async () => {
  store = await Store.open();
});
afterAll(() => store.close());

const read = (key: RecipientKey): Promise<Recipient> =>
  store.transaction(async (tx) => ({ ...(await lockRecipient(tx, key, NOW)) }));

/** A recipient that is known already. */
async function known(): Promise<RecipientKey> {
  const key = newContact();
  await read(key);
  return key;
}

const updatesOf = async (key: RecipientKey): Promise<object[]> =>
  (await store.written('recipients', key)).filter(({ what }) => what === 'UPDATE').map(({ row }) => row);

it('is updated once with all that was changed of it, and reads as it was left', async () => {
  const key = await known();
  const at = new Date(NOW.getTime() + 1);
  const left = await store.transaction<Recipient>(async (tx) => {
    const recipient = await lockRecipient(tx, key, NOW);
    updateRecipient(tx, recipient, { pairRefusals: 1, windowRefused: true });
    updateRecipient(tx, recipient, { pair: { level: 2.5, at }, pairHoldUntil: at, pairRefusals: 2 });
    openWindow(tx, recipient, NOW.toISOString(), NOW);
    return { ...recipient };
  });
  expect(await updatesOf(key)).toMatchObject([
    { pair_refusals: 2, pair_level: 2.5, window_refused: false, merged_into: null },
  ]);
  expect(left).toEqual({
    ...key,
    mergedInto: null,
    lastInboundAt: NOW,
    windowRefused: false,
    pair: { level: 2.5, at },
    pairRefusals: 2,
    pairHoldUntil: at,
  });
  expect(await read(key)).toEqual(left);
});

it('loses what is taken from it', async () => {
  const key = await known();
  const change = (patch: Parameters<typeof updateRecipient>[2]): Promise<void> =>
    store.transaction(async (tx) => updateRecipient(tx, await lockRecipient(tx, key, NOW), patch));
  await change({ pairHoldUntil: NOW, lastInboundAt: NOW, windowRefused: true, pairRefusals: 1 });
  await change({ pairHoldUntil: null, lastInboundAt: null, windowRefused: false, pairRefusals: 0 });
  expect(await store.recipient(key)).toMatchObject({
    pair_hold_until: null,
    last_inbound_at: null,
    window_refused: false,
    pair_refusals: 0,
  });
});

it('is not written when it is only locked', async () => {
  const key = await known();
  await read(key);
  expect(await updatesOf(key)).toEqual([]);
});

it('is seen as it was changed by whatever locks it again in the same transaction', async () => {
  const key = newContact();
  const message = messageTo(key);
  await store.transaction(async (tx) => {
    updateRecipient(tx, await lockRecipient(tx, key, NOW), { pairRefusals: 3 });
    await insertMessage(tx, message, NOW);
    expect((await lockRecipient(tx, key, NOW)).pairRefusals).toBe(3);
    expect((await lockRecipientOf(tx, message.messageId))?.pairRefusals).toBe(3);
    // These read the row, which is still as it was.
    await lockMessage(tx, message.messageId, NOW);
    await lockWithNext(tx, message.messageId, NOW);
    const again = await lockRecipient(tx, key, NOW);
    expect(again.pairRefusals).toBe(3);
    updateRecipient(tx, again, { windowRefused: true });
  });
  expect(await updatesOf(key)).toMatchObject([{ pair_refusals: 3, window_refused: true }]);
});

it('that was locked with its message first is the same one', async () => {
  const key = newContact();
  const message = messageTo(key);
  await store.transaction(async (tx) => {
    await lockRecipient(tx, key, NOW);
    await insertMessage(tx, message, NOW);
  });
  await store.transaction(async (tx) => {
    await lockWithNext(tx, message.messageId, NOW);
    updateRecipient(tx, await lockRecipient(tx, key, NOW), { pairRefusals: 1 });
    updateRecipient(tx, (await lockRecipientOf(tx, message.messageId))!, { windowRefused: true });
  });
  expect(await updatesOf(key)).toMatchObject([{ pair_refusals: 1, window_refused: true }]);
});

it('leads to the other one as soon as the transaction has merged them', async () => {
  const [from, to] = [await known(), await known()];
  await store.transaction(async (tx) => {
    updateRecipient(tx, await lockRecipient(tx, from, NOW), { mergedInto: to.contactId });
    const led = await lockRecipient(tx, from, NOW);
    expect(led.contactId).toBe(to.contactId);
    updateRecipient(tx, led, { pairRefusals: 4 });
  });
  expect(await store.recipient(from)).toMatchObject({ merged_into: to.contactId, pair_refusals: 0 });
  expect(await store.recipient(to)).toMatchObject({ merged_into: null, pair_refusals: 4 });
});

it('is not written when the transaction fails', async () => {
  const [old, fresh] = [await known(), newContact()];
  const before = await store.recipient(old);
  const failing = store.transaction(async (tx) => {
    for (const key of [old, fresh])
      updateRecipient(tx, await lockRecipient(tx, key, NOW), { pairRefusals: 1 });
    throw new Error('after all');
  });
  await expect(failing).rejects.toThrow('after all');
  expect(await store.recipient(old)).toEqual(before);
  expect(await store.recipient(fresh)).toBeUndefined();
});

it('keeps what two transactions change of it at once', async () => {
  const key = await known();
  const message = messageTo(key);
  await store.transaction((tx) => insertMessage(tx, message, NOW));
  const waiting = await store.transaction<{ others: Promise<void>[] }>(async (tx) => {
    const recipient = await lockRecipient(tx, key, NOW);
    const others = [
      store.transaction<void>(async (tx2) => {
        updateRecipient(tx2, await lockRecipient(tx2, key, NOW), { windowRefused: true });
      }),
      store.transaction<void>(async (tx2) => {
        await lockWithNext(tx2, message.messageId, NOW);
        updateRecipient(tx2, await lockRecipient(tx2, key, NOW), { pairHoldUntil: NOW });
      }),
    ];
    await store.lockedOut();
    updateRecipient(tx, recipient, { pairRefusals: 5 });
    return { others };
  });
  await Promise.all(waiting.others);
  expect(await store.recipient(key)).toMatchObject({
    pair_refusals: 5,
    window_refused: true,
    pair_hold_until: NOW,
  });
});
