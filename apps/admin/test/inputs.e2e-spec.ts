import { CHANNELS, PAYMENT_PROVIDERS } from '#vendors';
import { LoopWatch } from './loop-watch.js';
import { onboard, OPERATOR_KEY, startAdmin, type AdminUnderTest } from './support.js';

/** Processor time that the process may take between two turns of its event loop, in milliseconds. */
const LONGEST_MS = 400;
const KIB = 1_024;
const MIB = 1_024 * KIB;

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
const many = (count: number, value = '1'): string =>
  `{${Array.from({ length: count }, (_, i) => `"k${i}":${value}`).join()}}`;

/** Bodies that are bad for any route. */
const ANYWHERE: [what: string, body: string | Buffer][] = [
  ['5,000 keys', many(5_000)],
  ['88,000 keys', many(88_000)],
  ['450 keys', many(450)],
  ['one key 60,000 characters long', `{"${'k'.repeat(60_000)}":1}`],
  ['400 long keys', `{${Array.from({ length: 400 }, (_, i) => `"${'k'.repeat(140)}${i}":1`).join()}}`],
  ['the same key again and again', `{${Array(10_000).fill('"k":1').join()}}`],
  ['30,000 lists in each other', '['.repeat(30_000) + ']'.repeat(30_000)],
  ['100,000 lists in each other', '['.repeat(100_000) + ']'.repeat(100_000)],
  ['10,000 objects in each other', '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000)],
  ['a list of 20,000', `[${Array(20_000).fill(0).join()}]`],
  ['a number of 100,000 digits', `{"n":${'9'.repeat(100_000)}}`],
  ['a number of 60,000 digits', `{"n":${'9'.repeat(60_000)}}`],
  ['numbers beyond all', '{"a":1e999,"b":-1e999,"c":1e-999}'],
  ['__proto__', '{"__proto__":{"isAdmin":true}}'],
  ['constructor', '{"constructor":{"prototype":{"isAdmin":true}}}'],
  ['bad UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0xc0, 0x22, 0x3a, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x7d])],
  ['half a surrogate', '{"name":"\\ud800"}'],
  ['U+0000', '{"name":"a\\u0000b","reason":"\\u0000"}'],
  ['no object', '7'],
  ['null', 'null'],
  ['a text', '"text"'],
  ['half of it', '{"name":"x'],
  ['nothing', ''],
];

/** Values for one field. */
const IN_A_FIELD: [what: string, value: string][] = [
  ['60,000 letters', `"${'a'.repeat(60_000)}"`],
  ['60,000 spaces', `"${' '.repeat(60_000)}"`],
  ['60,000 hyphens and letters', `"${'a-'.repeat(30_000)}"`],
  ['60,000 digits', `"${'1'.repeat(60_000)}"`],
  ['60,000 at signs and dots', `"${'a@a.'.repeat(15_000)}"`],
  ['an address that does not end', `"https://${'a.'.repeat(29_000)}"`],
  ['a time that does not end', `"2026-11-26T${'00:'.repeat(19_000)}"`],
  ['braces', `"${'{{1}}'.repeat(12_000)}"`],
  ['an emoji of many parts', `"${'👩‍👩‍👧‍👦'.repeat(2_000)}"`],
  ['a list of 900', `[${Array(900).fill('"AE"').join()}]`],
  ['a list of 240 objects', `[${Array(240).fill('{"a":1}').join()}]`],
  [
    'a list of lists',
    `[${Array(30)
      .fill(`[${Array(30).fill(1).join()}]`)
      .join()}]`,
  ],
  ['450 keys', many(450)],
  ['450 keys of objects', many(240, '{}')],
  ['__proto__', '{"__proto__":1}'],
  ['60,000 digits, no text', '9'.repeat(60_000)],
  ['nothing', 'null'],
  ['true', 'true'],
];

interface Schema {
  $ref?: string;
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
}

describe('whatever is sent', () => {
  let admin: AdminUnderTest;
  let watch: LoopWatch;
  let routes: { method: string; at: string; path: string; fields: string[] }[];

  beforeAll(async () => {
    admin = await startAdmin();
    watch = new LoopWatch();
    const { merchantId, keyId } = await onboard(admin);
    const places: Record<string, string> = {
      merchantId,
      keyId,
      purpose: 'order_shipped',
      app: 'own',
    };
    const { json } = await admin.call('GET', '/docs/openapi.json', { key: null });
    const { schemas } = json.components as { schemas: Record<string, Schema> };
    routes = Object.entries(json.paths as Record<string, Record<string, any>>).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([method]) => ['post', 'put', 'patch'].includes(method))
        .flatMap(([method, operation]) => {
          const schema = operation.requestBody?.content?.['application/json']?.schema as Schema | undefined;
          // One of several forms: each has its vendor in the path.
          return (schema?.oneOf ?? [schema]).map((form, i) => {
            const vendor = { kind: CHANNELS[i]?.kind, account: PAYMENT_PROVIDERS[i]?.kind };
            const named: Record<string, string | undefined> = { ...places, ...vendor };
            return {
              method: method.toUpperCase(),
              path: `${path} ${form?.$ref?.split('/').at(-1) ?? ''}`,
              at: path.replace(/\{(\w+)\}/g, (_, name: string) => named[name] ?? '1'),
              fields: Object.keys(schemas[form?.$ref?.split('/').at(-1) ?? '']?.properties ?? {}),
            };
          });
        }),
    );
    // Code is compiled on its first use.
    for (const route of routes) await send(route, '{"a":1}');
  }, 60_000);
  afterAll(async () => {
    watch.stop();
    await admin.close();
  });

  async function send(
    route: { method: string; at: string },
    body: string | Buffer,
    type = 'application/json',
  ) {
    const answer = await fetch(`${admin.url}${route.at}`, {
      method: route.method,
      headers: { authorization: `Bearer ${OPERATOR_KEY}`, 'content-type': type, 'if-match': '*' },
      body: body as string,
    });
    return { status: answer.status, text: await answer.text() };
  }

  /** It is refused or done, in a short answer, and holds up nobody. */
  async function expectCalm(
    what: string,
    ask: () => Promise<{ status: number; text: string }>,
    longest = 32 * KIB,
  ): Promise<void> {
    const { answer, ms } = await watch.during(ask, LONGEST_MS);
    const { status, text } = answer;
    expect([what, status < 500, text.length < longest]).toEqual([what, true, true]);
    if (status >= 400) expect([what, JSON.parse(text)]).toEqual([what, expect.objectContaining({ status })]);
    expect([what, ms < LONGEST_MS ? 'short' : `${ms} ms`]).toEqual([what, 'short']);
  }

  it('as the body of any call is refused or done, in a short answer, and holds up nobody', async () => {
    expect(routes.length).toBeGreaterThanOrEqual(30);
    for (const route of routes) {
      for (const [what, body] of ANYWHERE) {
        await expectCalm(`${route.method} ${route.path}: ${what}`, () => send(route, body));
      }
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
        const pairs = 'a=1&'.repeat(15_000);
        await expectCalm(`${route.method} ${route.path}: ${type}`, () => send(route, pairs, type));
      }
    }
  }, 300_000);

  it('as any field of any call is refused or done, in a short answer, and holds up nobody', async () => {
    expect(routes.flatMap(({ fields }) => fields).length).toBeGreaterThan(60);
    for (const route of routes) {
      for (const field of route.fields) {
        for (const [what, value] of IN_A_FIELD) {
          const body = `{"${field}":${value}}`;
          await expectCalm(`${route.method} ${route.path}: ${field}: ${what}`, () => send(route, body));
        }
      }
    }
  }, 300_000);

  it('to the largest calls as well', async () => {
    const merchantId = routes.find(({ path }) => path.includes('/settings '))!.at;
    const settings = { method: 'PATCH', at: merchantId };
    const staff = {
      name: 'Layla',
      email: 'layla@example.com',
      phone: '+971500009876',
      languages: ['en', 'ar'],
    };
    const full = JSON.stringify({ staff: times(200, staff), regions: ['AE', 'SA'] });
    await expectCalm('200 of the staff', () => send(settings, full), 64 * KIB);
    expect((await send(settings, full)).status).toBe(200);
    const broken = JSON.stringify({
      staff: times(200, { ...staff, email: 'x', phone: 'y', languages: 7, z: 1 }),
    });
    await expectCalm('200 of the staff, all wrong', () => send(settings, broken));
    await expectCalm('4,900 values', () =>
      send(settings, `{"regions":[${Array(4_900).fill('"AE"').join()}]}`),
    );
    await expectCalm('2,400 keys', () => send(settings, `{"payments":${many(2_400)}}`));
    const [head] = (JSON.parse((await send({ method: 'POST', at: '/v1/audit/verify' }, '{}')).text) as any)
      .heads;
    const heads = (count: number, each = head) => JSON.stringify({ heads: Array(count).fill(each) });
    const verify = { method: 'POST', at: '/v1/audit/verify' };
    await expectCalm('5,000 heads', () => send(verify, heads(5_000)), MIB);
    expect((await send(verify, heads(5_000))).status).toBe(200);
    await expectCalm('5,001 heads', () => send(verify, heads(5_001)));
    await expectCalm('5,000 wrong heads', () =>
      send(verify, heads(5_000, { chain: 'x y', seq: -1, hash: 'z' })),
    );
    const others = `{"heads":[${Array(4_000).fill(many(4)).join()}]}`;
    await expectCalm('heads of other things', () => send(verify, others));
    await expectCalm('2 MiB of heads', () => send(verify, heads(15_000)));
  }, 60_000);

  it('as a query is refused or done, in a short answer, and holds up nobody', async () => {
    const queries = [
      Array.from({ length: 1_500 }, (_, i) => `k${i}=1`).join('&'),
      Array.from({ length: 400 }, (_, i) => `k${i}=1`).join('&'),
      'limit=1&'.repeat(1_500),
      '&'.repeat(10_000),
      `cursor=${'a'.repeat(10_000)}`,
      `limit=${'9'.repeat(10_000)}`,
      `q=${'%F0%9F%91%A9'.repeat(800)}`,
      `from=2026-11-26T${'00:'.repeat(3_000)}`,
      '__proto__[x]=1&constructor=2&unmasked=true&unmasked=false',
    ];
    const gets = Object.entries(
      (await admin.call('GET', '/docs/openapi.json', { key: null })).json.paths as Record<string, object>,
    ).filter(([, methods]) => 'get' in methods);
    for (const [path] of gets) {
      if (path.endsWith('/export')) continue;
      const at = path.replace('{merchantId}', routes[1]!.at.split('/')[3]!).replace(/\{\w+\}/g, '1');
      for (const query of queries) {
        await expectCalm(`GET ${path}?${query.slice(0, 40)}`, () => admin.call('GET', `${at}?${query}`), MIB);
      }
    }
  }, 120_000);

  it('is refused by name: size, number of fields, depth, fields that nobody knows', async () => {
    const at = { method: 'POST', at: '/v1/merchants' };
    const code = async (body: string) => {
      const { status, text } = await send(at, body);
      return [status, (JSON.parse(text) as { code: string }).code];
    };
    expect(await code(many(88_000))).toEqual([413, 'body_too_large']);
    expect(await code(many(5_000))).toEqual([400, 'too_many_fields']);
    expect(await code('['.repeat(17) + ']'.repeat(17))).toEqual([400, 'nested_too_deeply']);
    expect(await code('['.repeat(30_000) + ']'.repeat(30_000))).toEqual([400, 'nested_too_deeply']);
    const unknown = await send(at, many(450));
    const { errors, detail } = JSON.parse(unknown.text) as { errors: { rule: string }[]; detail: string };
    expect(errors.filter(({ rule }) => rule === 'whitelistValidation')).toHaveLength(20);
    expect(detail).toMatch(/and 430 more$/);
    const asked = async (query: string) => (await admin.call('GET', `/v1/merchants?${query}`)).json;
    const wide = (count: number) => Array.from({ length: count }, (_, i) => `k${i}=1`).join('&');
    expect((await asked(wide(600))).code).toBe('too_many_fields');
    expect((await asked('a=1&'.repeat(1_000))).code).toBe('too_many_fields');
    const unknownThere = await asked(wide(400));
    expect([unknownThere.code, unknownThere.errors.length]).toEqual(['validation_failed', 20]);
    // A body that is too large is not read for a caller without a key either.
    expect((await admin.call('POST', '/v1/merchants', { key: null, body: many(88_000) })).status).toBe(413);
  });
});
