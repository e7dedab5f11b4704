import { LINK, PHONE, insertStory, type Story } from './rows.js';
import { onboard, startAdmin, type AdminUnderTest, type Answer } from './support.js';

const cursorOf = (...parts: string[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
const MASKED = '+9715•••••573';

describe('seeing what happened', () => {
  let admin: AdminUnderTest;
  let own: { merchantId: string; key: string };
  let foreign: { merchantId: string; key: string };
  let story: Story;
  let theirs: Story;

  beforeAll(async () => {
    admin = await startAdmin();
    own = await onboard(admin);
    foreign = await onboard(admin);
    story = await insertStory(admin.owner, own.merchantId, 'CANARYOWN');
    theirs = await insertStory(admin.owner, foreign.merchantId, 'CANARYTHEIRS');
  });
  afterAll(() => admin.close());

  const get = (path: string, key: string | undefined = own.key): Promise<Answer> =>
    admin.call('GET', `/v1/merchants/${own.merchantId}${path}`, { key });

  describe('threads', () => {
    it.each([
      ['the number as it is stored', () => PHONE],
      ['the number as people write it', () => '+971 50 123 4573'],
      ['the number with the zero for callers at home', () => '+971 (0)50 123-4573'],
      ['the number as it is dialled at home', () => '050 1234573'],
      ['the number in other digits', () => '٠٥٠ ١٢٣ ٤٥٧٣'],
      ['a link to the number', () => 'https://wa.me/971501234573'],
      ['the beginning of a name, in any case', () => 'sheena canary'],
      ["the shop's order number", () => story.number],
      ["the order's reference", () => story.orderRef.toLowerCase()],
      ['its own id', () => story.threadId],
    ])('are found by %s', async (_what, q) => {
      const found = await get(`/threads?q=${encodeURIComponent(q())}`);
      expect([found.status, found.json.items?.map((t: { id: string }) => t.id)]).toEqual([
        200,
        [story.threadId],
      ]);
    });

    it('are not found by what nobody is called', async () => {
      for (const q of ['+971 50 999 9999', 'theirs', theirs.number, theirs.threadId]) {
        expect((await get(`/threads?q=${encodeURIComponent(q)}`)).json.items).toEqual([]);
      }
    });

    it('are listed by phase, with the number masked and without the link', async () => {
      const { json, text } = await get('/threads?phase=awaiting_fulfilment');
      expect(json.items).toHaveLength(1);
      expect(json.items[0]).toMatchObject({
        id: story.threadId,
        aliases: expect.arrayContaining([{ scheme: 'phone', kind: 'wa_id', value: MASKED }]),
        cart: [{ sku: 'SKU-CANARYOWN', quantity: 2 }],
        openOrderRef: story.orderRef,
      });
      expect(text).not.toMatch(new RegExp(`${PHONE}|/c/eyJ`));
      expect((await get('/threads?phase=browsing')).json.items).toEqual([]);
    });

    it('are found under an id that they had before a merge', async () => {
      const before = await get(`/threads/${story.threadId}_before`);
      expect(before.json.id).toBe(story.threadId);
      expect((await get('/threads/thr_nothing')).json.code).toBe('thread_not_found');
    });

    it('have a timeline in which everything stands in its order', async () => {
      const { json, text } = await get(`/threads/${story.threadId}/timeline?limit=200`);
      const titles = json.items.map((e: { title: string }) => e.title);
      const places = [
        'the customer wrote: hoodie for CANARYOWN',
        'checkout requested at the accepted quote',
        'message is to be said: Pay for CANARYOWN',
        'message was delivered',
        'paid',
        'parcel ful_1: shipped',
      ].map((title) => titles.findIndex((t: string) => t.startsWith(title)));
      expect(places.every((p) => p >= 0)).toBe(true);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(text).not.toMatch(new RegExp(`${PHONE}|123 4573|/c/eyJ`));
    });
  });

  describe('messages', () => {
    it('are found by id, thread, order, status and channel id', async () => {
      const ids = async (query: string) =>
        (await get(`/messages?${query}`)).json.items.map((m: { messageId: string }) => m.messageId);
      expect(await ids('')).toEqual([story.receiptId, story.messageId]);
      expect(await ids(`id=${story.receiptId}`)).toEqual([story.receiptId]);
      expect(await ids(`threadId=${story.threadId}`)).toHaveLength(2);
      expect(await ids(`orderRef=${story.orderRef}&status=delivered`)).toEqual([story.messageId]);
      expect(await ids(`channelMessageId=${story.channelMessageId}`)).toEqual([story.messageId]);
      expect(await ids('from=2026-11-21T10:05:00Z')).toEqual([story.receiptId]);
      expect(await ids('status=failed')).toEqual([]);
    });

    it('show what was said, never the link, and mask whom it went to', async () => {
      const { json, text } = await get(`/messages/${story.messageId}`);
      expect(json).toMatchObject({ to: MASKED, content: { body: 'Pay for CANARYOWN' }, status: 'delivered' });
      expect(json.content).not.toHaveProperty('url');
      expect(text).not.toContain(LINK);
    });

    it('are explained: what was looked at, what was decided, each call and each status', async () => {
      const { json } = await get(`/messages/${story.messageId}/explain`);
      expect(json.summary).toMatch(/^It reached the customer's phone at 2026-11-21T10:04:18/);
      expect(json.lookedAt[0]).toMatch(/^The service window was open until 2026-11-22T10:00/);
      expect(json.decision).toBe('Send it as it is, since the service window was open.');
      expect(json.attempts).toEqual([
        expect.objectContaining({
          plan: 1,
          outcome: 'done',
          words: `The channel took it as ${story.channelMessageId} after 1 failed run.`,
        }),
      ]);
      expect(json.statuses.map((s: { status: string }) => s.status)).toEqual(['sent', 'delivered']);
    });

    it('are explained while they wait', async () => {
      const { json } = await get(`/messages/${story.receiptId}/explain`);
      expect(json).toMatchObject({
        summary: 'It waits until the customer writes.',
        attempts: [],
        statuses: [],
      });
      expect(json.lookedAt).toContain('There was no template for order_receipt.');
      expect(json.decision).toMatch(/^Wait until the customer writes, because the service window is closed/);
    });

    it('that the channel was handed are deliveries', async () => {
      const { json } = await get('/deliveries');
      expect(json.items).toEqual([
        expect.objectContaining({
          messageId: story.messageId,
          to: MASKED,
          deliveredAt: '2026-11-21T10:04:18.000Z',
        }),
      ]);
      expect(json.items[0]).not.toHaveProperty('content');
    });
  });

  describe('orders', () => {
    it("are found by reference and by the shop's number, without link, nonce or payment page", async () => {
      for (const ref of [story.orderRef, story.number]) {
        const { json, text } = await get(`/orders/${ref}`);
        expect(json).toMatchObject({ ref: story.orderRef, state: 'shipped', total: { minor: 10400 } });
        expect(text).not.toMatch(/secret/);
      }
      const listed = await get(`/orders?state=shipped&number=${story.number}`);
      expect(listed.json.items).toHaveLength(1);
      expect((await get('/orders?state=refunded')).json.items).toEqual([]);
    });

    it('have one timeline across the services', async () => {
      const { json, text } = await get(`/orders/${story.orderRef}/timeline`);
      const entries = json.items as { at: string; source: string; title: string; details: object }[];
      expect(entries.map((e) => e.at)).toEqual(entries.map((e) => e.at).toSorted());
      expect([...new Set(entries.map((e) => e.source))].toSorted()).toEqual([
        'checkout',
        'conversation',
        'outbound',
        'stripe',
      ]);
      expect(entries.map((e) => e.title)).toEqual(
        expect.arrayContaining([
          'asked the shop to hold the stock',
          'the thread was told of the order: ready to pay',
          'the payment provider said: paid',
          'placed the order at the shop',
          'message was delivered',
          'parcel ful_1: shipped',
        ]),
      );
      const dead = entries.find((e) => e.title === 'placed the order at the shop');
      expect(dead?.details).toMatchObject({ outcome: 'dead_letter', reason: expect.stringContaining('500') });
      expect(text).not.toMatch(/secret|\/c\/eyJ/);
    });

    it('page their timeline without a gap or a repetition', async () => {
      const whole = (await get(`/orders/${story.orderRef}/timeline?limit=200`)).json.items;
      const pieces = [];
      for (let cursor = ''; ;) {
        const { json } = await get(`/orders/${story.orderRef}/timeline?limit=2${cursor}`);
        pieces.push(...json.items);
        if (json.nextCursor === null) break;
        cursor = `&cursor=${json.nextCursor as string}`;
      }
      expect(pieces).toEqual(whole);
    });
  });

  describe('webhooks', () => {
    it('are found by source, outcome, time and the id that the vendor gave', async () => {
      const names = async (query: string) =>
        (await get(`/webhooks?${query}`)).json.items.map((w: { name: string }) => w.name);
      expect(await names('source=stripe')).toEqual(['checkout.record-payment.v1']);
      expect(await names('state=done')).toHaveLength(4);
      expect(await names('state=dead_letter')).toEqual([]);
      expect(await names('from=2026-11-21T10:00:00Z&to=2026-11-21T10:02:00Z')).toEqual([
        'conversation.receive-message.v1',
      ]);
      const { externalId } = (await get('/webhooks?source=stripe')).json.items[0];
      expect(await names(`externalId=${externalId.replace('event/', '')}`)).toEqual([
        'checkout.record-payment.v1',
      ]);
    });

    it('show their payload with phone numbers masked, and never what the services told each other', async () => {
      const { json, text } = await get('/webhooks?limit=200');
      expect(json.items.every((w: { source: string }) => w.source !== 'job')).toBe(true);
      expect(text).not.toMatch(new RegExp(`${PHONE}|123 4573|/c/eyJ`));
      const inbound = json.items.find((w: { name: string }) => w.name === 'conversation.receive-message.v1');
      expect(inbound.payload.person).toEqual({ waId: MASKED });
      expect((await get(`/webhooks/${inbound.id}`)).json).toEqual(inbound);
    });

    it('page without a gap or a repetition', async () => {
      const whole = (await get('/webhooks?limit=200')).json.items;
      const pieces = [];
      for (let cursor = ''; ;) {
        const { json } = await get(`/webhooks?limit=1${cursor}`);
        pieces.push(...json.items);
        if (json.nextCursor === null) break;
        cursor = `&cursor=${json.nextCursor as string}`;
      }
      expect(pieces).toEqual(whole);
    });
  });

  describe('numbers in full', () => {
    const thread = () => `/v1/merchants/${own.merchantId}/threads/${story.threadId}`;
    const noted = async (): Promise<Record<string, any>[]> =>
      (await admin.call('GET', `/v1/audit?merchantId=${own.merchantId}&action=people.unmask`)).json.items;

    it('are shown to keys with people:unmask that ask for them, and to nobody else', async () => {
      const before = (await noted()).length;
      const refused = await admin.call('GET', `${thread()}?unmasked=true`, { key: own.key });
      expect([refused.status, refused.json.code]).toEqual([403, 'scope_missing']);
      const unclear = await admin.call('GET', `${thread()}?unmasked=true&unmasked=true`);
      expect([unclear.status, unclear.text.includes(PHONE)]).toEqual([400, false]);
      expect((await admin.call('GET', `${thread()}?unmasked=false`)).text).not.toContain(PHONE);
      expect(await noted()).toHaveLength(before);
      expect((await admin.call('GET', `${thread()}?unmasked=true`)).text).toContain(PHONE);

      const path = `/v1/merchants/${own.merchantId}/api-keys`;
      const scopes = ['operations:read', 'people:unmask'];
      const made = await admin.call('POST', path, { body: { name: 'sees', scopes } });
      const seen = await admin.call('GET', `${thread()}?unmasked=true`, { key: made.json.key as string });
      expect(seen.text).toContain(PHONE);
      const own_ = await admin.call('POST', path, { key: own.key, body: { name: 'wants', scopes } });
      expect([own_.status, own_.json.code]).toEqual([403, 'scope_missing']);
      // Read by whom, and what; not what was searched for.
      await admin.call('GET', `/v1/merchants/${own.merchantId}/threads?unmasked=true&q=%2B${PHONE}`);
      const [list, byMerchant, byOperator] = await noted();
      expect(list).toMatchObject({
        target: `/v1/merchants/${own.merchantId}/threads`,
        after: { items: expect.any(Number) },
      });
      expect(JSON.stringify(list)).not.toContain(PHONE);
      expect(byMerchant).toMatchObject({ actor: made.json.id, actorKind: 'merchant', target: thread() });
      expect(byOperator).toMatchObject({ actorKind: 'operator', target: thread() });
      expect(await noted()).toHaveLength(before + 3);
    });

    it('are not shown when that cannot be noted', async () => {
      await admin.owner.query(`REVOKE INSERT ON tenancy.audit_log FROM waco_admin`);
      try {
        const answer = await admin.call('GET', `${thread()}?unmasked=true`);
        expect([answer.status, answer.text.includes(PHONE)]).toEqual([500, false]);
      } finally {
        await admin.owner.query(`GRANT INSERT ON tenancy.audit_log TO waco_admin`);
      }
    });
  });

  it('shows nothing of another merchant on any of these routes, whatever id is named', async () => {
    const document = await admin.call('GET', '/docs/openapi.json', { key: null });
    const { json: webhooks } = await admin.call('GET', `/v1/merchants/${foreign.merchantId}/webhooks`);
    const ids = [theirs.threadId, theirs.messageId, theirs.orderRef, theirs.number, theirs.deadLetterId];
    ids.push(webhooks.items[0].id as string);
    let tried = 0;
    for (const path of Object.keys(document.json.paths as object)) {
      const match =
        /^\/v1\/merchants\/\{merchantId\}\/(threads|messages|orders|webhooks|deliveries)(\/.*)?$/.exec(path);
      if (!match) continue;
      for (const id of ids) {
        const below = path.replace('{merchantId}', own.merchantId).replace('{id}', id);
        const answer = await admin.call('GET', below, { key: own.key });
        expect([below, answer.text.includes('CANARYTHEIRS')]).toEqual([below, false]);
        // A webhook's id is a number: others are refused before they are looked up.
        const expected = !path.includes('{id}')
          ? 200
          : path.includes('webhooks') && !/^\d+$/.test(id)
            ? 400
            : 404;
        expect([below, answer.status]).toEqual([below, expected]);
        const foreignPath = path.replace('{merchantId}', foreign.merchantId).replace('{id}', id);
        const refused = await admin.call('GET', foreignPath, { key: own.key });
        expect([foreignPath, refused.status, refused.json.code]).toEqual([foreignPath, 403, 'forbidden']);
        tried++;
      }
    }
    expect(tried).toBeGreaterThanOrEqual(60);
    const letters = await admin.call('GET', '/v1/dead-letters', { key: own.key });
    expect(letters.json.items.map((l: { id: string }) => l.id)).toEqual([story.deadLetterId]);
    const letter = await admin.call('GET', `/v1/dead-letters/${theirs.deadLetterId}`, { key: own.key });
    expect(letter.status).toBe(404);
  });

  it('finds dead letters by service, job, source and order, for one merchant or all', async () => {
    const ids = async (query: string, key?: string) => {
      const { json } = await admin.call('GET', `/v1/dead-letters?${query}`, key ? { key } : {});
      return json.items.map((l: { id: string }) => l.id);
    };
    expect(await ids('service=checkout')).toEqual([theirs.deadLetterId, story.deadLetterId]);
    expect(await ids(`orderRef=${story.orderRef}`)).toEqual([story.deadLetterId]);
    expect(await ids('name=checkout.place-order.v1&source=job', own.key)).toEqual([story.deadLetterId]);
    expect(await ids('service=outbound')).toEqual([]);
    const one = await admin.call('GET', `/v1/dead-letters/${story.deadLetterId}`);
    expect(one.json).toMatchObject({ attempts: 40, reason: 'the shop of CANARYOWN answered 500' });
  });

  it.each([
    ['/threads?phase=sleeping', 'phase'],
    ['/threads?q=x', 'q'],
    ['/threads?cursor=bm9wZQ', 'cursor'],
    ['/messages?status=lost', 'status'],
    ['/messages?cursor=W10', 'cursor'],
    ['/orders?state=lost', 'state'],
    ['/webhooks?source=job', 'source'],
    ['/webhooks?from=yesterday', 'from'],
    ['/webhooks?from=2026-W01-1', 'from'],
    ['/webhooks?to=0000-01-01T00:00:00Z', 'to'],
    [`/webhooks?cursor=${cursorOf('2026-01-01T00:00:00.000Z', 'x')}`, 'cursor'],
    [`/orders?cursor=${cursorOf('2026-01-01', 'W1')}`, 'cursor'],
    ['/webhooks/abc', 'id'],
    ['/threads?unmasked=perhaps', 'unmasked'],
  ])('refuses %s and names the field', async (path, field) => {
    const answer = await get(path);
    expect([answer.status, answer.json.errors?.[0]?.field]).toEqual([400, field]);
  });

  it('says that there is no such merchant, to operators', async () => {
    for (const path of ['threads', 'messages', 'orders', 'webhooks', 'deliveries']) {
      const answer = await admin.call('GET', `/v1/merchants/mer_nobody/${path}`);
      expect([path, answer.status, answer.json.code]).toEqual([path, 404, 'merchant_not_found']);
    }
  });

  it('keeps the newest first where ids get one digit longer', async () => {
    const { merchantId, key } = await onboard(admin);
    for (const id of [99_999, 100_000]) {
      await admin.owner.query(
        `INSERT INTO journal.items (id, merchant_id, service, queue, stream, name, source, external_id, payload,
           occurred_at, created_at, due_at, parked_at)
         OVERRIDING SYSTEM VALUE
         VALUES ($1::bigint, $2, 'checkout', 'orders', 'order/W1', 'checkout.record-payment.v1', 'stripe', ($1::bigint)::text, '{}',
           '2026-11-21', '2026-11-21', '2026-11-21', '2026-11-21')`,
        [id, merchantId],
      );
    }
    for (const path of ['/v1/dead-letters?', `/v1/merchants/${merchantId}/webhooks?`]) {
      const first = await admin.call('GET', `${path}limit=1`, { key });
      const next = `${path}limit=1&cursor=${first.json.nextCursor as string}`;
      const second = await admin.call('GET', next, { key });
      const ids = [...first.json.items, ...second.json.items].map((i: { id: string }) => i.id);
      expect([path, ids, second.json.nextCursor]).toEqual([path, ['100000', '99999'], null]);
    }
  });
});
