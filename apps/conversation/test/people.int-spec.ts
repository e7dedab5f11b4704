import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { joinContacts, type JoinContactsPayload } from '#contracts';
import type { OrderFact } from '#core/checkout';
import { personOf, type PersonNames } from '#core/messaging';
import { lockNames, Tenants } from '#persistence';
import { createTestDatabase, insertTestMerchant, type TestDatabase } from '#testing';
import { resolveContact } from '../src/contacts.js';
import { joinContacts as joinByProof } from '../src/people.js';
import { deleteContacts } from '../src/privacy/contacts.js';
import { openSmallCatalog, type SmallCatalog } from './support/small-catalog.js';
import { Stand, tap, type ThreadRow } from './support/stand.js';

/** Contacts on several channel accounts of a merchant, and who of them is one person. */

const PHONE = { phone: '971501234567' };
const SHEENA = { ...PHONE, userId: 'AE.1349' };
const STRANGER = { ...PHONE, userId: 'AE.STRANGER' };
const SHIPPED: OrderFact = { kind: 'shipped', tracking: { carrier: 'Aramex', trackingCode: 'AX1' } };

let database: TestDatabase;
let catalog: SmallCatalog;
let stand: Stand;

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

type Account = 'one' | 'two' | 'three' | 'four';
const accountOf = (account: Account): string =>
  account === 'one' ? stand.merchant.channelAccountId : `acc_${account}`;

/** The person writes on an account; what is answered, and the contact. */
async function writes(account: Account, person: PersonNames, what = 'cart', more = {}): Promise<string> {
  const channelAccountId = accountOf(account);
  await stand.give(stand.message(person, tap(what), { channelAccountId, ...more }));
  return (await stand.sends()).filter((send) => send.channelAccountId === channelAccountId).at(-1)!.contactId;
}
async function moves(account: Account, previous: PersonNames, current: PersonNames): Promise<void> {
  const { payload, ...item } = stand.identity(previous, current);
  const channelAccountId = accountOf(account);
  const stream = `thread/${channelAccountId}/${previous.userId ?? previous.phone}`;
  await stand.give({ ...item, stream, payload: { ...payload, channelAccountId } as typeof payload });
}
async function joins(payload: Partial<JoinContactsPayload>): Promise<void> {
  const provedAt = '2026-11-21T12:00:00.000Z';
  const given = {
    proofId: randomUUID(),
    kind: 'signed_identity',
    scheme: 'customer_id',
    value: '77',
    provedAt,
  };
  const item = stand.item(
    joinContacts,
    { ...given, members: [], ...payload } as JoinContactsPayload,
    new Date(),
  );
  await stand.give(item);
}
const on = (account: Account, person: PersonNames) => ({
  channelAccountId: accountOf(account),
  person: personOf(person),
});

const personIds = async (): Promise<Record<string, string | null>> => {
  const rows = await stand.sql<{ id: string; person: string | null }>(
    `SELECT contact_id AS id, person_id AS person FROM conversation.contacts WHERE merchant_id = $1`,
    [stand.merchant.merchantId],
  );
  return Object.fromEntries(rows.map(({ id, person }) => [id, person]));
};
/** Contacts by people; who is nobody's is left out. Fails when a person has one contact, or none. */
async function people(): Promise<string[][]> {
  const ids = await personIds();
  const rows = await stand.sql<{ id: string }>(
    `SELECT person_id AS id FROM conversation.people WHERE merchant_id = $1 ORDER BY 1`,
    [stand.merchant.merchantId],
  );
  const groups = rows.map(({ id }) =>
    Object.keys(ids)
      .filter((contact) => ids[contact] === id)
      .toSorted(),
  );
  expect(groups.every((group) => group.length > 1)).toBe(true);
  expect(groups.flat()).toHaveLength(Object.values(ids).filter((id) => id !== null).length);
  return groups;
}
/** The account's contacts, or all, were seen and verified so many days before. */
async function passes(days: number, account?: Account): Promise<void> {
  await stand.sql(
    `UPDATE conversation.aliases SET seen_at = seen_at - $2 * interval '1 day', verified_at = verified_at - $2 * interval '1 day'
     WHERE merchant_id = $1 AND ($3::text IS NULL OR channel_account_id = $3)`,
    [stand.merchant.merchantId, days, account ? accountOf(account) : null],
  );
}
const verifiedAt = async (account: Account, number = PHONE.phone): Promise<Date | null> => {
  const [row] = await stand.sql<{ at: Date | null }>(
    `SELECT verified_at AS at FROM conversation.aliases WHERE merchant_id = $1 AND channel_account_id = $2 AND value = $3`,
    [stand.merchant.merchantId, accountOf(account), number],
  );
  return row!.at;
};
const daysAgo = (days: number): Date => new Date(Date.now() - days * 24 * 3_600_000);
/** An order of the account's customer is shipped. */
async function ships(account: Account, orderRef: string): Promise<void> {
  const [thread] = await stand.sql<ThreadRow>(
    `SELECT * FROM conversation.threads WHERE merchant_id = $1 AND channel_account_id = $2`,
    [stand.merchant.merchantId, accountOf(account)],
  );
  await stand.give(stand.fact(thread!, orderRef, SHIPPED));
}
const lastAnswer = async (): Promise<string> => (await stand.sends()).at(-1)!.content.body!;
const NO_ORDER = 'I have no order of yours yet';

const transaction = <T>(work: (tx: EntityManager) => Promise<T>): Promise<T> =>
  stand.app.get(Tenants, { strict: false }).transaction(stand.merchant.merchantId, work);
const workIn = (tx: EntityManager) => ({ tx, now: new Date(), emit: () => undefined });

const proofs = () =>
  stand.sql<{ contact: string; kind: string; scheme: string; value: string; ended: boolean; at: Date }>(
    `SELECT contact_id AS contact, kind, scheme, value, proved_at AS at, ended_at IS NOT NULL AS ended
     FROM conversation.proofs WHERE merchant_id = $1 ORDER BY contact_id, kind, value`,
    [stand.merchant.merchantId],
  );

describe('the same verified number', () => {
  it.each<[string, PersonNames, PersonNames]>([
    ['and user id', SHEENA, SHEENA],
    ['with a user id here, and none there', SHEENA, PHONE],
    ['in another form', { phone: '551176543210' }, { phone: '5511976543210' }],
  ])('joins contacts on two accounts: %s', async (_, first, second) => {
    const contacts = [await writes('one', first), await writes('two', second)].toSorted();
    expect(await people()).toEqual([contacts]);
    const value = first.phone === PHONE.phone ? PHONE.phone : '5511976543210';
    const proof = { kind: 'verified_phone', scheme: 'phone', value, ended: false, at: expect.any(Date) };
    const ofNumber = (await proofs()).filter(({ kind }) => kind === proof.kind);
    expect(ofNumber).toEqual(contacts.map((contact) => ({ contact, ...proof })));
    const others = (await proofs()).filter(({ kind }) => kind !== proof.kind);
    const sameUserId = first.userId !== undefined && first.userId === second.userId;
    expect(others.map(({ contact, kind, value: id }) => [contact, kind, id])).toEqual(
      sameUserId ? contacts.map((contact) => [contact, 'same_user_id', 'whatsapp/AE.1349']) : [],
    );
  });

  it('joins a third, and keeps the person and the proofs that there were', async () => {
    await writes('one', SHEENA);
    await writes('two', SHEENA);
    const [person] = Object.values(await personIds());
    const before = await proofs();
    await writes('three', SHEENA);
    expect(new Set(Object.values(await personIds()))).toEqual(new Set([person]));
    expect((await people())[0]).toHaveLength(3);
    expect(await proofs()).toEqual(expect.arrayContaining(before));
  });

  it('joins when both write at once', async () => {
    await stand.settled();
    const message = stand.message(SHEENA, tap('cart'), { channelAccountId: accountOf('two') });
    await stand.store(message);
    await transaction(async (tx) => {
      const book = { merchantId: stand.merchant.merchantId, channelAccountId: accountOf('one') };
      const verified = { by: 'whatsapp', at: new Date() };
      await resolveContact(workIn(tx), { ...book, verified }, personOf(SHEENA));
      await stand.wake(message);
      await stand.lockedOut(1);
    });
    await stand.settled();
    expect(await people()).toHaveLength(1);
  });

  it('is no proof on a channel that does not verify it', async () => {
    await writes('one', SHEENA);
    await writes('two', PHONE, 'cart', { channel: 'toychat' });
    expect([await people(), await proofs()]).toEqual([[], []]);
  });

  it('does not join when the number was verified more than 45 days ago, and does when it is seen again', async () => {
    await writes('one', PHONE);
    await passes(46);
    await writes('two', PHONE);
    expect(await people()).toEqual([]);
    await writes('one', PHONE);
    expect(await people()).toHaveLength(1);
  });

  it('of contacts that were made before channels were asked joins them when both have written again', async () => {
    await writes('one', PHONE, 'cart', { channel: 'toychat' });
    await writes('two', PHONE, 'cart', { channel: 'toychat' });
    const later = `UPDATE conversation.aliases SET seen_at = seen_at - interval '2 hours' WHERE merchant_id = $1`;
    await stand.sql(later, [stand.merchant.merchantId]);
    await writes('one', PHONE);
    expect(await people()).toEqual([]);
    await writes('two', PHONE);
    expect(await people()).toHaveLength(1);
  });

  it('at another merchant is another person', async () => {
    await writes('one', SHEENA);
    const merchant = await insertTestMerchant(database.ownerUrl);
    const other = await Stand.open({ database, rpcPort: catalog.rpcPort, merchant });
    try {
      await other.chat(SHEENA, 'cart');
      expect(await people()).toEqual([]);
      const joined = await stand.sql(`SELECT FROM conversation.contacts WHERE person_id IS NOT NULL AND merchant_id = $1`, [merchant.merchantId]); // prettier-ignore
      expect(joined).toEqual([]);
    } finally {
      await other.close();
    }
  });
});

it('the same username, or the same parent, joins nobody', async () => {
  await writes('one', { userId: 'AE.1', parentUserId: 'P.1', username: 'sheena' });
  await writes('two', { userId: 'AE.2', parentUserId: 'P.1', username: 'sheena' });
  expect([await people(), await proofs()]).toEqual([[], []]);
});

describe('a number that has passed on', () => {
  it('does not join the new one on another account', async () => {
    await writes('one', SHEENA);
    await writes('two', STRANGER);
    expect(await people()).toEqual([]);
  });

  it('does not join who had it without a user id, once it is taken over on one of the accounts', async () => {
    await writes('one', SHEENA);
    const old = await writes('two', PHONE);
    expect(await people()).toHaveLength(1);
    const stranger = await writes('one', STRANGER);
    expect(await people()).toEqual([]);
    expect((await proofs()).map(({ ended }) => ended)).toEqual([true, true]);
    expect(stranger).not.toBe(old);
    // Whoever has it now is proved anew, by a user id.
    const there = await writes('three', STRANGER);
    expect(await people()).toEqual([[stranger, there].toSorted()]);
  });

  it('leaves who was joined by it when a contact that had no user id turns out to be somebody else', async () => {
    const sheena = await writes('one', SHEENA);
    const unknown = await writes('two', PHONE);
    expect(await people()).toEqual([[sheena, unknown].toSorted()]);
    expect(await writes('two', STRANGER)).toBe(unknown);
    expect(await people()).toEqual([]);
  });

  it('shows nobody the orders of who had it', async () => {
    await writes('one', SHEENA);
    const [thread] = await stand.threads();
    await stand.give(stand.fact(thread!, 'W1', SHIPPED));
    await writes('two', STRANGER, 'track');
    expect((await stand.sends()).at(-1)!.content.body).toContain('I have no order of yours yet');
  });
});

describe('a number that nobody wrote from for 45 days', () => {
  it('does not tell a new contact whose orders those were that were joined by it', async () => {
    await writes('one', PHONE);
    await writes('two', PHONE);
    await ships('one', 'W1');
    await passes(700);
    const stranger = { ...PHONE, userId: 'AE.NEW' };
    await writes('three', stranger, 'track');
    expect(await lastAnswer()).toContain(NO_ORDER);
    expect(await people()).toEqual([]);
    // Nor later, when the number joins others with the new one.
    await writes('four', PHONE, 'track');
    expect(await lastAnswer()).toContain(NO_ORDER);
    expect((await people())[0]).toHaveLength(2);
  });

  it.each<[string, PersonNames, PersonNames]>([
    ['without a user id', SHEENA, PHONE],
    ['with one that is new', PHONE, { ...PHONE, userId: 'AE.NEW' }],
  ])('does not tell who writes from it %s what it told of who had it there', async (_, had, writer) => {
    await writes('one', had);
    await writes('two', PHONE);
    await ships('one', 'W1');
    await passes(400);
    await writes('two', writer, 'track');
    expect(await lastAnswer()).toContain(NO_ORDER);
    expect(await people()).toEqual([]);
  });

  it('still joins who writes from it on another account all the time', async () => {
    const contacts = [await writes('one', SHEENA), await writes('two', PHONE)].toSorted();
    await passes(400, 'two');
    await writes('two', PHONE);
    expect(await people()).toEqual([contacts]);
  });

  it('still joins who writes from it when the user id tells that they are the same', async () => {
    const contacts = [await writes('one', SHEENA), await writes('two', PHONE)].toSorted();
    await passes(400);
    await writes('one', SHEENA);
    expect(await people()).toEqual([contacts]);
  });

  it('does not separate who has the same user id', async () => {
    const contacts = [await writes('one', SHEENA), await writes('two', SHEENA)].toSorted();
    await passes(400);
    await writes('two', SHEENA);
    expect(await people()).toEqual([contacts]);
  });
});

describe('a number is verified when the message was written', () => {
  it('and not when it is handled', async () => {
    await writes('one', PHONE, 'cart', { sentAt: daysAgo(60).toISOString() });
    await writes('two', PHONE);
    expect(await people()).toEqual([]);
    await writes('one', PHONE);
    expect(await people()).toHaveLength(1);
  });

  it('and a message that is handled late moves it nowhere', async () => {
    await writes('one', SHEENA);
    const before = await verifiedAt('one');
    expect(before).toBeInstanceOf(Date);
    await writes('one', { ...SHEENA, username: 'sheena' }, 'cart', { sentAt: daysAgo(60).toISOString() });
    expect(await verifiedAt('one')).toEqual(before);
  });

  it('and a proof that is handed over verifies none', async () => {
    const sheena = await writes('one', PHONE);
    await writes('two', PHONE);
    await ships('one', 'W1');
    await passes(60);
    const before = await verifiedAt('two');
    await joins({ members: [on('two', PHONE)] });
    expect(await verifiedAt('two')).toEqual(before);
    // Also not within the hour, when the contact is familiar.
    await writes('two', PHONE, 'track');
    expect(await lastAnswer()).toContain(NO_ORDER);
    expect((await people()).flat()).not.toContain(sheena);
  });
});

describe('user ids of two portfolios', () => {
  it('make two people of one human, and leave together who has the same', async () => {
    const [ofOne, ofOther] = [
      { ...PHONE, userId: 'P1.1' },
      { ...PHONE, userId: 'P2.1' },
    ];
    const first = [await writes('one', ofOne), await writes('two', ofOne)].toSorted();
    const third = await writes('three', ofOther);
    expect(await people()).toEqual([first]);
    const second = [third, await writes('four', ofOther)].toSorted();
    expect((await people()).toSorted()).toEqual([first, second].toSorted());
    await passes(1);
    await writes('one', ofOne);
    expect((await people()).toSorted()).toEqual([first, second].toSorted());
  });
});

describe('a number that was given up', () => {
  it('separates who was joined by it; the new number joins them again', async () => {
    const first = await writes('one', SHEENA);
    const second = await writes('two', PHONE);
    expect(await people()).toEqual([[first, second].toSorted()]);
    const moved = { phone: '971507777777', userId: 'AE.2000' };
    await moves('one', SHEENA, moved);
    expect(await people()).toEqual([]);
    expect((await proofs()).every(({ ended }) => ended)).toBe(true);
    const third = await writes('three', moved);
    expect(await people()).toEqual([[first, third].toSorted()]);
  });

  it('stays with who has it by now', async () => {
    await writes('one', SHEENA);
    const others = [await writes('two', STRANGER), await writes('three', PHONE)].toSorted();
    // The number passed on, and whoever has it now is joined by it.
    await joins({ kind: 'confirmation', members: [on('two', STRANGER), on('three', PHONE)] });
    const before = [await verifiedAt('two'), await verifiedAt('three')];
    expect(before).toEqual([expect.any(Date), expect.any(Date)]);
    await moves('one', SHEENA, { phone: '971507777777', userId: 'AE.2000' });
    expect([await verifiedAt('two'), await verifiedAt('three')]).toEqual(before);
    expect(await people()).toEqual([others]);
  });

  it('is locked, also where only the contact’s names have it', async () => {
    const [first, second] = [await writes('one', SHEENA), await writes('two', PHONE)];
    const current = { phone: '971507777777', userId: 'AE.2000' };
    const { payload, ...item } = stand.identity({ userId: SHEENA.userId }, current);
    const change = { ...item, payload };
    await stand.store(change);
    await transaction(async (tx) => {
      const name = `${stand.merchant.merchantId}/${PHONE.phone}`;
      await tx.query(...lockNames('contact', [name]));
      await stand.wake(change);
      await stand.lockedOut(1);
      expect(await people()).toEqual([[first, second].toSorted()]);
    });
    await stand.settled();
    expect(await people()).toEqual([]);
  });
});

describe('contacts that are merged', () => {
  it('bring their people together', async () => {
    await writes('one', PHONE);
    const there = await writes('two', SHEENA);
    await writes('one', { userId: 'AE.77' });
    await joins({ members: [on('one', { userId: 'AE.77' }), on('three', { userId: 'AE.3' })] });
    expect(await people()).toHaveLength(2);
    const kept = await writes('one', { ...PHONE, userId: 'AE.77' });
    expect(await stand.contacts()).toHaveLength(3);
    // The user id differs from the one on the second account: the number is somebody else's.
    expect((await people()).flat()).not.toContain(there);
    expect((await people())[0]).toContain(kept);
  });

  it('keep what was proved of the one that is gone', async () => {
    const older = await writes('one', PHONE);
    const younger = await writes('one', { userId: 'AE.1349' });
    await joins({ members: [on('one', { userId: 'AE.1349' }), on('two', { userId: 'AE.9' })] });
    expect((await people())[0]).toContain(younger);
    expect(await writes('one', SHEENA)).toBe(older);
    const [group, ...others] = await people();
    expect(others).toEqual([]);
    expect(group).toContain(older);
    expect(group).toHaveLength(2);
  });
});

describe('a proof that is handed over', () => {
  it('of one identity joins whoever has it, as they come', async () => {
    const first = await writes('one', { userId: 'AE.1' });
    await joins({ members: [on('one', { userId: 'AE.1' })] });
    expect(await people()).toEqual([]);
    await joins({ members: [on('two', { userId: 'visitor-1' })], value: 'other' });
    expect(await people()).toEqual([]);
    await joins({ members: [on('two', { userId: 'visitor-1' })] });
    const [group] = await people();
    expect(group).toContain(first);
    expect(await proofs()).toContainEqual({
      contact: first,
      kind: 'signed_identity',
      scheme: 'customer_id',
      value: '77',
      ended: false,
      at: new Date('2026-11-21T12:00:00.000Z'),
    });
  });

  it('joins when two are handed over at once', async () => {
    const contacts = [await writes('one', { userId: 'AE.1' }), await writes('two', { userId: 'AE.2' })];
    const proof = { kind: 'signed_identity', scheme: 'customer_id', value: '77' } as const;
    const given = { ...proof, proofId: randomUUID(), provedAt: new Date().toISOString() };
    const item = stand.item(joinContacts, { ...given, members: [on('two', { userId: 'AE.2' })] }, new Date());
    await stand.store(item);
    await transaction(async (tx) => {
      await joinByProof(workIn(tx), stand.merchant.merchantId, [contacts[0]!], proof);
      await stand.wake(item);
      await stand.lockedOut(1);
    });
    await stand.settled();
    expect(await people()).toEqual([contacts.toSorted()]);
  });

  it('whose members turn out to be one contact joins it with the others', async () => {
    const older = await writes('one', PHONE);
    await writes('one', { userId: 'AE.1' });
    const other = await writes('two', { userId: 'AE.2' });
    await joins({
      members: [
        on('one', { userId: 'AE.1' }),
        on('one', { ...PHONE, userId: 'AE.1' }),
        on('two', { userId: 'AE.2' }),
      ],
    });
    expect(await people()).toEqual([[older, other].toSorted()]);
  });

  it('of a confirmation joins both that it names, also with different user ids', async () => {
    const members = [on('one', { userId: 'AE.1' }), on('two', { userId: 'AE.2' })];
    await joins({ kind: 'confirmation', scheme: 'confirmation_id', value: randomUUID(), members });
    expect((await people())[0]).toHaveLength(2);
    expect((await proofs()).map(({ kind }) => kind)).toEqual(['confirmation', 'confirmation']);
  });

  it('holds when the number that proved the same is given up', async () => {
    await writes('one', SHEENA);
    await writes('two', SHEENA);
    await joins({ kind: 'confirmation', members: [on('one', SHEENA), on('two', SHEENA)] });
    await moves('one', SHEENA, { phone: '971507777777', userId: 'AE.2000' });
    expect(await people()).toHaveLength(1);
  });

  it.each<[string, object]>([
    ['the channel itself tells', { kind: 'verified_phone' }],
    ['names nobody', { members: [] }],
  ])('is refused when %s', (_, wrong) => {
    const payload = { members: [on('one', SHEENA)], ...wrong };
    return expect(joins(payload as Partial<JoinContactsPayload>)).rejects.toThrow(
      /kind must be|members should/,
    );
  });
});

it('asks where an order is that was made on another account', async () => {
  await writes('one', SHEENA);
  const [thread] = await stand.threads();
  await stand.give(stand.fact(thread!, 'W1', SHIPPED));
  await writes('two', SHEENA, 'track');
  expect((await stand.sends()).at(-1)!.content.body).toContain('Order *W1*');
  const [, other] = await stand.threads();
  expect(other!.state.orders).toEqual([]);
});

it('a contact that is forgotten leaves its person, of whom nothing is left when one contact is', async () => {
  const { merchantId } = stand.merchant;
  const contacts = [await writes('one', SHEENA), await writes('two', SHEENA), await writes('three', SHEENA)];
  const forget = (contactId: string) =>
    stand.app
      .get(Tenants, { strict: false })
      .transaction(merchantId, (tx) => deleteContacts({ tx, now: new Date() }, merchantId, [contactId]));
  expect(await forget(contacts[0]!)).toMatchObject({ contacts: 1, proofs: 2, people: 0 });
  expect(await people()).toEqual([contacts.slice(1).toSorted()]);
  expect(await forget(contacts[1]!)).toMatchObject({ contacts: 1, proofs: 2 });
  expect(await people()).toEqual([]);
});

describe('beside the release before', () => {
  it('a message as it was written there is handled, and what is said is written in its words, too', async () => {
    const { payload, ...item } = stand.message(SHEENA, tap('add|A'));
    const before = { waId: PHONE.phone, userId: SHEENA.userId, name: 'Sheena' };
    await stand.give({ ...item, payload: { ...payload, person: before } as typeof payload });
    const [sent] = await stand.sql<{ person: object }>(
      `SELECT payload -> 'person' AS person FROM journal.items WHERE name = 'outbound.send-message.v1' AND merchant_id = $1`,
      [stand.merchant.merchantId],
    );
    expect(sent!.person).toMatchObject(before);
    expect(sent!.person).toHaveProperty('aliases');
    const kinds = await stand.sql(`SELECT kind FROM conversation.aliases WHERE merchant_id = $1 ORDER BY 1`, [
      stand.merchant.merchantId,
    ]);
    expect(kinds).toEqual([{ kind: 'user_id' }, { kind: 'wa_id' }]);
  });

  it('a number that it gives to another contact is not verified of that one', async () => {
    await writes('one', PHONE);
    await writes('two', PHONE);
    const stranger = await writes('one', { userId: 'AE.77' });
    const upsert = (contactId: string): Promise<unknown> =>
      transaction((tx) =>
        tx.query(
          `INSERT INTO conversation.aliases (merchant_id, channel_account_id, kind, value, contact_id, seen_at)
           SELECT $1, $2, kind, value, $3, $4 FROM unnest($5::text[], $6::text[]) AS a(kind, value)
           ON CONFLICT (merchant_id, channel_account_id, kind, value)
           DO UPDATE SET contact_id = excluded.contact_id, seen_at = excluded.seen_at`,
          [stand.merchant.merchantId, accountOf('one'), contactId, new Date(), ['wa_id'], [PHONE.phone]],
        ),
      );
    const verified = () =>
      stand.sql(
        `SELECT contact_id, verified_by, verified_at FROM conversation.aliases
         WHERE merchant_id = $1 AND channel_account_id = $2 AND value = $3`,
        [stand.merchant.merchantId, accountOf('one'), PHONE.phone],
      );
    const [had] = await verified();
    await upsert((had as { contact_id: string }).contact_id);
    expect(await verified()).toEqual([had]);
    await upsert(stranger);
    expect(await verified()).toEqual([{ contact_id: stranger, verified_by: null, verified_at: null }]);
  });

  it('a contact that it removes takes its proofs along', async () => {
    const gone = await writes('one', SHEENA);
    await writes('two', SHEENA);
    const { merchantId } = stand.merchant;
    await stand.app.get(Tenants, { strict: false }).transaction(merchantId, async (tx) => {
      for (const table of ['threads', 'aliases', 'contacts']) {
        await tx.query(
          `SELECT conversation.remove_rows('${table}', ARRAY(
             SELECT ctid FROM conversation.${table} WHERE contact_id = $1 FOR UPDATE))`,
          [gone],
        );
      }
    });
    expect((await proofs()).map(({ contact }) => contact)).not.toContain(gone);
  });
});

it('a channel’s own scheme is an alias like any other', async () => {
  const visitor = { aliases: [{ scheme: 'visitor_id', value: 'v-1' }] };
  await stand.chat(visitor, tap('add|A'));
  await stand.chat({ aliases: [...visitor.aliases, { scheme: 'user_id', value: 'AE.5' }] }, tap('add|B'));
  expect(await stand.contacts()).toHaveLength(1);
  expect((await stand.sends()).at(-1)!.person.aliases).toEqual(
    expect.arrayContaining([{ scheme: 'visitor_id', value: 'v-1' }]),
  );
});
