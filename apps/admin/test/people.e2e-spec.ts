import { conversationErasePerson } from '#contracts';
import { insertStory, PHONE, type Story } from './rows.js';
import { onboard, startAdmin, type AdminUnderTest } from './support.js';

describe('personal data in the admin API', () => {
  let admin: AdminUnderTest;
  let merchant: Awaited<ReturnType<typeof onboard>>;
  let other: Awaited<ReturnType<typeof onboard>>;
  let story: Story;
  let path: string;

  beforeAll(async () => {
    admin = await startAdmin();
    merchant = await onboard(admin);
    other = await onboard(admin);
    story = await insertStory(admin.owner, merchant.merchantId, 'Azure');
    await insertStory(admin.owner, other.merchantId, 'Crimson');
    path = `/v1/merchants/${merchant.merchantId}`;
  });
  afterAll(() => admin.close());

  it('keeps what is chosen for retention within its bounds, and says which field broke which rule', async () => {
    const put = (retention: object) =>
      admin.call('PATCH', `${path}/settings`, { body: { retention }, headers: { 'if-match': '*' } });
    expect((await put({ chats: 30, orders: 3650, journal: 8 })).json.retention).toEqual({
      chats: 30,
      orders: 3650,
      journal: 8,
    });
    for (const [retention, field, rule] of [
      [{ journal: 7 }, 'retention.journal', 'min'],
      [{ journal: 366 }, 'retention.journal', 'max'],
      [{ chats: 29 }, 'retention.chats', 'min'],
      [{ orders: 3651 }, 'retention.orders', 'max'],
      [{ orders: 30.5 }, 'retention.orders', 'isInt'],
      [{ chats: 30, journal: 31 }, 'retention.journal', 'max'],
    ] as const) {
      const { status, json } = await put(retention);
      expect([retention, status, json.errors]).toEqual([
        retention,
        400,
        expect.arrayContaining([expect.objectContaining({ field, rule })]),
      ]);
    }
  });

  it('exports a person by a number in the merchant’s own notation, with no link that opens a payment', async () => {
    const local = `0${PHONE.slice(3)}`;
    const body = { phone: local };
    // Numbers are shown in full: the key must be one that may see them.
    expect((await admin.call('POST', `${path}/people/export`, { key: merchant.key, body })).status).toBe(403);
    const { status, json, text } = await admin.call('POST', `${path}/people/export`, { body });
    expect(status).toBe(200);
    expect(json.found).toBe(true);
    expect(json.names.keys).toContain(PHONE);
    expect(json.orders.map((o: { order_ref: string }) => o.order_ref)).toEqual([story.orderRef]);
    expect(json.threads.map((t: { thread_id: string }) => t.thread_id)).toEqual([story.threadId]);
    expect(json.messages.length).toBeGreaterThan(0);
    expect(json.items.length).toBeGreaterThan(0);
    expect(text).not.toMatch(/eyJhbGci|Crimson/);
  });

  it('says of a number that nobody has that nothing is held', async () => {
    const body = { phone: '+971 50 999 9999' };
    const { status, json } = await admin.call('POST', `${path}/people/export`, { body });
    expect([status, json.found, json.items, json.orders]).toEqual([200, false, [], []]);
  });

  it('tells an erasure that found nobody from one that is done', async () => {
    const asked = await admin.call('POST', `${path}/people/erasures`, {
      body: { phone: '+971 50 999 9999' },
    });
    const where = `${path}/people/erasures/${String(asked.json.erasureId)}`;
    const stateWith = async (report: object): Promise<string> => {
      await admin.owner.query(
        `UPDATE tenancy.erasures SET completed_at = now(), report = $2 WHERE erasure_id = $1`,
        [asked.json.erasureId, report],
      );
      return (await admin.call('GET', where)).json.state as string;
    };
    expect(await stateWith({ contacts: 0, threads: 0, items: 0 })).toBe('nothing_found');
    expect(await stateWith({})).toBe('nothing_found');
    expect(await stateWith({ contacts: 0, threads: 0, items: 1 })).toBe('done');
    await admin.owner.query(`DELETE FROM journal.items WHERE name = $1`, [conversationErasePerson.name]);
  });

  it('takes an erasure once, tells how far it is, and names the person nowhere but in the work itself', async () => {
    const call = () =>
      admin.call('POST', `${path}/people/erasures`, {
        key: merchant.key,
        body: { phone: `+${PHONE}` },
        headers: { 'idempotency-key': 'erase-once' },
      });
    const first = await call();
    expect(first).toMatchObject({ status: 202, json: { state: 'running', report: null } });
    const second = await call();
    expect(second.json).toEqual(first.json);
    const { erasureId } = first.json as { erasureId: string };
    const where = `${path}/people/erasures/${erasureId}`;
    const parts = { conversation: 'waiting', checkout: 'waiting', outbound: 'waiting', journal: 'waiting' };
    expect((await admin.call('GET', where)).json).toMatchObject({ state: 'running', parts });

    const { rows } = await admin.owner.query(
      `SELECT name, payload FROM journal.items WHERE payload::text LIKE '%' || $1 || '%'`,
      [erasureId],
    );
    expect(rows).toMatchObject([
      { name: conversationErasePerson.name, payload: { subject: { keys: [PHONE] } } },
    ]);
    await admin.owner.query(`UPDATE journal.items SET parked_at = now() WHERE name = $1`, [
      conversationErasePerson.name,
    ]);
    expect((await admin.call('GET', where)).json).toMatchObject({
      state: 'failed',
      parts: { conversation: 'failed' },
    });
    const log = await admin.owner.query(`SELECT * FROM tenancy.audit_log WHERE merchant_id = $1`, [
      merchant.merchantId,
    ]);
    const text = JSON.stringify(log.rows);
    expect(text).toContain(erasureId);
    expect(text).not.toContain(PHONE.slice(3));
    expect((await admin.call('GET', where, { key: other.key })).status).toBe(403);
    const elsewhere = `/v1/merchants/${other.merchantId}/people/erasures/${erasureId}`;
    expect((await admin.call('GET', elsewhere)).status).toBe(404);
  });

  it('asks for exactly one name, and for an operator to erase a merchant', async () => {
    for (const body of [{}, { phone: PHONE, userId: 'AE.1' }, { phone: '12' }, { phone: 'Sheena' }]) {
      const { status, json, text } = await admin.call('POST', `${path}/people/erasures`, { body });
      expect([body, status, json.errors?.[0].field]).toEqual([body, 400, 'phone']);
      expect(text).not.toContain('Sheena');
    }
    expect((await admin.call('POST', `${path}/erase`, { key: merchant.key })).status).toBe(403);
    expect(await admin.call('POST', `${path}/erase`)).toMatchObject({
      status: 409,
      json: { code: 'merchant_not_closed' },
    });
  });

  it('gives a merchant all its rows and leaves out whatever opens something', async () => {
    // A text that the database keeps and does not read.
    await admin.owner.query(
      `INSERT INTO journal.items (merchant_id, service, queue, stream, name, source, external_id, payload, occurred_at, due_at, settled_at)
       VALUES ($1, 'catalog', 'products', 's', 'x', 'store', 'odd', $2, now(), now(), now())`,
      [merchant.merchantId, String.raw`{"t": "odd\u0000 \ud83d"}`],
    );
    const { status, text, headers } = await admin.call('GET', `${path}/export`);
    expect(status).toBe(200);
    expect((await admin.call('GET', `${path}/export`, { key: merchant.key })).status).toBe(403);
    expect(headers.get('content-type')).toContain('ndjson');
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, any>);
    expect(lines.at(-1)).toEqual({ end: true, rows: lines.length - 2 });
    expect(text).toContain('Azure');
    expect(text).toContain(String.raw`odd\u0000 \ud83d`);
    expect(text).not.toMatch(/Crimson|eyJhbGci|link_token|access_token|"hash":"[0-9a-f]{64}","name"/);
    const key = lines.find((line) => line.table === 'tenancy.api_keys');
    expect(Object.keys(key!.row)).not.toContain('hash');
    expect(lines.filter((line) => line.table === 'tenancy.audit_log').length).toBeGreaterThan(2);
  });

  it('exports all contacts of a person with the proofs, and lists the orders of the person', async () => {
    const joined = await onboard(admin);
    const base = `/v1/merchants/${joined.merchantId}`;
    const [first, second] = [
      await insertStory(admin.owner, joined.merchantId, 'Amber'),
      await insertStory(admin.owner, joined.merchantId, 'Teal'),
    ];
    const personId = `per_${'0'.repeat(32)}`;
    const contactIds = [first.contactId, second.contactId];
    const at = '2026-11-21T12:00:00.000Z';
    await admin.owner.query(`UPDATE conversation.aliases SET value = '971509998877' WHERE contact_id = $1 AND kind = 'wa_id'`, [second.contactId]); // prettier-ignore
    await admin.owner.query(`INSERT INTO conversation.people VALUES ($1, $2, $3)`, [
      joined.merchantId,
      personId,
      at,
    ]);
    await admin.owner.query(`UPDATE conversation.contacts SET person_id = $1 WHERE contact_id = ANY ($2)`, [
      personId,
      contactIds,
    ]);
    await admin.owner.query(
      `INSERT INTO conversation.proofs SELECT $1, unnest($2::text[]), 'confirmation', 'code', '77', $3`,
      [joined.merchantId, contactIds, at],
    );
    const { json } = await admin.call('POST', `${base}/people/export`, { body: { phone: '+971509998877' } });
    expect(json.contacts).toHaveLength(2);
    expect(json.people).toEqual([{ person_id: personId, created_at: at }]);
    const proof = { kind: 'confirmation', scheme: 'code', value: '77', proved_at: at, ended_at: null };
    expect(json.proofs).toEqual(contactIds.toSorted().map((id) => ({ contact_id: id, ...proof })));
    const orders = await admin.call('GET', `${base}/orders?personId=${personId}`);
    expect(orders.json.items.map(({ ref }: { ref: string }) => ref).toSorted()).toEqual(
      [first.orderRef, second.orderRef].toSorted(),
    );
    const nobody = await admin.call('GET', `${base}/orders?personId=per_${'1'.repeat(32)}`);
    expect(nobody.json.items).toEqual([]);
    const wrong = await admin.call('GET', `${base}/orders?personId=somebody`);
    expect([wrong.status, wrong.json.errors[0].field]).toEqual([400, 'personId']);
    const thread = await admin.call('GET', `${base}/threads/${first.threadId}`);
    expect(thread.json).toMatchObject({
      personId,
      aliases: expect.arrayContaining([{ scheme: 'phone', kind: 'wa_id', value: expect.any(String) }]),
    });
  });

  it('has every table of a merchant in its export, or says why not', async () => {
    const { EXPORTED, NOT_EXPORTED } = await import('../src/privacy/merchant-tables.js');
    const { rows } = await admin.owner.query<{ name: string }>(
      `SELECT table_schema || '.' || table_name AS name FROM information_schema.columns
       WHERE column_name = 'merchant_id' AND table_schema !~ '^(pg_|sandbox|bullmq)'`,
    );
    const known = [...EXPORTED.map((table) => table.name.replace(/_seen$/, '')), ...NOT_EXPORTED];
    expect(rows.map((row) => row.name.replace(/_seen$/, '')).filter((name) => !known.includes(name))).toEqual(
      [],
    );
  });

  it('plans the end of a closed merchant, later or at once', async () => {
    const leaving = await onboard(admin);
    const base = `/v1/merchants/${leaving.merchantId}`;
    expect((await admin.call('GET', `${base}/erasure`)).json).toMatchObject({
      state: 'none',
      eraseAfter: null,
    });
    const body = { reason: 'over', eraseAfterDays: 10 };
    expect((await admin.call('POST', `${base}/close`, { body })).status).toBe(200);
    const planned = await admin.call('GET', `${base}/erasure`);
    expect(planned.json).toMatchObject({ state: 'planned', parts: { credentials: 'waiting' } });
    const inDays = (Date.parse(planned.json.eraseAfter as string) - Date.now()) / 86_400_000;
    expect(inDays).toBeCloseTo(10, 1);
    expect((await admin.call('POST', `${base}/erase`)).json).toMatchObject({ state: 'running' });
    const audit = await admin.call('GET', `/v1/audit?merchantId=${leaving.merchantId}`);
    expect(audit.json.items.map((row: { action: string }) => row.action).slice(0, 2)).toEqual([
      'merchant.erase',
      'merchant.close',
    ]);
  });
});
