import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Reply } from './answer.js';

/**
 * The way past Fastify for the one address that takes webhooks by the thousand a second: a POST to exactly `path` whose
 * length is known and within `limit` bytes is read, answered by `take` and never seen by Fastify, which costs as much as
 * everything else that a webhook needs. Whatever is unusual about a request, and all while the server stops, takes the
 * routes as before.
 */
export function openExpressLane(
  server: Server,
  { path, limit }: { path: string; limit: number },
  take: (request: IncomingMessage, rawBody: Buffer) => Promise<Reply>,
): void {
  const others = server.listeners('request');
  const isPlain = ({ method, url, headers }: IncomingMessage): boolean =>
    method === 'POST' && url === path && Number(headers['content-length']) <= limit && server.listening;

  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!isPlain(request)) {
      for (const other of others) other.call(server, request, response);
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A request that breaks off has no end: nothing is taken, and nobody is there to be told.
    request.on('end', () => {
      const rawBody = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      void take(request, rawBody).then((reply) => answer(response, reply, server.listening));
    });
  });
}

/** `stay`: the connection may bring more; a server that stops waits for those that do. */
function answer(response: ServerResponse, { status, headers, body }: Reply, stay: boolean): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, {
    ...headers,
    ...(stay ? {} : { connection: 'close' }),
    ...(body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
