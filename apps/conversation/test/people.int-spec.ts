import { randomUUID } from 'node:crypto';
import { joinContacts, type JoinContactsPayload } from '#contracts';
import type { OrderFact } from '#core/checkout';
import { personOf, type PersonNames } from '#core/messaging';
import { Tenants } from '#persistence';
import { createTestDatabase, insertTestMerchant, type TestDatabase } from '#testing';
import { deleteContacts } from '../src/privacy/contacts.js';
import { openSmallCatalog, type SmallCatalog } from './support/small-catalog.js';
import { Stand, tap } from './support/stand.js';

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

type Account = 'one' | 'two' | 'three';
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
    expect(await proofs()).toEqual(contacts.map((contact) => ({ contact, ...proof })));
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
    const items = (['one', 'two'] as const).map((account) =>
      stand.message(SHEENA, tap('cart'), { channelAccountId: accountOf(account) }),
    );
    await stand.give(...items);
    expect(await people()).toHaveLength(1);
  });

  it('is no proof on a channel that does not verify it', async () => {
    await writes('one', SHEENA);
    await writes('two', PHONE, 'cart', { channel: 'toychat' });
    expect([await people(), await proofs()]).toEqual([[], []]);
  });

  it('does not join when the number was verified more than 45 days ago, and does when it is seen again', async () => {
    await writes('one', PHONE);
    await stand.sql(
      `UPDATE conversation.aliases SET seen_at = seen_at - interval '46 days' WHERE merchant_id = $1`,
      [stand.merchant.merchantId],
    );
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
  expect(await forget(contacts[0]!)).toMatchObject({ contacts: 1, proofs: 1, people: 0 });
  expect(await people()).toEqual([contacts.slice(1).toSorted()]);
  expect(await forget(contacts[1]!)).toMatchObject({ contacts: 1, proofs: 1 });
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
