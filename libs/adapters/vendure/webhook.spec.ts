import { readdirSync, readFileSync } from 'node:fs';
import { money } from '#core/catalog';
import { parseVendureWebhook, verifyVendureWebhook } from './webhook.js';

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

  it('verifies, and not with one byte changed, another secret, no header or five minutes later', () => {
    const raw = Buffer.from(rawBody);
    const now = signedAt(header);
    const verify = (given: string | undefined, with_ = secret, at = now) =>
      verifyVendureWebhook(raw, given, [with_], at);
    expect(verify(header)).toEqual({ outcome: 'verified' });
    expect(verify(header, 'another')).toEqual({ outcome: 'refused', reason: 'bad_signature' });
    expect(verify(undefined)).toEqual({ outcome: 'refused', reason: 'no_signature' });
    const later = new Date(now.getTime() + 301_000);
    expect(verify(header, secret, later)).toEqual({ outcome: 'refused', reason: 'too_old' });
    raw[raw.length - 2]! ^= 1;
    expect(verify(header)).toEqual({ outcome: 'refused', reason: 'bad_signature' });
  });

  it('is read as an event of its type', () => {
    const raw = JSON.parse(rawBody) as { id: string; sequence: number };
    const parsed = parseVendureWebhook(Buffer.from(rawBody));
    if (parsed.outcome !== 'event') throw new Error(parsed.reason);
    const { event } = parsed;
    expect(event).toMatchObject({ eventId: raw.id, sequence: raw.sequence });
    expect(event.type === 'fulfilment' ? `fulfilment.${event.kind}` : event.type).toBe(type);
  });
});

describe('reading a webhook', () => {
  const parse = (body: unknown) =>
    parseVendureWebhook(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
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
      const parsed = parse(body);
      return parsed.outcome === 'event' && parsed.event.type === 'price.updated' && parsed.event.data.price;
    };
    expect(read(price(8_900, 2, 'AED'))).toEqual(money(8_900, 'AED'));
    expect(read(price(125, 2, 'KWD'))).toEqual(money(1_250, 'KWD'));
    expect(read(price(50_000, 2, 'JPY'))).toEqual(money(500, 'JPY'));
  });

  it('passes on a type that it does not know, and what a parcel has no name for', () => {
    expect(parse(event('review.created', {}))).toMatchObject({
      event: { type: 'other', name: 'review.created' },
    });
    const parcel = { orderRef: 'o', fulfilmentId: '1', carrier: '', trackingCode: null };
    expect(parse(event('fulfilment.shipped', parcel))).toMatchObject({
      event: { tracking: { carrier: '-', trackingCode: '-' } },
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
