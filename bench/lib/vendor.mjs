import { createServer, request as httpRequest } from 'node:http';

/**
 * Stands between the services and the sandbox's Meta: takes messages itself, at next to no cost, and remembers them;
 * everything else (templates, tests of a connection) goes on to the sandbox.
 * @param {{ sandboxUrl: string, port: number }} options
 * @returns {Promise<{ url: string, sent: { at: number, to: string, from: string, wamid: string, ref: string, body: object }[],
 *   onMessage: (message: object) => void, close(): Promise<void> }>} `sent` in the order of arrival, `at` in
 *   milliseconds of `performance.now()`.
 */
export async function startVendor({ sandboxUrl, port }) {
  const vendor = { url: `http://127.0.0.1:${port}`, sent: [], onMessage: () => undefined, close };
  const sandbox = new URL(sandboxUrl);
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const [, , , from, what] = request.url.split('/');
    if (request.method !== 'POST' || what !== 'messages') return pass(request, response);
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const at = performance.now();
      const body = JSON.parse(Buffer.concat(chunks));
      const to = (body.to ?? body.recipient).replace('+', '');
      const wamid = `wamid.bench${vendor.sent.length + 1}`;
      const message = { at, to, from, wamid, ref: body.biz_opaque_callback_data, type: body.type, body };
      vendor.sent.push(message);
      response.setHeader('content-type', 'application/json');
      response.end(
        `{"messaging_product":"whatsapp","contacts":[{"input":"${to}","wa_id":"${to}"}],"messages":[{"id":"${wamid}"}]}`,
      );
      vendor.onMessage(message);
    });
  });

  function pass(request, response) {
    const onward = httpRequest(
      {
        hostname: sandbox.hostname,
        port: sandbox.port,
        path: request.url,
        method: request.method,
        headers: request.headers,
      },
      (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }

  async function close() {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }

  await new Promise((done, fail) => server.once('error', fail).listen(port, '127.0.0.1', done));
  return vendor;
}
