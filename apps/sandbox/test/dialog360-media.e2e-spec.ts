import { createHash } from 'node:crypto';
import { type Body, form, png, raw, TOKEN, webp } from './support/files.js';
import { eventually, PHONE_ID, World, type Answer } from './support/world.js';

const KEY = 'd360-key-of-the-number';
const OTHER = { phoneId: '778', key: 'd360-key-of-another', token: 'EAAG-of-another' };
const MEGA = 1_048_576;
const MISSING = { code: 100, error_subcode: 33, type: 'GraphMethodException' };

describe('media by 360dialog', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
    await world.ok('PUT', '/control/meta/wabas/777', {
      appId: 'app-1',
      portfolioId: 'portfolio-2',
      accessToken: OTHER.token,
      name: 'Another',
      phoneNumbers: [{ id: OTHER.phoneId, displayPhoneNumber: '+1 555 0100', verifiedName: 'Another' }],
    });
    await world.ok('PUT', `/control/360dialog/numbers/${PHONE_ID}`, { apiKey: KEY });
    await world.ok('PUT', `/control/360dialog/numbers/${OTHER.phoneId}`, { apiKey: OTHER.key });
    await call('POST', 'v1/configs/webhook', {
      body: JSON.stringify({ url: world.callbackUrl }),
      ...JSON_BODY,
    });
  });
  afterAll(() => world.stop());

  const JSON_BODY = { headers: { 'content-type': 'application/json' } };
  const call = (
    method: string,
    path: string,
    { key = KEY, headers = {}, body }: { key?: string; headers?: object; body?: Body } = {},
  ) =>
    raw(world, method, `/360dialog/${path}`, {
      body,
      headers: { authorization: '', 'd360-api-key': key, ...headers },
    });
  const upload = (file: Parameters<typeof form>[1], key = KEY) =>
    call('POST', 'media', { body: form({ messaging_product: 'whatsapp' }, file), key });
  const uploaded = async (file: Parameters<typeof form>[1]) => String((await upload(file)).body.id);
  /** As clients of 360dialog do: its address instead of Meta's host. */
  const rewritten = (url: unknown) => String(url).replace(`${world.url}/lookaside`, `${world.url}/360dialog`);
  const download = (url: string, headers: Record<string, string> = { 'd360-api-key': KEY }) =>
    fetch(url, { headers });
  const send = (to: string, content: Answer) =>
    call('POST', 'messages', {
      body: JSON.stringify({ messaging_product: 'whatsapp', to, ...content }),
      ...JSON_BODY,
    });

  it('are uploaded, described, and downloaded from the address that is rewritten', async () => {
    const bytes = png(200_000);
    const { status, body } = await upload({ bytes });
    expect({ status, body }).toEqual({ status: 200, body: { id: expect.stringMatching(/^\d{15}$/) } });
    const described = await call('GET', String(body.id));
    expect(described.body).toEqual({
      messaging_product: 'whatsapp',
      id: body.id,
      mime_type: 'image/png',
      file_size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      url: expect.stringMatching(
        /^http:\/\/127\.0\.0\.1:\d+\/lookaside\/whatsapp_business\/attachments\?mid=/,
      ),
    });
    const file = await download(rewritten(described.body.url));
    expect(file.headers.get('content-type')).toBe('image/png');
    expect(Buffer.from(await file.arrayBuffer()).equals(bytes)).toBe(true);
    // On Meta's host a key is nothing; the file is Meta's all the same.
    expect((await download(String(described.body.url))).status).toBe(401);
    const byGraph = await world.graph('GET', String(body.id));
    expect((await download(String(byGraph.body.url), { authorization: `Bearer ${TOKEN}` })).status).toBe(200);
  });

  it('are opened by no key but the number’s own, and gone when deleted', async () => {
    const id = await uploaded({ bytes: png() });
    const url = rewritten((await call('GET', id)).body.url);
    for (const method of ['GET', 'DELETE']) {
      const answer = await call(method, id, { key: OTHER.key });
      expect([answer.status, answer.body.error]).toEqual([400, expect.objectContaining(MISSING)]);
      for (const key of ['', 'no-such-key']) {
        const refused = await call(method, id, { key });
        expect([refused.status, refused.body.meta.developer_message]).toEqual([
          401,
          expect.stringContaining('api_key'),
        ]);
      }
    }
    for (const [key, status] of [
      [OTHER.key, 404],
      ['no-such-key', 401],
      ['', 401],
    ] as const) {
      const answer = await download(url, { 'd360-api-key': key });
      expect([answer.status, Object.keys((await answer.json()) as object)]).toEqual([status, ['meta']]);
    }
    expect((await download(url.replace(/hash=.*/, 'hash='))).status).toBe(404);
    expect((await download(url.split('?')[0]!)).status).toBe(404);
    expect((await download(url)).status).toBe(200);
    expect((await call('DELETE', id)).body).toEqual({ success: true });
    expect((await call('GET', id)).body.error).toMatchObject(MISSING);
    expect((await call('DELETE', id)).body.error).toMatchObject(MISSING);
    expect((await download(url)).status).toBe(404);
  });

  it('are refused as Meta refuses them', async () => {
    for (const [answer, message] of [
      [await upload({ bytes: png(5 * MEGA + 1) }), /too big/],
      [await upload({ bytes: png(), type: 'image/gif' }), /one of the following types/],
      [await call('POST', 'media', { body: form({}, { bytes: png() }) }), /messaging_product is required/],
      [await call('POST', 'media', { body: '{}', ...JSON_BODY }), /file is required/],
    ] as const) {
      expect([answer.status, answer.body.error]).toEqual([
        400,
        expect.objectContaining({ code: 100, message: expect.stringMatching(message) }),
      ]);
    }
    const stranger = await upload({ bytes: png() }, 'no-such-key');
    expect([stranger.status, stranger.body.meta.http_code]).toEqual([401, 401]);
  });

  it.each([
    ['image', 'image/jpeg', { caption: 'Black, in M' }],
    ['video', 'video/mp4', {}],
    ['audio', 'audio/mpeg', {}],
    ['document', 'application/pdf', { filename: 'receipt.pdf' }],
    ['sticker', 'image/webp', {}],
  ])('go out as %s by id and by link', async (type, mime, more) => {
    const to = await world.customer();
    const id = await uploaded({ bytes: webp(60, false), type: mime });
    for (const source of [{ id }, { link: 'https://shop.example/file' }]) {
      const { status, body } = await send(to.phone, { type, [type]: { ...source, ...more } });
      expect({ status, error: body.error }).toEqual({ status: 200, error: undefined });
    }
    const shown = (await world.ok('GET', to.thread)).messages.map((m: Answer) => m.message[type]);
    expect(shown).toEqual(expect.arrayContaining([{ id, ...more }]));
  });

  it('of another number do not go out', async () => {
    const to = await world.customer();
    const theirs = await upload({ bytes: png() }, OTHER.key);
    const { status, body } = await send(to.phone, { type: 'image', image: { id: theirs.body.id } });
    expect([status, body.error.code]).toEqual([400, 100]);
    expect(body.error.error_data.details).toMatch(
      /not a valid whatsapp business account media attachment ID$/,
    );
  });

  it('come in by a webhook of 360dialog, with an id that the key opens', async () => {
    const customer = await world.customer();
    const bytes = png(5_000);
    const sent = await raw(world, 'POST', `${customer.thread}/media`, {
      body: form({ caption: 'Do you have this?' }, { bytes }),
    });
    const message = await eventually(() => world.receiver.messages().find((m) => m.id === sent.body.id));
    expect(message).toMatchObject({
      type: 'image',
      image: { id: sent.body.mediaId, mime_type: 'image/png', caption: 'Do you have this?' },
    });
    const { body } = await call('GET', String(message.image.id));
    for (const url of [body.url, message.image.url]) {
      const file = await download(rewritten(url));
      expect(Buffer.from(await file.arrayBuffer()).equals(bytes)).toBe(true);
    }
  });
});
