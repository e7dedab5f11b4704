import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from '../src/cli/client.js';

interface Request {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What the API does with a request: an answer, or none at all. */
type Reaction = { status?: number; body?: string; etag?: string } | 'breaks off';

describe('the client of the admin API', () => {
  let server: Server;
  let client: Client;
  let requests: Request[];
  let reactions: Reaction[];
  const path = { merchantId: 'mer_1' };

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        requests.push({ method: request.method!, url: request.url!, headers: request.headers, body });
        const reaction = reactions.shift() ?? {};
        if (reaction === 'breaks off') return response.destroy();
        if (reaction.etag) response.setHeader('etag', reaction.etag);
        response.writeHead(reaction.status ?? 200).end(reaction.body ?? '{}');
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    client = new Client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'a-key');
  });
  beforeEach(() => {
    requests = [];
    reactions = [];
  });
  afterAll(() => new Promise((closed) => server.close(closed)));

  it('fills the path so that a value stays one part of it, and leaves out what is not asked', async () => {
    await client.get('/v1/merchants/{merchantId}/orders/{id}', {
      path: { ...path, id: '../api-keys?a=1' },
      query: { unmasked: undefined },
    });
    await client.get('/v1/merchants/{merchantId}/threads', { path, query: { q: '+971 50', unmasked: true } });
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /v1/merchants/mer_1/orders/..%2Fapi-keys%3Fa%3D1',
      'GET /v1/merchants/mer_1/threads?q=%2B971+50&unmasked=true',
    ]);
    expect(requests[0]!.headers).toMatchObject({ authorization: 'Bearer a-key' });
    expect(requests[0]!.headers).not.toHaveProperty('content-type');
  });

  it('posts again under the same Idempotency-Key when the answer is lost, and only then', async () => {
    reactions = ['breaks off', { status: 201, body: '{"id":"key_1"}' }];
    const made = await client.post('/v1/operator-keys', { body: { name: 'orders' } });
    expect(made.id).toBe('key_1');
    const [first, second] = requests;
    expect([first!.body, second!.body]).toEqual(['{"name":"orders"}', '{"name":"orders"}']);
    expect(first!.headers['idempotency-key']).toMatch(/^[\da-f-]{36}$/);
    expect(second!.headers['idempotency-key']).toBe(first!.headers['idempotency-key']);

    reactions = [{ status: 422, body: '{"detail":"no","code":"refused"}' }];
    await expect(client.post('/v1/operator-keys', { body: { name: 'orders' } })).rejects.toMatchObject({
      message: 'no (422, refused)',
      exitCode: 1,
    });
    expect(requests).toHaveLength(3);
  });

  it('posts an empty body where a call takes none', async () => {
    await client.post('/v1/merchants/{merchantId}/resume', { path });
    expect(requests[0]).toMatchObject({ body: '{}', headers: { 'content-type': 'application/json' } });
  });

  it('changes what it has read, by its ETag', async () => {
    const at = '/v1/merchants/{merchantId}/settings';
    reactions = [
      { etag: '"3"', body: '{"regions":["AE"]}' },
      { etag: '"4"', body: '{}' },
    ];
    const { body, etag } = await client.getTagged(at, { path });
    expect([body, etag]).toEqual([{ regions: ['AE'] }, '"3"']);
    const changed = await client.change('put', at, { path, body: {}, etag });
    expect([changed.body, changed.etag]).toEqual([{}, '"4"']);
    expect(requests[1]).toMatchObject({ method: 'PUT', body: '{}', headers: { 'if-match': '"3"' } });
  });

  it('deletes without a body, and takes an answer without one', async () => {
    reactions = [{ status: 204, body: '' }];
    await client.delete('/v1/operator-keys/{keyId}', { path: { keyId: 'key_1' } });
    expect(requests[0]).toMatchObject({ method: 'DELETE', url: '/v1/operator-keys/key_1', body: '' });
  });

  it('follows a list to its end, with what was asked of the first page', async () => {
    reactions = [
      { body: '{"items":[{"id":"1"}],"nextCursor":"c"}' },
      { body: '{"items":[{"id":"2"}],"nextCursor":null}' },
    ];
    const all = await client.list('/v1/quarantine', { query: { limit: 1 } }, true);
    expect(all).toEqual({ items: [{ id: '1' }, { id: '2' }], nextCursor: null });
    expect(requests.map(({ url }) => url)).toEqual([
      '/v1/quarantine?limit=1',
      '/v1/quarantine?limit=1&cursor=c',
    ]);
  });
});
