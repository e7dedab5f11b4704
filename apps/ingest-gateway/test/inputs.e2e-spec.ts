import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parseKeyRing, seal } from '#platform';
import { TEST_MASTER_KEYS, until } from '#testing';
import { APP_SECRETS, Gateway, metaSignature, textMessage } from './support/gateway.js';

/** What strangers and tenants send costs them, and not the others. */

const APP = 'app_inputs';
const SECRET = 'secret-of-the-shops-own-app';
const MEBIBYTE = 1_048_576;
const DAY_MS = 24 * 3_600_000;

let gateway: Gateway;
beforeAll(async () => {
  gateway = await Gateway.start({ WEBHOOK_ITEMS_PER_MINUTE: '300' });
  const sealed = (column: string): string =>
    seal(SECRET, `meta_apps/${APP}/${column}`, parseKeyRing(TEST_MASTER_KEYS));
  await gateway.owner.query(
    `INSERT INTO tenancy.meta_apps (id, merchant_id, app, app_secret, verify_token, created_at, updated_at)
     VALUES ($1, $2, 'own', $3, $4, now(), now())`,
    [APP, gateway.shop.merchantId, sealed('app_secret'), sealed('verify_token')],
  );
});
afterAll(() => gateway?.stop());
beforeEach(() => gateway.owner.query('TRUNCATE journal.items'));

/** Every address that takes a webhook, with the header that it wants signed. */
function addresses(): [name: string, path: string, header: string, value: string][] {
  const { merchantId } = gateway.shop;
  const hex = 'a'.repeat(64);
  const t = Math.floor(Date.now() / 1_000);
  return [
    ['the platform’s app', '/webhooks/whatsapp', 'x-hub-signature-256', `sha256=${hex}`],
    ['the same past the lane', '/webhooks/whatsapp?', 'x-hub-signature-256', `sha256=${hex}`],
    ['a merchant’s app', `/webhooks/whatsapp/${APP}`, 'x-hub-signature-256', `sha256=${hex}`],
    ['an app of nobody', '/webhooks/whatsapp/nobody', 'x-hub-signature-256', `sha256=${hex}`],
    ['Stripe', `/webhooks/payments/stripe/${merchantId}`, 'stripe-signature', `t=${t},v1=${hex}`],
    ['a shop', `/webhooks/store/${merchantId}`, 'waco-signature', `t=${t},v1=${hex}`],
  ];
}

interface Raw {
  socket: Socket;
  /** All that came back so far. */
  said: () => string;
  closed: Promise<unknown>;
}

/** A connection on which every byte is ours. */
async function open(head: string): Promise<Raw> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined); // refused senders are cut off
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  socket.write(head);
  return { socket, said: () => text, closed };
}

const head = (path: string, headers: Record<string, string | number>): string =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;

/** Undefined while there is no answer. */
function statusOf({ said }: Raw): number | undefined {
  const status = /^HTTP\/1\.1 (\d+)/.exec(said())?.[1];
  return status === undefined ? undefined : Number(status);
}

describe('before a signature is there', () => {
  it('refuses a request at once, whatever its body would be, and reads nothing of it', async () => {
    for (const [name, path, header, value] of addresses()) {
      for (const wrong of [
        undefined,
        '',
        'x',
        value.slice(0, -1),
        value.replace('a', 'g'),
        'v1='.repeat(2_000),
      ]) {
        const call = await open(
          head(path, { 'content-length': 200_000, ...(wrong === undefined ? {} : { [header]: wrong }) }),
        );
        await until('an answer', () => statusOf(call));
        expect([name, wrong, statusOf(call)]).toEqual([name, wrong, 401]);
        // So that nothing more of it has to be read.
        await call.closed;
      }
    }
  });

  it('goes on on the same connection when the body is small', async () => {
    const body = JSON.stringify(gateway.envelope({ messages: [textMessage('after', 'hello')] }));
    const call = await open(head('/webhooks/whatsapp', { 'content-length': 3 }));
    await until('an answer', () => statusOf(call));
    call.socket.write('{}\n');
    call.socket.write(
      head('/webhooks/whatsapp', {
        'content-length': Buffer.byteLength(body),
        'x-hub-signature-256': metaSignature(body, APP_SECRETS[0]!),
      }) + body,
    );
    await until('the second answer', () => /HTTP\/1\.1 401.*HTTP\/1\.1 200/s.test(call.said()));
    call.socket.destroy();
  });

  it('refuses what is larger than its address takes', async () => {
    for (const [name, path, header, value] of addresses()) {
      const limit = name.startsWith('the') ? 3.25 * MEBIBYTE : MEBIBYTE / 4;
      const declared = await open(head(path, { 'content-length': limit + 1, [header]: value }));
      await until('an answer', () => statusOf(declared));
      expect([name, statusOf(declared)]).toEqual([name, 413]);
      const chunked = await open(head(path, { 'transfer-encoding': 'chunked', [header]: value }));
      const piece = 'x'.repeat(65_536);
      const more = (): boolean => chunked.socket.write(`10000\r\n${piece}\r\n`);
      for (let sent = 0; sent <= limit + 65_536; sent += 65_536) more();
      await until('an answer', () => statusOf(chunked));
      expect([name, statusOf(chunked)]).toEqual([name, 413]);
      chunked.socket.destroy();
    }
  });

  it('holds bounded memory however many bodies never end, and takes a genuine webhook meanwhile', async () => {
    const length = 3 * MEBIBYTE;
    const piece = Buffer.alloc(length - 1_000, 0x20);
    const before = process.memoryUsage().rss;
    const calls: Raw[] = [];
    for (let i = 0; i < 80; i++) {
      const call = await open(
        head('/webhooks/whatsapp', {
          'content-length': length,
          'x-hub-signature-256': `sha256=${'0'.repeat(64)}`,
        }),
      );
      call.socket.write(piece);
      calls.push(call);
    }
    await until('the first are given up', () => statusOf(calls[0]!) === 503);
    // This process sends 256 MiB and keeps what is not written yet; the gateway keeps 64 MiB of it.
    const body = JSON.stringify(gateway.envelope({ messages: [textMessage('meanwhile', 'hello')] }));
    expect((await gateway.whatsapp(body)).status).toBe(200);
    expect(calls.filter((call) => statusOf(call) === 503).length).toBeGreaterThan(40);
    expect(process.memoryUsage().rss - before).toBeLessThan(700 * MEBIBYTE);
    for (const call of calls) call.socket.destroy();
  });

  it('closes a body that does not end in time, or comes in drops, at every address', async () => {
    const calls = new Map<string, Raw>();
    for (const [name, path, header, value] of addresses()) {
      calls.set(name, await open(head(path, { 'content-length': 1_000, [header]: value })));
      calls.set(`${name}, in drops`, await open(head(path, { 'content-length': 1_000, [header]: value })));
    }
    calls.set('headers that do not end', await open('POST /webhooks/whatsapp HTTP/1.1\r\nhost: x\r\n'));
    calls.set('another address', await open(head('/health/live', { 'content-length': 1_000 })));
    const dripping = setInterval(() => {
      for (const [name, call] of calls)
        if (name.endsWith('drops') && call.socket.writable) call.socket.write(' ');
    }, 1_000);
    await Promise.all([...calls.values()].map(({ closed }) => closed));
    clearInterval(dripping);
  }, 40_000);
});

describe('what one body may hold', () => {
  const own = (body: string): Promise<Response> =>
    gateway.post(`/webhooks/whatsapp/${APP}`, body, { 'x-hub-signature-256': metaSignature(body, SECRET) });
  const refused = async (answer: Response): Promise<[number, string]> => [
    answer.status,
    ((await answer.json()) as { error: string }).error,
  ];

  it.each([
    ['values', `[${'0,'.repeat(1_000_000)}0]`, /100000 values/],
    ['keys', `{"a":{${Array.from({ length: 120_000 }, (_, i) => `"${i}":0`).join()}}}`, /100000 values/],
    ['depth', '['.repeat(1_500_000), /64 deep/],
  ])('of too many %s nothing is made', async (_what, entry, rule) => {
    const body = `{"object":"whatsapp_business_account","entry":${entry}`;
    const [status, error] = await refused(
      await gateway.whatsapp(body.endsWith(']') || body.endsWith('}') ? `${body}}` : body),
    );
    expect(status).toBe(400);
    expect(error).toMatch(rule);
  });

  it('is 2,000 updates at most', async () => {
    const messages = Array.from({ length: 2_001 }, (_, i) => textMessage(`m${i}`, 'hi'));
    expect(await refused(await gateway.whatsapp(gateway.envelope({ messages })))).toEqual([
      400,
      'entry must hold 2000 updates at most',
    ]);
    const entry = { object: 'whatsapp_business_account', entry: Array.from({ length: 50_000 }, () => 0) };
    expect((await gateway.whatsapp(entry)).status).toBe(400);
    expect(await gateway.count()).toBe(0);
  });

  it('takes 2,000 messages of 2,000 people, each with their own name', async () => {
    const people = Array.from({ length: 2_000 }, (_, i) => `9715${String(i).padStart(8, '0')}`);
    const contacts = people.map((wa_id) => ({ wa_id, profile: { name: `Name of ${wa_id}` } }));
    const messages = people.toReversed().map((from, i) => textMessage(`m${i}`, 'hi', { from }));
    expect((await gateway.whatsapp(gateway.envelope({ contacts, messages }))).status).toBe(200);
    const rows = await gateway.rows();
    expect(rows).toHaveLength(2_000);
    const named = rows.filter(({ payload }) => {
      const { waId, name } = payload.person as { waId: string; name: string };
      return name === `Name of ${waId}`;
    });
    expect(named).toHaveLength(2_000);
  });

  it('keeps an excerpt of what nothing acts on, and cuts texts that nobody writes', async () => {
    const poll = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`option_${i}`, 'x'.repeat(20)]));
    const strange = { ...textMessage('poll', ''), type: 'poll', poll };
    const long = textMessage('long', 'y'.repeat(100_000));
    expect((await gateway.whatsapp(gateway.envelope({ messages: [strange, long], more: poll }))).status).toBe(
      200,
    );
    const rows = await gateway.rows();
    expect(rows).toHaveLength(3);
    for (const { payload } of rows) expect(JSON.stringify(payload).length).toBeLessThan(30_000);
  });

  it('is less from a merchant’s own app', async () => {
    const messages = Array.from({ length: 700 }, (_, i) => textMessage(`m${i}`, 'hi'));
    const body = JSON.stringify(gateway.envelope({ messages }));
    expect(body.length).toBeLessThan(MEBIBYTE / 4);
    const values = JSON.stringify({
      ...gateway.envelope({ messages: [textMessage('v', 'x', { more: Array(11_000).fill(0) })] }),
    });
    expect(await refused(await own(values))).toEqual([400, 'the body may hold 10000 values at most']);
  });
});

describe('the allowance of a merchant', () => {
  const own = (id: string): Promise<Response> => {
    const body = JSON.stringify(gateway.envelope({ messages: [textMessage(id, 'hi')] }));
    return gateway.post(`/webhooks/whatsapp/${APP}`, body, {
      'x-hub-signature-256': metaSignature(body, SECRET),
    });
  };
  const stock = (of: typeof gateway.shop, id: string): Promise<Response> => {
    const event = {
      id,
      type: 'stock.updated',
      occurredAt: new Date().toISOString(),
      sequence: 1,
      data: { sku: 'HOODIE', available: 1 },
    };
    return gateway.store(of.merchantId, event, of.storeWebhookSecret);
  };

  it('is not spent by those who cannot sign', async () => {
    for (let i = 0; i < 200; i++) {
      const body = JSON.stringify(gateway.envelope({ messages: [textMessage(`forged${i}`, 'hi')] }));
      const answer = await gateway.post(`/webhooks/whatsapp/${APP}`, body, {
        'x-hub-signature-256': metaSignature(body, 'guess'),
      });
      expect(answer.status).toBe(401);
    }
    expect((await own('genuine')).status).toBe(200);
  });

  it('gives back what is too much, with a time, and touches nobody else', async () => {
    const answers: Response[] = [];
    for (let i = 0; i < 130; i++) answers.push(await own(`flood${i}`));
    const late = answers.filter(({ status }) => status === 429);
    expect(late.length).toBeGreaterThan(10);
    expect(Number(late.at(-1)!.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await gateway.count()).toBe(answers.filter(({ status }) => status === 200).length);
    // The same merchant's shop stands in the same line; others do not, and Meta's own app is Meta's to limit.
    expect((await stock(gateway.shop, 'evt_1')).status).toBe(429);
    expect((await stock(gateway.other, 'evt_2')).status).toBe(200);
    expect(
      (await gateway.whatsapp(gateway.envelope({ messages: [textMessage('metas', 'hi')] }))).status,
    ).toBe(200);
    await until('there is room again', async () => (await own('again')).status === 200, 15_000);
  }, 40_000);
});

describe('what happened long ago', () => {
  const seconds = (ageDays: number): string => String(Math.floor((Date.now() - ageDays * DAY_MS) / 1_000));
  const person = { profile: { name: 'Nobody Erased' }, wa_id: '971500000777' };

  it('is kept as having come, without the person, and acted on by nobody', async () => {
    const old = textMessage('old', 'I am back', { from: person.wa_id, timestamp: seconds(8.1) });
    const status = { id: 'wamid.told', status: 'read', timestamp: seconds(30), recipient_id: person.wa_id };
    const unknown = { ...old, id: 'wamid.poll', type: 'poll', poll: { said: 'I am back' } };
    const foreign = gateway.envelope(
      { contacts: [person], messages: [old] },
      { businessAccountId: '1', phoneNumberId: '2' },
    );
    const value = { contacts: [person], messages: [old, unknown], statuses: [status] };
    expect((await gateway.whatsapp(gateway.envelope(value))).status).toBe(200);
    expect((await gateway.whatsapp(foreign)).status).toBe(200);
    const rows = await gateway.rows();
    expect(rows.map(({ outcome, service }) => `${service} ${outcome}`).toSorted()).toEqual([
      'ingest ignored',
      'ingest ignored',
      'ingest ignored',
      'quarantine quarantined',
    ]);
    expect(JSON.stringify(rows.map((row) => row.payload))).not.toMatch(/971500000777|Nobody|back/);
  });

  it('is kept as having come without the person when nothing would act on it anyway', async () => {
    const timestamp = seconds(400);
    const old = textMessage('old', 'I am back', { from: person.wa_id, timestamp });
    const values = [
      { messages: [{ ...old, group_id: 'g1' }] },
      { messages: [{ ...old, from: undefined }] },
      { messages: [{ ...old, id: '' }] },
      { messages: [{ ...old, type: 'system', system: { type: 'other', body: 'Nobody came back' } }] },
      { message_echoes: [{ ...old, to: person.wa_id }] },
      { news: [{ timestamp, text: 'Nobody is back' }, { timestamp: seconds(500) }] },
      { statuses: [{ status: 'read', timestamp, recipient_id: person.wa_id, note: 'back' }] },
    ];
    const contacts = [person];
    for (const value of values) {
      expect((await gateway.whatsapp(gateway.envelope({ contacts, ...value }))).status).toBe(200);
    }
    const rows = await gateway.rows();
    expect(rows.length).toBeGreaterThanOrEqual(values.length);
    expect(new Set(rows.map(({ outcome }) => outcome))).toEqual(new Set(['ignored']));
    expect(JSON.stringify(rows.map((row) => row.payload))).not.toMatch(/971500000777|Nobody|back/);
  });

  it('is not acted on either when it is dated ahead', async () => {
    const ahead = textMessage('ahead', 'from tomorrow', { from: person.wa_id, timestamp: seconds(-1.1) });
    const soon = textMessage('soon', 'clocks differ', { timestamp: seconds(-0.9) });
    expect((await gateway.whatsapp(gateway.envelope({ messages: [ahead, soon] }))).status).toBe(200);
    const rows = await gateway.rows();
    expect(rows.map(({ service, outcome }) => `${service} ${outcome}`).toSorted()).toEqual([
      'conversation null',
      'ingest ignored',
    ]);
    expect(JSON.stringify(rows.map((row) => row.payload))).not.toMatch(/from tomorrow|971500000777/);
  });

  it('is acted on until the eighth day', async () => {
    const young = textMessage('young', 'hello', { timestamp: seconds(7.9) });
    expect((await gateway.whatsapp(gateway.envelope({ messages: [young] }))).status).toBe(200);
    expect((await gateway.rows())[0]).toMatchObject({ service: 'conversation', outcome: null });
  });

  it('is judged by its own time at the shop and at Stripe as well', async () => {
    const occurredAt = new Date(Date.now() - 9 * DAY_MS);
    const event = {
      id: 'evt_old',
      type: 'fulfilment.failed',
      occurredAt: occurredAt.toISOString(),
      sequence: 1,
      data: {
        orderRef: 'W1',
        fulfilmentId: 'f1',
        carrier: 'Nobody Couriers',
        trackingCode: 'T1',
        trackingUrl: 'https://track.example/T1',
        reason: 'Nobody was at home',
      },
    };
    const { other } = gateway;
    expect((await gateway.store(other.merchantId, event, other.storeWebhookSecret)).status).toBe(200);
    const session = {
      object: 'checkout.session',
      id: 'cs_1',
      mode: 'payment',
      payment_status: 'paid',
      payment_intent: 'pi_1',
      amount_total: 100,
      currency: 'aed',
      metadata: { waco_order: 'W1', waco_merchant: other.merchantId },
    };
    const paid = {
      object: 'event',
      id: 'evt_paid',
      type: 'checkout.session.completed',
      created: Math.floor(occurredAt.getTime() / 1_000),
      data: { object: session },
    };
    expect((await gateway.stripe(other.merchantId, paid, other.stripeWebhookSecret)).status).toBe(200);
    const rows = await gateway.rows();
    expect(rows.map(({ service, outcome, reason }) => [service, outcome, reason])).toEqual([
      ['ingest', 'ignored', 'older than eight days'],
      ['ingest', 'ignored', 'older than eight days'],
    ]);
    expect(JSON.stringify(rows.map((row) => row.payload))).not.toMatch(/Nobody|W1/);
  });
});

it('a flood of addresses that nobody has leaves connections for those who do', async () => {
  const body = '{}';
  const flood = Array.from({ length: 1_500 }, (_, i) =>
    gateway.post(`/webhooks/whatsapp/nobody_${i}`, body, {
      'x-hub-signature-256': `sha256=${createHmac('sha256', 'x').update(body).digest('hex')}`,
    }),
  );
  const genuine = await gateway.whatsapp(gateway.envelope({ messages: [textMessage('through', 'hi')] }));
  expect(genuine.status).toBe(200);
  const statuses = (await Promise.all(flood)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set(statuses.includes(503) ? [401, 503] : [401]));
});
