// A key management service for tests: its keys are in a file, which it reads for every call and never gives away.
// node fake-kms.mjs <keys.json> <bearer token>, where keys.json is {"current": "k1", "keys": {"k1": "<base64>"}}.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

const [file, token] = process.argv.slice(2);

function keys() {
  return JSON.parse(readFileSync(file, 'utf8'));
}

const operations = {
  'GET /current': () => ({ keyId: keys().current }),
  'POST /wrap': ({ plaintext, context }) => {
    const { current, keys: all } = keys();
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', Buffer.from(all[current], 'base64'), iv);
    cipher.setAAD(Buffer.from(context));
    const body = Buffer.concat([cipher.update(plaintext, 'base64'), cipher.final()]);
    const ciphertext = Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
    return { keyId: current, ciphertext };
  },
  'POST /unwrap': ({ keyId, ciphertext, context }) => {
    const bytes = Buffer.from(ciphertext, 'base64url');
    const key = Buffer.from(keys().keys[keyId], 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
    decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(12, 28));
    const plain = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
    return { plaintext: plain.toString('base64') };
  },
};

const server = createServer((request, response) => void respond(request, response));

async function respond(request, response) {
  const answer = (status, body) => response.writeHead(status).end(JSON.stringify(body));
  if (request.headers.authorization !== `Bearer ${token}`) return answer(401, {});
  const operation = operations[`${request.method} ${request.url}`];
  if (!operation) return answer(404, {});
  try {
    const body = await text(request);
    return answer(200, operation(body ? JSON.parse(body) : undefined));
  } catch {
    return answer(400, {});
  }
}

server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
process.once('disconnect', () => process.exit());
