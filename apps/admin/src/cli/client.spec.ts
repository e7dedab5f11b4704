import type { Client } from './client.js';

/*
 * `npm run build` is what tests here: it fails when a line below compiles although it says that it must not, and when one
 * does not compile that should. Nothing of it runs.
 */

const path = { merchantId: 'mer_1' };
const SETTINGS = '/v1/merchants/{merchantId}/settings';

const right = async (client: Client): Promise<void> => {
  const { items } = await client.list('/v1/merchants/{merchantId}/orders', { path }, true);
  const total: number | undefined = items[0]?.total.minor;
  const { ok } = await client.post('/v1/merchants/{merchantId}/store/test', { path });
  const changed = await client.change('patch', SETTINGS, { path, body: { regions: ['AE'] }, etag: '"1"' });
  expect([total, ok, changed.body.regions]).toBeDefined();
};

const wrongCalls = async (client: Client): Promise<void> => {
  // @ts-expect-error there is no such path
  await client.get('/v1/merchant', {});
  // @ts-expect-error the path is there, and nothing is put to it
  await client.put('/v1/vendors', {});
  // @ts-expect-error an order has no page of orders
  await client.list('/v1/merchants/{merchantId}/orders/{id}', { path: { ...path, id: '1' } }, true);
  // @ts-expect-error the path is not filled
  await client.get('/v1/merchants/{merchantId}', {});
  // @ts-expect-error the path has another name for it
  await client.get('/v1/merchants/{merchantId}', { path: { id: 'mer_1' } });
  // @ts-expect-error there is no such parameter
  await client.get('/v1/merchants', { query: { page: 2 } });
  // @ts-expect-error the parameter is a number
  await client.get('/v1/merchants', { query: { limit: '50' } });
  // @ts-expect-error the parameter has other values
  await client.get('/v1/dead-letters', { query: { service: 'shop' } });
  // @ts-expect-error a body is missing
  await client.post('/v1/merchants', {});
  // @ts-expect-error the body lacks a field
  await client.post('/v1/merchants/{merchantId}/suspend', { path, body: {} });
  // @ts-expect-error the body has no such field
  await client.post('/v1/operator-keys', { body: { name: 'a', scope: 'all' } });
  // @ts-expect-error nothing is sent with it
  await client.post('/v1/merchants/{merchantId}/resume', { path, body: { reason: 'paid' } });
  // @ts-expect-error settings are changed as they were read: with their ETag
  await client.change('put', SETTINGS, { path, body: {} });
};

const wrongAnswers = async (client: Client): Promise<void> => {
  const merchant = await client.get('/v1/merchants/{merchantId}', { path });
  // @ts-expect-error the answer has no such field
  expect(merchant.id).toBeDefined();
  const { items } = await client.list('/v1/audit', {}, false);
  // @ts-expect-error a row has no such field
  expect(items[0]?.merchant).toBeDefined();
};

describe('the calls of the client', () => {
  it('are those of the API, or do not compile', () => {
    expect([right, wrongCalls, wrongAnswers]).toHaveLength(3);
  });
});
