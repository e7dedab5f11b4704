import { type Answer, eventually, WABA_ID, World } from './support/world.js';

const SHIPPED = {
  name: 'order_shipped',
  language: 'en',
  category: 'UTILITY',
  components: [
    {
      type: 'BODY',
      text: 'Hello {{1}}, your order {{2}} is on its way to you now.',
      example: { body_text: [['Aisha', 'A-17']] },
    },
    {
      type: 'BUTTONS',
      buttons: [
        {
          type: 'URL',
          text: 'Track it',
          url: 'https://shop.example/t/{{1}}',
          example: ['https://shop.example/t/1'],
        },
        { type: 'QUICK_REPLY', text: 'Help' },
      ],
    },
  ],
};
const body = (...texts: string[]) => ({
  type: 'body',
  parameters: texts.map((text) => ({ type: 'text', text })),
});
const track = (text: string) => ({
  type: 'button',
  sub_type: 'url',
  index: '0',
  parameters: [{ type: 'text', text }],
});
const use = (components: Answer[], name = SHIPPED.name, code = 'en') => ({
  type: 'template',
  template: { name, language: { code }, components },
});

describe('templates', () => {
  let world: World;
  let customer: Awaited<ReturnType<World['customer']>>;

  beforeAll(async () => {
    world = await World.start();
    const created = await world.graph('POST', `${WABA_ID}/message_templates`, SHIPPED);
    expect(created.body).toEqual({ id: expect.any(String), status: 'APPROVED', category: 'UTILITY' });
  });
  beforeEach(async () => {
    customer = await world.customer({ greets: false });
  });
  afterAll(() => world.stop());

  const codeOf = async (content: Answer) => (await world.send(customer.phone, content)).body.error?.code;

  it('announces the approval', async () => {
    const value = await eventually(() => world.receiver.values().find((v) => v.event === 'APPROVED'));
    expect(value).toMatchObject({ message_template_name: 'order_shipped', message_template_language: 'en' });
  });

  it('lists them', async () => {
    const { body: page } = await world.graph('GET', `${WABA_ID}/message_templates?name=order_shipped`);
    expect(page.data).toMatchObject([{ name: 'order_shipped', language: 'en', status: 'APPROVED' }]);
  });

  it('reaches a customer outside the window, filled in', async () => {
    const sent = await world.send(customer.phone, use([body('Aisha', 'A-17'), track('abc')]));
    expect(sent.status).toBe(200);
    const { messages } = await world.ok('GET', customer.thread);
    expect(messages[0].text).toBe(
      'Hello Aisha, your order A-17 is on its way to you now.\n[Track it] https://shop.example/t/abc\n[Help]',
    );
    const status = await eventually(() => world.receiver.statuses(sent.body.messages[0].id)[0]);
    expect(status.pricing.category).toBe('utility');
  });

  it('refuses what does not exist with 132001', async () => {
    expect(await codeOf(use([], 'no_such_thing'))).toBe(132001);
    expect(await codeOf(use([body('a', 'b'), track('c')], SHIPPED.name, 'ar'))).toBe(132001);
  });

  it('refuses the wrong number of parameters with 132000, and an empty or missing one with 131008', async () => {
    expect(await codeOf(use([body('only one'), track('x')]))).toBe(132000);
    expect(await codeOf(use([body('a', 'b', 'c'), track('x')]))).toBe(132000);
    expect(await codeOf(use([body('a', ' '), track('x')]))).toBe(131008);
    expect(await codeOf(use([body('a', 'b')]))).toBe(131008);
    expect(await codeOf(use([body('a', 'line\nbreak'), track('x')]))).toBe(132018);
  });

  it('refuses a paused one with 132015 until it is reinstated', async () => {
    const path = `/control/meta/templates/${WABA_ID}/order_shipped/en`;
    await world.ok('PUT', path, { status: 'PAUSED' });
    expect(await codeOf(use([body('a', 'b'), track('x')]))).toBe(132015);
    await world.ok('PUT', path, { status: 'APPROVED' });
    expect(await codeOf(use([body('a', 'b'), track('x')]))).toBeUndefined();
    await eventually(() => world.receiver.values().find((v) => v.event === 'REINSTATED'));
  });

  const broken: [string, Answer][] = [
    ['capital letters in the name', { name: 'Order' }],
    ['a body of 1025', { components: [{ type: 'BODY', text: 'x'.repeat(1025) }] }],
    ['a leading variable', { components: [{ type: 'BODY', text: '{{1}} is your code today', example: {} }] }],
    [
      'more variables than words allow',
      { components: [{ type: 'BODY', text: 'Hi {{1}} {{2}} there', example: {} }] },
    ],
    ['no body', { components: [{ type: 'FOOTER', text: 'bye' }] }],
    [
      'a label of 26',
      {
        components: [
          SHIPPED.components[0],
          { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'x'.repeat(26) }] },
        ],
      },
    ],
    ['the same name and language', {}],
  ];
  it.each(broken)('refuses to create one with %s', async (_name, change) => {
    const fresh = Object.keys(change).length === 0 ? {} : { name: 'another_one' };
    const { body: answer } = await world.graph('POST', `${WABA_ID}/message_templates`, {
      ...SHIPPED,
      ...fresh,
      ...change,
    });
    expect(answer.error?.code).toBe(100);
  });
});
