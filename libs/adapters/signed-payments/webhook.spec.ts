import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { isCardNumberId } from '#core/messaging';
import { signedPaymentsWebhooks } from './webhook.js';

const NOW = new Date('2026-11-21T10:00:00.000Z');
const T = NOW.getTime() / 1_000;
const aed = (minor: number) => ({ minor, currency: 'AED' });

function payment(change: object = {}): Record<string, unknown> {
  return {
    id: 'pay_1',
    status: 'paid',
    url: 'https://pay.dune.example/p/1',
    merchantId: 'mer_1',
    orderRef: 'W7K3M9QX',
    amount: aed(19_800),
    refunded: aed(0),
    expiresAt: '2026-11-21T10:31:00.000Z',
    ...change,
  };
}
function event(type = 'payment.paid', data: unknown = payment(), change: object = {}) {
  return { id: 'evt_1', type, occurredAt: '2026-11-21T12:10:00+02:00', data, ...change };
}
const sign = (body: Buffer, secret: string, t = T): string =>
  `t=${t},v1=${createHmac('sha256', secret).update(`${t}.`).update(body).digest('hex')}`;
/** What a body says that is signed: its event, that it is ignored, or that it is malformed. */
function parse(given: unknown) {
  const body = Buffer.isBuffer(given)
    ? given
    : Buffer.from(typeof given === 'string' ? given : JSON.stringify(given));
  const reading = signedPaymentsWebhooks.read(body, sign(body, 'wh_1'), ['wh_1'], NOW);
  if (reading.outcome === 'unsigned') throw new Error('the right signature was refused');
  if (reading.outcome === 'malformed') return reading;
  const [notice] = reading.notices;
  return 'event' in notice!
    ? ({ outcome: 'event', event: notice.event } as const)
    : ({ outcome: 'ignored', eventId: notice!.id, reason: notice!.ignored } as const);
}

describe('the signature of a webhook', () => {
  const body = Buffer.from(JSON.stringify(event()));
  const read = (header: string, secrets = ['wh_1']) =>
    signedPaymentsWebhooks.read(body, header, secrets, NOW).outcome;

  it('is one of the current secrets, and not too old', () => {
    expect(read(sign(body, 'wh_2'), ['wh_1', 'wh_2'])).toBe('read');
    expect(read(sign(body, 'wh_2'))).toBe('unsigned');
    expect(read(sign(body, 'wh_1', T - 301))).toBe('unsigned');
    expect(read(sign(body, ''), [''])).toBe('unsigned');
  });
});

describe('an event', () => {
  it('names order, merchant, page and money, and its time in UTC', () => {
    expect(parse(event())).toEqual({
      outcome: 'event',
      event: {
        kind: 'paid',
        eventId: 'evt_1',
        orderRef: 'W7K3M9QX',
        merchantId: 'mer_1',
        sessionId: 'pay_1',
        paymentId: 'pay_1',
        amount: aed(19_800),
        occurredAt: '2026-11-21T10:10:00.000Z',
      },
    });
  });

  it('of another merchant says so', () => {
    expect(parse(event('payment.paid', payment({ merchantId: 'mer_2' })))).toMatchObject({
      event: { merchantId: 'mer_2' },
    });
  });

  it('of a refund has all that went back so far', () => {
    expect(parse(event('payment.refunded', payment({ refunded: aed(500) })))).toMatchObject({
      event: { kind: 'refunded', amount: aed(500) },
    });
  });

  it('of another type, or of a payment that is not ours, is of no concern', () => {
    expect(parse(event('payout.sent', {}))).toEqual({
      outcome: 'ignored',
      eventId: 'evt_1',
      reason: 'a type that this version does not know',
    });
    expect(parse(event('constructor', {}))).toMatchObject({ outcome: 'ignored' });
    expect(parse(event('payment.paid', { id: 'pay_9', amount: aed(1), merchantId: null }))).toEqual({
      outcome: 'ignored',
      eventId: 'evt_1',
      reason: 'a payment that Waco did not open',
    });
  });

  it.each<[string, unknown, string]>([
    ['is no JSON', '{', 'body must be JSON'],
    ['is a list', [], 'body must be an object'],
    ['is nested', '['.repeat(20), 'the body may be nested 16 deep at most'],
    ['has no id', event('payment.paid', payment(), { id: '' }), 'id must be a text'],
    [
      'has no time',
      event('payment.paid', payment(), { occurredAt: 'now' }),
      'occurredAt must be an ISO 8601 time',
    ],
    ['has no data', event('payment.paid', null), 'data must be an object'],
    [
      'lacks its merchant',
      event('payment.paid', payment({ merchantId: null })),
      'data.merchantId must be a text',
    ],
    [
      'lacks its order',
      event('payment.paid', payment({ orderRef: undefined })),
      'data.orderRef must be a text',
    ],
    [
      'says paid of what failed',
      event('payment.paid', payment({ status: 'failed' })),
      'data.status must be paid in a payment.paid',
    ],
    [
      'has a status of its own',
      event('payment.paid', payment({ status: 'succeeded' })),
      'data.status must be one of open, pending, paid, failed, expired',
    ],
    [
      'has an amount in words',
      event('payment.paid', payment({ amount: { minor: '198.00', currency: 'AED' } })),
      'data.amount.minor must be a whole number of at least 0',
    ],
    [
      'has a currency in small letters',
      event('payment.paid', payment({ amount: { minor: 1, currency: 'aed' } })),
      'data.amount.currency must be an ISO 4217 currency',
    ],
    [
      'gave back another currency',
      event('payment.refunded', payment({ refunded: { minor: 1, currency: 'USD' } })),
      'data.refunded.currency must be AED',
    ],
    [
      'gave back more than was paid',
      event('payment.refunded', payment({ refunded: aed(19_801) })),
      'data.refunded.minor must be at most 19800, what was paid',
    ],
    ['gave back nothing', event('payment.refunded'), 'data.refunded.minor must be at least 1'],
    [
      'has an id that leads elsewhere',
      event('payment.paid', payment({ id: '../account' })),
      'data.id must be an id of 1 to 100 letters, digits, dots, dashes and underscores, beginning with a letter or digit',
    ],
  ])('that %s is malformed', (_, body, reason) => {
    expect(parse(body)).toEqual({ outcome: 'malformed', reason });
  });
});

describe('whatever is in the body', () => {
  const json = fc.jsonValue({ maxDepth: 3, noUnicodeString: false });
  const maybe = <T>(right: T) =>
    fc.oneof({ weight: 20, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: json });
  const minor = fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(1, 19_800, 1e12) },
    { weight: 1, arbitrary: fc.constantFrom(0, 1e12 + 1, -1, 0.5) },
    { weight: 1, arbitrary: json },
  );
  const amount = fc.record({ minor, currency: maybe('AED') });
  const card = fc.constantFrom('4242424242424242', 'pay_5555555555554444', 'W-4012888888881881');
  const id = fc.oneof(
    { weight: 10, arbitrary: fc.constant('pay_1') },
    { weight: 1, arbitrary: fc.string() },
    { weight: 1, arbitrary: card },
  );
  const status = fc.constantFrom('open', 'pending', 'paid', 'failed', 'expired', 'refunded');
  const types = ['paid', 'pending', 'failed', 'expired', 'refunded', 'declined', '__proto__'];
  const likeAnEvent = fc.record(
    {
      id,
      type: fc.oneof(fc.constantFrom(...types.map((t) => `payment.${t}`)), json),
      occurredAt: maybe('2026-11-21T10:10:00Z'),
      data: fc.record(
        { id, status, merchantId: id, orderRef: id, amount, refunded: amount, url: json, expiresAt: json },
        { requiredKeys: ['status', 'amount', 'refunded'] },
      ),
    },
    { requiredKeys: ['id', 'type', 'occurredAt', 'data'] },
  );

  it('it is an event within its bounds, ignored, or malformed with a reason, and never a throw', () => {
    const seen = { event: 0, ignored: 0, malformed: 0 };
    fc.assert(
      fc.property(
        fc.oneof({ weight: 20, arbitrary: likeAnEvent }, { weight: 1, arbitrary: json }),
        (body) => {
          const reading = parse(body);
          seen[reading.outcome] += 1;
          if (reading.outcome !== 'event') return expect(reading.reason).not.toBe('');
          const { eventId, orderRef, merchantId, sessionId, paymentId, amount, kind } = reading.event;
          for (const kept of [eventId, orderRef, merchantId!, sessionId!, paymentId ?? '']) {
            expect(isCardNumberId(kept)).toBe(false);
            expect(kept.length).toBeLessThanOrEqual(255);
          }
          expect(amount!.minor).toBeGreaterThanOrEqual(kind === 'refunded' ? 1 : 0);
          expect(amount!.minor).toBeLessThanOrEqual(1e12);
          expect(amount!.currency).toBe('AED');
        },
      ),
      { numRuns: 5_000 },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(10);
  });

  it('bytes that are no text are malformed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(['malformed', 'ignored']).toContain(parse(Buffer.from(bytes)).outcome);
      }),
    );
  });

  it('a reason never repeats what was sent', () => {
    fc.assert(
      fc.property(likeAnEvent, fc.constantFrom('id', 'type', 'occurredAt'), (body, field) => {
        const reading = parse({ ...body, [field]: '\u0000secret-4242424242424242' });
        expect(JSON.stringify(reading)).not.toContain('secret');
      }),
    );
  });
});
