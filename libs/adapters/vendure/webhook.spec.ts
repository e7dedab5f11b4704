import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { money } from '#core/catalog';
import { vendureWebhooks } from './webhook.js';

interface Sample {
  docsUrl: string;
  provenance: string;
  secret: string;
  header: string;
  rawBody: string;
}

const FOLDER = new URL('./samples/', import.meta.url);
const SAMPLES = readdirSync(FOLDER).map((name): [string, Sample] => [
  name.slice('webhook.'.length, -'.json'.length),
  JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Sample,
]);

const signedAt = (header: string): Date => new Date(Number(/t=(\d+)/.exec(header)![1]) * 1_000);

describe.each(SAMPLES)('the recorded %s', (type, sample) => {
  const { secret, header, rawBody } = sample;

  it('says where it is from', () => {
    expect(sample.docsUrl).not.toBe('');
    expect(sample.provenance).not.toBe('');
  });

  it('verifies, and not with one byte changed, another secret or five minutes later', () => {
    const raw = Buffer.from(rawBody);
    const now = signedAt(header);
    const read = (with_ = secret, at = now) => vendureWebhooks.read(raw, header, [with_], at).outcome;
    expect(vendureWebhooks.form.test(header)).toBe(true);
    expect(read()).toBe('read');
    expect(read('another')).toBe('unsigned');
    expect(read(secret, new Date(now.getTime() + 301_000))).toBe('unsigned');
    raw[raw.length - 2]! ^= 1;
    expect(read()).toBe('unsigned');
  });

  it('is read as an event of its type', () => {
    const raw = JSON.parse(rawBody) as { id: string; sequence: number };
    const reading = vendureWebhooks.read(Buffer.from(rawBody), header, [secret], signedAt(header));
    if (reading.outcome !== 'read') throw new Error(reading.outcome);
    expect(reading.notices).toMatchObject([{ id: raw.id, name: type, event: { sequence: raw.sequence } }]);
  });
});

describe('reading a webhook', () => {
  const NOW = new Date('2026-11-21T10:20:00Z');
  const parse = (given: unknown) => {
    const body = Buffer.from(typeof given === 'string' ? given : JSON.stringify(given));
    const t = NOW.getTime() / 1_000;
    const header = `t=${t},v1=${createHmac('sha256', 's1').update(`${t}.`).update(body).digest('hex')}`;
    return vendureWebhooks.read(body, header, ['s1'], NOW);
  };
  const eventIn = (body: object) => {
    const reading = parse(body);
    const [notice] = reading.outcome === 'read' ? reading.notices : [];
    return notice && 'event' in notice ? notice.event : undefined;
  };
  const event = (type: string, data: object) => ({
    id: 'evt_1',
    type,
    occurredAt: '2026-11-21T10:20:00.000Z',
    sequence: 42,
    data,
  });
  const price = (amount: number, precision: number, currency: string) =>
    event('price.updated', { sku: 'A', amount, precision, currency });

  it('gives the price in the minor units of its currency, whatever Vendure counts in', () => {
    const read = (body: object) => {
      const event = eventIn(body);
      return event?.about === 'catalog' && event.change.type === 'price.updated' && event.change.price;
    };
    expect(read(price(8_900, 2, 'AED'))).toEqual(money(8_900, 'AED'));
    expect(read(price(125, 2, 'KWD'))).toEqual(money(1_250, 'KWD'));
    expect(read(price(50_000, 2, 'JPY'))).toEqual(money(500, 'JPY'));
  });

  it('passes on a type that it does not know, and what a parcel has no name for', () => {
    expect(parse(event('review.created', {}))).toMatchObject({
      notices: [{ name: 'review.created', ignored: 'an event that this version does not know' }],
    });
    const parcel = { orderRef: 'o', fulfilmentId: '1', carrier: '', trackingCode: null };
    expect(eventIn(event('fulfilment.shipped', parcel))).toMatchObject({
      tracking: { carrier: '-', trackingCode: '-' },
    });
  });

  it.each([
    ['not json', 'body must be JSON'],
    [[], 'body must be an object'],
    [{ ...event('stock.updated', {}), sequence: 0 }, 'sequence must be a whole number of at least 1'],
    [
      event('stock.updated', { sku: 'A', available: -1 }),
      'data.available must be a whole number of at least 0',
    ],
    [price(8_950, 2, 'JPY'), 'data.amount must have no more decimals than JPY'],
    [price(1, 2, 'dirham'), 'data.currency must be at most 3 characters long'],
    [
      event('order.updated', { orderRef: 'o', status: 'lost' }),
      'data.status must be one of paid, shipped, delivered, cancelled',
    ],
  ])('says what is wrong with %j', (body, reason) => {
    expect(parse(body)).toEqual({ outcome: 'malformed', reason });
  });
});
