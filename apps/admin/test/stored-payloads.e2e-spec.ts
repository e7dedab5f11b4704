import { receiveMessage } from '#contracts';
import { LoopWatch } from './loop-watch.js';
import { at, insertItem, insertStory, PHONE, type Story } from './rows.js';
import { onboard, startAdmin, type AdminUnderTest, type Answer } from './support.js';

/** Processor time that the process may take between two turns of its event loop, in milliseconds. */
const LONGEST_MS = 400;
const MIB = 1_048_576;

const keys = (count: number): object =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));
const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

/** A message as a customer sends it, in the form in which the gateway keeps it. */
const message = (id: string, more: object = {}) => ({
  channel: 'whatsapp',
  channelAccountId: 'acc_1',
  person: { waId: PHONE },
  messageId: id,
  sentAt: at(0).toISOString(),
  content: { type: 'text', text: 'hi' },
  ...more,
});

describe('what somebody has stored, however large', () => {
  let admin: AdminUnderTest;
  let watch: LoopWatch;
  let merchant: Awaited<ReturnType<typeof onboard>>;
  let story: Story;
  let path: string;

  beforeAll(async () => {
    admin = await startAdmin();
    // As for what was stored before payloads were bounded.
    await admin.owner.query('ALTER TABLE journal.items DROP CONSTRAINT items_payload_bounded');
    merchant = await onboard(admin);
    path = `/v1/merchants/${merchant.merchantId}`;
    story = await insertStory(admin.owner, merchant.merchantId, 'Azure');
    watch = new LoopWatch();
  });
  afterAll(async () => {
    watch.stop();
    await admin.close();
  });

  let items = 0;
  const ignored = (payload: object, more: object = {}) =>
    insertItem(admin.owner, {
      merchantId: merchant.merchantId,
      service: 'ingest',
      queue: 'ingest',
      stream: 'ingest/whatsapp',
      name: 'ingest.ignored',
      source: 'whatsapp',
      externalId: `large/${++items}`,
      payload,
      occurredAt: at(0),
      outcome: 'ignored',
      ...more,
    });

  /** Nobody was held up by it, and the answer is one that can be read. */
  async function calm(what: string, asked: () => Promise<Answer>, status = 200): Promise<Answer> {
    await admin.call('GET', '/health/live', { key: null });
    const { answer, ms } = await watch.during(asked, LONGEST_MS);
    expect([what, answer.status, answer.text.length < 6 * MIB]).toEqual([what, status, true]);
    expect([what, ms < LONGEST_MS ? 'short' : `${ms} ms`]).toEqual([what, 'short']);
    return answer;
  }

  const replay = (dryRun: boolean, minute: number) =>
    admin.call('POST', `${path}/replay`, {
      key: merchant.key,
      body: { from: at(minute).toISOString(), to: at(minute + 1).toISOString(), dryRun },
    });

  it('is replayed without being made into a class, or left alone', async () => {
    const createdAt = at(1_000);
    await replay(true, 1_000); // compiled
    await ignored(message('large.1', keys(12_000)), { createdAt });
    await ignored(message('large.2', { content: { type: 'text', text: 'hi', ...keys(12_000) } }), {
      createdAt,
    });
    await ignored(message('large.3', keys(200_000)), { createdAt });
    await ignored({ ...keys(12_000), nothing: 'that anybody knows' }, { createdAt });
    await ignored(message('large.4', { content: nested(2_000) }), { createdAt });
    await ignored(message('large.5', { content: { type: 'text', text: 'hi[cut]' } }), { createdAt }); // an excerpt
    for (let i = 0; i < 300; i++) await ignored(keys(200), { createdAt });
    for (const dryRun of [true, false]) {
      const { json } = await calm(`dry run: ${dryRun}`, () => replay(dryRun, 1_000), 202);
      expect([json.queued.ignored, json.leftAlone.ignored]).toEqual([2, 304]);
    }
    const { rows } = await admin.owner.query(
      `SELECT external_id FROM journal.items WHERE merchant_id = $1 AND name = $2 AND external_id LIKE 'large/%'`,
      [merchant.merchantId, receiveMessage.name],
    );
    expect(rows).toHaveLength(2);
  }, 60_000);

  it('is listed up to a size, and whole when it is asked for alone', async () => {
    const createdAt = at(2_000);
    const sizes = [1_000, 15_000, 100_000, 200_000, 1_000_000];
    const ids: string[] = [];
    for (const size of sizes) ids.push(await ignored({ text: 'x'.repeat(size) }, { createdAt }));
    for (let i = 0; i < 200; i++) await ignored({ text: 'y'.repeat(50_000), n: i }, { createdAt });
    const range = `from=${at(2_000).toISOString()}&to=${at(2_001).toISOString()}`;
    const page = await calm('200 of them', () => admin.call('GET', `${path}/webhooks?limit=200&${range}`));
    expect(page.json.items.every((item: { payload: object }) => 'tooLarge' in item.payload)).toBe(true);
    const few = await calm('5 of them', () => admin.call('GET', `${path}/webhooks?limit=5&${range}`));
    expect(few.json.items[0].payload).toMatchObject({ text: expect.any(String) });
    for (const [i, id] of ids.entries()) {
      const { json } = await calm(`one of ${sizes[i]}`, () => admin.call('GET', `${path}/webhooks/${id}`));
      if (sizes[i]! <= 200_000) expect(json.payload.text).toHaveLength(sizes[i]!);
      else expect(json.payload).toEqual({ tooLarge: expect.any(Number) });
    }
  }, 60_000);

  it('is masked in no time, and shown no deeper than can be read', async () => {
    const phones = {
      phones: Array.from({ length: 10_000 }, (_, i) => `+9715${10_000_000 + i}`),
      text: '9'.repeat(60_000),
    };
    const many = await ignored(phones);
    const masked = await calm('10,000 numbers', () => admin.call('GET', `${path}/webhooks/${many}`));
    expect(masked.text).not.toMatch(/\+9715\d{8}/);
    const deep = await ignored({});
    const levels = '['.repeat(5_000) + ']'.repeat(5_000);
    await admin.owner.query(`UPDATE journal.items SET payload = $2 WHERE id = $1`, [
      deep,
      `{"content":${levels}}`,
    ]);
    const shown = await calm('5,000 levels', () => admin.call('GET', `${path}/webhooks/${deep}`));
    expect(shown.text).toContain('"…"');
  });

  it('stands in timelines by its beginning', async () => {
    const stream = `thread/${story.accountId}/${PHONE}`;
    const thread = () => admin.call('GET', `${path}/threads/${story.threadId}/timeline?limit=200`);
    await thread();
    for (let i = 0; i < 300; i++) {
      const content = { type: 'text', text: 'long '.repeat(20_000), unsupported: keys(1_000) };
      await insertItem(admin.owner, {
        merchantId: merchant.merchantId,
        stream,
        name: receiveMessage.name,
        source: 'whatsapp',
        externalId: `message/long.${i}`,
        payload: message(`long.${i}`, { content, ...(i === 0 ? keys(100_000) : {}) }),
        occurredAt: at(3_000 + i),
        outcome: 'done',
      });
    }
    const { json } = await calm('a thread', thread);
    const titles = json.items.map((item: { title: string }) => item.title);
    expect(titles.filter((title: string) => title.startsWith('the customer wrote: long long'))).not.toEqual(
      [],
    );
    const [parcel] = [
      { fulfilmentId: 'ful', kind: 'shipped', sequence: 1, tracking: {}, occurredAt: at(60).toISOString() },
    ];
    const parcels = Array.from({ length: 20_000 }, (_, i) => ({ ...parcel, fulfilmentId: `ful_${i}` }));
    await admin.owner.query(
      `UPDATE checkout.orders SET fulfilments = $2, told = (SELECT array_agg('fact_' || i) FROM generate_series(1, 20000) i)
       WHERE order_ref = $1`,
      [story.orderRef, JSON.stringify(parcels)],
    );
    const order = await calm('an order', () => admin.call('GET', `${path}/orders/${story.orderRef}`));
    expect(order.json.parcels.map((one: { fulfilmentId: string }) => one.fulfilmentId)).toEqual(
      parcels.slice(-100).map(({ fulfilmentId }) => fulfilmentId),
    );
    await calm('its timeline', () => admin.call('GET', `${path}/orders/${story.orderRef}/timeline`));
  }, 60_000);

  it('leads where it led in quarantine, and is not acted on when it is larger than anything that is', async () => {
    // As the release before wrote it.
    const evidence = (n: number, more: object) => ({
      kind: 'message',
      phoneNumberId: '777000111',
      businessAccountId: '777000222',
      payload: message(`strange.${n}`, more),
    });
    const ids: string[] = [];
    for (const [i, size] of [10, 5_000, 100_000].entries()) {
      ids.push(
        await insertItem(admin.owner, {
          merchantId: null,
          service: 'quarantine',
          queue: 'ingest',
          stream: 'ingest/whatsapp',
          name: 'ingest.quarantined',
          source: 'whatsapp',
          externalId: `strange/${i}`,
          payload: evidence(i, keys(size)),
          occurredAt: at(4_000),
          outcome: 'quarantined',
          reason: 'unknown_sender',
        }),
      );
    }
    await admin.owner.query(
      `INSERT INTO tenancy.channel_accounts (id, merchant_id, kind, business_account_id, phone_number_id,
         display_phone_number, access_token, enabled, created_at)
       VALUES ('acc_strange', $1, 'whatsapp', '777000222', '777000111', '+971', 'sealed', true, $2)`,
      [merchant.merchantId, at(-60)],
    );
    const list = await calm('the quarantine', () => admin.call('GET', '/v1/quarantine?limit=200'));
    const byId = new Map(list.json.items.map((item: Record<string, any>) => [item.id, item]));
    expect(list.json.items.length).toBe(3);
    const [small, large, huge] = ids.map((id) => byId.get(id)) as Record<string, any>[];
    expect(small!.payload.payload.messageId).toBe('strange.0');
    expect(large).toMatchObject({
      senderId: '777000111',
      payload: { kind: 'message', tooLarge: expect.any(Number) },
      destination: { merchantId: merchant.merchantId },
    });
    expect(huge!.destination).toMatchObject({ merchantId: null, why: 'too_large' });
    await calm('one of them', () => admin.call('POST', `/v1/quarantine/${ids[1]}/replay`), 202);
    const refused = await calm(
      'the largest',
      () => admin.call('POST', `/v1/quarantine/${ids[2]}/replay`),
      409,
    );
    expect(refused.json.why).toBe('too_large');
    const { json } = await calm('all of them', () => replay(false, 4_000), 202);
    expect(json).toMatchObject({ queued: { quarantined: 1 }, leftAlone: { quarantined: 1 } });
  }, 60_000);

  it('is in the audit log whole, and shown there up to a size', async () => {
    const couriers = (n: number) =>
      Array.from({ length: 90 }, (_, i) => ({ code: `c${i}`, name: `${n}`.padEnd(100, 'x') }));
    const put = (n: number) =>
      admin.call('PUT', `${path}/settings`, {
        key: merchant.key,
        body: { couriers: couriers(n), regions: ['AE'] },
        headers: { 'if-match': '*' },
      });
    for (let i = 0; i < 220; i++) expect((await put(i)).status).toBe(200);
    const page = await calm('200 rows', () =>
      admin.call('GET', '/v1/audit?limit=200', { key: merchant.key }),
    );
    expect(page.json.items[0].after).toEqual({ tooLarge: expect.any(Number) });
    const one = await calm('one row', () => admin.call('GET', '/v1/audit?limit=1', { key: merchant.key }));
    expect(one.json.items[0].after.couriers).toHaveLength(90);
    const verified = await calm('all chains', () => admin.call('POST', '/v1/audit/verify', { body: {} }));
    expect(verified.json.sound).toBe(true);
  }, 60_000);
});
