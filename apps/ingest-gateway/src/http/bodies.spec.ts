import { PassThrough } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { Bodies, BodyRefused } from './bodies.js';

/** A request as far as its body goes. */
function request(length?: number): IncomingMessage & PassThrough {
  const headers = length === undefined ? {} : { 'content-length': String(length) };
  return Object.assign(new PassThrough(), { headers }) as never;
}
const read = (bodies: Bodies, from: IncomingMessage, limit = 1_000): Promise<string> =>
  bodies.use(from, limit, (body) => Promise.resolve(body.toString()));
const tick = (): Promise<void> => new Promise((resume) => setImmediate(resume));
const refusal = (status: number): BodyRefused => expect.objectContaining({ status }) as never;

it('reads what comes in pieces, and counts it until the work is done', async () => {
  const bodies = new Bodies(100);
  const from = request();
  let sizeAtWork = 0;
  const reading = bodies.use(from, 50, (body) => {
    sizeAtWork = bodies.size;
    return Promise.resolve(body.toString());
  });
  from.write('ab');
  from.write('cd');
  from.end('ef');
  expect(await reading).toBe('abcdef');
  expect(sizeAtWork).toBe(6);
  expect(bodies.size).toBe(0);
});

it('refuses a body that is too large, whether its length is declared or not', async () => {
  const bodies = new Bodies(100);
  await expect(read(bodies, request(51), 50)).rejects.toEqual(refusal(413));
  const liar = request(10);
  const reading = read(bodies, liar, 50);
  liar.write('x'.repeat(51));
  await expect(reading).rejects.toEqual(refusal(413));
  expect(bodies.size).toBe(0);
});

it('gives up those that have been coming in for longest, and no other, when memory runs out', async () => {
  const bodies = new Bodies(100);
  const slow = [1, 2, 3, 4].map(() => request());
  const all = slow.map((from) => read(bodies, from).catch((error: unknown) => error));
  for (const from of slow) from.write('x'.repeat(24));
  await tick();
  expect(bodies.size).toBe(96);
  const quick = request();
  const reading = read(bodies, quick);
  quick.end('y'.repeat(40));
  expect(await reading).toBe('y'.repeat(40));
  expect(await Promise.all(all.slice(0, 2))).toEqual([refusal(503), refusal(503)]);
  for (const from of slow.slice(2)) from.end('z');
  expect(await Promise.all(all.slice(2))).toEqual(['x'.repeat(24) + 'z', 'x'.repeat(24) + 'z']);
  expect(bodies.size).toBe(0);
});

it('gives up no body that is being worked on', async () => {
  const bodies = new Bodies(100);
  let finish: () => void = () => undefined;
  const first = request();
  const working = bodies.use(
    first,
    1_000,
    (body) => new Promise<string>((done) => (finish = () => done(body.toString()))),
  );
  first.end('a'.repeat(80));
  await tick();
  const second = request();
  const reading = read(bodies, second);
  second.write('b'.repeat(40));
  await expect(reading).rejects.toEqual(refusal(503));
  finish();
  expect(await working).toBe('a'.repeat(80));
  expect(bodies.size).toBe(0);
});

it('keeps nothing of a body that breaks off, or whose work throws', async () => {
  const bodies = new Bodies(100);
  const gone = request();
  const reading = read(bodies, gone);
  gone.write('half');
  await tick();
  gone.destroy();
  await expect(reading).rejects.toEqual(refusal(408));
  // Before it was to be read: its address was looked at meanwhile.
  await expect(read(bodies, gone)).rejects.toEqual(refusal(408));
  const from = request();
  const failing = bodies.use(from, 50, () => Promise.reject(new Error('no journal')));
  from.end('whole');
  await expect(failing).rejects.toThrow('no journal');
  expect(bodies.size).toBe(0);
});
