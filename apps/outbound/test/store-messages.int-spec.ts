import { personOf } from '#core/messaging';
import {
  insertMessage,
  lockHead,
  lockMessage,
  putFirst,
  updateMessage,
  type Message,
  type MessagePatch,
  type NewMessage,
} from '../src/store/messages.js';
import { lockRecipient, updateRecipient, type RecipientKey } from '../src/store/recipients.js';
import { messageTo, newContact, NOW, Store } from './support/store.js';

let store: Store;
beforeAll(async () => {
  store = await Store.open();
});
afterAll(() => store.close());

/** What may be left out of a message is in it. */
const FULL: Partial<NewMessage> = {
  person: personOf({ userId: 'AE.1', name: 'Shēna "S" O’Neil' }),
  content: { type: 'text', body: 'a "quoted" \\ body\n{}' },
  template: { purpose: 'shipping', parameters: ['1', 'two'] } as unknown as NewMessage['template'],
  deadline: '2026-11-22T10:00:00.456Z',
  orderRef: 'W1',
};
const at = (ms: number): Date => new Date(NOW.getTime() + ms);

/** Changes of every field that can change, the last word on some of them said in two steps. */
const CHANGES: MessagePatch[] = [
  { state: 'waiting', verdict: { decision: 'wait' } as unknown as Message['verdict'], plan: 1 },
  {
    person: personOf({ phone: '971507777777' }),
    content: { type: 'text', body: 'changed' },
    template: { purpose: 'receipt', parameters: [] } as unknown as Message['template'],
    deadline: at(1),
    state: 'delivered',
    open: false,
    plan: 2,
    verdict: { decision: 'send_free_form', facts: { pauseReason: null } } as unknown as Message['verdict'],
    plannedAt: at(2),
    slotAt: at(3),
    calledAt: at(4),
    sends: 3,
    retries: 4,
    lateFailures: 5,
    notBefore: at(5),
    indeterminateAt: at(6),
    possibleDuplicate: true,
    withoutMedia: true,
    channelMessageId: 'wamid.1',
    failedChannelIds: ['wamid.0', 'with "quotes", and a comma'],
    error: { code: 131_047, class: 'window', details: 'closed', at: NOW.toISOString() },
    pricing: { category: 'utility', billable: true },
    acceptedAt: at(7),
    heldAt: at(8),
    sentAt: at(9),
    deliveredAt: at(10),
    readAt: at(11),
    playedAt: at(12),
    failedAt: at(13),
    droppedAt: at(14),
  },
];

const insert = (message: NewMessage): Promise<Message | undefined> =>
  store.transaction(async (tx) => {
    await lockRecipient(tx, message, NOW);
    return insertMessage(tx, message, NOW);
  });

/** Puts the message into its empty line and changes it in the same transaction. */
const put = (message: NewMessage, ...changes: MessagePatch[]): Promise<Message> =>
  store.transaction(async (tx) => {
    await lockRecipient(tx, message, NOW);
    const first = putFirst(tx, message, NOW);
    for (const change of changes) updateMessage(tx, first, change);
    return first;
  });

const change = (messageId: string, ...changes: MessagePatch[]): Promise<Message> =>
  store.transaction(async (tx) => {
    const message = (await lockMessage(tx, messageId, NOW))!;
    for (const patch of changes) updateMessage(tx, message, patch);
    return message;
  });

const headOf = (key: RecipientKey): Promise<Message | undefined> =>
  store.transaction((tx) => lockHead(tx, key));

/** A line of messages, oldest first. */
async function lineOf(length: number): Promise<{ key: RecipientKey; ids: string[] }> {
  const key = newContact();
  const messages = Array.from({ length }, () => messageTo(key));
  for (const message of messages) await insert(message);
  return { key, ids: messages.map((message) => message.messageId) };
}

const close = (messageId: string): Promise<Message> => change(messageId, { state: 'accepted', open: false });

/** All columns but those that no two messages have in common. */
async function comparable(messageId: string): Promise<object> {
  const { seq: _seq, message_id: _id, contact_id: _contact, ...rest } = (await store.message(messageId))!;
  return rest;
}

describe('a message that is put into a line', () => {
  it.each([
    ['with all there may be', FULL],
    ['with only what there must be', {}],
  ])('is the head of an empty one, as everybody reads it, %s', async (_, more) => {
    const message = messageTo(newContact(), more);
    const head = await insert(message);
    expect(head).toBeDefined();
    expect(head).toStrictEqual(await headOf(message));
    expect(head).toMatchObject({
      messageId: message.messageId,
      contactId: message.contactId,
      person: message.person,
      content: message.content,
      template: message.template ?? null,
      deadline: message.deadline ? new Date(message.deadline) : null,
      state: 'queued',
      open: true,
      plan: 0,
      failedChannelIds: [],
    });
    expect(await store.message(message.messageId)).toMatchObject({
      thread_id: message.threadId,
      order_ref: message.orderRef ?? null,
      created_at: NOW,
    });
  });

  it('stands behind an older one, which is the head', async () => {
    const { key, ids } = await lineOf(1);
    const younger = messageTo(key);
    const head = await insert(younger);
    expect(head?.messageId).toBe(ids[0]);
    expect(head).toStrictEqual(await headOf(key));
    expect(await store.message(younger.messageId)).toMatchObject({ open: true, state: 'queued' });
  });

  it('is the head when all before it have left the line', async () => {
    const { key, ids } = await lineOf(2);
    for (const id of ids) await close(id);
    const younger = messageTo(key);
    expect((await insert(younger))?.messageId).toBe(younger.messageId);
  });

  it('a second time changes nothing', async () => {
    const key = newContact();
    const [first, second] = [messageTo(key), messageTo(key)];
    for (const message of [first, second]) await insert(message);
    const before = await store.written('messages', key);
    for (const message of [first, second])
      expect((await insert({ ...message, ...FULL, threadId: 'thr_2' }))?.messageId).toBe(first.messageId);
    expect(await store.written('messages', key)).toEqual(before);
    expect(before).toHaveLength(2);
  });

  it('a second time, after it has left the line, is no head and stays as it was', async () => {
    const message = messageTo(newContact());
    await insert(message);
    await close(message.messageId);
    const before = await store.message(message.messageId);
    expect(await insert({ ...message, ...FULL })).toBeUndefined();
    expect(await store.message(message.messageId)).toEqual(before);
  });
});

describe('a message that is put first', () => {
  it.each([
    ['with all there may be', FULL],
    ['with only what there must be', {}],
  ])('and left as it is becomes what an insert makes of it, %s', async (_, more) => {
    const [inserted, first] = [messageTo(newContact(), more), messageTo(newContact(), more)];
    await insert(inserted);
    const returned = await put(first);
    expect(await comparable(first.messageId)).toEqual(await comparable(inserted.messageId));
    expect(returned).toStrictEqual(await headOf(first));
  });

  it.each([
    ['with all there may be', FULL],
    ['with only what there must be', {}],
  ])('and changed becomes what an insert and the same changes make of it, in one write, %s', async (_, more) => {
    const [inserted, first] = [messageTo(newContact(), more), messageTo(newContact(), more)];
    await insert(inserted);
    await change(inserted.messageId, ...CHANGES);
    const returned = await put(first, ...CHANGES);
    const row = await comparable(first.messageId);
    expect(row).toEqual(await comparable(inserted.messageId));
    expect(row).toMatchObject({ plan: 2, sends: 3, dropped_at: at(14) });
    expect((await store.written('messages', first)).map(({ what }) => what)).toEqual(['INSERT']);
    expect(await change(first.messageId)).toMatchObject(returned);
  }); // prettier-ignore

  it('has every field changed by these tests', async () => {
    const head = (await insert(messageTo(newContact())))!;
    const changed = new Set(CHANGES.flatMap((patch) => Object.keys(patch)));
    const fixed = ['messageId', 'channelAccountId', 'contactId'];
    expect(Object.keys(head).filter((field) => !changed.has(field))).toEqual(fixed);
  });

  it('is not written before the commit, and with it in one statement', async () => {
    const message = messageTo(newContact(), FULL);
    const putAndChange = (): Promise<void> =>
      store.transaction(async (tx) => {
        await lockRecipient(tx, message, NOW);
        const first = putFirst(tx, message, NOW);
        updateMessage(tx, first, { state: 'sending', plan: 1 });
        expect(await lockHead(tx, message)).toBeUndefined();
      });
    expect(await store.statements('messages', putAndChange)).toEqual(['INSERT']);
    expect(await headOf(message)).toMatchObject({ state: 'sending', plan: 1 });
  });

  it('is changed by an update once it is written', async () => {
    const message = messageTo(newContact());
    const first = await put(message, { plan: 1 });
    await store.transaction(async (tx) => {
      await lockRecipient(tx, message, NOW);
      updateMessage(tx, first, { plan: 2 });
    });
    expect(await store.message(message.messageId)).toMatchObject({ plan: 2 });
  });

  it('is not written when its transaction fails', async () => {
    const message = messageTo(newContact());
    const failing = store.transaction(async (tx) => {
      await lockRecipient(tx, message, NOW);
      updateMessage(tx, putFirst(tx, message, NOW), { plan: 1 });
      throw new Error('after all');
    });
    await expect(failing).rejects.toThrow('after all');
    expect(await store.message(message.messageId)).toBeUndefined();
    expect(await store.written('messages', message)).toEqual([]);
    expect((await put(message)).plan).toBe(0);
    expect(await store.message(message.messageId)).toMatchObject({ plan: 0 });
  });

  it('and is there already fails its transaction, and stays as it was', async () => {
    const message = messageTo(newContact());
    await insert(message);
    await close(message.messageId);
    const [before, recipient] = [await store.message(message.messageId), await store.recipient(message)];
    const failing = store.transaction(async (tx) => {
      updateRecipient(tx, await lockRecipient(tx, message, NOW), { windowRefused: true });
      updateMessage(tx, putFirst(tx, { ...message, ...FULL }, NOW), { plan: 7 });
    });
    await expect(failing).rejects.toMatchObject({ code: '23505' });
    expect(await store.message(message.messageId)).toEqual(before);
    expect(await store.recipient(message)).toEqual(recipient);
  });
});
