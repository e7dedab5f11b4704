import { readFileSync } from 'node:fs';
import { money } from '#core/catalog';
import type { HostedPaymentRequest, RefundRequest } from '#core/checkout';
import { sampleQuote } from '#core/checkout/testing';
import { cleared, spelledId } from '#core/messaging';
import { PortError } from '#core/tenancy';
import { createGuardedFetch, type GuardedFetch, type GuardedRequest } from '#platform';
import { probeSignedPayments, SignedPayments } from './signed-payments.adapter.js';

const sample = (name: string): { body: Record<string, unknown> } =>
  JSON.parse(readFileSync(new URL(`./samples/answer.${name}.json`, import.meta.url), 'utf8')) as never;
const PAYMENT = sample('payment').body as { id: string; url: string; expiresAt: string };
const MERCHANT = 'mer_019a5b7c30007d11b2c3d4e5f6a7b8c9';

const request = (change: Partial<HostedPaymentRequest> = {}) =>
  cleared<HostedPaymentRequest>({
    merchantId: MERCHANT,
    orderRef: 'W7K3M9QX',
    quote: sampleQuote(),
    returnUrl: 'https://waco.example/c/t/return',
    cancelUrl: 'https://waco.example/c/t/return',
    expiresAt: PAYMENT.expiresAt,
    idempotencyKey: 'key_1',
    ...change,
  });
const refundOf = (change: Partial<RefundRequest> = {}): RefundRequest => ({
  merchantId: MERCHANT,
  orderRef: 'W7K3M9QX',
  paymentId: PAYMENT.id,
  amount: money(19_800, 'AED'),
  duplicate: false,
  idempotencyKey: 'key_2',
  ...change,
});

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}
interface Seen {
  url: string;
  init: GuardedRequest;
}

/** An account whose service answers with `answer`, and what it was asked. */
function accountThat(answer: () => Answer | Promise<Answer>, urls?: { allowPrivate: boolean }) {
  const seen: Seen[] = [];
  const fetch: GuardedFetch = async (url, init = {}) => {
    seen.push({ url, init });
    const { status, headers = {}, body = '' } = await answer();
    return { status, headers, body: Buffer.from(body) };
  };
  const connection = { baseUrl: 'https://pay.dune.example/waco/', apiKey: 'k', timeoutMs: 500, fetch };
  return { provider: new SignedPayments({ ...connection, urls }), connection, seen };
}
const json =
  (status: number, body: unknown, headers = {}) =>
  (): Answer => ({ status, headers, body: JSON.stringify(body) });
const failure = (work: Promise<unknown>): Promise<PortError> =>
  work.then(
    () => {
      throw new Error('did not fail');
    },
    (error: unknown) => {
      if (!(error instanceof PortError)) throw error;
      return error;
    },
  );

describe('what is asked of a payment service', () => {
  it('says what is paid for, and adds up', async () => {
    const { provider, seen } = accountThat(json(201, PAYMENT));
    expect(await provider.createHostedPayment(request())).toEqual({
      sessionId: PAYMENT.id,
      url: PAYMENT.url,
    });
    const { url, init } = seen[0]!;
    expect(url).toBe('https://pay.dune.example/waco/v1/payments');
    expect(init).toMatchObject({ method: 'POST', timeoutMs: 500, maxBytes: 262_144 });
    expect(init.headers).toMatchObject({ authorization: 'Bearer k', 'idempotency-key': 'key_1' });
    expect(JSON.parse(init.body!)).toEqual({
      merchantId: MERCHANT,
      orderRef: 'W7K3M9QX',
      amount: money(19_800, 'AED'),
      lines: [{ title: 'Black Hoodie', quantity: 2, unitPrice: money(8_900, 'AED') }],
      shipping: money(2_000, 'AED'),
      tax: money(0, 'AED'),
      returnUrl: 'https://waco.example/c/t/return',
      cancelUrl: 'https://waco.example/c/t/return',
      expiresAt: PAYMENT.expiresAt,
    });
  });

  it('is nothing when the total is not the sum of its parts, or nothing', async () => {
    const { provider, seen } = accountThat(json(201, PAYMENT));
    const quote = { ...sampleQuote(), total: money(19_801, 'AED') };
    const error = await failure(provider.createHostedPayment(request({ quote })));
    expect(error).toMatchObject({ kind: 'rejected', code: 'amount_not_chargeable' });
    expect(seen).toEqual([]);
  });

  it('names a payment as its service does, also one whose id looks like a card number and is kept spelled', async () => {
    const id = '4318362953880674';
    const kept = spelledId(id);
    const { provider, seen } = accountThat(json(200, { ...PAYMENT, id }));
    expect(await provider.fetchStatus(kept)).toEqual({ status: 'open', sessionId: kept });
    expect(seen[0]!.url).toBe(`https://pay.dune.example/waco/v1/payments/${id}`);
  });

  it('gives back a part, or without an amount all that is left', async () => {
    const answered = { id: 'ref_1', status: 'pending', paymentId: PAYMENT.id, amount: money(500, 'AED') };
    const { provider, seen } = accountThat(json(201, answered));
    const part = refundOf({ amount: money(500, 'AED'), duplicate: true });
    expect(await provider.refund(part)).toEqual({ outcome: 'refunded', refundId: 'ref_1' });
    expect(await provider.refund(refundOf({ amount: null }))).toMatchObject({ outcome: 'refunded' });
    const bodies = seen.map(({ init }) => JSON.parse(init.body!) as object);
    expect(bodies[0]).toMatchObject({ amount: money(500, 'AED'), reason: 'duplicate' });
    expect(bodies[1]).toEqual({ merchantId: MERCHANT, orderRef: 'W7K3M9QX', reason: 'requested' });
  });
});

describe('what is answered', () => {
  it('as recorded is read', async () => {
    const refund = accountThat(json(201, sample('refund').body)).provider.refund(refundOf());
    expect(await refund).toEqual({ outcome: 'refunded', refundId: sample('refund').body.id });
    const again = accountThat(json(409, sample('already-refunded').body)).provider.refund(refundOf());
    expect(await again).toEqual({ outcome: 'already' });
    const { id } = sample('cancelled').body as { id: string };
    const { provider } = accountThat(json(200, sample('cancelled').body));
    expect(await provider.cancel(id)).toEqual({ status: 'expired', sessionId: id });
    const { connection } = accountThat(json(200, sample('account').body));
    expect(await probeSignedPayments(connection)).toEqual({ name: 'Dune & Date', mode: 'test' });
  });

  it('of a status means for the order what the port says', async () => {
    const { id } = PAYMENT;
    const of = (status: string) => accountThat(json(200, { ...PAYMENT, status })).provider.fetchStatus(id);
    expect(await of('pending')).toEqual({ status: 'pending', sessionId: id, paymentId: id });
    expect(await of('paid')).toEqual({
      status: 'paid',
      sessionId: id,
      paymentId: id,
      amount: money(19_800, 'AED'),
    });
    expect(await of('failed')).toEqual({ status: 'expired', sessionId: id });
  });

  it.each<[string, object, string]>([
    ['another order', { orderRef: 'WOTHER' }, 'orderRef must be W7K3M9QX, as asked'],
    ['another merchant', { merchantId: 'mer_2' }, `merchantId must be ${MERCHANT}, as asked`],
    ['another amount', { amount: money(19_900, 'AED') }, 'amount.minor must be 19800, as asked'],
    [
      'another currency',
      { amount: money(19_800, 'USD'), refunded: money(0, 'USD') },
      'amount.currency must be AED, as asked',
    ],
    [
      'a later end',
      { expiresAt: '2099-01-01T00:00:00Z' },
      `expiresAt must not be later than ${PAYMENT.expiresAt}, as asked`,
    ],
    ['a page without https', { url: 'http://pay.dune.example/p/1' }, 'url must be https'],
    ['a page on this network', { url: 'https://10.0.0.1/p/1' }, 'url must be on a public address'],
    ['a script', { url: 'javascript:alert(1)' }, 'url must be an http(s) URL'],
    ['no page', { url: undefined }, 'url must be a text'],
  ])('for a page with %s is refused, naming the field', async (_, change, rule) => {
    const { provider } = accountThat(json(201, { ...PAYMENT, ...change }));
    const error = await failure(provider.createHostedPayment(request()));
    // The page may be there all the same.
    expect(error).toMatchObject({ kind: 'indeterminate', code: 'malformed_answer' });
    expect(error.message).toBe(`POST /v1/payments: ${rule}`);
  });

  it('may be a page without https where private addresses are allowed', async () => {
    const url = 'http://localhost:4020/p/1';
    const { provider } = accountThat(json(201, { ...PAYMENT, url }), { allowPrivate: true });
    expect(await provider.createHostedPayment(request())).toMatchObject({ url });
  });

  it('about another payment, or a refund of another amount, is refused', async () => {
    const { provider } = accountThat(json(200, PAYMENT));
    expect((await failure(provider.fetchStatus('pay_mine'))).message).toContain(
      'id must be pay_mine, as asked',
    );
    const less = { ...sample('refund').body, amount: money(1, 'AED') };
    const error = await failure(accountThat(json(201, less)).provider.refund(refundOf()));
    expect(error.message).toContain('amount must be 19800 of AED, as asked');
  });
});

describe('a failure', () => {
  const lost = (code: string) => () =>
    Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) }));
  const timeout = () => Promise.reject(new DOMException('no answer in time', 'TimeoutError'));

  it.each([
    ['429', json(429, { code: 'too_many_requests' }), 'rate-limited', 'rate-limited'],
    ['401', json(401, { code: 'unauthorized' }), 'misconfigured', 'misconfigured'],
    ['403', json(403, {}), 'misconfigured', 'misconfigured'],
    ['a 404 page', () => ({ status: 404, body: '<html>' }), 'misconfigured', 'misconfigured'],
    [
      'a redirect',
      () => ({ status: 302, headers: { location: '/login' } }),
      'misconfigured',
      'misconfigured',
    ],
    ['400', json(400, { code: 'invalid_request' }), 'rejected', 'rejected'],
    ['422', json(422, { code: 'idempotency_key_reused' }), 'rejected', 'rejected'],
    ['not paid', json(409, { code: 'not_paid' }), 'rejected', 'rejected'],
    ['in progress', json(409, { code: 'request_in_progress' }), 'transient', 'indeterminate'],
    ['503', json(503, {}), 'transient', 'transient'],
    ['500', json(500, {}), 'transient', 'indeterminate'],
    ['504', () => ({ status: 504, body: 'upstream' }), 'transient', 'indeterminate'],
    ['a refused connection', lost('ECONNREFUSED'), 'transient', 'transient'],
    ['a lost connection', lost('ECONNRESET'), 'transient', 'indeterminate'],
    ['no answer in time', timeout, 'transient', 'indeterminate'],
    ['nonsense', () => ({ status: 200, body: '<html>' }), 'rejected', 'indeterminate'],
  ])('as %s is %s of a question and %s of a change', async (_, answer, whenRead, whenWritten) => {
    const { provider } = accountThat(answer);
    expect((await failure(provider.fetchStatus(PAYMENT.id))).kind).toBe(whenRead);
    for (const write of [
      provider.createHostedPayment(request()),
      provider.refund(refundOf()),
      provider.cancel(PAYMENT.id),
    ]) {
      expect((await failure(write)).kind).toBe(whenWritten);
    }
  });

  it('to find the payment is a refusal', async () => {
    const { provider } = accountThat(json(404, { code: 'not_found' }));
    const expected = { kind: 'rejected', code: 'not_found' };
    expect(await failure(provider.fetchStatus('pay_9'))).toMatchObject(expected);
    expect(await failure(provider.cancel('pay_9'))).toMatchObject(expected);
    expect(await failure(provider.refund(refundOf()))).toMatchObject(expected);
  });

  it('says a code that is a word, and nothing else that was put there', async () => {
    const code = async (given: unknown) =>
      (await failure(accountThat(json(400, { code: given })).provider.fetchStatus('pay_1'))).code;
    expect(await code('card_declined')).toBe('card_declined');
    expect(await code('x'.repeat(65))).toBe('refused');
    expect(await code('<b>no</b>')).toBe('refused');
  });

  it('to be allowed to call the address is a wrong setting', async () => {
    const fetch = createGuardedFetch({ allowPrivate: false });
    const probe = probeSignedPayments({ baseUrl: 'https://127.0.0.1', apiKey: 'k', timeoutMs: 500, fetch });
    expect(await failure(probe)).toMatchObject({ kind: 'misconfigured', code: 'url_refused' });
  });
});
