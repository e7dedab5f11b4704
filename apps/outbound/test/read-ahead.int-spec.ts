import { recipientStream } from '#core/messaging';
import { readAhead, type LineAhead } from '../src/line/read-ahead.js';
import { insertMessage, updateMessage } from '../src/store/messages.js';
import { lockRecipient, updateRecipient, type RecipientKey } from '../src/store/recipients.js';
import { MERCHANT, messageTo, newContact, NOW, Store } from './support/store.js';

/** What is read together with the lock of a recipient's stream. The lock may be another's, and no handler may run. */

let store: Store;
beforeAll(async () => {
  store = await Store.open();
});
afterAll(() => store.close());

type Tx = Parameters<typeof lockRecipient>[0];

function ahead(tx: Tx, { channelAccountId, contactId }: RecipientKey): LineAhead {
  const stream = recipientStream(channelAccountId, contactId);
  return readAhead(tx, { merchantId: MERCHANT, queue: 'recipients', stream }) as LineAhead;
}

const isEmpty = (key: RecipientKey): Promise<boolean> => store.transaction((tx) => ahead(tx, key).isEmpty);

async function known(): Promise<RecipientKey> {
  const key = newContact();
  await store.transaction((tx) => lockRecipient(tx, key, NOW));
  return key;
}

it('makes nobody, whoever reads it', async () => {
  const key = newContact();
  expect(await isEmpty(key)).toBe(false);
  await store.transaction(async (tx) => void ahead(tx, key)); // nobody waits for it
  expect(await store.recipient(key)).toBeUndefined();
  // Who needs the recipient then makes it.
  await store.transaction(async (tx) => {
    ahead(tx, key);
    await lockRecipient(tx, key, NOW);
  });
  expect(await store.recipient(key)).toMatchObject({ merchant_id: MERCHANT });
});

it('knows an empty line of a recipient that it has locked', async () => {
  const key = await known();
  await store.transaction(async (tx) => {
    expect(await ahead(tx, key).isEmpty).toBe(true);
    expect(await store.isLocked(key)).toBe(true);
  });
  await store.transaction(async (tx) => {
    const recipient = await lockRecipient(tx, key, NOW);
    const head = await insertMessage(tx, messageTo(recipient), NOW);
    expect(head).toBeDefined();
  });
  expect(await isEmpty(key)).toBe(false);
  await store.transaction(async (tx) => {
    const recipient = await lockRecipient(tx, key, NOW);
    const head = await insertMessage(tx, messageTo(recipient), NOW);
    updateMessage(tx, head!, { state: 'accepted', open: false });
  });
  expect(await isEmpty(key)).toBe(false); // the second stands there now
});

it('waits for nobody who has the recipient, and then knows nothing', async () => {
  const key = await known();
  let letGo!: () => void;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const holder = store.transaction(async (tx) => {
    const recipient = await lockRecipient(tx, key, NOW);
    updateRecipient(tx, recipient, { pairRefusals: 3 });
    await held;
  });
  while (!(await store.isLocked(key))) await new Promise((resume) => setTimeout(resume, 10));
  expect(await isEmpty(key)).toBe(false);
  const waiting = store.transaction(async (tx) => {
    ahead(tx, key);
    return (await lockRecipient(tx, key, NOW)).pairRefusals;
  });
  await store.lockedOut();
  letGo();
  await holder;
  expect(await waiting).toBe(3);
});

it('is nothing of a stream that is no recipient’s', async () => {
  await store.transaction(async (tx) => {
    const stream = 'account/acc_1';
    expect(readAhead(tx, { merchantId: MERCHANT, queue: 'recipients', stream })).toBeUndefined();
  });
});
