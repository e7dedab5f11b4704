import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { APP_SECRETS, Gateway, metaSignature, textMessage } from './support/gateway.js';
import { pick, seeded, spoil, words, write, type Signed } from './support/fuzz.js';

const GENUINE = 2_000;
const SPOILT = 4_000;
/** Sent a byte at a time: each byte is a packet of its own. */
const DRIPPED = 60;

let gateway: Gateway;
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
beforeAll(async () => {
  gateway = await Gateway.start();
});
afterAll(async () => {
  agent.destroy();
  await gateway?.stop();
});
beforeEach(() => gateway.owner.query('TRUNCATE journal.items'));

function genuine(random: () => number, id: string): Signed {
  const value = {
    contacts: [{ profile: { name: words(random) } }],
    messages: [textMessage(id, words(random))],
  };
  const body = Buffer.from(write(random, gateway.envelope(value)));
  return { body, header: metaSignature(body, pick(random, APP_SECRETS)) };
}

function send(body: Buffer, header: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-length': body.length,
      ...(header !== undefined && { 'x-hub-signature-256': header }),
    };
    const call = request(
      `${gateway.url}/webhooks/whatsapp`,
      { method: 'POST', agent, headers },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

/** How many of `count` calls were answered with what, at most 16 at a time. */
async function answers(count: number, call: (n: number) => Promise<number>): Promise<Record<number, number>> {
  const seen: Record<number, number> = {};
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const status = await call(next++);
      seen[status] = (seen[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
  return seen;
}

/** Writes the whole request byte by byte, with its length or in chunks of one byte; returns the status. */
async function drip({ body, header }: Signed, chunked: boolean): Promise<number> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  await once(socket, 'connect');
  const lengthOf = chunked ? 'transfer-encoding: chunked' : `content-length: ${body.length}`;
  const head = `POST /webhooks/whatsapp HTTP/1.1\r\nhost: gateway\r\nx-hub-signature-256: ${header}\r\n${lengthOf}\r\n\r\n`;
  const answer = once(socket, 'data') as Promise<[Buffer]>;
  for (const byte of Buffer.from(head)) socket.write(Buffer.of(byte));
  for (const byte of body) {
    if (chunked) socket.write('1\r\n');
    if (!socket.write(Buffer.of(byte))) await once(socket, 'drain');
    if (chunked) socket.write('\r\n');
    if (byte === 0x22) await new Promise((resolve) => setImmediate(resolve)); // other packets, other reads
  }
  if (chunked) socket.write('0\r\n\r\n');
  const [first] = await answer;
  socket.destroy();
  return Number(first.toString('latin1').slice(9, 12));
}

describe('webhooks over HTTP', () => {
  it(`takes ${GENUINE} genuine ones, each once`, async () => {
    const random = seeded(3);
    expect(await answers(GENUINE, (n) => send(...both(genuine(random, `g${n}`))))).toEqual({ 200: GENUINE });
    expect(await gateway.count()).toBe(GENUINE);
  }, 60_000);

  it(`takes ${DRIPPED} that come a byte at a time`, async () => {
    const random = seeded(4);
    for (let n = 0; n < DRIPPED; n++) {
      const short = { messages: [textMessage(`d${n}`, words(random).slice(0, 200))] };
      const body = Buffer.from(write(random, gateway.envelope(short)));
      expect(await drip({ body, header: metaSignature(body, APP_SECRETS[0]!) }, n % 2 === 0)).toBe(200);
    }
    expect(await gateway.count()).toBe(DRIPPED);
  }, 60_000);

  it(`takes none of ${SPOILT} that are not right, and journals nothing of them`, async () => {
    const random = seeded(5);
    const seen = await answers(SPOILT, (n) => {
      const { body, header } = spoil(random, genuine(random, `s${n}`), metaSignature);
      return send(body, header);
    });
    expect(seen).toEqual({ 401: SPOILT });
    expect(await gateway.count()).toBe(0);
  }, 60_000);
});

function both({ body, header }: Signed): [Buffer, string] {
  return [body, header];
}
