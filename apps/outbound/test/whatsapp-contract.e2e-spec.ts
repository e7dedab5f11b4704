import { personOf } from '#core/messaging';
import { cloudApi, WhatsAppChannel } from '#adapters/whatsapp-cloud';
import { describeChannel } from '#core/outbound/testing';
import { PHONE_ID, World } from '../../sandbox/test/support/world.js';
import { whatsAppWorld } from './support/whatsapp-world.js';

const account = { version: 'v25.0', accessToken: 'EAAG-test-token', phoneNumberId: PHONE_ID };

describeChannel('WhatsApp’s adapter on the sandbox', () =>
  whatsAppWorld(async ({ url }) => ({
    transport: cloudApi({ ...account, baseUrl: `${url}/graph` }),
    nowhere: cloudApi({ ...account, baseUrl: 'http://127.0.0.1:9' }),
  })),
);

it('a wrong token is a refusal that pauses the account', async () => {
  const world = await World.start();
  const transport = cloudApi({ ...account, accessToken: 'EAAG-other', baseUrl: `${world.url}/graph` });
  const channel = new WhatsAppChannel({ transport, timeoutMs: 1_000 });
  const hello = channel.render({ type: 'text', body: 'Hello' });
  const result = await channel.send(personOf({ phone: '971501234567' }), hello, 'msg_1');
  expect(result).toMatchObject({ outcome: 'refused', code: 190 });
  expect(channel.classify(190).action).toBe('pause_account');
  await world.stop();
});
