import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, expectedSignature, PHONE_ID, WABA_ID, World } from './support/world.js';

describe('webhooks', () => {
  let world: World;

  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(() => world.stop());

  it('are signed over the exact bytes, which are plain ASCII', async () => {
    const customer = await world.customer({ name: 'عائشة / Aisha', greets: false });
    await world.ok('POST', `${customer.thread}/messages`, { type: 'text', text: 'مرحبا 👋' });
    const [delivery] = await eventually(
      () => world.receiver.deliveries.length === 1 && world.receiver.deliveries,
    );
    expect(delivery!.signature).toBe(expectedSignature(delivery!.raw));
    expect([...delivery!.raw].every((byte) => byte < 0x7f)).toBe(true);
    expect(delivery!.raw.toString()).toContain('\\/ Aisha');
    expect(delivery!.body).toEqual({
      object: 'whatsapp_business_account',
      entry: [
        {
          id: WABA_ID,
          changes: [
            {
              field: 'messages',
              value: {
                messaging_product: 'whatsapp',
                metadata: { display_phone_number: '97145550100', phone_number_id: PHONE_ID },
                contacts: [
                  {
                    profile: { name: 'عائشة / Aisha' },
                    wa_id: customer.phone.slice(1),
                    user_id: customer.userId,
                  },
                ],
                messages: [
                  {
                    from: customer.phone.slice(1),
                    from_user_id: customer.userId,
                    id: expect.stringMatching(/^wamid\./),
                    timestamp: expect.stringMatching(/^\d{10}$/),
                    type: 'text',
                    text: { body: 'مرحبا 👋' },
                  },
                ],
              },
            },
          ],
        },
      ],
    });
  });

  it('tell sent, delivered and, when the phone shows it, read, with the price once or twice', async () => {
    const customer = await world.customer();
    const sent = await world.send(customer.phone, {
      type: 'text',
      text: { body: 'hello' },
      biz_opaque_callback_data: 'out_1',
    });
    const wamid = sent.body.messages[0].id as string;
    await eventually(() => world.receiver.statuses(wamid).length === 2);
    await world.ok('POST', `${customer.thread}/read`);
    await eventually(() => world.receiver.statuses(wamid).length === 3);
    const statuses = world.receiver.statuses(wamid);
    expect(statuses.map((s) => s.status)).toEqual(['sent', 'delivered', 'read']);
    expect(statuses.map((s) => s.biz_opaque_callback_data)).toEqual(['out_1', 'out_1', 'out_1']);
    expect(statuses.map((s) => s.pricing?.category)).toEqual(['service', 'service', undefined]);
    await world.ok('POST', `${customer.thread}/read`);
    await sleep(100);
    expect(world.receiver.statuses(wamid)).toHaveLength(3);
  });

  it('come again until the receiver answers 2xx', async () => {
    let refusals = 2;
    world.receiver.answer = () => (refusals-- > 0 ? 503 : 200);
    await world.customer();
    await eventually(() => world.receiver.messages().length === 1);
    expect(refusals).toBeLessThan(0);
    expect(await world.ok('GET', '/control/chaos')).toMatchObject({ waiting: 0 });
  });

  it('under chaos arrive one to three times and out of order, and none is lost', async () => {
    await world.ok('PUT', '/control/chaos', { copies: [1, 3], shuffle: true, maxDelayMs: 300 });
    const customer = await world.customer({ greets: false });
    const ids: string[] = [];
    for (let i = 0; i < 40; i += 1) {
      const { id } = await world.ok('POST', `${customer.thread}/messages`, { type: 'text', text: `m${i}` });
      ids.push(id as string);
    }
    await eventually(async () => (await world.ok('GET', '/control/chaos')).waiting === 0);
    const seen = world.receiver.messages().map((m) => m.id as string);
    const counts = ids.map((id) => seen.filter((s) => s === id).length);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...counts)).toBeLessThanOrEqual(3);
    expect(new Set(counts).size).toBeGreaterThan(1);
    expect([...new Set(seen)]).not.toEqual(ids);
  });

  it('keep one conversation in order when there is no chaos', async () => {
    const customer = await world.customer({ greets: false });
    const sends = [];
    for (let i = 0; i < 30; i += 1) {
      sends.push(await world.ok('POST', `${customer.thread}/messages`, { type: 'text', text: `m${i}` }));
    }
    await eventually(() => world.receiver.messages().length === 30);
    expect(world.receiver.messages().map((m) => m.id)).toEqual(sends.map((s) => s.id));
  });

  it('go to an override address once that has passed the handshake', async () => {
    const bad = await world.graph('POST', `${WABA_ID}/subscribed_apps`, {
      override_callback_uri: world.callbackUrl,
      verify_token: 'wrong',
    });
    expect(bad.body.error.code).toBe(100);
    const good = await world.graph('POST', `${WABA_ID}/subscribed_apps`, {});
    expect(good.body).toEqual({ success: true });
  });

  it('come only while an app is subscribed to the account', async () => {
    const customer = await world.customer({ greets: false });
    const write = async (text: string) =>
      (await world.ok('POST', `${customer.thread}/messages`, { type: 'text', text })).id as string;
    const gone = await world.graph('DELETE', `${WABA_ID}/subscribed_apps`);
    expect(gone.body).toEqual({ success: true });
    expect((await world.graph('GET', `${WABA_ID}/subscribed_apps`)).body).toEqual({ data: [] });
    const unheard = await write('is anybody there');
    expect((await world.graph('POST', `${WABA_ID}/subscribed_apps`, {})).body).toEqual({ success: true });
    const { data } = (await world.graph('GET', `${WABA_ID}/subscribed_apps`)).body;
    const own = (await world.graph('GET', 'app')).body;
    expect(data).toMatchObject([{ whatsapp_business_api_data: { id: own.id } }]);
    const heard = await write('and now');
    await eventually(() => world.receiver.messages().some((m) => m.id === heard));
    expect(world.receiver.messages().map((m) => m.id)).not.toContain(unheard);
  });

  it('do not come of an account that was opened unsubscribed', async () => {
    const waba = {
      appId: 'app-of-nobody-yet',
      portfolioId: 'p-2',
      accessToken: 'EAAG-unsubscribed',
      name: 'Mute',
      phoneNumbers: [{ id: '7001', displayPhoneNumber: '+971 50 000 7001', verifiedName: 'Mute' }],
    };
    const subscribed = async () => {
      const { data } = (await world.graph('GET', '7000/subscribed_apps', undefined, waba.accessToken)).body;
      return (data as object[]).length;
    };
    await world.ok('PUT', '/control/meta/wabas/7000', { ...waba, subscribed: false });
    expect(await subscribed()).toBe(0);
    await world.ok('PUT', '/control/meta/wabas/7000', { ...waba, name: 'Mute still' });
    expect(await subscribed()).toBe(0);
    await world.graph('POST', '7000/subscribed_apps', {}, waba.accessToken);
    await world.ok('PUT', '/control/meta/wabas/7000', waba);
    expect(await subscribed()).toBe(1);
  });

  it('need a callback that answers the challenge', async () => {
    const app = { appSecret: 's', callbackUrl: world.callbackUrl, verifyToken: 'wrong' };
    const answer = await world.call('PUT', '/control/meta/apps/app-2', app);
    expect(answer.status).toBe(409);
    expect(answer.body.detail).toContain('403');
  });
});
