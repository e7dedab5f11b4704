import http from 'node:http';
import https from 'node:https';

/** Connections are kept for a while, and given up before the other side closes them in our hands. */
const IDLE_MS = 4_000;
/** What the Graph API answers is some kilobytes. */
const MAX_ANSWER_BYTES = 1_048_576;

export interface Agents {
  http: http.Agent;
  https: https.Agent;
}

export function openAgents(): Agents {
  const options = { keepAlive: true, timeout: IDLE_MS, maxSockets: 256 };
  return { http: new http.Agent(options), https: new https.Agent(options) };
}

export interface HttpRequest {
  method: 'GET' | 'POST';
  url: URL;
  headers: Record<string, string>;
  body?: string;
  timeoutMs: number;
  agents: Agents;
}

export type HttpResult =
  | { outcome: 'answered'; status: number; body: unknown }
  /** No connection stood: nothing reached the other side. */
  | { outcome: 'not_sent'; why: string }
  /** The request, or part of it, went out and no whole answer came back. */
  | { outcome: 'unknown'; why: string };

/**
 * One HTTP exchange that tells apart "certainly not sent" and "perhaps". `fetch` does not: its time-out and its network
 * error look the same before and after the request was written.
 */
export function exchange({
  method,
  url,
  headers,
  body,
  timeoutMs,
  agents,
}: HttpRequest): Promise<HttpResult> {
  const secure = url.protocol === 'https:';
  return new Promise((resolve) => {
    let connected = false;
    const request = (secure ? https : http).request(url, {
      method,
      agent: secure ? agents.https : agents.http,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      },
    });
    const settle = (result: HttpResult): void => {
      clearTimeout(timer);
      resolve(result);
    };
    const fail = (why: string): void => settle({ outcome: connected ? 'unknown' : 'not_sent', why });
    const timer = setTimeout(() => {
      fail(`no answer in ${timeoutMs} ms`);
      request.destroy();
    }, timeoutMs);
    request.on('socket', (socket) => {
      // A kept connection is open already. On a new one nothing is written before this event.
      if (request.reusedSocket) connected = true;
      else socket.once(secure ? 'secureConnect' : 'connect', () => (connected = true));
    });
    request.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) response.destroy(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      response.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
      response.on('end', () =>
        settle({
          outcome: 'answered',
          status: response.statusCode ?? 0,
          body: parse(Buffer.concat(chunks).toString('utf8')),
        }),
      );
    });
    request.end(body);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // not the Graph API: the caller says so
  }
}
