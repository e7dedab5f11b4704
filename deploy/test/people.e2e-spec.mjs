import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import pg from 'pg';
import { http } from '../local/customer.mjs';
import { startStack } from '../local/stack.mjs';
import { allRows, find } from './support/everywhere.mjs';
import { adminApi, openMerchant, purchase, untilQuiet } from './support/two-merchants.mjs';

jest.setTimeout(600_000);

const DAY_MS = 24 * 3_600_000;
/** The services that forget a person one after the other. */
const FORGETTING = ['conversation', 'checkout', 'outbound', 'admin'];
/** Letters that no hash and no id of ours contain by chance. */
const newWord = () => `zq${Array.from({ length: 10 }, () => 'ghjkqvwxyz'[randomInt(10)]).join('')}`;

describe('personal data on a whole stack', () => {
  let stack, dataDir, database, operator, a, b;
  /** Two customers of one merchant, one of another. */
  const words = { target: newWord(), other: newWord(), elsewhere: newWord() };
  const people = {};

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'waco-people-'));
    const portBase = Number(process.env.WACO_PORT_BASE) || 16_000 + randomInt(30) * 150;
    stack = await startStack({ dataDir, portBase, quiet: true, demo: false });
    database = new pg.Client({ connectionString: stack.databaseUrl });
    await database.connect();
    operator = adminApi(stack.urls.admin, stack.secrets.operatorKey);
    a = await openMerchant(stack, newWord());
    b = await openMerchant(stack, newWord());
    people.target = await buyer(a, words.target);
    people.other = await buyer(a, words.other);
    people.elsewhere = await buyer(b, words.elsewhere);
    await untilQuiet(stack, database);
  });

  afterAll(async () => {
    await database?.end();
    await stack?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function buyer(merchant, own) {
    const { customer, orderRef, link } = await purchase(stack, merchant, { own });
    const customers = await http(stack.urls.sandbox).get('/phone/api/customers');
    const { phone } = customers.find((c) => c.customerId === customer.customerId);
    const names = await rows(
      `SELECT kind, value, contact_id FROM conversation.aliases WHERE merchant_id = $1 AND contact_id =
         (SELECT contact_id FROM conversation.aliases WHERE merchant_id = $1 AND kind = 'wa_id' AND value = $2)`,
      [merchant.merchantId, phone.replace(/\D/g, '')],
    );
    const username = newWord();
    await database.query(
      `INSERT INTO conversation.aliases SELECT merchant_id, channel_account_id, 'username', $3, contact_id, now()
       FROM conversation.aliases WHERE merchant_id = $1 AND contact_id = $2 LIMIT 1`,
      [merchant.merchantId, names[0].contact_id, username],
    );
    const userId = names.find((n) => n.kind === 'user_id').value;
    return {
      customer,
      orderRef,
      link,
      phone: phone.replace(/\D/g, ''),
      userId,
      username,
      contactId: names[0].contact_id,
    };
  }

  const rows = async (sql, parameters = []) => (await database.query(sql, parameters)).rows;
  const needles = (person, word) => [word, person.phone, person.userId, person.username];
  /** What the other merchant has, but for what goes on by itself every minute. */
  const otherRows = async () =>
    (await allRows(database))
      .filter(({ merchant }) => merchant === b.merchantId)
      .map(({ where, text }) => `${where} ${text}`)
      .filter((text) => !/apply-retention|sync-store|sync_cursors|catalog\.products/.test(text))
      .sort();

  it('an export gives everything of one person, by any name, and nothing of another or secret', async () => {
    const { phone, userId, username, contactId, orderRef, link } = people.target;
    const path = `/v1/merchants/${a.merchantId}/people/export`;
    const written = `+${phone.slice(0, 3)} (0)${phone.slice(3, 5)} ${phone.slice(5, 8)}-${phone.slice(8)}`;
    const documents = [];
    for (const name of [{ phone: written }, { userId }, { username: `@${username}` }, { contactId }]) {
      const { status, body, text } = await operator('POST', path, name);
      expect([name, status]).toEqual([name, 200]);
      documents.push(JSON.stringify({ ...body, exportedAt: null }));
      for (const needle of [words.target, phone, userId, username, orderRef, 'black hoodie', 'street']) {
        expect([needle, text.includes(needle)]).toEqual([needle, true]);
      }
      expect(body).toMatchObject({
        contacts: [{}],
        threads: [{}],
        orders: [{ order_ref: orderRef }],
        recipients: [{}],
      });
      expect(body.messages.length).toBeGreaterThan(5);
      expect(body.items.length).toBeGreaterThan(20);
      const strangers = [
        ...needles(people.other, words.other),
        ...needles(people.elsewhere, words.elsewhere),
      ];
      for (const needle of [...strangers, new URL(link).pathname, ...Object.values(a.secrets)]) {
        expect([needle, find([{ where: 'export', text }], String(needle))]).toEqual([needle, []]);
      }
    }
    expect(new Set(documents).size).toBe(1);
    const { body } = await operator('POST', path, { phone: '+49 30 901820' });
    expect(body).toMatchObject({ contacts: [], orders: [], messages: [], items: [] });
    for (const wrong of [{}, { phone, userId }, { phone: 'Sheena' }]) {
      expect(await operator('POST', path, wrong)).toMatchObject({
        status: 400,
        body: { errors: [{ field: 'phone' }] },
      });
    }
  });

  it('after an erasure that is killed again and again no row has a name of the person; others are as before', async () => {
    const { phone, userId } = people.target;
    // A line that has failed for good and one that waits name the person in the queues, too.
    const [{ stream, channel_account_id: account }] = await rows(
      `SELECT stream, channel_account_id FROM conversation.threads WHERE contact_id = $1`,
      [people.target.contactId],
    );
    for (const [payload, inMs] of [
      [{ broken: words.target }, 0],
      [{ channel: 'whatsapp', channelAccountId: account, person: { userId, waId: phone } }, DAY_MS],
    ]) {
      await database.query(
        `INSERT INTO journal.items (merchant_id, service, queue, stream, name, source, external_id, payload, occurred_at, due_at)
         VALUES ($1, 'conversation', 'threads', $2, 'conversation.receive-message.v1', 'whatsapp', $3, $4, now(), $5)`,
        [a.merchantId, stream, `test-${String(inMs)}`, payload, new Date(Date.now() + inMs)],
      );
    }
    await poll('the dead letter', async () => {
      const [{ n }] = await rows(`SELECT count(*)::int AS n FROM journal.items WHERE parked_at IS NOT NULL`);
      return n === 1;
    });
    const otherBefore = await otherRows();
    const keysBefore = await keys();
    const neighbour = await exportOf(people.other);

    const asked = await a.api('POST', `/v1/merchants/${a.merchantId}/people/erasures`, {
      phone: `00${phone.slice(0, 3)}-${phone.slice(3)}`,
    });
    expect(asked).toMatchObject({ status: 202, body: { state: 'running', completedAt: null } });
    const path = `/v1/merchants/${a.merchantId}/people/erasures/${asked.body.erasureId}`;
    for (let round = 0; round < 6; round++) {
      const name = FORGETTING[round % FORGETTING.length];
      await stack.kill(name);
      await stack.restart(name);
      await sleep(randomInt(500));
    }
    const ended = await poll('the erasure', async () => {
      const { body } = await a.api('GET', path);
      return body?.state === 'done' && body;
    });
    expect(ended.report).toMatchObject({ contacts: 1, threads: 1, orders: 1, recipients: 1 });
    expect(ended.report.messages).toBeGreaterThan(5);

    const left = await allRows(database);
    for (const needle of needles(people.target, words.target)) {
      // Meta's own message ids have the number in them; as keys they stay for a while, to keep redeliveries out.
      const plain = left.map(({ where, text }) => ({
        where,
        text: where === 'journal.items' ? text.replace(/"external_id":"[^"]*"/, '') : text,
      }));
      expect([needle, find(plain, needle)]).toEqual([needle, []]);
      expect(left.filter(({ text }) => text.includes(needle)).map(({ where }) => where)).toEqual([]);
    }
    // Amounts, ids and dates of the order stay, and keys of what came.
    const [order] = await rows(`SELECT * FROM checkout.orders WHERE order_ref = $1`, [
      people.target.orderRef,
    ]);
    expect(order).toMatchObject({
      person: {},
      link_token: null,
      state: 'delivery_failed',
      merchant_id: a.merchantId,
    });
    expect(order.payment_amount.minor).toBeGreaterThan(0);
    const keysAfter = new Set(await keys());
    expect(keysBefore.filter((key) => !keysAfter.has(key))).toEqual([]);
    expect((await fetch(people.target.link, { redirect: 'manual' })).status).toBeGreaterThanOrEqual(400);

    expect(await otherRows()).toEqual(otherBefore);
    expect(await exportOf(people.other)).toEqual(neighbour);
    const { body: log } = await operator(
      'GET',
      `/v1/audit?merchantId=${a.merchantId}&target=${asked.body.erasureId}`,
    );
    expect(log.items.map(({ action }) => action)).toEqual(['person.erased', 'person.erase']);
  });

  const keys = async () =>
    (
      await rows(`SELECT source || ' ' || external_id AS key FROM journal.items WHERE merchant_id = $1`, [
        a.merchantId,
      ])
    ).map(({ key }) => key);

  async function exportOf({ userId }) {
    const { body } = await operator('POST', `/v1/merchants/${a.merchantId}/people/export`, { userId });
    return { ...body, exportedAt: null };
  }

  it('who writes again is a new contact', async () => {
    const { customer, userId, contactId } = people.target;
    await customer.write('hi');
    await customer.next('a welcome', (m) => m.text.includes(a.word));
    const found = await rows(
      `SELECT contact_id FROM conversation.aliases WHERE kind = 'user_id' AND value = $1`,
      [userId],
    );
    expect(found).toHaveLength(1);
    expect(found[0].contact_id).not.toBe(contactId);
    const { orders } = await exportOf(people.target);
    expect(orders).toEqual([]);
  });

  it('when the keys have served their time, not even they are left; the rest is kept as long as it is', async () => {
    await untilQuiet(stack, database);
    await http(stack.urls.sandbox).post('/control/clock', { advanceMs: 9 * DAY_MS });
    await stack.restart('admin'); // its schedule looks once a minute, and when it starts
    await poll('the retention', async () => {
      const [{ n }] = await rows(`SELECT count(*)::int AS n FROM journal.items WHERE outcome = 'erased'`);
      return n === 0;
    });
    expect(await rows(`SELECT FROM journal.items WHERE external_id = 'test-0'`)).toEqual([]);
    const { items, messages } = await exportOf(people.other);
    expect(items.length).toBeGreaterThan(20);
    expect(messages.length).toBeGreaterThan(5);
  });

  it('a merchant is exported without its secrets, closed, and erased although its services are killed', async () => {
    await untilQuiet(stack, database);
    const path = `/v1/merchants/${a.merchantId}`;
    const { text } = await operator('GET', `${path}/export`);
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({ export: 'waco.merchant.v1', merchantId: a.merchantId });
    expect(lines.at(-1)).toEqual({ end: true, rows: lines.length - 2 });
    const stored = await allRows(database);
    for (const table of [
      'conversation.contacts',
      'checkout.orders',
      'outbound.messages',
      'journal.items',
      'catalog.products',
      'tenancy.audit_log',
    ]) {
      const there = stored.filter(
        ({ where, merchant }) => where === table && merchant === a.merchantId,
      ).length;
      expect([table, lines.filter((line) => line.table === table).length >= there - 20 && there > 0]).toEqual(
        [table, true],
      );
    }
    for (const secret of [...Object.values(a.secrets), a.apiKey, new URL(people.other.link).pathname]) {
      expect(find([{ where: 'export', text }], String(secret))).toEqual([]);
    }
    expect(text).toContain(words.other);
    for (const word of [b.word, words.elsewhere]) expect(text).not.toContain(word);
    expect((await operator('GET', `/v1/merchants/${b.merchantId}/erasure`)).body).toMatchObject({
      state: 'none',
    });
    expect(await operator('POST', `${path}/erase`)).toMatchObject({ status: 409 });

    const before = await otherRows();
    const closed = await operator('POST', `${path}/close`, {
      reason: 'gone',
      force: true,
      eraseAfterDays: 1,
    });
    expect(closed.status).toBe(200);
    expect((await operator('GET', `${path}/erasure`)).body).toMatchObject({ state: 'planned' });
    expect(await operator('POST', `${path}/erase`)).toMatchObject({ status: 202 });
    for (const name of [...FORGETTING, 'catalog-sync']) {
      await stack.kill(name);
      await stack.restart(name);
    }
    await poll(
      'the merchant’s end',
      async () => (await operator('GET', `${path}/erasure`)).body?.state === 'done',
    );

    const left = (await allRows(database)).filter(
      ({ merchant, text: row }) => merchant === a.merchantId || row.includes(a.merchantId),
    );
    expect([...new Set(left.map(({ where }) => where))].sort()).toEqual([
      'tenancy.audit_log',
      'tenancy.merchants',
    ]);
    const tombstone = left.filter(({ where }) => where === 'tenancy.merchants');
    for (const needle of [a.word, words.other, people.other.phone])
      expect(find(tombstone, needle)).toEqual([]);
    expect(find(left, words.other)).toEqual([]);
    expect(await otherRows()).toEqual(before);
  });

  async function poll(what, probe) {
    for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(200)) {
      const found = await probe().catch(() => undefined);
      if (found) return found;
    }
    const open = await rows(
      `SELECT name, reason, attempts, parked_at FROM journal.items WHERE settled_at IS NULL AND queue LIKE '%-data'`,
    );
    throw new Error(`not within two minutes: ${what}; open: ${JSON.stringify(open)}`);
  }
});
