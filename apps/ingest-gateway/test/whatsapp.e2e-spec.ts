import { createHmac } from 'node:crypto';
import { openQueueBackend } from '#queue';
import { until } from '#testing';
import { APP_SECRETS, Gateway, metaSignature, textMessage, VERIFY_TOKEN } from './support/gateway.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await Gateway.start();
});
afterAll(() => gateway?.stop());
beforeEach(() => gateway.owner.query('TRUNCATE journal.items'));

/** JSON as Meta writes it: ASCII only, slashes escaped. */
function metaJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('/', '\\/')
    .replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

describe('handshake', () => {
  const ask = (query: Record<string, string>): Promise<Response> =>
    fetch(`${gateway.url}/webhooks/whatsapp?${new URLSearchParams(query).toString()}`);
  const right = { 'hub.mode': 'subscribe', 'hub.challenge': '1158201444', 'hub.verify_token': VERIFY_TOKEN };

  it('gives the challenge back, alone', async () => {
    const response = await ask(right);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('1158201444');
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
  });

  it('refuses anybody else', async () => {
    const wrong: Record<string, string>[] = [
      { ...right, 'hub.verify_token': 'guess' },
      { ...right, 'hub.verify_token': '' },
      { ...right, 'hub.mode': 'unsubscribe' },
      { ...right, 'hub.challenge': '<script>' },
      {},
    ];
    for (const query of wrong) {
      const response = await ask(query);
      expect(response.status).toBe(403);
      expect(await response.text()).toBe('');
    }
  });
});

describe('signature', () => {
  it('accepts the raw bytes signed with either secret', async () => {
    for (const [i, secret] of APP_SECRETS.entries()) {
      const body = metaJson(gateway.envelope({ messages: [textMessage(`s${i}`, 'مرحبا/hello 👋')] }));
      expect((await gateway.whatsapp(body, secret)).status).toBe(200);
    }
    const rows = await gateway.rows();
    expect(rows.map((r) => (r.payload.content as { text: string }).text)).toEqual([
      'مرحبا/hello 👋',
      'مرحبا/hello 👋',
    ]);
  });

  it('accepts none of a few hundred bodies and headers that were tampered with', async () => {
    const body = JSON.stringify(gateway.envelope({ messages: [textMessage('t1', 'one hoodie')] }));
    const right = metaSignature(body, APP_SECRETS[0]!);
    const attempts: [string | Buffer, Record<string, string>][] = [
      [body, {}],
      [body, { 'x-hub-signature-256': '' }],
      [body, { 'x-hub-signature-256': right.toUpperCase() }],
      [body, { 'x-hub-signature-256': right.slice(7) }],
      [body, { 'x-hub-signature-256': `${right}00` }],
      [body, { 'x-hub-signature-256': `sha1=${right.slice(7)}` }],
      [body, { 'x-hub-signature-256': metaSignature(body, '') }],
      [body, { 'x-hub-signature-256': metaSignature(body, 'another-secret') }],
      [body, { 'x-hub-signature': `sha1=${createHmac('sha1', APP_SECRETS[0]!).update(body).digest('hex')}` }],
      ['', { 'x-hub-signature-256': right }],
      [`${body} `, { 'x-hub-signature-256': right }],
      [JSON.stringify(JSON.parse(body), null, 1), { 'x-hub-signature-256': right }],
    ];
    for (let i = 0; i < 150; i++) {
      const mutated = Buffer.from(body);
      const at = (i * 7919) % mutated.length;
      mutated[at] = mutated[at]! ^ (1 << (i % 8));
      attempts.push([mutated, { 'x-hub-signature-256': right }]);
      attempts.push([body.slice(0, (i * 31) % body.length), { 'x-hub-signature-256': right }]);
    }
    const answers = await Promise.all(
      attempts.map(([b, h]) =>
        gateway.post('/webhooks/whatsapp', b, { 'content-type': 'application/json', ...h }),
      ),
    );
    expect(answers.map((a) => a.status).filter((s) => s !== 401)).toEqual([]);
    expect(await Promise.all(answers.map((a) => a.text()))).toEqual(answers.map(() => ''));
    expect(await gateway.count()).toBe(0);
    expect((await gateway.whatsapp(body)).status).toBe(200); // the untouched one is taken
  });

  it('does not mind what the content type says', async () => {
    const body = JSON.stringify(gateway.envelope({ messages: [textMessage('c1', 'hi')] }));
    for (const type of [
      'text/plain',
      'application/json; charset=utf-8',
      'application/x-www-form-urlencoded',
    ]) {
      const signed = { 'content-type': type, 'x-hub-signature-256': metaSignature(body, APP_SECRETS[0]!) };
      expect((await gateway.post('/webhooks/whatsapp', body, signed)).status).toBe(200);
    }
    expect(await gateway.count()).toBe(1);
  });
});

describe('body', () => {
  it('answers 400 naming what is wrong with a signed body that is no webhook', async () => {
    const bodies: [string, RegExp][] = [
      ['', /JSON/],
      ['{', /JSON/],
      ['[]', /object/],
      ['null', /object/],
      ['{}', /whatsapp_business_account/],
      ['{"object":"page","entry":[]}', /whatsapp_business_account/],
      ['{"object":"whatsapp_business_account"}', /entry/],
      ['{"object":"whatsapp_business_account","entry":{}}', /entry/],
    ];
    for (const [body, reason] of bodies) {
      const response = await gateway.whatsapp(body);
      expect(response.status).toBe(400);
      expect(((await response.json()) as { error: string }).error).toMatch(reason);
    }
    expect(await gateway.count()).toBe(0);
  });

  it('takes 1,000 updates of 2.5 MB in one body and keeps their order', async () => {
    const messages = Array.from({ length: 1_000 }, (_, i) =>
      textMessage(`m${i}`, `${i} ${'x'.repeat(2_400)}`),
    );
    const body = JSON.stringify(gateway.envelope({ messages }));
    expect(body.length).toBeGreaterThan(2_500_000);
    expect((await gateway.whatsapp(body)).status).toBe(200);
    const rows = await gateway.rows();
    expect(rows.map((r) => r.payload.messageId)).toEqual(messages.map((_, i) => `wamid.m${i}`));
  });

  it('takes a body of unknown length, and an address with a query, as it takes all others', async () => {
    const text = JSON.stringify(gateway.envelope({ messages: [textMessage('chunked', 'hi')] }));
    const headers = { 'x-hub-signature-256': metaSignature(text, APP_SECRETS[0]!) };
    const chunked = new Blob([text]).stream();
    const post = { method: 'POST', headers, duplex: 'half' } as const;
    expect((await fetch(`${gateway.url}/webhooks/whatsapp`, { ...post, body: chunked })).status).toBe(200);
    expect(await gateway.count()).toBe(1);
    const forged = { ...post, body: text, headers: { 'x-hub-signature-256': 'sha256=no' } };
    expect((await fetch(`${gateway.url}/webhooks/whatsapp?a=1`, forged)).status).toBe(401);
    expect((await fetch(`${gateway.url}/webhooks/whatsapp?a=1`, { ...post, body: text })).status).toBe(200);
    expect(await gateway.count()).toBe(1);
  });

  it('refuses more than 3 MB and a margin with 413', async () => {
    const body = JSON.stringify(gateway.envelope({ messages: [textMessage('big', 'x'.repeat(3_600_000))] }));
    expect((await gateway.whatsapp(body)).status).toBe(413);
    expect(await gateway.count()).toBe(0);
  });

  it('acknowledges and keeps what it does not know', async () => {
    const body = {
      object: 'whatsapp_business_account',
      entry: [
        {
          id: gateway.shop.businessAccountId,
          changes: [{ field: 'shiny_new_field', value: { a: [1, null] } }],
        },
        { id: gateway.shop.businessAccountId, changes: ['what?'] },
        { id: gateway.shop.businessAccountId },
        7,
      ],
    };
    expect((await gateway.whatsapp(body)).status).toBe(200);
    const message = textMessage('poll', '', { type: 'poll_of_2027', poll_of_2027: { question: 'tea?' } });
    expect((await gateway.whatsapp(gateway.envelope({ messages: [message] }))).status).toBe(200);
    const rows = await gateway.rows();
    expect(rows.map((r) => r.outcome)).toEqual(['ignored', 'ignored', 'ignored', 'quarantined', null]);
    expect(rows[0]).toMatchObject({
      merchant_id: gateway.shop.merchantId,
      payload: { field: 'shiny_new_field', value: { a: [1, null] } },
    });
    expect(rows[4]!.payload.content).toMatchObject({ type: 'unsupported', kind: 'poll_of_2027' });
  });

  it('survives text that Postgres cannot store', async () => {
    const body = metaJson(gateway.envelope({ messages: [textMessage('nul', 'a\u0000b\ud800c')] }));
    expect((await gateway.whatsapp(body)).status).toBe(200);
    const { rows } = await gateway.owner.query(
      `SELECT payload->'content'->>'text' AS text FROM journal.items`,
    );
    expect(rows).toEqual([{ text: 'ab\ufffdc' }]);
  });
});

describe('duplicates', () => {
  it('stores the same body once, however often and however many at a time it comes', async () => {
    const body = gateway.envelope({
      messages: [textMessage('d1', 'one'), textMessage('d2', 'two')],
      statuses: [
        { id: 'wamid.out', status: 'delivered', timestamp: '1795256400', recipient_id: '971501234567' },
      ],
    });
    const before = await gateway.metric('waco_ingest_duplicates_total');
    const answers = await Promise.all(Array.from({ length: 50 }, () => gateway.whatsapp(body)));
    expect(new Set(answers.map((a) => a.status))).toEqual(new Set([200]));
    expect(await gateway.count()).toBe(3);
    expect((await gateway.whatsapp(body)).status).toBe(200);
    expect(await gateway.count()).toBe(3);
    expect((await gateway.metric('waco_ingest_duplicates_total')) - before).toBe(150);
  });

  it('does not take different things for the same', async () => {
    const target = textMessage('e1', 'same words');
    const bodies = [
      { messages: [target] },
      { messages: [textMessage('e2', 'same words')] },
      { messages: [{ ...target, type: 'reaction', reaction: { message_id: 'wamid.out', emoji: '👍' } }] },
      { messages: [{ ...target, type: 'edit', edit: { original_message_id: 'wamid.e1' } }] },
      { statuses: [{ id: 'wamid.e1', status: 'delivered', timestamp: '1795256400' }] },
      { statuses: [{ id: 'wamid.e1', status: 'read', timestamp: '1795256400' }] },
    ];
    for (const value of bodies) expect((await gateway.whatsapp(gateway.envelope(value))).status).toBe(200);
    expect(await gateway.count()).toBe(bodies.length);
  });
});

describe('card numbers', () => {
  it('never reach the database, whatever they are typed into', async () => {
    const card = '4111 1111 1111 1111';
    const kinds: object[] = [
      { type: 'text', text: { body: `my card is ${card} 12/28` } },
      { type: 'image', image: { id: '1', caption: card } },
      {
        type: 'order',
        order: { catalog_id: '1', text: card, product_items: [{ product_retailer_id: 'A', quantity: 1 }] },
      },
      { type: 'location', location: { latitude: 1, longitude: 2, name: card, address: card } },
      { type: 'button', button: { payload: 'menu', text: card } },
      { type: 'interactive', interactive: { type: 'list_reply', list_reply: { id: 'x', title: card } } },
      {
        type: 'interactive',
        interactive: { type: 'nfm_reply', nfm_reply: { response_json: `{"n":"${card}"}` } },
      },
      { type: 'contacts', contacts: [{ phones: [{ phone: card }] }] },
      {
        type: 'edit',
        edit: { original_message_id: 'wamid.k0', message: { type: 'text', text: { body: card } } },
      },
      { type: 'telepathy', telepathy: { thought: card, digits: 4111111111111111 } },
      { type: 'text', text: { body: '٤١١١ ١١١١ ١١١١ ١١١١' } },
    ];
    const messages = kinds.map((kind, i) => ({ ...textMessage(`k${i}`, ''), text: undefined, ...kind }));
    const contacts = [
      { wa_id: '971501234567', profile: { name: `Sheena ${card}`, username: '4111111111111111' } },
    ];
    const value = { messages, contacts, errors: [{ title: card }], surprise: { note: card } };
    const bodies = [
      gateway.envelope(value),
      gateway.envelope(value, { businessAccountId: '999', phoneNumberId: '888' }),
      {
        object: 'whatsapp_business_account',
        entry: [{ id: gateway.shop.businessAccountId, changes: [{ field: card, value: { note: card } }] }],
      },
    ];
    for (const body of bodies) expect((await gateway.whatsapp(body)).status).toBe(200);

    const { rows } = await gateway.owner.query<{ line: string }>(
      'SELECT i::text AS line FROM journal.items i',
    );
    expect(rows.length).toBe(2 * (messages.length + 2) + 1);
    for (const { line } of rows) {
      expect(line).not.toMatch(/4111\s?1111|٤١١١/);
    }
    const [text] = await gateway.rows(`name = 'conversation.receive-message.v1'`);
    expect(text!.payload).toMatchObject({
      cardNumberMasked: true,
      content: { text: 'my card is •••• 1111 12/28' },
    });
  });
});

it('wakes the stream of what it stored, and of nothing that needs no work', async () => {
  const backend = openQueueBackend(gateway.database.queueUrl, 'waco');
  try {
    const envelope = gateway.envelope({ messages: [textMessage('wake', 'hi', { from: '971509999999' })] });
    await gateway.whatsapp(envelope);
    const stream = `thread/${gateway.shop.channelAccountId}/971509999999`;
    await until('the thread is woken', async () => {
      const jobs = await backend.queue('threads').getJobs(['waiting']);
      return jobs.some(
        (j) =>
          [j.data.stream, ...(j.data.others ?? [])].includes(stream) &&
          j.data.merchantId === gateway.shop.merchantId,
      );
    });
    expect(await backend.queue('ingest').getJobCountByTypes('waiting')).toBe(0);
    expect(await backend.queue('quarantine').getJobCountByTypes('waiting')).toBe(0);
  } finally {
    await backend.close();
  }
});
