import { type Answer, World } from './support/world.js';

const x = (count: number) => 'x'.repeat(count);
const row = (id: string, more: Answer = {}) => ({ id, title: `Row ${id}`, ...more });
const rows = (count: number, from = 0) => Array.from({ length: count }, (_, i) => row(`r${from + i}`));
const button = (id: string, title = `Button ${id}`) => ({ type: 'reply', reply: { id, title } });
const interactive = (content: Answer) => ({ type: 'interactive', interactive: content });
const list = (action: Answer = {}, more: Answer = {}) =>
  interactive({
    type: 'list',
    body: { text: 'Pick one' },
    action: { button: 'Options', sections: [{ title: 'All', rows: rows(2) }], ...action },
    ...more,
  });
const buttons = (given: Answer[], more: Answer = {}) =>
  interactive({ type: 'button', body: { text: 'Sure?' }, action: { buttons: given }, ...more });
const cta = (parameters: Answer, more: Answer = {}) =>
  interactive({ type: 'cta_url', body: { text: 'Pay' }, action: { name: 'cta_url', parameters }, ...more });
const link = { display_text: 'Pay now', url: 'https://shop.example/c/1' };
const products = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => ({ product_retailer_id: `sku-${from + i}` }));
const productList = (sections: Answer[], more: Answer = {}) =>
  interactive({
    type: 'product_list',
    header: { type: 'text', text: 'Hoodies' },
    body: { text: 'Look' },
    action: { catalog_id: 'cat', sections },
    ...more,
  });

describe('the documented limits of a message', () => {
  let world: World;
  let to: string;

  beforeAll(async () => {
    world = await World.start();
  });
  beforeEach(async () => {
    to = (await world.customer()).phone;
  });
  afterAll(() => world.stop());

  const accepted: [string, Answer][] = [
    ['a text of 4096', { type: 'text', text: { body: x(4096) } }],
    ['a list body of 1024', list({}, { body: { text: x(1024) } })],
    [
      'ten rows in two sections',
      list({
        sections: [
          { title: 'A', rows: rows(5) },
          { title: 'B', rows: rows(5, 5) },
        ],
      }),
    ],
    ['the longest row', list({ sections: [{ rows: [{ id: x(200), title: x(24), description: x(72) }] }] })],
    ['header and footer of 60', list({}, { header: { type: 'text', text: x(60) }, footer: { text: x(60) } })],
    ['three buttons', buttons([button('a'), button('b'), button('c', x(20))])],
    ['a link button', cta({ ...link, display_text: x(20) })],
    ['one product', interactive({ type: 'product', action: { catalog_id: 'c', product_retailer_id: 's' } })],
    ['thirty products', productList([{ title: 'A', product_items: products(30) }])],
    [
      'a catalog',
      interactive({ type: 'catalog_message', body: { text: 'b' }, action: { name: 'catalog_message' } }),
    ],
    [
      '512 characters of opaque data',
      { type: 'text', text: { body: 'x' }, biz_opaque_callback_data: x(512) },
    ],
  ];
  it.each(accepted)('accepts %s', async (_name, content) => {
    const { status, body } = await world.send(to, content);
    expect({ status, error: body.error }).toEqual({ status: 200, error: undefined });
    expect(body.messages[0]).toEqual({ id: expect.stringMatching(/^wamid\./), message_status: 'accepted' });
    expect(body.contacts[0].input).toBe(to);
  });

  const refused: [string, number, Answer][] = [
    ['a text of 4097', 100, { type: 'text', text: { body: x(4097) } }],
    ['an empty text', 100, { type: 'text', text: { body: ' ' } }],
    ['an unknown key', 100, { type: 'text', text: { body: 'x' }, colour: 'red' }],
    ['an unknown nested key', 100, { type: 'text', text: { body: 'x', bold: true } }],
    ['content of another type', 100, { type: 'text', text: { body: 'x' }, template: {} }],
    ['no content', 100, { type: 'text' }],
    [
      '513 characters of opaque data',
      100,
      { type: 'text', text: { body: 'x' }, biz_opaque_callback_data: x(513) },
    ],
    ['a type it does not have', 131051, { type: 'hologram', hologram: {} }],
    ['a list body of 1025', 131009, list({}, { body: { text: x(1025) } })],
    ['a list without body', 100, list({}, { body: undefined })],
    ['a list button of 21', 131009, list({ button: x(21) })],
    ['eleven rows in one section', 131009, list({ sections: [{ rows: rows(11) }] })],
    [
      'eleven rows in total',
      131009,
      list({
        sections: [
          { title: 'A', rows: rows(6) },
          { title: 'B', rows: rows(5, 6) },
        ],
      }),
    ],
    [
      'eleven sections',
      131009,
      list({ sections: Array.from({ length: 11 }, (_, i) => ({ title: 'A', rows: rows(1, i) })) }),
    ],
    ['two sections without titles', 131009, list({ sections: [{ rows: rows(1) }, { rows: rows(1, 1) }] })],
    ['a section title of 25', 131009, list({ sections: [{ title: x(25), rows: rows(1) }] })],
    ['a row title of 25', 131009, list({ sections: [{ rows: [row('a', { title: x(25) })] }] })],
    ['a row description of 73', 131009, list({ sections: [{ rows: [row('a', { description: x(73) })] }] })],
    ['a row id of 201', 131009, list({ sections: [{ rows: [row(x(201), { title: 'T' })] }] })],
    ['the same row id twice', 131009, list({ sections: [{ rows: [row('a'), row('a')] }] })],
    ['an unknown key in a row', 100, list({ sections: [{ rows: [row('a', { price: 1 })] }] })],
    ['a header of 61', 131009, list({}, { header: { type: 'text', text: x(61) } })],
    [
      'a picture above a list',
      131009,
      list({}, { header: { type: 'image', image: { link: 'https://x.example/a.png' } } }),
    ],
    ['a footer of 61', 131009, list({}, { footer: { text: x(61) } })],
    ['four buttons', 131009, buttons(['a', 'b', 'c', 'd'].map((id) => button(id)))],
    ['no buttons', 131009, buttons([])],
    ['a button title of 21', 131009, buttons([button('a', x(21))])],
    ['an empty button title', 131009, buttons([button('a', '')])],
    ['a button id of 257', 131009, buttons([button(x(257), 'T')])],
    ['the same button id twice', 131009, buttons([button('a', 'T'), button('a', 'U')])],
    ['a button body of 1025', 131009, buttons([button('a')], { body: { text: x(1025) } })],
    ['a link text of 21', 131009, cta({ ...link, display_text: x(21) })],
    ['a link that is none', 131009, cta({ ...link, url: 'shop' })],
    [
      'thirty-one products',
      131009,
      productList([
        { title: 'A', product_items: products(20) },
        { title: 'B', product_items: products(11, 20) },
      ]),
    ],
    [
      'a product list without header',
      100,
      productList([{ product_items: products(1) }], { header: undefined }),
    ],
    [
      'a product without catalog',
      100,
      interactive({ type: 'product', action: { product_retailer_id: 's' } }),
    ],
    [
      'two emoji as a reaction',
      131009,
      { type: 'reaction', reaction: { message_id: 'wamid.x', emoji: '👍👍' } },
    ],
  ];
  it.each(refused)('refuses %s with %i', async (_name, code, content) => {
    const { status, body } = await world.send(to, content);
    expect(status).toBe(400);
    expect(body).toEqual({
      error: {
        message: expect.stringContaining(`(#${code})`),
        type: 'OAuthException',
        code,
        error_data: { messaging_product: 'whatsapp', details: expect.any(String) },
        fbtrace_id: expect.any(String),
      },
    });
  });

  it('refuses a wrong token with 190, and an id it does not know with 100', async () => {
    const message = { messaging_product: 'whatsapp', to, type: 'text', text: { body: 'x' } };
    const wrong = await world.graph('POST', '106540352242922/messages', message, 'nonsense');
    const unknown = await world.graph('POST', '999/messages', message);
    expect([wrong.status, wrong.body.error.code]).toEqual([401, 190]);
    expect([unknown.status, unknown.body.error.code]).toEqual([400, 100]);
  });

  it('answers the fields of a number and of its account, and refuses fields that do not exist', async () => {
    const fields =
      'verified_name,quality_rating,throughput,whatsapp_business_manager_messaging_limit,health_status';
    const number = await world.graph('GET', `106540352242922?fields=${fields}`);
    expect(number.body).toEqual({
      id: '106540352242922',
      verified_name: 'Test Shop',
      quality_rating: 'GREEN',
      throughput: { level: 'HIGH' },
      whatsapp_business_manager_messaging_limit: 'TIER_UNLIMITED',
      health_status: expect.objectContaining({ can_send_message: 'AVAILABLE' }),
    });
    const account = await world.graph('GET', '102290129340398?fields=name');
    expect(account.body).toEqual({ id: '102290129340398', name: 'Test Shop' });
    expect((await world.graph('GET', '106540352242922?fields=colour')).body.error.code).toBe(100);
  });

  it('keeps accepted and refused sends in the ledger', async () => {
    const good = await world.send(to, {
      type: 'text',
      text: { body: 'x' },
      biz_opaque_callback_data: 'msg-1',
    });
    await world.send(to, { type: 'text', text: { body: '' }, biz_opaque_callback_data: 'msg-2' });
    const ledger = await world.ok('GET', '/control/meta/ledger?phoneNumberId=106540352242922');
    expect(ledger.accepted.at(-1)).toMatchObject({
      bizOpaqueCallbackData: 'msg-1',
      recipient: to,
      wamid: good.body.messages[0].id,
    });
    expect(ledger.refused.at(-1)).toMatchObject({ bizOpaqueCallbackData: 'msg-2', code: 100 });
  });
});
