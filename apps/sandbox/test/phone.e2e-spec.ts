import { type Answer, eventually, PHONE_ID, World } from './support/world.js';

describe('the phone', () => {
  let world: World;
  let customer: Awaited<ReturnType<World['customer']>>;

  beforeAll(async () => {
    world = await World.start({ shop: 'demo', catalogId: 'cat-1' });
  });
  beforeEach(async () => {
    customer = await world.customer();
  });
  afterAll(() => world.stop());

  const post = (body: Answer) => world.call('POST', `${customer.thread}/messages`, body);
  const sendInteractive = async (interactive: Answer) => {
    const { body } = await world.send(customer.phone, { type: 'interactive', interactive });
    return String(body.messages[0].id);
  };
  const received = (id: string) => eventually(() => world.receiver.messages().find((m) => m.id === id));

  it('lists the businesses, and serves its page', async () => {
    expect(await world.ok('GET', '/phone/api/businesses')).toEqual([
      { phoneNumberId: PHONE_ID, displayPhoneNumber: '+971 4 555 0100', name: 'Test Shop', shop: 'demo' },
    ]);
    const page = await fetch(`${world.url}/phone/`);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
  });

  it('replies only with rows that the list offered', async () => {
    const messageId = await sendInteractive({
      type: 'list',
      body: { text: 'Pick' },
      action: {
        button: 'Open',
        sections: [{ rows: [{ id: 'p:1', title: 'Hoodie', description: 'AED 90' }] }],
      },
    });
    expect((await post({ type: 'list_reply', messageId, id: 'p:2' })).status).toBe(422);
    expect((await post({ type: 'button_reply', messageId, id: 'p:1' })).status).toBe(422);
    expect((await post({ type: 'list_reply', messageId: 'wamid.unknown', id: 'p:1' })).status).toBe(422);
    const { body } = await post({ type: 'list_reply', messageId, id: 'p:1' });
    expect(await received(body.id)).toMatchObject({
      type: 'interactive',
      context: { from: '97145550100', id: messageId },
      interactive: { type: 'list_reply', list_reply: { id: 'p:1', title: 'Hoodie', description: 'AED 90' } },
    });
  });

  it('replies only with buttons that the message offered', async () => {
    const messageId = await sendInteractive({
      type: 'button',
      body: { text: 'Sure?' },
      action: { buttons: [{ type: 'reply', reply: { id: 'yes', title: 'Yes' } }] },
    });
    expect((await post({ type: 'button_reply', messageId, id: 'no' })).status).toBe(422);
    const { body } = await post({ type: 'button_reply', messageId, id: 'yes' });
    expect((await received(body.id)).interactive).toEqual({
      type: 'button_reply',
      button_reply: { id: 'yes', title: 'Yes' },
    });
  });

  it("does not let one customer answer another one's message", async () => {
    const messageId = await sendInteractive({
      type: 'button',
      body: { text: 'Sure?' },
      action: { buttons: [{ type: 'reply', reply: { id: 'yes', title: 'Yes' } }] },
    });
    const other = await world.customer({ name: 'Omar' });
    const answer = await world.call('POST', `${other.thread}/messages`, {
      type: 'button_reply',
      messageId,
      id: 'yes',
    });
    expect(answer.status).toBe(422);
  });

  it('sends a cart with prices in main units of their currency', async () => {
    const items = [
      { sku: 'hoodie-m', quantity: 2, price: { minor: 9_900, currency: 'AED' } },
      { sku: 'oud', quantity: 1, price: { minor: 12_345, currency: 'KWD' } },
    ];
    const { body } = await post({ type: 'order', items });
    expect((await received(body.id)).order).toEqual({
      catalog_id: 'cat-1',
      text: '',
      product_items: [
        { product_retailer_id: 'hoodie-m', quantity: 2, item_price: 99, currency: 'AED' },
        { product_retailer_id: 'oud', quantity: 1, item_price: 12.345, currency: 'KWD' },
      ],
    });
    expect((await post({ type: 'order', items: [{ sku: 'x', quantity: 100 }] })).status).toBe(400);
  });

  it('takes a reaction back by leaving the emoji out', async () => {
    const { body: sent } = await world.text(customer.phone, 'hello');
    const messageId = String(sent.messages[0].id);
    const on = await post({ type: 'reaction', messageId, emoji: '👍' });
    const off = await post({ type: 'reaction', messageId, emoji: '' });
    expect((await received(on.body.id)).reaction).toEqual({ message_id: messageId, emoji: '👍' });
    expect((await received(off.body.id)).reaction).toEqual({ message_id: messageId });
  });

  it('sends any other message raw', async () => {
    const { body } = await post({ type: 'raw', message: { type: 'sticker', sticker: { id: '1' } } });
    expect(await received(body.id)).toMatchObject({
      type: 'sticker',
      sticker: { id: '1' },
      from: customer.phone.slice(1),
    });
  });

  it('shows the business reading, typing and answering as events', async () => {
    const stream = await fetch(`${world.url}${customer.thread}/events`);
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    const [greeting] = (await world.ok('GET', customer.thread)).messages;
    const read = await world.graph('POST', `${PHONE_ID}/messages`, {
      messaging_product: 'whatsapp',
      status: 'read',
      message_id: greeting.id,
      typing_indicator: { type: 'text' },
    });
    expect(read.body).toEqual({ success: true });
    await world.text(customer.phone, 'welcome');
    let seen = '';
    while (!seen.includes('welcome')) seen += (await reader.read()).value ?? '';
    await reader.cancel();
    expect(seen).toContain('event: typing');
    expect((await world.ok('GET', customer.thread)).messages[0].status).toBe('read');
  });

  it('answers only what is new after a position', async () => {
    await world.text(customer.phone, 'second');
    const thread = await world.ok('GET', `${customer.thread}?after=1`);
    expect(thread).toMatchObject({ seq: 2, messages: [{ seq: 2, direction: 'in', text: 'second' }] });
  });
});
