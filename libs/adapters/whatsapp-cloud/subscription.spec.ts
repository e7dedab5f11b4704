import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Means } from '#vendors/kit';
import { whatsApp } from './vendor.js';

const HERE = 'https://hooks.example.com/webhooks/whatsapp';
const ACCOUNT = { senderId: '1065', accountId: '1022', fields: { accessToken: 'EAAG-token' } };

describe('whether an app is subscribed to a business account', () => {
  let server: Server;
  let means: Means;
  let calls: string[];
  let apps: object[] | undefined;
  let own: string | undefined;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = request.url!.split('?')[0]!;
      calls.push(`${request.method} ${path}`);
      const answer = (body: object | undefined): void => {
        const refused = { error: { code: 200, message: 'no permission', type: 'OAuthException' } };
        response.writeHead(body ? 200 : 403, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body ?? refused));
      };
      if (path === '/v25.0/app') return answer(own ? { id: own } : undefined);
      if (request.method === 'POST') return answer({ success: true });
      return answer(apps && { data: apps });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    means = {
      variables: { WHATSAPP_BASE_URL: base, WHATSAPP_API_VERSION: 'v25.0' },
      timeoutMs: 2_000,
    } as unknown as Means;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    calls = [];
    own = 'ours';
  });

  const entry = (id: string, override_callback_uri?: string) => ({
    whatsapp_business_api_data: { id, name: 'An app', link: '' },
    ...(override_callback_uri && { override_callback_uri }),
  });

  it.each<[string, object[] | undefined, 'yes' | 'no' | 'unknown', RegExp | null]>([
    ['none', [], 'no', /no app is subscribed/],
    ['the one of the token', [entry('theirs'), entry('ours')], 'yes', null],
    ['another one', [entry('theirs')], 'no', /app of the token is not subscribed/],
    ['our address for this account', [entry('theirs', HERE)], 'yes', null],
    ["the address of the merchant's own app", [entry('ours', `${HERE}/app_1`)], 'yes', null],
    [
      'another address for this account',
      [entry('ours', 'https://elsewhere.example')],
      'no',
      /another address/,
    ],
    ['what the token may not see', undefined, 'unknown', /no permission/],
  ])('%s', async (_what, listed, state, why) => {
    apps = listed;
    const subscribed = await whatsApp.subscription!.probe(ACCOUNT, HERE, means);
    expect(subscribed.state).toBe(state);
    if (why) expect(subscribed).toMatchObject({ why: expect.stringMatching(why) });
  });

  it('is not known when Meta does not say whose the token is', async () => {
    [apps, own] = [[entry('ours')], undefined];
    expect((await whatsApp.subscription!.probe(ACCOUNT, HERE, means)).state).toBe('unknown');
  });

  it('is left alone when it is so already, and asked for otherwise', async () => {
    const posts = () => calls.filter((call) => call.startsWith('POST'));
    apps = [entry('ours', HERE)];
    await whatsApp.subscription!.set(ACCOUNT, HERE, means);
    expect(posts()).toEqual([]);
    apps = [];
    await whatsApp.subscription!.set(ACCOUNT, HERE, means);
    expect(posts()).toEqual(['POST /v25.0/1022/subscribed_apps']);
  });
});
