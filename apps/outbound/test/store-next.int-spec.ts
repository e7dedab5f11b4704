import {
  insertMessage,
  lockHead,
  lockMessage,
  lockWithNext,
  moveOpenMessages,
  updateMessage,
  type Message,
} from '../src/store/messages.js';
import { lockRecipient, updateRecipient, type RecipientKey } from '../src/store/recipients.js';
import { messageTo, newContact, NOW, Store } from './support/store.js';

/** A message that is locked together with the one after it in its line. */

let store: Store;
beforeAll(async () => {
  store = await Store.open();
});
afterAll(() => store.close());

/** Puts so many messages into the line, and gives their ids, oldest first. */
async function fill(key: RecipientKey, length: number): Promise<string[]> {
  const messages = Array.from({ length }, () => messageTo(key));
  await store.transaction(async (tx) => {
    await lockRecipient(tx, key, NOW);
    for (const message of messages) await insertMessage(tx, message, NOW);
  });
  return messages.map(({ messageId }) => messageId);
}

const close = (messageId: string): Promise<void> =>
  store.transaction(async (tx) => {
    const message = (await lockMessage(tx, messageId, NOW))!;
    updateMessage(tx, message, { state: 'accepted', open: false });
  });

const withNext = (messageId: string): ReturnType<typeof lockWithNext> =>
  store.transaction((tx) => lockWithNext(tx, messageId, NOW));

const headOf = (key: RecipientKey): Promise<Message | undefined> =>
  store.transaction((tx) => lockHead(tx, key));

/** Makes one recipient lead to another, with nothing moved. */
const leadTo = (from: RecipientKey, to: RecipientKey): Promise<void> =>
  store.transaction(async (tx) => {
    const gone = await lockRecipient(tx, from, NOW);
    const kept = await lockRecipient(tx, to, NOW);
    updateRecipient(tx, gone, { mergedInto: kept.contactId });
  });

it('is read as it is read alone, and the next one as the head that it will be', async () => {
  const key = newContact();
  const [first, second] = await fill(key, 3);
  const { message, next } = await withNext(first!);
  expect(message).toMatchObject((await headOf(key))!);
  expect(message?.messageId).toBe(first);
  await close(first!);
  expect(next).toStrictEqual(await headOf(key));
  expect(next?.messageId).toBe(second);
});

it('has nobody next at the end of a line', async () => {
  const [only] = await fill(newContact(), 1);
  expect(await withNext(only!)).toMatchObject({ message: { messageId: only }, next: null });
});

it('has the oldest next that is still in the line', async () => {
  const [first, second, third] = await fill(newContact(), 4);
  await close(second!);
  expect((await withNext(first!)).next?.messageId).toBe(third);
});

it('has the head of its line next when it has left the line itself, and none of another line', async () => {
  const [gone, second] = await fill(newContact(), 2);
  await fill(newContact(), 1);
  await close(gone!);
  expect(await withNext(gone!)).toMatchObject({ message: { messageId: gone }, next: { messageId: second } });
  await close(second!);
  expect(await withNext(gone!)).toMatchObject({ message: { open: false }, next: null });
});

it('has its recipient locked', async () => {
  const key = newContact();
  const [first] = await fill(key, 1);
  await store.transaction(async (tx) => {
    await lockWithNext(tx, first!, NOW);
    expect(await store.isLocked(key)).toBe(true);
  });
});

it('is nobody when it is not known', async () => {
  expect((await withNext('msg_unknown')).message).toBeUndefined();
});

it('moves to the recipient that its own was merged into, and what is next there is not known', async () => {
  const [from, to] = [newContact(), newContact()];
  const [moved] = await fill(from, 1);
  await close(moved!);
  await fill(to, 1);
  await leadTo(from, to);
  await store.transaction(async (tx) => {
    const { message, next } = await lockWithNext(tx, moved!, NOW);
    expect(message).toMatchObject({ messageId: moved, contactId: to.contactId });
    expect(next).toBeUndefined();
    expect(await store.isLocked(to)).toBe(true);
  });
  expect(await store.message(moved!)).toMatchObject({ contact_id: to.contactId });
});

it.each([0, 2])(
  'is found under the recipient that it is moved to while one waits for it, with %i messages before it',
  async (before) => {
    const [from, to] = [newContact(), newContact()];
    const older = await fill(to, before);
    const [moved, follower] = await fill(from, 2);
    const waiting = await store.transaction<{ other: Promise<object> }>(async (tx) => {
      const [gone, kept] = [await lockRecipient(tx, from, NOW), await lockRecipient(tx, to, NOW)];
      const other = store.transaction<object>(async (tx2) => {
        const { message, next } = await lockWithNext(tx2, moved!, NOW);
        return { message, next, isLocked: await store.isLocked(to) };
      });
      await store.lockedOut();
      moveOpenMessages(tx, gone, kept);
      updateRecipient(tx, gone, { mergedInto: kept.contactId });
      return { other };
    });
    expect(await waiting.other).toMatchObject({
      message: { messageId: moved, contactId: to.contactId, open: true },
      next: undefined,
      isLocked: true,
    });
    expect((await withNext(moved!)).next?.messageId).toBe(older[0] ?? follower);
  },
);

it('has the next of the line as it is when its recipient’s lock comes', async () => {
  const key = newContact();
  const [first, second] = await fill(key, 2);
  const late = messageTo(key);
  const waiting = await store.transaction<{ other: ReturnType<typeof withNext> }>(async (tx) => {
    const recipient = await lockRecipient(tx, key, NOW);
    const left = (await lockMessage(tx, second!, NOW))!;
    const other = withNext(first!);
    await store.lockedOut();
    updateMessage(tx, left, { state: 'dropped', open: false });
    await insertMessage(tx, { ...late, contactId: recipient.contactId }, NOW);
    return { other };
  });
  expect(await waiting.other).toMatchObject({
    message: { messageId: first },
    next: { messageId: late.messageId },
  });
});
