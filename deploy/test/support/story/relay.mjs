import { createServer } from 'node:http';

/** A server that lies between two others. `answer` is given each call as it may be sent on, and says what comes back. */
export async function openRelay(answer) {
  const server = createServer((request, response) => {
    void received(request)
      .then((call) => answer(call))
      .catch((error) => ({ status: 502, text: String(error) })) // as a proxy before a dead server does
      .then(({ status, type = 'text/plain', text }) =>
        response.writeHead(status, { 'content-type': type }).end(text),
      );
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function received(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers;
  const body = request.method === 'GET' ? undefined : Buffer.concat(chunks);
  return { method: request.method, path: request.url, headers, body };
}

/** The call, made at `origin`. */
export async function passOn(origin, { method, path, headers, body }) {
  const response = await fetch(`${origin}${path}`, { method, headers, body, redirect: 'manual' });
  const type = response.headers.get('content-type') ?? undefined;
  return { status: response.status, type, text: await response.text() };
}
