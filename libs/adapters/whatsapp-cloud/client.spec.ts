import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { personOf, type PersonRef } from '#core/messaging';
import { WhatsAppClient } from './client.js';
import { GraphCallError } from './errors.js';
import { cloudApi } from './transport.js';
import { WhatsAppChannel } from './whatsapp.adapter.js';

interface Seen {
  method: string;
  url: string;
  authorization: string | undefined;
  body: Record<string, unknown>;
}

let server: Server;
let seen: Seen[];
let answer: (response: ServerResponse, request: IncomingMessage) => void;

const json = (status: number, body: object) => (response: ServerResponse) =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

beforeEach(async () => {
  seen = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString();
      seen.push({
        method: request.method!,
        url: request.url!,
        authorization: request.headers.authorization,
        body: raw ? (JSON.parse(raw) as Record<string, unknown>) : {},
      });
      answer(response, request);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

const account = () => ({
  baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graph/`,
  version: 'v25.0',
  accessToken: 'EAA-secret',
  phoneNumberId: '1065',
});

const client = (): WhatsAppClient => new WhatsAppClient({ ...account(), timeoutMs: 2_000 });

function send(to: PersonRef, { timeoutMs = 2_000, ...given }: { baseUrl?: string; timeoutMs?: number } = {}) {
  const channel = new WhatsAppChannel({ transport: cloudApi({ ...account(), ...given }), timeoutMs });
  return channel.send(to, channel.render({ type: 'text', body: 'Hello' }), 'msg_1');
}

describe('sending', () => {
  it('names the recipient by phone number with a plus, and carries our id', async () => {
    answer = json(200, { messages: [{ id: 'wamid.1', message_status: 'accepted' }] });
    const result = await send(personOf({ phone: '96550001234', userId: 'KW.123' }));
    expect(result).toEqual({ outcome: 'accepted', channelMessageId: 'wamid.1', held: false });
    expect(seen[0]).toEqual({
      method: 'POST',
      url: '/graph/v25.0/1065/messages',
      authorization: 'Bearer EAA-secret',
      body: {
        messaging_product: 'whatsapp',
        recipient_type: 'individual',
        to: '+96550001234',
        type: 'text',
        text: { body: 'Hello', preview_url: false },
        biz_opaque_callback_data: 'msg_1',
      },
    });
  });

  it('names the recipient by user id when there is no phone number', async () => {
    answer = json(200, { messages: [{ id: 'wamid.1', message_status: 'held_for_quality_assessment' }] });
    const result = await send(personOf({ userId: 'KW.123' }));
    expect(result).toEqual({ outcome: 'accepted', channelMessageId: 'wamid.1', held: true });
    expect(seen[0]!.body).toMatchObject({ recipient: 'KW.123' });
    expect(seen[0]!.body).not.toHaveProperty('to');
  });

  it('reports a refusal by its code', async () => {
    answer = json(429, {
      error: { code: 131056, message: '(#131056) pair rate', error_data: { details: 'too many' } },
    });
    expect(await send(personOf({ phone: '965' }))).toEqual({
      outcome: 'refused',
      code: 131056,
      details: 'too many',
    });
  });

  it('believes a Graph code on a 500, but not a 502 of something in between', async () => {
    answer = json(500, { error: { code: 131000, message: 'Something went wrong' } });
    expect(await send(personOf({ phone: '965' }))).toMatchObject({ outcome: 'refused', code: 131000 });
    answer = (response) => void response.writeHead(502).end('<html>Bad gateway</html>');
    expect(await send(personOf({ phone: '965' }))).toMatchObject({ outcome: 'indeterminate' });
    answer = (response) => void response.writeHead(403).end('<html>Blocked</html>');
    expect(await send(personOf({ phone: '965' }))).toMatchObject({ outcome: 'not_sent' });
  });

  it('does not know what became of a request whose answer was lost', async () => {
    answer = () => undefined;
    expect(await send(personOf({ phone: '965' }), { timeoutMs: 50 })).toMatchObject({
      outcome: 'indeterminate',
    });
    answer = (_response, request) => request.socket.resetAndDestroy();
    expect(await send(personOf({ phone: '965' }))).toMatchObject({ outcome: 'indeterminate' });
    answer = (response) => void response.writeHead(200).end('{"messages":[]}');
    expect(await send(personOf({ phone: '965' }))).toMatchObject({ outcome: 'indeterminate' });
    answer = (response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"mess');
      setTimeout(() => response.destroy(), 10);
    };
    expect(await send(personOf({ phone: '965' }))).toMatchObject({ outcome: 'indeterminate' });
  });

  it('knows that nothing was sent when no connection stood', async () => {
    expect(await send(personOf({ phone: '965' }), { baseUrl: 'http://127.0.0.1:1' })).toMatchObject({
      outcome: 'not_sent',
    });
    expect(await send(personOf({ phone: '965' }), { baseUrl: 'http://nowhere.invalid' })).toMatchObject({
      outcome: 'not_sent',
    });
    expect(seen).toEqual([]);
  });

  it('does not send to nobody', async () => {
    expect(await send(personOf({ name: 'Nobody' }))).toMatchObject({ outcome: 'refused' });
    expect(seen).toEqual([]);
  });
});

describe('managing', () => {
  it('reads every page of templates', async () => {
    answer = (response, request) => {
      const second = request.url!.includes('after=next');
      json(200, {
        data: [
          { id: second ? '2' : '1', name: 't', language: 'en', status: 'APPROVED', category: 'UTILITY' },
        ],
        paging: { cursors: { after: 'next' }, ...(second ? {} : { next: 'https://more' }) },
      })(response);
    };
    expect((await client().getTemplates('102')).map((t) => t.id)).toEqual(['1', '2']);
  });

  it('hands in a template with its examples', async () => {
    answer = json(200, { id: '7', status: 'PENDING', category: 'UTILITY' });
    const template = {
      name: 'order',
      language: 'en',
      category: 'UTILITY',
      body: 'Order {{1}} is on its way',
    } as const;
    expect(await client().createTemplate('102', { ...template, examples: ['W7K3'] })).toEqual({
      id: '7',
      status: 'PENDING',
      category: 'UTILITY',
    });
    expect(seen[0]!.body.components).toEqual([
      { type: 'BODY', text: template.body, example: { body_text: [['W7K3']] } },
    ]);
  });

  it('throws the code of a refusal', async () => {
    answer = json(401, { error: { code: 190, message: 'expired' } });
    const failure = await client()
      .getPhoneNumber()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(GraphCallError);
    expect(failure).toMatchObject({ code: 190, httpStatus: 401 });
  });
});
