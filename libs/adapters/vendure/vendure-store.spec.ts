import { money, type OrderRequest } from '#core/catalog';
import { cleared, spelledId } from '#core/messaging';
import { PortError } from '#core/tenancy';
import { AnswerTooLarge, createGuardedFetch, type GuardedFetch, type GuardedRequest } from '#platform';
import type { VendureCredentials } from './api.js';
import { VendureSessions } from './sessions.js';
import { VendureStore } from './vendure-store.adapter.js';

interface Answer {
  status?: number;
  headers?: Record<string, string | string[]>;
  body?: string;
}

interface Seen {
  url: string;
  headers: Record<string, string>;
  query: string;
  variables: Record<string, never>;
}

const NOW = new Date('2026-11-21T10:00:00.000Z');
const USER = { username: 'waco', password: 'secret' };
const LINES = [
  { sku: 'HOODIE-BLK', quantity: 2 },
  { sku: 'LAMP-ARC', quantity: 1 },
];
const RESERVE = { orderRef: 'ord_1', lines: LINES, ttlSeconds: 60, idempotencyKey: 'key_1' };
const SHOP = { currency: 'AED', moneyPrecision: 2, countries: ['AE'] };

const data = (value: unknown): Answer => ({ body: JSON.stringify({ data: value }) });
const errors = (code: string, message = 'no', status = 200): Answer => ({
  status,
  body: JSON.stringify({ errors: [{ message, extensions: { code } }] }),
});
const loggedIn = (token: string): Answer => ({
  ...data({ login: { __typename: 'CurrentUser' } }),
  headers: { 'vendure-auth-token': token },
});

/** A store whose shop gives these answers, one after the other and the last one again; and what it was asked. */
function storeThat(
  answers: (Answer | (() => Promise<never>))[],
  credentials: VendureCredentials = { apiKey: 'k' },
  more: object = {},
): { store: VendureStore; seen: Seen[] } {
  const seen: Seen[] = [];
  const fetch: GuardedFetch = async (url, { headers = {}, body }: GuardedRequest = {}) => {
    seen.push({ url, headers, ...(JSON.parse(body!) as Pick<Seen, 'query' | 'variables'>) });
    const answer = answers[Math.min(seen.length, answers.length) - 1]!;
    if (typeof answer === 'function') return answer();
    return { status: 200, headers: {}, ...answer, body: Buffer.from(answer.body ?? '') };
  };
  const options = {
    baseUrl: 'https://shop.example/api/',
    credentials,
    timeoutMs: 500,
    fetch,
    clock: { now: () => NOW },
    ...more,
  };
  return { store: new VendureStore(options), seen };
}

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

const variant = (more: object = {}) => ({
  name: 'Black Hoodie',
  priceWithTax: 8_900,
  currencyCode: 'AED',
  featuredAsset: null,
  product: {
    description: '<p>Soft &amp; warm.</p><p>Really.</p>',
    featuredAsset: { preview: 'https://img.example/hoodie.png' },
    collections: [{ id: '4', name: 'Clothes' }],
    facetValues: [{ code: 'om', facet: { code: 'sold-in' } }],
  },
  ...more,
});
const product = (more: object = {}) => ({
  sku: 'HOODIE-BLK',
  variantId: '1',
  sequence: 1_795_791_289_652_000,
  changedAt: '2026-11-27T14:54:49.652Z',
  gone: false,
  title: 'Black Hoodie',
  price: 8_900,
  stock: 14,
  available: 12,
  variant: variant(),
  ...more,
});
const page = (items: object[], shop: object = SHOP) =>
  data({ wacoShop: shop, wacoChangedProducts: { next: null, items } });

describe('what is asked of Vendure', () => {
  it('goes to the Admin API below the base URL, for the channel and with the key', async () => {
    const { store, seen } = storeThat([page([])], { apiKey: 'k' }, { channelToken: 'gulf' });
    await store.listProducts({ updatedSince: '2026-11-21T10:00:00Z', cursor: '5_A' });
    expect(seen[0]).toMatchObject({
      url: 'https://shop.example/api/admin-api',
      headers: { 'vendure-api-key': 'k', 'vendure-token': 'gulf' },
      variables: { since: '2026-11-21T10:00:00Z', cursor: '5_A', take: 100 },
    });
  });

  it('names goods as the shop does, also those whose names look like card numbers and are kept spelled', async () => {
    const sku = '4318362953880674';
    const { store, seen } = storeThat([
      data({ wacoShop: SHOP, wacoProducts: [product({ sku, available: 0 })] }),
    ]);
    const quote = await store.quote([{ sku: spelledId(sku), quantity: 1 }]);
    expect(quote.lines[0]).toMatchObject({ sku: spelledId(sku), reason: 'out_of_stock' });
    expect(seen[0]!.variables).toEqual({ skus: [sku] });
  });

  it('quotes by the platform’s clock, whatever the machine’s says', async () => {
    const { store } = storeThat([data({ wacoShop: SHOP, wacoProducts: [product({ available: 0 })] })]);
    const { quotedAt, validUntil } = await store.quote([LINES[0]!]);
    expect([quotedAt, validUntil]).toEqual(['2026-11-21T10:00:00.000Z', '2026-11-21T10:10:00.000Z']);
  });
});

describe('a session', () => {
  it('is opened once, also for calls at the same moment', async () => {
    const { store, seen } = storeThat([loggedIn('t1'), page([])], USER);
    await Promise.all([store.listProducts({}), store.listProducts({})]);
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([undefined, 'Bearer t1', 'Bearer t1']);
    expect(seen[0]!.variables).toEqual(USER);
  });

  it('may be shared by many stores of one account, and is not by another account', async () => {
    const sessions = new VendureSessions();
    const { store, seen } = storeThat([loggedIn('t1'), page([])], USER, { sessions });
    await store.listProducts({});
    const { store: same, seen: bySame } = storeThat([page([])], USER, { sessions });
    await same.listProducts({});
    expect([...seen, ...bySame].map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      'Bearer t1',
      'Bearer t1',
    ]);
    const changed = { ...USER, password: 'changed' };
    const { store: other, seen: byOther } = storeThat([loggedIn('t2'), page([])], changed, { sessions });
    await other.listProducts({});
    expect(byOther[1]!.headers.authorization).toBe('Bearer t2');
  });

  it('that is refused is opened anew, and the call is made again', async () => {
    const { store, seen } = storeThat([loggedIn('t1'), errors('FORBIDDEN'), loggedIn('t2'), page([])], USER);
    expect(await store.listProducts({})).toEqual({ products: [], nextCursor: null });
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      'Bearer t1',
      undefined,
      'Bearer t2',
    ]);
  });

  it('that is refused again is a wrong setting', async () => {
    const { store } = storeThat(
      [loggedIn('t1'), errors('FORBIDDEN'), loggedIn('t2'), errors('FORBIDDEN')],
      USER,
    );
    expect(await failure(store.listProducts({}))).toMatchObject({
      kind: 'misconfigured',
      code: 'unauthorized',
    });
  });

  it('may be one of cookies', async () => {
    const cookies = {
      ...loggedIn(''),
      headers: { 'set-cookie': ['session=a; path=/', 'session.sig=b; path=/'] },
    };
    const { store, seen } = storeThat([cookies, page([])], USER);
    await store.listProducts({});
    expect(seen[1]!.headers.cookie).toBe('session=a; session.sig=b');
  });

  it('that could not be opened is tried again by the next call', async () => {
    const refused = data({
      login: { __typename: 'InvalidCredentialsError', errorCode: 'INVALID_CREDENTIALS_ERROR' },
    });
    const { store } = storeThat([refused, loggedIn('t1'), page([])], USER);
    expect(await failure(store.listProducts({}))).toMatchObject({
      kind: 'misconfigured',
      code: 'unauthorized',
    });
    expect(await store.listProducts({})).toEqual({ products: [], nextCursor: null });
  });
});

describe('a failure', () => {
  const lost = (code: string) => () =>
    Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) }));
  const late = () => Promise.reject(new DOMException('no answer in time', 'TimeoutError'));

  it.each([
    ['429', { status: 429, headers: { 'retry-after': '7' } }, 'rate-limited', 'rate-limited'],
    ['401', { status: 401 }, 'misconfigured', 'misconfigured'],
    ['a redirect', { status: 302 }, 'misconfigured', 'misconfigured'],
    ['a 404 page', { status: 404, body: '<html>' }, 'misconfigured', 'misconfigured'],
    ['503', { status: 503, body: '{}' }, 'transient', 'transient'],
    ['502', { status: 502, body: 'upstream' }, 'transient', 'indeterminate'],
    ['an error within', errors('INTERNAL_SERVER_ERROR'), 'transient', 'indeterminate'],
    [
      'a shop without the plugin',
      errors('GRAPHQL_VALIDATION_FAILED', 'no', 400),
      'misconfigured',
      'misconfigured',
    ],
    ['an unknown channel', errors('CHANNEL_NOT_FOUND'), 'misconfigured', 'misconfigured'],
    ['a refusal', errors('USER_INPUT_ERROR'), 'rejected', 'rejected'],
    ['a refused connection', lost('ECONNREFUSED'), 'transient', 'transient'],
    ['a lost connection', lost('ECONNRESET'), 'transient', 'indeterminate'],
    ['no answer in time', late, 'transient', 'indeterminate'],
    ['nonsense', { body: '<html>' }, 'rejected', 'indeterminate'],
    ['a list', { body: '[]' }, 'rejected', 'indeterminate'],
    ['no data', { body: '{}' }, 'rejected', 'indeterminate'],
    ['half an answer', data({ hold: { state: 'held' } }), 'rejected', 'indeterminate'],
    ['too much', () => Promise.reject(new AnswerTooLarge(1)), 'rejected', 'indeterminate'],
  ])('%s is for a read %s and for a write %s', async (_, answer, read, write) => {
    const { store } = storeThat([answer as Answer]);
    expect((await failure(store.quote(LINES))).kind).toBe(read);
    expect((await failure(store.reserve(RESERVE))).kind).toBe(write);
  });

  it('says when to come back, and that the plugin is missing', async () => {
    const { store: busy } = storeThat([{ status: 429, headers: { 'retry-after': '7' } }]);
    expect(await failure(busy.listProducts({}))).toMatchObject({ retryAfterMs: 7_000 });
    const { store: bare } = storeThat([
      errors('GRAPHQL_VALIDATION_FAILED', 'Cannot query field "wacoShop"', 400),
    ]);
    expect(await failure(bare.listProducts({}))).toMatchObject({ code: 'plugin_missing' });
  });

  it('of an address that may not be called is a wrong setting, and does not say what stands there', async () => {
    const { store } = storeThat(
      [],
      { apiKey: 'k' },
      {
        baseUrl: 'http://127.0.0.1:3000',
        fetch: createGuardedFetch({ allowPrivate: false }),
      },
    );
    const error = await failure(store.listProducts({}));
    expect(error).toMatchObject({ kind: 'misconfigured', code: 'url_refused' });
    expect(error.message).not.toContain('127.0.0.1');
  });
});

describe('what Vendure answers', () => {
  const listed = async (item: object, shop: object = SHOP) =>
    (await storeThat([page([item], shop)]).store.listProducts({})).products[0];

  it('becomes a product: words of its HTML, its collection, its countries, its image', async () => {
    expect(await listed(product())).toEqual({
      sku: 'HOODIE-BLK',
      title: 'Black Hoodie',
      description: 'Soft & warm.\nReally.',
      category: { id: '4', title: 'Clothes' },
      imageUrl: 'https://img.example/hoodie.png',
      price: money(8_900, 'AED'),
      available: 14,
      regions: ['OM'],
      sequence: 1_795_791_289_652_000,
      updatedAt: '2026-11-27T14:54:49.652Z',
      deleted: false,
    });
  });

  it('has amounts of two decimals unless the shop says otherwise, also where the currency has three', async () => {
    const dinar = (moneyPrecision: number) =>
      listed(product({ variant: variant({ priceWithTax: 1_250, currencyCode: 'KWD' }) }), {
        ...SHOP,
        currency: 'KWD',
        moneyPrecision,
      });
    expect((await dinar(2))!.price).toEqual(money(12_500, 'KWD'));
    expect((await dinar(3))!.price).toEqual(money(1_250, 'KWD'));
  });

  it.each([
    ['another currency', { variant: variant({ currencyCode: 'USD' }) }, 'currencyCode must be one of AED'],
    [
      'a price below nothing',
      { variant: variant({ priceWithTax: -1 }) },
      'priceWithTax must be a whole number',
    ],
    ['half a character', { variant: variant({ name: '\ud83d' }) }, 'name must be well-formed text'],
    ['no variant', { variant: null }, 'variant must be an object'],
    ['a time of its own', { changedAt: 'yesterday' }, 'changedAt must be an ISO 8601 time'],
  ])('is refused with %s', async (_, more, rule) => {
    const error = await failure(listed(product(more)));
    expect(error).toMatchObject({ kind: 'rejected', code: 'malformed_answer' });
    expect(error.message).toContain(rule);
  });

  it('never is an image that leads nowhere', async () => {
    const asset = { preview: 'javascript:alert(1)' };
    const bare = { ...variant().product, featuredAsset: { preview: 'cache/hoodie.png' } };
    const item = product({ variant: variant({ featuredAsset: asset, product: bare }) });
    expect((await listed(item))!.imageUrl).toBeNull();
  });
});

describe('an order', () => {
  const ORDER = cleared({
    orderRef: 'ord_1',
    reservationId: 'hold_1',
    customer: { name: 'Aisha Khan' },
    lines: [{ sku: 'HOODIE-BLK', quantity: 1, unitPrice: money(1_250, 'KWD') }],
    total: money(1_250, 'KWD'),
    payment: { provider: 'stripe', reference: 'pi_1', paidAt: '2026-11-21T10:18:42.000Z' },
  } satisfies OrderRequest);
  const kuwait = (moneyPrecision: number) =>
    data({ wacoShop: { currency: 'KWD', moneyPrecision, countries: ['KW'] } });
  const written = (more: object = {}) => ({
    id: '1',
    code: 'RJ73',
    state: 'PaymentSettled',
    createdAt: '2026-11-27T14:54:50.215Z',
    orderPlacedAt: null,
    customFields: { wacoRef: 'ord_1' },
    fulfillments: [],
    ...more,
  });

  it('is paid in the amounts that Vendure counts in', async () => {
    const { store, seen } = storeThat([
      kuwait(3),
      data({ wacoPlaceOrder: { outcome: 'placed', order: written(), short: [] } }),
    ]);
    expect(await store.placeOrder(ORDER)).toMatchObject({ outcome: 'placed', order: { number: 'RJ73' } });
    expect(seen[1]!.variables).toMatchObject({ input: { total: 1_250, currency: 'KWD', countryCode: 'KW' } });
  });

  it('is not written with less than what was paid, when the shop has too few decimals', async () => {
    const { store, seen } = storeThat([kuwait(2)]);
    const odd = { ...ORDER, total: money(1_255, 'KWD') };
    expect(await failure(store.placeOrder(odd))).toMatchObject({
      kind: 'misconfigured',
      code: 'money_precision',
    });
    expect(seen).toHaveLength(1);
  });

  it('that answers for another is not taken for it', async () => {
    const { store } = storeThat([
      data({ orders: { items: [written({ customFields: { wacoRef: 'ord_2' } })] } }),
    ]);
    expect(await failure(store.getOrder('ord_1'))).toMatchObject({ code: 'malformed_answer' });
  });

  it.each([
    ['PaymentAuthorized', [], 'paid'],
    ['PaymentSettled', ['Pending'], 'processing'],
    ['PaymentSettled', ['Cancelled'], 'paid'],
    ['WaitingForTailor', [], 'processing'],
    ['PartiallyShipped', ['Shipped'], 'shipped'],
    ['PartiallyDelivered', ['Delivered', 'Shipped'], 'shipped'],
    ['Delivered', ['Delivered'], 'delivered'],
    ['Cancelled', [], 'cancelled'],
  ])('in state %s with parcels %j is %s', async (state, parcels, status) => {
    const fulfillments = parcels.map((of, i) => ({
      ...{ id: String(i), state: of, method: '', trackingCode: 'AX1' },
      updatedAt: '2026-11-27T14:54:50.432Z',
    }));
    const { store } = storeThat([data({ orders: { items: [written({ state, fulfillments })] } })]);
    expect(await store.getOrder('ord_1')).toMatchObject({ outcome: 'found', order: { status } });
  });

  it('that Vendure does not cancel is not said to be cancelled', async () => {
    const found = data({ orders: { items: [written()] } });
    const refused = data({
      cancelOrder: { __typename: 'OrderStateTransitionError', errorCode: 'NO', message: 'no' },
    });
    const { store } = storeThat([found, refused, found]);
    expect(await failure(store.cancelOrder('ord_1'))).toMatchObject({
      kind: 'rejected',
      code: 'not_cancelled',
    });
  });
});
