import { readFileSync } from 'node:fs';
import { money } from '#core/catalog';
import { spelledId } from '#core/messaging';
import { PortError } from '#core/tenancy';
import { AnswerTooLarge, type GuardedFetch, type GuardedRequest } from '#platform';
import { RestStore } from './rest-store.adapter.js';

const sample = (name: string): { body: Record<string, unknown> } =>
  JSON.parse(readFileSync(new URL(`./samples/answer.${name}.json`, import.meta.url), 'utf8')) as never;
const LINES = [
  { sku: 'HOODIE-BLK', quantity: 2 },
  { sku: 'LAMP-ARC', quantity: 1 },
];
const RESERVE = { orderRef: 'ord_1', lines: LINES, ttlSeconds: 60, idempotencyKey: 'key_1' };

interface QuoteBody {
  lines: { quantity: number; unitPrice: { minor: number; currency: string }; reason?: string }[];
  total: { minor: number };
  shipping: { minor: number };
  expiresAt?: string;
}

interface Seen {
  url: string;
  init: GuardedRequest;
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** A store whose shop answers with `answer`, and what it was asked. */
function storeThat(answer: () => Answer | Promise<Answer>): { store: RestStore; seen: Seen[] } {
  const seen: Seen[] = [];
  const fetch: GuardedFetch = async (url, init = {}) => {
    seen.push({ url, init });
    const { status, headers = {}, body = '' } = await answer();
    return { status, headers, body: Buffer.from(body) };
  };
  return {
    store: new RestStore({ baseUrl: 'https://shop.example/api/', apiKey: 'k', timeoutMs: 500, fetch }),
    seen,
  };
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

describe('what is asked of the shop', () => {
  it('goes below the base URL, with the key, the time and the size that are allowed', async () => {
    const { store, seen } = storeThat(json(200, sample('quote').body));
    await store.quote(LINES, 'AE');
    const { url, init } = seen[0]!;
    expect(url).toBe('https://shop.example/api/v1/quote');
    expect(init).toMatchObject({ method: 'POST', timeoutMs: 500, maxBytes: 262_144 });
    expect(init.headers).toMatchObject({ authorization: 'Bearer k', 'content-type': 'application/json' });
    expect(JSON.parse(init.body as string)).toEqual({ region: 'AE', lines: LINES });
  });

  it('carries the idempotency key, and nothing of a line but SKU and quantity', async () => {
    const { store, seen } = storeThat(
      json(201, { reservationId: 'res_1', status: 'held', expiresAt: '2026-11-21T10:50:00Z' }),
    );
    const lines = [{ ...LINES[0]!, title: 'Black Hoodie' }];
    await store.reserve({ ...RESERVE, lines });
    expect(seen[0]!.init.headers).toMatchObject({ 'idempotency-key': 'key_1' });
    expect(JSON.parse(seen[0]!.init.body as string).lines).toEqual([LINES[0]]);
  });

  it('names goods as the shop does, also those whose names look like card numbers and are kept spelled', async () => {
    const body = JSON.stringify(sample('quote').body).replaceAll('HOODIE-BLK', '4318362953880674');
    const { store, seen } = storeThat(json(200, JSON.parse(body)));
    const kept = spelledId('4318362953880674');
    const lines = [{ ...LINES[0]!, sku: kept }, LINES[1]!];
    expect((await store.quote(lines, 'AE')).lines.map(({ sku }) => sku)).toEqual([kept, 'LAMP-ARC']);
    await store.reserve({ ...RESERVE, lines }).catch(() => undefined);
    for (const { init } of seen) {
      const asked = JSON.parse(init.body as string) as { lines: { sku: string }[] };
      expect(asked.lines.map(({ sku }) => sku)).toEqual(['4318362953880674', 'LAMP-ARC']);
    }
  });

  it('cannot be led to another path by an order reference', async () => {
    const { store, seen } = storeThat(json(404, { code: 'not_found' }));
    expect(await store.getOrder('../products?x=')).toEqual({ outcome: 'unknown' });
    expect(seen[0]!.url).toBe('https://shop.example/api/v1/orders/..%2Fproducts%3Fx%3D');
  });
});

describe('a failure', () => {
  const read = (store: RestStore) => store.quote(LINES);
  const write = (store: RestStore) => store.reserve(RESERVE);
  const lost = (code: string) => () =>
    Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) }));
  const timeout = () =>
    Promise.reject(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));

  it.each([
    ['429', json(429, { code: 'too_many' }, { 'retry-after': '7' }), 'rate-limited', 'rate-limited'],
    ['401', json(401, { code: 'unauthorized' }), 'misconfigured', 'misconfigured'],
    ['403', json(403, {}), 'misconfigured', 'misconfigured'],
    [
      'a redirect',
      () => ({ status: 302, headers: { location: 'https://evil.example' } }),
      'misconfigured',
      'misconfigured',
    ],
    ['a 404 page', () => ({ status: 404, body: '<html>' }), 'misconfigured', 'misconfigured'],
    ['400', json(400, { code: 'invalid_request', detail: 'lines' }), 'rejected', 'rejected'],
    ['422', json(422, { code: 'idempotency_key_reused' }), 'rejected', 'rejected'],
    ['503', json(503, {}), 'transient', 'transient'],
    ['500', json(500, {}), 'transient', 'indeterminate'],
    ['504', () => ({ status: 504, body: 'upstream' }), 'transient', 'indeterminate'],
    ['a refused connection', lost('ECONNREFUSED'), 'transient', 'transient'],
    ['a lost connection', lost('ECONNRESET'), 'transient', 'indeterminate'],
    ['no answer in time', timeout, 'transient', 'indeterminate'],
    ['nonsense', () => ({ status: 200, body: '<html>' }), 'rejected', 'indeterminate'],
    ['half an answer', json(200, { reservationId: 'res_1' }), 'rejected', 'indeterminate'],
  ])('as %s is %s of a question and %s of a change', async (_name, answer, whenRead, whenWritten) => {
    expect((await failure(read(storeThat(answer).store))).kind).toBe(whenRead);
    expect((await failure(write(storeThat(answer).store))).kind).toBe(whenWritten);
  });

  it('says how long to wait, an hour at most', async () => {
    const after = async (value: string) =>
      (await failure(read(storeThat(json(429, {}, { 'retry-after': value })).store))).retryAfterMs;
    expect(await after('7')).toBe(7_000);
    expect(await after('999999')).toBe(3_600_000);
    expect(await after('soon')).toBeUndefined();
  });

  it('has the code that the shop gave, and never the key', async () => {
    const error = await failure(
      read(storeThat(json(400, { code: 'invalid_request', detail: 'bad lines' })).store),
    );
    expect(error.code).toBe('invalid_request');
    expect(error.message).toBe('POST /v1/quote: 400: bad lines');
  });

  it('a code that the contract has for a conflict counts with that status only', async () => {
    const { store } = storeThat(json(502, { code: 'insufficient_stock', short: [] }));
    expect((await failure(store.reserve(RESERVE))).kind).toBe('indeterminate');
  });

  it('refuses an answer that is too large, and what it may have done is open', async () => {
    const endless = () => Promise.reject(new AnswerTooLarge(262_144));
    const error = await failure(read(storeThat(endless).store));
    expect(error).toMatchObject({ kind: 'rejected', code: 'malformed_answer' });
    expect(error.message).toBe('POST /v1/quote: answer must be at most 262144 bytes');
    expect((await failure(write(storeThat(endless).store))).kind).toBe('indeterminate');
  });

  it.each([
    ['many values', `[${'0,'.repeat(60_000)}0]`, 'the body may hold 50000 values at most'],
    ['deep', '['.repeat(60), 'the body may be nested 32 deep at most'],
  ])('refuses an answer of %s before it is made', async (_, answer, rule) => {
    const { store } = storeThat(() => ({ status: 200, body: answer }));
    expect((await failure(store.quote(LINES))).message).toBe(`POST /v1/quote: ${rule}`);
  });

  it('refuses a page of more products than were asked for', async () => {
    const [product] = (sample('products').body as { products: object[] }).products;
    const { store } = storeThat(json(200, { products: Array(201).fill(product), nextCursor: null }));
    expect((await failure(store.listProducts({}))).message).toMatch(/products must have at most 200 entries/);
  });
});

describe('an answer', () => {
  it('as recorded is read', async () => {
    const quote = await storeThat(json(200, sample('quote').body)).store.quote(LINES);
    expect(quote).toMatchObject({ source: 'live', currency: 'AED', total: money(19_800, 'AED') });
    const page = await storeThat(json(200, sample('products').body)).store.listProducts({});
    expect(page.products.map((p) => p.price.currency)).toEqual(['AED', 'AED']);
    expect(page.nextCursor).toEqual(expect.any(String));
    const ref = sample('order').body.orderRef as string;
    const found = await storeThat(json(200, sample('order').body)).store.getOrder(ref);
    expect(found).toMatchObject({ outcome: 'found', order: { orderRef: ref, status: 'processing' } });
  });

  const change = (edit: (quote: QuoteBody) => void): unknown => {
    const body = structuredClone(sample('quote').body) as unknown as QuoteBody;
    edit(body);
    return body;
  };
  it.each<[string, (quote: QuoteBody) => void, string]>([
    ['lacks a line', (q) => q.lines.pop(), 'lines must be 2 lines, as asked'],
    [
      'answers another line',
      (q) => (q.lines = q.lines.toReversed()),
      'lines[0].sku must be HOODIE-BLK, as asked',
    ],
    ['has another quantity', (q) => (q.lines[0]!.quantity = 3), 'lines[0].quantity must be 2, as asked'],
    ['adds up wrongly', (q) => (q.total.minor = 1), 'total.minor must be 19800, the sum of its parts'],
    [
      'mixes currencies',
      (q) => (q.lines[0]!.unitPrice.currency = 'USD'),
      'lines[0].unitPrice.currency must be AED',
    ],
    [
      'has a fraction',
      (q) => (q.lines[0]!.unitPrice.minor = 1.5),
      'lines[0].unitPrice.minor must be a whole number of at least 0',
    ],
    [
      'has a negative price',
      (q) => (q.shipping.minor = -1),
      'shipping.minor must be a whole number of at least 0',
    ],
    [
      'has an unknown reason',
      (q) => (q.lines[1]!.reason = 'why'),
      'lines[1].reason must be one of out_of_stock, insufficient_stock, not_sold_in_region, unknown_sku',
    ],
    ['has no times', (q) => delete q.expiresAt, 'expiresAt must be an ISO 8601 time'],
  ])('that %s is refused, naming the field', async (_name, edit, rule) => {
    const error = await failure(storeThat(json(200, change(edit))).store.quote(LINES));
    expect(error).toMatchObject({ kind: 'rejected', code: 'malformed_answer' });
    expect(error.message).toBe(`POST /v1/quote: ${rule}`);
  });

  it('about another order is refused', async () => {
    const error = await failure(storeThat(json(200, sample('order').body)).store.getOrder('ord_mine'));
    expect(error.message).toBe('GET /v1/orders/ord_mine: orderRef must be ord_mine, as asked');
  });
});
