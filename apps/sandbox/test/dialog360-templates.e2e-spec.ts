import { eventually, PHONE_ID, WABA_ID, World, type Answer } from './support/world.js';

const KEY = 'd360-key-of-the-number';
const OTHER = { wabaId: '777', phoneId: '778', key: 'd360-key-of-another' };

const template = (name: string, language = 'en', more: Answer = {}) => ({
  name,
  language,
  category: 'UTILITY',
  components: [{ type: 'BODY', text: 'Your order is on its way.' }],
  ...more,
});

describe('templates by 360dialog', () => {
  let world: World;

  beforeEach(async () => {
    world = await World.start();
    await world.ok('PUT', `/control/meta/wabas/${OTHER.wabaId}`, {
      appId: 'app-1',
      portfolioId: 'portfolio-2',
      accessToken: 'EAAG-of-another',
      name: 'Another',
      phoneNumbers: [{ id: OTHER.phoneId, displayPhoneNumber: '+1 555 0100', verifiedName: 'Another' }],
    });
    await world.ok('PUT', `/control/360dialog/numbers/${PHONE_ID}`, { apiKey: KEY });
    await world.ok('PUT', `/control/360dialog/numbers/${OTHER.phoneId}`, { apiKey: OTHER.key });
  });
  afterEach(() => world.stop());

  const call = (method: string, path = '', body?: object, key = KEY) =>
    world.call(method, `/360dialog/v1/configs/templates${path}`, body, { 'd360-api-key': key });
  const namesOf = ({ body }: Awaited<ReturnType<typeof call>>) =>
    (body.waba_templates as Answer[]).map(({ name }) => name as string);

  it('are handed in, listed, sent and deleted', async () => {
    const created = await call('POST', '', template('order_shipped'));
    expect(created).toMatchObject({
      status: 201,
      body: {
        ...template('order_shipped'),
        id: expect.any(String),
        status: 'submitted',
        rejected_reason: 'NONE',
      },
    });
    await call('POST', '', template('order_shipped', 'ar'));
    expect(await call('GET')).toMatchObject({
      status: 200,
      body: {
        count: 2,
        total: 2,
        limit: 1_000,
        offset: 0,
        filters: {},
        sort: ['id'],
        waba_templates: expect.arrayContaining([
          expect.objectContaining({
            name: 'order_shipped',
            language: 'en',
            status: 'approved',
            category: 'UTILITY',
          }),
        ]),
      },
    });
    const { body } = await world.graph('GET', `${WABA_ID}/message_templates`);
    expect(body.data).toHaveLength(2);

    const { phone } = await world.customer({ greets: false });
    const send = () =>
      world.call(
        'POST',
        '/360dialog/messages',
        {
          messaging_product: 'whatsapp',
          to: phone,
          type: 'template',
          template: { name: 'order_shipped', language: { code: 'en' } },
        },
        { 'd360-api-key': KEY },
      );
    expect((await send()).status).toBe(200);
    const developer_message = 'template name=order_shipped was deleted';
    expect(await call('DELETE', '/order_shipped')).toEqual({
      status: 200,
      body: { meta: { success: true, http_code: 200, developer_message } },
    });
    expect(namesOf(await call('GET'))).toEqual([]);
    expect((await send()).body.error.code).toBe(132001);
    expect(await call('DELETE', '/order_shipped')).toMatchObject({
      status: 404,
      body: { meta: { success: false, http_code: 404 } },
    });
  });

  it('come in pages, filtered and sorted as asked', async () => {
    for (const name of ['d', 'b', 'e', 'a', 'c']) {
      await call('POST', '', template(name, 'en', name === 'e' ? { category: 'MARKETING' } : {}));
    }
    const page = (query: string) => call('GET', `?sort=business_templates.name&${query}`);
    const second = await page('limit=2&offset=2');
    expect(second.body).toMatchObject({ count: 2, total: 5, limit: 2, offset: 2 });
    expect(namesOf(second)).toEqual(['c', 'd']);
    expect(namesOf(await page('limit=2&offset=4'))).toEqual(['e']);
    expect((await page('limit=2&offset=6')).body).toMatchObject({ count: 0, total: 5, waba_templates: [] });
    await world.ok('PUT', `/control/meta/templates/${WABA_ID}/b/en`, { status: 'REJECTED' });
    const filters = (given: object) => page(`filters=${encodeURIComponent(JSON.stringify(given))}`);
    expect(namesOf(await filters({ category: 'MARKETING' }))).toEqual(['e']);
    const rejected = await filters({ status: 'rejected' });
    expect(namesOf(rejected)).toEqual(['b']);
    expect(rejected.body.waba_templates[0].rejected_reason).toBe('INVALID_FORMAT');
    expect(namesOf(await filters({ 'business_templates.name': 'c', language: 'en' }))).toEqual(['c']);
  });

  it.each([
    ['limit=-1', /^limit must be a whole number up to 1000$/],
    ['limit=1001', /^limit/],
    ['limit=1&limit=2', /^limit/],
    ['offset=x', /^offset must be a whole number/],
    ['sort=colour', /^sort must be one of id, business_templates\.name/],
    ['filters=%7B', /^filters must be a JSON object/],
    ['filters=%5B%5D', /^filters/],
    ['filters=%7B%22colour%22%3A%22red%22%7D', /^filters/],
    ['filters=%7B%22status%22%3A1%7D', /^filters/],
    ['sort=toString', /^sort/],
    ['filters=%7B%22toString%22%3A%22x%22%7D', /^filters/],
  ])('are not listed by %s', async (query, message) => {
    const { status, body } = await call('GET', `?${query}`);
    expect([status, body.meta.developer_message]).toEqual([400, expect.stringMatching(message)]);
  });

  it('belong to the account of the key', async () => {
    await call('POST', '', template('mine'));
    expect(namesOf(await call('GET', '', undefined, OTHER.key))).toEqual([]);
    expect((await call('DELETE', '/mine', undefined, OTHER.key)).status).toBe(404);
    expect(namesOf(await call('GET'))).toEqual(['mine']);
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['POST', '', template('x')],
      ['DELETE', '/mine', undefined],
    ] as const) {
      expect((await call(method, path, body, 'no-such-key')).body.meta.http_code).toBe(401);
    }
  });

  it('are refused as Meta refuses them', async () => {
    await call('POST', '', template('twice'));
    for (const body of [template('twice'), template('UPPER'), { name: 'x' }]) {
      const { status, body: answer } = await call('POST', '', body);
      expect([status, answer.error.code]).toEqual([400, 100]);
    }
  });

  it('have no webhooks: what becomes of them is asked', async () => {
    await call('POST', '', template('order_shipped'));
    await world.ok('PUT', `/control/meta/templates/${WABA_ID}/order_shipped/en`, { status: 'PAUSED' });
    const hook = { url: world.callbackUrl };
    await world.call('POST', '/360dialog/v1/configs/webhook', hook, { 'd360-api-key': KEY });
    await world.customer();
    // What was said before would have come before.
    const first = await eventually(() => world.receiver.deliveries[0]?.body);
    expect(first.entry[0].changes[0].field).toBe('messages');
    const { body } = await call('GET');
    expect(body.waba_templates[0].status).toBe('paused');
  });
});
