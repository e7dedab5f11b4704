import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Reply } from './reply.js';

/**
 * The way past Fastify for the one address that takes webhooks by the thousand a second: a POST to exactly `path` whose
 * length is known is answered by `take` and never seen by Fastify, which costs as much as everything else that a webhook
 * needs. Whatever is unusual about a request, and all while the server stops, takes the routes as before.
 */
export function openExpressLane(
  server: Server,
  path: string,
  take: (request: IncomingMessage) => Promise<Reply>,
): void {
  const others = server.listeners('request');
  const isPlain = ({ method, url, headers }: IncomingMessage): boolean =>
    method === 'POST' && url === path && headers['content-length'] !== undefined && server.listening;

  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (isPlain(request)) void take(request).then((reply) => answer(response, reply, server.listening));
    else for (const other of others) other.call(server, request, response);
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
