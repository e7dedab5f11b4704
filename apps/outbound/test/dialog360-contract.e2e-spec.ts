import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dialog360, Dialog360Client, DIALOG360_SECRET_HEADER, dialog360Vendor } from '#adapters/dialog360';
import { WhatsAppChannel } from '#adapters/whatsapp-cloud';
import { personOf } from '#core/messaging';
import { describeChannel } from '#core/outbound/testing';
import { until } from '#testing';
import type { Means } from '#vendors';
import { PHONE_ID, WABA_ID, World } from '../../sandbox/test/support/world.js';
import { whatsAppWorld } from './support/whatsapp-world.js';

const apiKey = 'd360-test-key';
const join = (world: World, settings: object = {}) =>
  world.ok('PUT', `/control/360dialog/numbers/${PHONE_ID}`, { apiKey, ...settings });
const baseUrlOf = ({ url }: World): string => `${url}/360dialog`;

describeChannel('360dialog on the sandbox', () =>
  whatsAppWorld(async (world) => {
    await join(world);
    return {
      transport: dialog360({ baseUrl: baseUrlOf(world), apiKey }),
      nowhere: dialog360({ baseUrl: 'http://127.0.0.1:9', apiKey }),
      rules: dialog360Vendor.talk!.facts.rules,
    };
  }),
);

describe('360dialog', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start();
    await join(world);
  });
  afterAll(() => world.stop());

  const client = (key: string) =>
    new Dialog360Client({ baseUrl: baseUrlOf(world), apiKey: key, timeoutMs: 1_000 });
  async function sendWith(key: string, phone: string) {
    const transport = dialog360({ baseUrl: baseUrlOf(world), apiKey: key });
    const channel = new WhatsAppChannel({ transport, timeoutMs: 1_000 });
    return channel.send(personOf({ phone }), channel.render({ type: 'text', body: 'Hello' }), 'msg_1');
  }

  it.each(['d360-other-key', ''])('refuses the key "%s", which pauses the account', async (key) => {
    const result = await sendWith(key, '971501234567');
    expect(result).toEqual({ outcome: 'refused', code: 190, details: expect.stringContaining('api_key') });
    await expect(client(key).getWebhookUrl()).rejects.toMatchObject({ code: 190, httpStatus: 401 });
  });

  it('passes on what Meta refuses', async () => {
    const { phone } = await world.customer({ greets: false });
    expect(await sendWith(apiKey, phone)).toMatchObject({ outcome: 'refused', code: 131047 });
  });

  it('refuses an address for webhooks that is none', async () => {
    await expect(client(apiKey).setWebhook('shop', {})).rejects.toMatchObject({ code: 135000 });
  });
});

describe('templates by 360dialog', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start();
    await join(world);
  });
  afterEach(() => world.stop());

  const open = (key = apiKey, baseUrl = baseUrlOf(world)) => {
    const account = { senderId: PHONE_ID, accountId: WABA_ID, fields: { apiKey: key } };
    const means = { variables: { DIALOG360_BASE_URL: baseUrl }, timeoutMs: 1_000 } as unknown as Means;
    return {
      book: dialog360Vendor.templates!(account, means),
      channel: dialog360Vendor.talk!.connect(account, means),
    };
  };
  const shipped = {
    name: 'order_shipped',
    language: 'en',
    category: 'utility' as const,
    body: 'Your order {{1}} is on its way.',
    examples: ['1001'],
  };

  it('are handed in once, and go out when the window is closed', async () => {
    const { book, channel } = open();
    expect(await book.create(shipped)).toEqual({ status: 'SUBMITTED' });
    expect(await book.list()).toEqual([{ name: 'order_shipped', language: 'en', status: 'APPROVED' }]);
    await expect(book.create(shipped)).rejects.toMatchObject({
      why: 'refused',
      message: expect.stringMatching(/^360dialog says: .*already/),
    });
    const { phone } = await world.customer({ greets: false });
    const text = channel.render({ type: 'text', body: 'On its way' });
    expect(await channel.send(personOf({ phone }), text, 'msg_1')).toMatchObject({ code: 131047 });
    const filled = channel.renderTemplate({ ...shipped, parameters: ['order'] }, { order: '1001' });
    expect(await channel.send(personOf({ phone }), filled, 'msg_2')).toMatchObject({ outcome: 'accepted' });
  });

  it('are listed to the last page', async () => {
    const { book } = open();
    const names = Array.from({ length: 201 }, (_, i) => `template_${i}`);
    for (const name of names) await book.create({ ...shipped, name });
    const listed = await book.list();
    expect(listed.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  });

  it('of a wrong key, and of nobody, are an error that says so', async () => {
    await expect(open('d360-other-key').book.list()).rejects.toMatchObject({
      why: 'refused',
      message: '360dialog does not accept the key',
    });
    await expect(open(apiKey, 'http://127.0.0.1:9').book.list()).rejects.toMatchObject({ why: 'no_answer' });
  });

  it('that were switched off are tried again after a day, as nobody says when they may be sent', () => {
    const { templates } = open().channel.rules;
    expect(templates!.disabled).toEqual({ state: 'DISABLED', recheckMs: 86_400_000 });
  });
});

describe('webhooks of 360dialog', () => {
  const secret = 'a-header-that-nobody-knows';
  let world: World;
  let hooks: Server;
  let received: { rawBody: Buffer; headers: IncomingHttpHeaders }[];

  beforeEach(async () => {
    received = [];
    hooks = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received.push({ rawBody: Buffer.concat(chunks), headers: request.headers });
        response.end();
      });
    });
    await new Promise<void>((done) => hooks.listen(0, '127.0.0.1', done));
    world = await World.start();
  });
  afterEach(async () => {
    await world.stop();
    hooks.closeAllConnections();
    await new Promise((done) => hooks.close(done));
  });

  async function greeted(): Promise<(typeof received)[number] & { headers: Record<string, string> }> {
    const client = new Dialog360Client({ baseUrl: baseUrlOf(world), apiKey, timeoutMs: 1_000 });
    const url = `http://127.0.0.1:${(hooks.address() as AddressInfo).port}/webhooks/360dialog/mer_1/acc_1`;
    await client.setWebhook(url, { [DIALOG360_SECRET_HEADER]: secret });
    expect(await client.getWebhookUrl()).toBe(url);
    await world.customer();
    await until('a webhook came', () => received.length > 0);
    return received[0] as (typeof received)[number] & { headers: Record<string, string> };
  }

  it('come with the header that was asked for, say what Meta’s say, and nothing goes to Meta’s own address', async () => {
    await join(world);
    const webhook = await greeted();
    expect(webhook.headers).not.toHaveProperty('x-hub-signature-256');
    const { reader } = dialog360Vendor.accountWebhooks!;
    const given = webhook.headers[reader.header]!;
    expect(reader.form.test(given)).toBe(true);
    expect(reader.read(webhook.rawBody, given, [secret], new Date())).toMatchObject({
      outcome: 'read',
      notices: [{ event: { kind: 'message', senderId: PHONE_ID } }],
    });
    expect(world.receiver.deliveries).toEqual([]);
  });

  it('of a partner are signed over their bytes', async () => {
    await join(world, { platformSecret: 'platform' });
    const webhook = await greeted();
    const signature = createHmac('sha256', 'platform').update(webhook.rawBody).digest('hex');
    expect(webhook.headers['x-360dialog-signature']).toBe(signature);
  });
});
