// The least a server can do with a signed webhook: node:http, the body's signature, 200. Nothing is parsed or stored.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const secret = process.env.APP_SECRET;

createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    const expected = createHmac('sha256', secret).update(body).digest();
    const given = Buffer.from(String(request.headers['x-hub-signature-256'] ?? '').slice(7), 'hex');
    const valid = given.length === expected.length && timingSafeEqual(given, expected);
    response.statusCode = valid || request.method === 'GET' ? 200 : 401;
    response.end();
  });
}).listen(Number(process.env.PORT));
