import { eventually, PHONE_ID, World } from './support/world.js';

const HOUR_MS = 3_600_000;

describe('windows and rates', () => {
  let world: World;

  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(() => world.stop());

  it('refuses free-form messages to somebody who never wrote, and 24 hours after the last message', async () => {
    const stranger = await world.customer({ greets: false });
    expect((await world.text(stranger.phone, 'hello?')).body.error.code).toBe(131047);

    const customer = await world.customer();
    await world.advance(24 * HOUR_MS - 5_000);
    expect((await world.text(customer.phone, 'still open')).status).toBe(200);
    await world.advance(10_000);
    expect((await world.text(customer.phone, 'closed')).body.error.code).toBe(131047);
    await world.ok('POST', `${customer.thread}/messages`, { type: 'text', text: 'again' });
    expect((await world.text(customer.phone, 'open again')).status).toBe(200);
  });

  it('can report a closed window later, as a failed status', async () => {
    await world.ok('PUT', '/control/meta/settings', { windowErrorMode: 'async' });
    const stranger = await world.customer({ greets: false });
    const sent = await world.send(stranger.phone, {
      type: 'text',
      text: { body: 'x' },
      biz_opaque_callback_data: 'mine',
    });
    expect(sent.status).toBe(200);
    const failed = await eventually(() => world.receiver.statuses(sent.body.messages[0].id)[0]);
    expect(failed).toMatchObject({
      status: 'failed',
      biz_opaque_callback_data: 'mine',
      errors: [{ code: 131047 }],
    });
    expect((await world.ok('GET', stranger.thread)).messages).toEqual([]);
  });

  it('lends one pair 45 messages, takes one back every 6 seconds, and leaves other people alone', async () => {
    const customer = await world.customer();
    const other = await world.customer({ name: 'Omar' });
    for (let i = 0; i < 45; i += 1) expect((await world.text(customer.phone, `m${i}`)).status).toBe(200);
    expect((await world.text(customer.phone, 'one too many')).body.error.code).toBe(131056);
    expect((await world.text(other.phone, 'hello')).status).toBe(200);
    await world.advance(6_000);
    expect((await world.text(customer.phone, 'after 6 s')).status).toBe(200);
    expect((await world.text(customer.phone, 'too many again')).body.error.code).toBe(131056);
  });

  it('refuses more messages a second than the number may send', async () => {
    await world.ok('PUT', `/control/meta/wabas/fast`, {
      appId: 'app-1',
      portfolioId: 'portfolio-2',
      accessToken: 'other',
      name: 'Slow line',
      phoneNumbers: [
        { id: '555', displayPhoneNumber: '+971 4 555 0200', verifiedName: 'Slow line', throughput: 3 },
      ],
    });
    const customer = await world.customer();
    await world.ok('POST', `${customer.thread.replace(PHONE_ID, '555')}/messages`, {
      type: 'text',
      text: 'hi',
    });
    await world.advance(2_000);
    const message = { messaging_product: 'whatsapp', to: customer.phone, type: 'text', text: { body: 'x' } };
    const sends = Array.from({ length: 5 }, () => world.graph('POST', '555/messages', message, 'other'));
    const codes = (await Promise.all(sends)).map((s) => s.body.error?.code ?? 'accepted');
    expect(codes.sort()).toEqual([130429, 130429, 'accepted', 'accepted', 'accepted']);
  });

  it('drops a user id in `to` silently, and delivers one in `recipient`', async () => {
    const customer = await world.customer({ hidePhone: true });
    const lost = await world.text(customer.userId, 'lost');
    expect(lost.status).toBe(200);
    const sent = await world.graph('POST', `${PHONE_ID}/messages`, {
      messaging_product: 'whatsapp',
      recipient: customer.userId,
      type: 'text',
      text: { body: 'found' },
    });
    expect(sent.body.contacts).toEqual([{ input: customer.userId, user_id: customer.userId }]);
    await eventually(() => world.receiver.statuses(sent.body.messages[0].id).length === 2);
    const thread = await world.ok('GET', customer.thread);
    expect(thread.messages.map((m: { text: string }) => m.text)).toEqual(['hi', 'found']);
    expect(world.receiver.statuses(lost.body.messages[0].id)).toEqual([]);
    // A hidden phone number stands nowhere in what the business gets.
    const digits = customer.phone.replace('+', '');
    expect(world.receiver.deliveries.filter((d) => d.raw.includes(digits))).toEqual([]);
  });

  it('consumes lined-up faults one send at a time', async () => {
    const { phone } = await world.customer();
    await world.ok('PUT', '/control/meta/faults', {
      nextSends: [{ kind: 'error', code: 131016 }, { kind: 'reset' }, { kind: 'timeout-after-accept' }],
    });
    expect((await world.text(phone, 'error')).body.error.code).toBe(131016);
    await expect(world.text(phone, 'reset')).rejects.toThrow('fetch failed');
    const never = world.text(phone, 'no answer').catch(() => 'cut off');
    await eventually(async () => {
      const { accepted } = await world.ok('GET', '/control/meta/ledger');
      return accepted.length === 1;
    });
    await expect(Promise.race([never, Promise.resolve('still waiting')])).resolves.toBe('still waiting');
    expect((await world.text(phone, 'normal again')).status).toBe(200);
  });
});
