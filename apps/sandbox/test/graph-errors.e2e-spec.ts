import { connect } from 'node:net';
import fc from 'fast-check';
import { raw } from './support/files.js';
import { PHONE_ID, WABA_ID, World, type Answer } from './support/world.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const UNSUPPORTED = { code: 100, error_subcode: 33, type: 'GraphMethodException' };

function expectGraph(answer: { type: string; text: string; body: Answer }): Answer {
  expect(answer.type).toMatch(/^application\/json/);
  expect(Object.keys(answer.body)).toEqual(['error']);
  const { error } = answer.body;
  expect(error).toMatchObject({
    message: expect.any(String),
    type: expect.stringMatching(/^(OAuthException|GraphMethodException)$/),
    code: expect.any(Number),
    fbtrace_id: expect.any(String),
  });
  const rest = new Set(Object.keys(error as Answer));
  for (const key of ['message', 'type', 'code', 'error_subcode', 'error_data', 'fbtrace_id'])
    rest.delete(key);
  expect([...rest]).toEqual([]);
  return error as Answer;
}

describe('refusals of requests that no vendor understands', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.stop());

  it.each([
    ['an edge that is not there', 'GET', `/graph/v24.0/${PHONE_ID}/colours`, { code: 2500 }],
    ['a path that goes on', 'POST', `/graph/v24.0/${PHONE_ID}/messages/more/of/it`, { code: 2500 }],
    ['an edge with another method', 'GET', `/graph/v24.0/${PHONE_ID}/messages`, UNSUPPORTED],
    ['a method that changes nothing here', 'PUT', `/graph/v24.0/${PHONE_ID}/messages`, UNSUPPORTED],
    ['an id with another method', 'PATCH', `/graph/v24.0/${PHONE_ID}`, UNSUPPORTED],
    ['a number that is deleted', 'DELETE', `/graph/v24.0/${PHONE_ID}`, UNSUPPORTED],
    ['an account that is to send', 'POST', `/graph/v24.0/${WABA_ID}/messages`, UNSUPPORTED],
    ['an id that nobody has', 'GET', '/graph/v24.0/1', UNSUPPORTED],
    ['a version that never was', 'GET', `/graph/v1/${PHONE_ID}`, { code: 2500 }],
    ['no id', 'GET', '/graph/v24.0', { code: 2500 }],
    ['nothing', 'GET', '/graph', { code: 2500 }],
    ['an address that is none', 'GET', '/graph/v24.0/%zz', UNSUPPORTED],
    ['an id without end', 'GET', `/graph/v24.0/${'9'.repeat(3_000)}`, UNSUPPORTED],
  ])('the Graph API refuses %s in its own shape', async (_name, method, path, error) => {
    const body = method === 'POST' ? '{}' : undefined;
    const answer = await raw(world, method, path, { body, headers: body ? JSON_TYPE : {} });
    expect(answer.status).toBe(400);
    expect(expectGraph(answer)).toMatchObject(error);
  });

  it.each([
    ['JSON that is cut off', '{"to":', JSON_TYPE, 400],
    ['nothing as JSON', '', JSON_TYPE, 400],
    ['a poisoned key', '{"__proto__":{"a":1}}', JSON_TYPE, 400],
    ['more than it reads', JSON.stringify({ to: 'x'.repeat(5 * 1_048_576) }), JSON_TYPE, 413],
    ['XML', '<to/>', { 'content-type': 'application/xml' }, 400],
    ['a form where there is none', '--x--', { 'content-type': 'multipart/form-data; boundary=x' }, 400],
  ])('the Graph API refuses %s in its own shape', async (_name, body, headers, status) => {
    const answer = await raw(world, 'POST', `/graph/v24.0/${PHONE_ID}/messages`, { body, headers });
    expect(answer.status).toBe(status);
    expect(expectGraph(answer).code).toBe(100);
  });

  it('the Graph API keeps its shape whatever is asked', async () => {
    const part = fc.oneof(
      fc.constantFrom(PHONE_ID, WABA_ID, 'media', 'messages', '..', '%2e%2e', '', 'v24.0', '*', ':id'),
      fc.string({ maxLength: 12 }).map(encodeURIComponent),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
        fc.array(part, { maxLength: 5 }),
        fc.option(fc.oneof(fc.json(), fc.string()), { nil: undefined }),
        async (method, parts, sent) => {
          const path = `/graph/v24.0/${parts.join('/')}`;
          if (!new URL(path, world.url).pathname.startsWith('/graph/')) return; // the client has taken it elsewhere
          const body = method === 'GET' ? undefined : sent;
          const answer = await raw(world, method, path, { body, headers: body ? JSON_TYPE : {} });
          if (answer.status >= 400) expectGraph(answer);
          expect(answer.status).toBeLessThan(500);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('Stripe keeps its shape', async () => {
    for (const [method, path, body, headers, status] of [
      ['GET', '/v1', undefined, {}, 404],
      ['PUT', '/v1/refunds/re_1', undefined, {}, 401],
      ['GET', '/v1/%zz', undefined, {}, 404],
      ['POST', '/v1/refunds', '{"amount":', JSON_TYPE, 400],
      ['POST', '/v1/refunds', '<a/>', { 'content-type': 'application/xml' }, 400],
      ['POST', '/v1/refunds', 'x'.repeat(5 * 1_048_576), JSON_TYPE, 413],
    ] as const) {
      const answer = await raw(world, method, path, { body, headers });
      expect([path, answer.status]).toEqual([path, status]);
      expect(answer.body).toEqual({
        error: expect.objectContaining({ message: expect.any(String), type: 'invalid_request_error' }),
      });
    }
  });

  it('360dialog keeps its shape', async () => {
    for (const [method, path, body, headers, status] of [
      ['GET', '/360dialog', undefined, {}, 404],
      ['GET', '/360dialog/messages', undefined, {}, 404],
      ['PUT', '/360dialog/messages', '{}', JSON_TYPE, 404],
      ['GET', '/360dialog/v1', undefined, {}, 404],
      ['PATCH', '/360dialog/v1/configs/templates', '{}', JSON_TYPE, 404],
      ['GET', '/360dialog/%zz', undefined, {}, 404],
      ['POST', '/360dialog/messages', '{"to":', JSON_TYPE, 400],
      ['POST', '/360dialog/messages', '<a/>', { 'content-type': 'application/xml' }, 415],
      ['POST', '/360dialog/messages', 'x'.repeat(5 * 1_048_576), JSON_TYPE, 413],
    ] as const) {
      const answer = await raw(world, method, path, { body, headers });
      expect([path, answer.status]).toEqual([path, status]);
      expect(answer.body).toEqual({
        meta: {
          success: false,
          http_code: status,
          developer_message: expect.any(String),
          '360dialog_trace_id': expect.any(String),
        },
      });
    }
  });

  it('a shop keeps its shape', async () => {
    await world.ok('PUT', '/control/shops/shape', {
      name: 'Shape',
      currency: 'AED',
      apiKey: 'shop-key',
      webhookUrl: world.callbackUrl,
      webhookSecret: 'shop-secret',
    });
    const large = JSON.stringify({ orderRef: 'x'.repeat(5 * 1_048_576) });
    for (const [method, path, body, headers, status, code] of [
      ['GET', '/shops', undefined, {}, 404, 'not_found'],
      ['GET', '/shops/shape/v1', undefined, {}, 404, 'not_found'],
      ['GET', '/shops/shape/v1/colours', undefined, {}, 404, 'not_found'],
      ['GET', '/shops/nobody/v1/products', undefined, {}, 404, 'not_found'],
      ['GET', '/shops/shape/%zz', undefined, {}, 404, 'not_found'],
      ['DELETE', '/shops/shape/v1/products', undefined, {}, 404, 'not_found'],
      ['PATCH', '/shops/shape/v1/orders/1', '{}', JSON_TYPE, 404, 'not_found'],
      ['POST', '/shops/shape/backoffice/orders', '{}', JSON_TYPE, 404, 'not_found'],
      ['POST', '/shops/shape/v1/quote', '{"lines":', JSON_TYPE, 400, 'invalid_request'],
      ['POST', '/shops/shape/v1/quote', '', JSON_TYPE, 400, 'invalid_request'],
      ['POST', '/shops/shape/v1/quote', large, JSON_TYPE, 413, 'too_large'],
      [
        'POST',
        '/shops/shape/v1/quote',
        '<a/>',
        { 'content-type': 'application/xml' },
        415,
        'unsupported_media_type',
      ],
    ] as const) {
      const answer = await raw(world, method, path, { body, headers });
      expect([method, path, answer.status, answer.type]).toEqual([
        method,
        path,
        status,
        expect.stringMatching(/^application\/problem\+json/),
      ]);
      expect(answer.body).toMatchObject({ status, code, title: expect.any(String) });
      expect(answer.body.type).toBe(`urn:waco:store:${code.replaceAll('_', '-')}`);
    }
  });

  it('the host of downloads refuses without a word', async () => {
    for (const [method, path, status] of [
      ['GET', '/lookaside', 404],
      ['GET', '/lookaside/nothing', 404],
      ['POST', '/lookaside/whatsapp_business/attachments', 404],
      ['GET', '/lookaside/%zz', 404],
    ] as const) {
      const answer = await raw(world, method, path);
      expect([path, answer.status, answer.text, answer.type]).toEqual([path, status, '', '']);
    }
  });

  it('leaves answers of the sandbox itself as they were', async () => {
    const answer = await raw(world, 'GET', '/control/nothing');
    expect([answer.status, answer.body.statusCode]).toEqual([404, 404]);
    expect((await raw(world, 'GET', '/graphics')).body.statusCode).toBe(404);
  });

  it('survives a client that goes away while it uploads', async () => {
    const { port } = new URL(world.url);
    await new Promise<void>((done) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        const head = [
          `POST /graph/v24.0/${PHONE_ID}/media HTTP/1.1`,
          'host: x',
          'authorization: Bearer EAAG-test-token',
          'content-type: multipart/form-data; boundary=x',
          'content-length: 1000',
        ];
        socket.write(`${head.join('\r\n')}\r\n\r\n--x`);
        setTimeout(() => socket.destroy(), 100);
      });
      socket.on('close', () => done());
    });
    expect((await raw(world, 'GET', `/graph/v24.0/${PHONE_ID}`)).status).toBe(200);
  });
});
