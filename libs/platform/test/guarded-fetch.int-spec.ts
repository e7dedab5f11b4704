import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { AnswerTooLarge, createGuardedFetch, isPublicAddress, UrlRefused } from '../src/index.js';
import type { GuardedFetchOptions } from '../src/guarded-fetch.js';
import { BAD_ANSWERS, GOOD } from './url-vectors.js';

/** Stands for an address on the internet: the one at which the test's server answers. */
const OUTSIDE = '127.9.9.9';
const isAllowed = (address: string): boolean => address === OUTSIDE || isPublicAddress(address);

let server: Server;
let port: number;
let answer: (request: IncomingMessage, response: ServerResponse) => unknown;
let asked: string[];
/** Requests that reached the server. */
let seen: IncomingMessage[];

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
  seen = [];
  answer = (_request, response) => response.end('hello');
});

/** A resolver that gives these answers, one after the other, the last for ever. */
function resolver(...answers: string[][]): LookupFunction {
  return ((hostname: string, _options: object, callback: (e: null, a: object[]) => void) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)]!;
    asked.push(hostname);
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as unknown as LookupFunction;
}

/** As in production, but that one address of this machine counts as public, and http is spoken. */
function guarded(options: Partial<GuardedFetchOptions> = {}): ReturnType<typeof createGuardedFetch> {
  return createGuardedFetch({
    allowPrivate: false,
    insecure: true,
    lookup: resolver([OUTSIDE]),
    isAllowed,
    timeoutMs: 5_000,
    ...options,
  });
}

const url = (host: string, path = '/'): string => `http://${host}:${port}${path}`;

async function refusal(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    for (let e = error; e instanceof Error; e = e.cause) if (e instanceof UrlRefused) return e;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('what a name resolves to', () => {
  it.each(GOOD.filter((u) => u.includes('example')))('reaches %s', async (text) => {
    const good = new URL(text);
    const host = good.hostname;
    const response = await guarded()(url(host, good.pathname + good.search));
    expect(response.body.toString()).toBe('hello');
    expect(seen[0]!.headers.host).toBe(`${host}:${port}`);
    expect(asked).toEqual([host]);
  });

  it.each(BAD_ANSWERS)('refuses a name that leads to %s', async (address) => {
    await refusal(guarded({ lookup: resolver([address]) })(url('shop.example.com')));
    expect(seen).toEqual([]);
  });

  it('refuses a host when one of its addresses is not public, wherever it stands', async () => {
    for (const answers of [[OUTSIDE, '10.0.0.1'], ['::1', OUTSIDE], []]) {
      await refusal(guarded({ lookup: resolver(answers) })(url('shop.example.com')));
    }
    expect(seen).toEqual([]);
  });

  it('resolves once for a connection, and checks a second answer as it did the first (rebinding)', async () => {
    const fetch = guarded({ lookup: resolver([OUTSIDE], ['127.0.0.1']) });
    answer = (_request, response) => response.setHeader('connection', 'close').end('hello');
    expect((await fetch(url('shop.example.com'))).body.toString()).toBe('hello');
    expect(asked).toHaveLength(1);
    await refusal(fetch(url('shop.example.com')));
    expect(asked).toHaveLength(2);
    expect(seen).toHaveLength(1);
  });

  it('looks again at what it is connected to before it sends anything', async () => {
    let looks = 0;
    const fetch = guarded({ isAllowed: () => ++looks === 1 });
    await refusal(fetch(url('shop.example.com')));
    expect(looks).toBe(2);
    expect(seen).toEqual([]);
  });

  it('does not reach an address that is written out', async () => {
    await refusal(guarded()(url('127.0.0.1')));
    await refusal(guarded()(url('[::1]')));
    expect(seen).toEqual([]);
  });

  it('speaks https only, outside development', async () => {
    await refusal(guarded({ insecure: false })(url('shop.example.com')));
    expect(asked).toEqual([]);
  });
});

describe('redirects', () => {
  const redirectTo = (location: string, status = 302): void => {
    answer = (request, response) =>
      request.url === '/' ? response.writeHead(status, { location }).end() : response.end('moved');
  };

  it('hands them back unless told to follow', async () => {
    redirectTo(url('127.0.0.1', '/secret'));
    const response = await guarded()(url('shop.example.com'));
    expect(response.status).toBe(302);
    expect(seen).toHaveLength(1);
  });

  it.each([
    '//127.0.0.1/',
    'https://169.254.169.254/latest/',
    'https://localhost/',
    'https://[::1]/',
    'file:///etc/passwd',
    'https://user:secret@shop.example.com/',
  ])('does not follow to %s', async (location) => {
    redirectTo(location);
    await refusal(guarded({ maxRedirects: 3 })(url('shop.example.com')));
    expect(seen).toHaveLength(1);
  });

  it('does not follow to a name that leads inside', async () => {
    redirectTo(url('other.example.com', '/secret'));
    const lookup = resolver([OUTSIDE], ['10.0.0.1']);
    await refusal(guarded({ maxRedirects: 3, lookup })(url('shop.example.com')));
    expect(asked).toEqual(['shop.example.com', 'other.example.com']);
    expect(seen).toHaveLength(1);
  });

  it('follows within its count, keeps headers for the origin only, and never repeats a POST', async () => {
    const headers = { authorization: 'Bearer k' };
    const fetch = guarded({ maxRedirects: 1 });
    redirectTo('/next');
    expect((await fetch(url('shop.example.com'), { headers })).body.toString()).toBe('moved');
    expect(seen[1]!.headers.authorization).toBe('Bearer k');
    redirectTo(url('other.example.com', '/next'));
    expect((await fetch(url('shop.example.com'), { headers })).body.toString()).toBe('moved');
    expect(seen[3]!.headers.authorization).toBeUndefined();
    redirectTo('/');
    await refusal(fetch(url('shop.example.com')));
    redirectTo('/next', 307);
    expect((await fetch(url('shop.example.com'), { method: 'POST', body: '{}' })).status).toBe(307);
  });
});

describe('limits', () => {
  const MB = 1_048_576;

  it('cuts off a body that drips', async () => {
    answer = (_request, response) => {
      const timer = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(timer));
    };
    const late = { name: 'TimeoutError' };
    await expect(guarded({ timeoutMs: 400 })(url('shop.example.com'))).rejects.toMatchObject(late);
    await expect(guarded()(url('shop.example.com'), { timeoutMs: 100 })).rejects.toMatchObject(late);
    await pause(100);
    expect(seen.map((request) => request.socket.destroyed)).toEqual([true, true]);
  });

  it('cuts off a connection that does not come about, and asks nothing when it comes after all', async () => {
    let resolve = (): void => undefined;
    const lookup = ((...[hostname, options, callback]: Parameters<LookupFunction>) => {
      resolve = () => resolver([OUTSIDE])(hostname, options, callback);
    }) as LookupFunction;
    const late = guarded({ timeoutMs: 100, lookup })(url('shop.example.com'));
    await expect(late).rejects.toMatchObject({ name: 'TimeoutError' });
    resolve();
    await pause(100);
    expect(seen).toEqual([]);
  });

  it('uses connections again, but not one whose answer was cut off', async () => {
    const fetch = guarded({ maxBytes: 10 });
    for (let i = 0; i < 6; i++) await fetch(url('shop.example.com'));
    // The second is opened while the first comes to rest.
    expect(new Set(seen.map((request) => request.socket)).size).toBeLessThanOrEqual(2);
    answer = (_request, response) => response.end('a'.repeat(11));
    await expect(fetch(url('shop.example.com'))).rejects.toBeInstanceOf(AnswerTooLarge);
    await pause(50);
    expect(seen[6]!.socket.destroyed).toBe(true);
  });

  it('cuts off a server that does not answer, and headers that never end', async () => {
    answer = () => undefined;
    const late = guarded({ timeoutMs: 200 })(url('shop.example.com'));
    await expect(late).rejects.toMatchObject({ name: 'TimeoutError' });
    answer = (_request, response) => response.setHeader('x-long', 'a'.repeat(20_000)).end();
    await expect(guarded()(url('shop.example.com'))).rejects.toThrow();
  });

  it('reads a body in chunks of a byte, as many as there may be', async () => {
    const text = 'abcdefgh'.repeat(3_000);
    answer = async (_request, response) => {
      for (const letter of text) response.write(letter);
      response.end();
    };
    const { body } = await guarded({ maxBytes: text.length })(url('shop.example.com'));
    expect(body.toString()).toBe(text);
    await expect(guarded({ maxBytes: text.length - 1 })(url('shop.example.com'))).rejects.toBeInstanceOf(
      AnswerTooLarge,
    );
  });

  it('stops reading a huge body', async () => {
    let written = 0;
    answer = async (_request, response) => {
      const chunk = Buffer.alloc(64 * 1_024, 97);
      while (!response.destroyed && written < 200 * MB) {
        written += chunk.length;
        if (!response.write(chunk)) await pause(1);
      }
      response.end();
    };
    const work = guarded()(url('shop.example.com'), { maxBytes: MB });
    await expect(work).rejects.toBeInstanceOf(AnswerTooLarge);
    await pause(100);
    expect(written).toBeLessThan(50 * MB);
  });

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('stops at the limit of what a small %s body unpacks to', async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(64 * MB));
    expect(bomb.length).toBeLessThan(MB / 4);
    answer = (_request, response) => response.setHeader('content-encoding', encoding).end(bomb);
    const work = guarded({ maxBytes: MB })(url('shop.example.com'));
    await expect(work).rejects.toBeInstanceOf(AnswerTooLarge);
  });

  const TEXT = 'متجر '.repeat(10_000);
  it.each<[string, (text: string) => Buffer]>([
    ['identity', (text) => Buffer.from(text)],
    ['gzip', gzipSync],
    ['X-GZIP', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['deflate, gzip', (text) => gzipSync(deflateSync(text))],
    ['gzip', (text) => gzipSync(text).subarray(0, -4)],
  ])('reads what is within the limit as %s', async (encoding, compress) => {
    answer = (_request, response) => response.setHeader('content-encoding', encoding).end(compress(TEXT));
    const response = await guarded({ maxBytes: MB })(url('shop.example.com'));
    expect(response.body.toString()).toBe(TEXT);
    expect(seen[0]!.headers['accept-encoding']).toBe('br, gzip, deflate');
  });

  it('leaves what is packed in a way that it does not know, and refuses what is no such thing', async () => {
    answer = (_request, response) => response.setHeader('content-encoding', 'secret, gzip').end('abc');
    expect((await guarded()(url('shop.example.com'))).body.toString()).toBe('abc');
    for (const encoding of ['gzip', 'gzip,gzip,gzip,gzip,gzip,gzip']) {
      answer = (_request, response) => response.setHeader('content-encoding', encoding).end('abc');
      await expect(guarded()(url('shop.example.com'))).rejects.toThrow();
    }
  });

  it.each([
    [204, 'GET'],
    [200, 'HEAD'],
  ])('reads no body where there is none: %s to %s', async (status, method) => {
    answer = (_request, response) => response.writeHead(status, { 'content-encoding': 'gzip' }).end();
    const response = await guarded()(url('shop.example.com'), { method });
    expect([response.status, response.body.length]).toEqual([status, 0]);
  });

  it('fails when the answer ends before it is whole', async () => {
    answer = (request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half');
      setTimeout(() => request.socket.destroy(), 20);
    };
    await expect(guarded()(url('shop.example.com'))).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
  });

  it('takes the answer that follows one of status 103', async () => {
    answer = (_request, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.end('hello');
    };
    const { status, body } = await guarded()(url('shop.example.com'));
    expect([status, body.toString()]).toEqual([200, 'hello']);
  });
});
