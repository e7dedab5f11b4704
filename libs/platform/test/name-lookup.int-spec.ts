import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import type { AddressInfo } from 'node:net';
import { nameLookup } from '../src/name-lookup.js';

/** Names of `silent.example` are never answered, those of `half.example` for one family, those of `none.example` do not exist, all else is at 192.0.2.7. */
let server: Socket;
let asked: string[];
let look: (name: string) => Promise<unknown>;

beforeAll(async () => {
  server = createSocket('udp4');
  server.on('message', (question, from) => {
    const name = nameIn(question);
    asked.push(name);
    if (name.endsWith('silent.example') || (name.endsWith('half.example') && !isForV4(question))) return;
    server.send(answerTo(question, name.endsWith('none.example')), from.port, from.address);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  const resolve = nameLookup([`127.0.0.1:${(server.address() as AddressInfo).port}`]);
  look = (name) =>
    new Promise((done, fail) =>
      resolve(name, { all: true }, (error, found) => (error ? fail(error) : done(found))),
    );
});
beforeEach(() => (asked = []));
afterAll(() => server.close());

it('asks the name servers for both families', async () => {
  expect(await look('shop.example')).toEqual([{ address: '192.0.2.7', family: 4 }]);
  expect(asked).toEqual(['shop.example', 'shop.example']);
});

it('tells a name that is not there from one that nobody could tell about', async () => {
  await expect(look('none.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  await expect(look('silent.example')).rejects.toMatchObject({ code: 'EAI_AGAIN' });
}, 30_000);

it('waits for a silent name server without keeping any other look-up waiting', async () => {
  const silent = Array.from({ length: 50 }, (_, n) => look(`n${n}.silent.example`).catch(() => 'gave up'));
  let over = false;
  void Promise.all(silent).then(() => (over = true));
  expect(await look('good.example')).toEqual([{ address: '192.0.2.7', family: 4 }]);
  await lookup('localhost');
  expect(over).toBe(false);
  expect(new Set(await Promise.all(silent))).toEqual(new Set(['gave up']));
}, 30_000);

it('does not wait for long for the other family', async () => {
  const silent = look('silent.example').catch(() => 'gave up');
  const half = look('half.example');
  expect(await Promise.race([silent, half])).toEqual([{ address: '192.0.2.7', family: 4 }]);
  expect(await silent).toBe('gave up');
});

function nameIn(question: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; question[at] !== 0; at += question[at]! + 1) {
    labels.push(question.toString('ascii', at + 1, at + 1 + question[at]!));
  }
  return labels.join('.').toLowerCase();
}

const isForV4 = (question: Buffer): boolean => question.readUInt16BE(question.indexOf(0, 12) + 1) === 1;

/** One A record for an A question, none for any other; or "no such name". */
function answerTo(question: Buffer, none: boolean): Buffer {
  const end = question.indexOf(0, 12) + 5;
  const record = isForV4(question) && !none;
  const head = Buffer.from(question.subarray(0, end));
  head.writeUInt16BE(none ? 0x8183 : 0x8180, 2);
  head.writeUInt16BE(record ? 1 : 0, 6);
  head.writeUInt16BE(0, 8);
  head.writeUInt16BE(0, 10);
  if (!record) return head;
  return Buffer.concat([head, Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7])]);
}
