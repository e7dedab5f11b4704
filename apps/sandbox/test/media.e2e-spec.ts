import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { form, png, raw, TOKEN, webp } from './support/files.js';
import { eventually, PHONE_ID, World, type Answer } from './support/world.js';

const MEDIA = `/graph/v24.0/${PHONE_ID}/media`;
const OTHER = { wabaId: '777', phoneId: '778', token: 'EAAG-of-another' };
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const KILO = 1_024;
const MEGA = 1_024 * KILO;
const MISSING = { code: 100, error_subcode: 33, type: 'GraphMethodException' };

describe('media', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
    await world.ok('PUT', `/control/meta/wabas/${OTHER.wabaId}`, {
      appId: 'app-1',
      portfolioId: 'portfolio-2',
      accessToken: OTHER.token,
      name: 'Another',
      phoneNumbers: [{ id: OTHER.phoneId, displayPhoneNumber: '+1 555 0100', verifiedName: 'Another' }],
    });
  });
  afterAll(() => world.stop());

  const upload = (file: Parameters<typeof form>[1], fields: Record<string, string> = {}) =>
    raw(world, 'POST', MEDIA, {
      body: form({ messaging_product: 'whatsapp', type: file?.type ?? 'image/png', ...fields }, file),
    });
  const uploaded = async (file: Parameters<typeof form>[1]) => String((await upload(file)).body.id);
  const node = (id: string, query = '') => world.graph('GET', `${id}${query}`);
  const download = (url: string, token?: string) =>
    fetch(url, { headers: token ? { authorization: `Bearer ${token}` } : {} });

  it('is uploaded, described and downloaded byte for byte', async () => {
    const bytes = png(200 * KILO);
    const { status, body } = await upload({ bytes });
    expect({ status, body }).toEqual({ status: 200, body: { id: expect.stringMatching(/^\d{15}$/) } });
    const described = await node(body.id as string);
    expect(described).toEqual({
      status: 200,
      body: {
        messaging_product: 'whatsapp',
        id: body.id,
        mime_type: 'image/png',
        file_size: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/lookaside\//),
      },
    });
    const file = await download(described.body.url as string, TOKEN);
    expect(file.headers.get('content-type')).toBe('image/png');
    expect(Buffer.from(await file.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('is downloaded with the token, for five minutes, from an address that nobody can make up', async () => {
    const id = await uploaded({ bytes: png() });
    const url = String((await node(id)).body.url);
    expect((await download(url)).status).toBe(401);
    expect((await download(url, 'nonsense')).status).toBe(401);
    expect((await download(url, OTHER.token)).status).toBe(404);
    const ext = Number(new URL(url).searchParams.get('ext'));
    for (const wrong of [
      url.replace(`ext=${ext}`, `ext=${ext + 3600}`),
      url.replace(`mid=${id}`, `mid=${await uploaded({ bytes: png() })}`),
      url.replace(/hash=.*/, 'hash='),
      `${url}&mid=1&mid=2`,
      url.split('?')[0]!,
    ]) {
      expect((await download(wrong, TOKEN)).status).toBe(404);
    }
    await world.advance(4 * MINUTE);
    expect((await download(url, TOKEN)).status).toBe(200);
    await world.advance(MINUTE);
    expect((await download(url, TOKEN)).status).toBe(404);
    expect((await download(String((await node(id)).body.url), TOKEN)).status).toBe(200);
  });

  it('is its number’s alone, and gone when it is deleted', async () => {
    const id = await uploaded({ bytes: png() });
    const url = String((await node(id)).body.url);
    expect((await world.graph('GET', id, undefined, OTHER.token)).body.error).toMatchObject(MISSING);
    expect((await world.graph('DELETE', id, undefined, OTHER.token)).body.error).toMatchObject(MISSING);
    expect((await world.graph('GET', id, undefined, 'nonsense')).status).toBe(401);
    expect((await node(id, '?phone_number_id=999')).body.error).toMatchObject(MISSING);
    expect((await node(id, `?phone_number_id=${PHONE_ID}`)).status).toBe(200);
    const deleted = await world.graph('DELETE', id);
    expect(deleted).toEqual({ status: 200, body: { success: true } });
    expect((await node(id)).body.error).toMatchObject(MISSING);
    expect((await world.graph('DELETE', id)).body.error).toMatchObject(MISSING);
    expect((await download(url, TOKEN)).status).toBe(404);
  });

  it.each([
    ['an image of 5 MB', 'image/jpeg', () => png(5 * MEGA)],
    ['a video of 16 MB', 'video/mp4', () => png(16 * MEGA)],
    ['a voice with a codec', 'audio/ogg; codecs=opus', () => png(10)],
    ['a document of 20 MB', 'application/pdf', () => png(20 * MEGA)],
    ['a sticker of 100 KB', 'image/webp', () => webp(100 * KILO, false)],
    ['an animated sticker of 500 KB', 'image/webp', () => webp(500 * KILO, true)],
  ])('takes %s', async (_name, type, bytes) => {
    const { status, body } = await upload({ bytes: bytes(), type });
    expect({ status, error: body.error }).toEqual({ status: 200, error: undefined });
  });

  it.each([
    ['a larger image', 'image/jpeg', () => png(5 * MEGA + 1), /file size too big.* 5MB/],
    ['a larger voice', 'audio/aac', () => png(16 * MEGA + 1), /file size too big.* 16MB/],
    ['a larger document', 'application/pdf', () => Buffer.alloc(100 * MEGA + 1), /file size too big.* 100MB/],
    ['what is larger than any file', 'text/plain', () => Buffer.alloc(101 * MEGA), /too big.* 100MB/],
    ['a larger sticker', 'image/webp', () => webp(100 * KILO + 1, false), /file size too big.* 100KB/],
    ['a larger animated sticker', 'image/webp', () => webp(500 * KILO + 1, true), /too big.* 500KB/],
    ['a picture of another type', 'image/gif', () => png(), /one of the following types: .*'image\/gif'/],
    ['a page', 'text/html', () => png(), /one of the following types/],
    ['bytes of no type', 'application/octet-stream', () => png(), /'application\/octet-stream'/],
    ['an empty file', 'image/png', () => Buffer.alloc(0), /must not be empty/],
  ])('refuses %s', async (_name, type, bytes, message) => {
    const { status, body } = await upload({ bytes: bytes(), type });
    expect({ status, ...body.error }).toMatchObject({
      status: 400,
      code: 100,
      type: 'OAuthException',
      message: expect.stringMatching(message),
    });
  });

  it('asks for its parameters by name', async () => {
    const file = { bytes: png() };
    const answers = [
      await raw(world, 'POST', MEDIA, { body: form({ type: 'image/png' }, file) }),
      await upload(file, { messaging_product: 'telegram' }),
      await upload(undefined),
      await raw(world, 'POST', MEDIA, { body: '{}', headers: { 'content-type': 'application/json' } }),
      await raw(world, 'POST', MEDIA),
    ];
    expect(answers.map(({ status, body }) => [status, body.error.message])).toEqual([
      [400, '(#100) The parameter messaging_product is required.'],
      [400, '(#100) Param messaging_product must be one of {WHATSAPP}.'],
      [400, '(#100) The parameter file is required.'],
      [400, '(#100) The parameter file is required.'],
      [400, '(#100) The parameter file is required.'],
    ]);
    const stranger = await raw(world, 'POST', MEDIA, {
      body: form({ messaging_product: 'whatsapp' }, file),
      headers: { authorization: 'Bearer nonsense' },
    });
    expect([stranger.status, stranger.body.error.code]).toEqual([401, 190]);
  });

  it('refuses forms that are none, and answers every one of them', async () => {
    const pieces = fc.constantFrom(
      ...[
        '--x',
        '--x--',
        '\r\n',
        '\r\n\r\n',
        'content-disposition: form-data; name="file"',
        ' ',
        'file',
        '"',
      ],
      ...['content-disposition: form-data', 'content-type: image/png', '\u0000', 'name="messaging_product"'],
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 30 }), async (parts) => {
        const answer = await raw(world, 'POST', MEDIA, {
          body: parts.join(''),
          headers: { 'content-type': 'multipart/form-data; boundary=x' },
        });
        expect([answer.status, answer.body.error?.code]).toEqual([400, 100]);
      }),
      { numRuns: 150 },
    );
    for (const type of [
      'multipart/form-data',
      'multipart/form-data; boundary=',
      'multipart/form-data; a=b',
    ]) {
      const answer = await raw(world, 'POST', MEDIA, { body: '--x--', headers: { 'content-type': type } });
      expect([answer.status, answer.body.error.code]).toEqual([400, 100]);
    }
  });

  describe('in a message', () => {
    let to: Awaited<ReturnType<World['customer']>>;
    const send = (type: string, content: Answer) => world.send(to.phone, { type, [type]: content });

    beforeEach(async () => {
      to = await world.customer();
    });

    it.each([
      ['image', 'image/png', { caption: 'Black, in M' }],
      ['video', 'video/mp4', { caption: 'How it falls' }],
      ['audio', 'audio/mpeg', {}],
      ['document', 'application/pdf', { caption: 'Receipt', filename: 'receipt.pdf' }],
      ['document', 'image/png', { filename: 'sketch.png' }],
      ['sticker', 'image/webp', {}],
    ])('goes as %s of %s by id and by link', async (type, mime, more) => {
      const id = await uploaded({ bytes: webp(60, false), type: mime });
      const byId = await send(type, { id, ...more });
      expect({ status: byId.status, error: byId.body.error }).toEqual({ status: 200, error: undefined });
      const byLink = await send(type, { link: 'https://shop.example/file', ...more });
      expect(byLink.status).toBe(200);
      const thread = await world.ok('GET', to.thread);
      expect(thread.messages.map((m: Answer) => m.message[type])).toContainEqual({ id, ...more });
      const shown = await fetch(`${world.url}/phone/api/media/${id}`);
      expect([shown.status, shown.headers.get('content-type')]).toEqual([200, mime]);
    });

    it('is refused by an id that is not the number’s', async () => {
      const theirs = await raw(world, 'POST', `/graph/v24.0/${OTHER.phoneId}/media`, {
        body: form({ messaging_product: 'whatsapp' }, { bytes: png() }),
        headers: { authorization: `Bearer ${OTHER.token}` },
      });
      const button = { type: 'reply', reply: { id: 'a', title: 'A' } };
      for (const id of ['1', 'x', theirs.body.id as string]) {
        const header = { type: 'image', image: { id } };
        const answers = [
          await send('image', { id }),
          await send('interactive', {
            type: 'button',
            header,
            body: { text: 'b' },
            action: { buttons: [button] },
          }),
        ];
        for (const { status, body } of answers) {
          expect([status, body.error.code]).toEqual([400, 100]);
          expect(body.error.error_data.details).toMatch(
            /'\] is not a valid whatsapp business account media attachment ID$/,
          );
        }
      }
      const good = await uploaded({ bytes: png() });
      const header = { type: 'image', image: { id: good } };
      const shown = await send('interactive', {
        type: 'button',
        header,
        body: { text: 'b' },
        action: { buttons: [button] },
      });
      expect(shown.status).toBe(200);
    });

    it('is accepted as what it is not, and then fails with 131053', async () => {
      const id = await uploaded({ bytes: png(), type: 'application/pdf' });
      const { status, body } = await send('image', { id });
      expect(status).toBe(200);
      const wamid = String(body.messages[0].id);
      const failed = await eventually(() => world.receiver.statuses(wamid)[0]);
      expect(failed).toMatchObject({ status: 'failed', errors: [{ code: 131053 }] });
    });

    it.each([
      ['both link and id', 'image', { id: '1', link: 'https://shop.example/a.png' }],
      ['neither', 'video', {}],
      ['a caption of 1025', 'image', { link: 'https://shop.example/a', caption: 'x'.repeat(1_025) }],
      ['a caption on a voice', 'audio', { link: 'https://shop.example/a', caption: 'x' }],
      ['a caption on a sticker', 'sticker', { link: 'https://shop.example/a', caption: 'x' }],
      ['a file name on an image', 'image', { link: 'https://shop.example/a', filename: 'a.png' }],
      ['a file name of 241', 'document', { link: 'https://shop.example/a', filename: 'x'.repeat(241) }],
      ['a number as id', 'image', { id: 5 }],
      ['a list', 'document', [] as unknown as Answer],
    ])('is refused with %s', async (_name, type, content) => {
      const { status, body } = await send(type, content);
      expect([status, body.error.code]).toEqual([400, 100]);
    });
  });

  it('comes from the phone, with an id that can be fetched for seven days', async () => {
    const customer = await world.customer();
    const bytes = png(5_000);
    const sent = await raw(world, 'POST', `${customer.thread}/media`, {
      body: form({ caption: 'Do you have this?' }, { bytes }),
    });
    expect(sent).toMatchObject({
      status: 201,
      body: { id: expect.any(String), mediaId: expect.any(String) },
    });
    const message = await eventually(() => world.receiver.messages().find((m) => m.id === sent.body.id));
    const sha256 = createHash('sha256').update(bytes);
    expect(message).toMatchObject({
      type: 'image',
      image: {
        id: sent.body.mediaId,
        mime_type: 'image/png',
        sha256: sha256.digest('base64'),
        caption: 'Do you have this?',
        url: expect.any(String),
      },
    });
    const file = await download(String(message.image.url), TOKEN);
    expect(Buffer.from(await file.arrayBuffer()).equals(bytes)).toBe(true);
    await world.advance(7 * DAY - MINUTE);
    expect((await node(String(message.image.id))).status).toBe(200);
    await world.advance(MINUTE);
    expect((await node(String(message.image.id))).body.error).toMatchObject(MISSING);
  });

  it.each([
    ['document', 'application/pdf', { filename: 'order.pdf' }],
    ['audio', 'audio/ogg; codecs=opus', { voice: false }],
    ['sticker', 'image/webp', { animated: true }],
    ['video', 'video/mp4', {}],
  ])('comes from the phone as %s', async (type, mime, more) => {
    const customer = await world.customer();
    const sent = await raw(world, 'POST', `${customer.thread}/media`, {
      body: form({}, { bytes: webp(40, true), type: mime, name: 'order.pdf' }),
    });
    const message = await eventually(() => world.receiver.messages().find((m) => m.id === sent.body.id));
    expect(message).toMatchObject({ type, [type]: { id: sent.body.mediaId, ...more } });
  });

  it.each([
    ['no file', form({ caption: 'x' }), 'The form has no file.'],
    ['a page', form({}, { bytes: png(), type: 'text/html' }), 'WhatsApp does not take files of this type.'],
    ['nothing', form({}, { bytes: Buffer.alloc(0) }), 'The file is empty.'],
    ['a large picture', form({}, { bytes: png(5 * MEGA + 1) }), 'A picture may have 5 MB at most.'],
    [
      'a large sticker',
      form({}, { bytes: webp(100 * KILO + 1, false), type: 'image/webp' }),
      'A sticker may have 100 KB at most. One that moves may have 500 KB.',
    ],
    [
      'a long caption',
      form({ caption: 'x'.repeat(1_025) }, { bytes: png() }),
      'A caption may have 1024 characters at most.',
    ],
    [
      'a caption that nobody sees',
      form({ caption: 'x' }, { bytes: png(), type: 'audio/mpeg' }),
      'An audio file has no caption.',
    ],
    ['what is no form', 'no form', 'The parameter file is required.'],
  ])('is refused by the phone for %s, in words for people', async (_what, body, detail) => {
    const customer = await world.customer();
    const answer = await raw(world, 'POST', `${customer.thread}/media`, { body });
    expect([answer.status, answer.body.detail]).toEqual([422, detail]);
    expect((await world.ok('GET', customer.thread)).messages).toHaveLength(1);
  });

  it('is refused by a phone that is not there, and not shown when it is not there', async () => {
    const nobody = await raw(world, 'POST', `/phone/api/threads/cus_0/${PHONE_ID}/media`, {
      body: form({}, { bytes: png() }),
    });
    expect(nobody.status).toBe(404);
    expect((await fetch(`${world.url}/phone/api/media/1`)).status).toBe(404);
  });

  it('has rules that the phone shows, and that hold', async () => {
    const { longestCaption, kinds } = await world.ok('GET', '/phone/api/media');
    expect([longestCaption, kinds.length]).toEqual([1_024, 5]);
    const customer = await world.customer();
    for (const { kind, types, mostBytes, caption } of kinds as Answer[]) {
      if (mostBytes > 16 * MEGA) continue;
      for (const [bytes, status] of [
        [mostBytes, 201],
        [mostBytes + 1, 422],
      ] as const) {
        const file = { bytes: webp(bytes, true), type: types[0] as string };
        const answer = await raw(world, 'POST', `${customer.thread}/media`, {
          body: form(caption ? { caption: 'x'.repeat(longestCaption) } : {}, file),
        });
        expect([kind, bytes, answer.status]).toEqual([kind, bytes, status]);
      }
    }
  });

  it('forgets the oldest files when there are too many', async () => {
    const first = await uploaded({ bytes: png() });
    for (let i = 0; i < 3; i++) await upload({ bytes: Buffer.alloc(90 * MEGA), type: 'application/pdf' });
    expect((await node(first)).body.error).toMatchObject(MISSING);
  }, 60_000);
});
