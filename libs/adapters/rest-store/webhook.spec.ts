import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { restStoreWebhooks } from './webhook.js';

interface Sample {
  docsUrl: string;
  provenance: string;
  secret: string;
  header: string;
  rawBody: string;
}

const FOLDER = new URL('./samples/', import.meta.url);
const SAMPLES = readdirSync(FOLDER)
  .filter((name) => name.startsWith('webhook.'))
  .map((name): [string, Sample] => [
    name.slice('webhook.'.length, -'.json'.length),
    JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Sample,
  ]);

const signedAt = (header: string): Date => new Date(Number(/t=(\d+)/.exec(header)![1]) * 1_000);
const sign = (body: string, secret: string, t: number): string =>
  `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`;
const T = 1_795_256_400;
const NOW = new Date(T * 1_000);
const BODY = JSON.stringify({
  id: 'evt_1',
  type: 'review.created',
  occurredAt: '2026-11-21T10:20:00.000Z',
  sequence: 42,
  data: {},
});
const verify = (header: string, secrets = ['s1'], now = NOW) =>
  restStoreWebhooks.read(Buffer.from(BODY), header, secrets, now);
const REFUSED = { outcome: 'unsigned' };
const VERIFIED = { outcome: 'read' };

describe.each(SAMPLES)('the recorded %s', (type, sample) => {
  it('says where it is from', () => {
    expect(sample.docsUrl).toContain(type);
    expect(sample.provenance).not.toBe('');
  });

  it('verifies, and not with one byte changed', () => {
    const raw = Buffer.from(sample.rawBody);
    const now = signedAt(sample.header);
    expect(restStoreWebhooks.read(raw, sample.header, [sample.secret], now)).toMatchObject(VERIFIED);
    raw[raw.length - 2]! ^= 1;
    expect(restStoreWebhooks.read(raw, sample.header, [sample.secret], now)).toEqual(REFUSED);
  });

  it('is read as an event of its type', () => {
    const raw = JSON.parse(sample.rawBody) as { id: string; sequence: number };
    const now = signedAt(sample.header);
    const reading = restStoreWebhooks.read(Buffer.from(sample.rawBody), sample.header, [sample.secret], now);
    if (reading.outcome !== 'read') throw new Error(reading.outcome);
    const [notice] = reading.notices;
    expect(notice).toMatchObject({ id: raw.id, name: type, event: { sequence: raw.sequence } });
  });
});

describe('a webhook signature', () => {
  it('verifies with any of several secrets, and with any of several signatures', () => {
    expect(verify(sign(BODY, 's2', T), ['s1', 's2'])).toMatchObject(VERIFIED);
    const other = `v1=${'0'.repeat(64)}`;
    const [t, right] = sign(BODY, 's1', T).split(',');
    expect(verify(`${t},${other},${right}`)).toMatchObject(VERIFIED);
    expect(verify(`${t},${other}`)).toEqual(REFUSED);
  });

  it('is refused with another secret, with none, or with an empty one', () => {
    expect(verify(sign(BODY, 'other', T))).toEqual(REFUSED);
    expect(verify(sign(BODY, 's1', T), [])).toEqual(REFUSED);
    expect(verify(sign(BODY, '', T), [''])).toEqual(REFUSED);
  });

  it('is refused when its time was changed', () => {
    expect(verify(sign(BODY, 's1', T).replace(`t=${T}`, `t=${T + 1}`))).toEqual(REFUSED);
  });

  it.each([
    [300, 'read'],
    [301, 'unsigned'],
    [-300, 'read'],
    [-301, 'unsigned'],
  ])('seen %i s after signing is %s', (seconds, expected) => {
    const verdict = verify(sign(BODY, 's1', T), ['s1'], new Date((T + seconds) * 1_000));
    expect(verdict.outcome).toBe(expected);
  });

  it.each([
    `${sign(BODY, 's1', T)},t=${T + 3_600}`,
    `t=${T},${sign(BODY, 's1', T)}`,
    sign(BODY, 's1', T).replace(',', ', '),
    `${sign(BODY, 's1', T)},a=b`,
    `${sign(BODY, 's1', T)},v0=${'0'.repeat(64)}`,
  ])('that two readers could take differently is refused: %j', (header) => {
    expect(verify(header)).toEqual(REFUSED);
  });

  it.each([
    '',
    'v1=00',
    `t=${T}`,
    `t=x,v1=${'0'.repeat(64)}`,
    `t=${T},v1=${'0'.repeat(63)}`,
    ',,,',
    't=,v1=',
  ])('malformed as %j is refused', (header) => {
    expect(verify(header)).toEqual(REFUSED);
  });
});

describe('reading a webhook', () => {
  const parse = (body: unknown) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return restStoreWebhooks.read(Buffer.from(text), sign(text, 's1', T), ['s1'], NOW);
  };
  const event = (type: string, data: object) => ({
    id: 'evt_1',
    type,
    occurredAt: '2026-11-21T10:20:00.000Z',
    sequence: 42,
    data,
  });

  it('passes on a type that it does not know, and fields that it does not know', () => {
    expect(parse({ ...event('review.created', {}), more: 1 })).toEqual({
      outcome: 'read',
      notices: [
        {
          id: 'evt_1',
          name: 'review.created',
          occurredAt: new Date('2026-11-21T10:20:00.000Z'),
          ignored: 'an event that this version does not know',
        },
      ],
    });
  });

  it.each([
    ['not json', 'body must be JSON'],
    [[], 'body must be an object'],
    [{ ...event('price.updated', {}), id: '' }, 'id must be a text'],
    [{ ...event('price.updated', {}), sequence: 0 }, 'sequence must be a whole number of at least 1'],
    [{ ...event('price.updated', {}), occurredAt: '21 Nov' }, 'occurredAt must be an ISO 8601 time'],
    [event('price.updated', { sku: 'A' }), 'data.price must be an object'],
    [
      event('price.updated', { sku: 'A', price: { minor: '1', currency: 'AED' } }),
      'data.price.minor must be a whole number of at least 0',
    ],
    [event('stock.updated', { sku: 'A\u0000', available: 1 }), 'data.sku must be well-formed text'],
    [
      event('order.updated', { orderRef: 'o', status: 'lost' }),
      'data.status must be one of paid, processing, shipped, delivered, cancelled',
    ],
    [
      event('fulfilment.shipped', {
        orderRef: 'o',
        fulfilmentId: 'f',
        carrier: 'c',
        trackingCode: 't',
        trackingUrl: 'javascript:alert(1)',
      }),
      'data.trackingUrl must be an http or https address',
    ],
  ])('says what is wrong with %j', (body, reason) => {
    expect(parse(body)).toEqual({ outcome: 'malformed', reason });
  });
});
