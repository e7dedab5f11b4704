import { createHash } from 'node:crypto';
import { weaknessOfKeys } from './key-strength.js';

const drawn = (i: number): Buffer => createHash('sha256').update(`drawn ${i}`).digest();
const bytes = (at: (i: number) => number): Buffer =>
  Buffer.from(Array.from({ length: 32 }, (_, i) => at(i) % 256));

it('has nothing against keys that a machine has drawn', () => {
  const keys = Array.from({ length: 5_000 }, (_, i) => drawn(i));
  expect(keys.filter((key) => weaknessOfKeys([key]) !== undefined)).toEqual([]);
  expect(weaknessOfKeys(keys.slice(0, 4), keys.slice(4, 8))).toBeUndefined();
  // Text may be drawn as well.
  expect(weaknessOfKeys([Buffer.from(drawn(1).toString('hex', 0, 16))])).toBeUndefined();
});

it.each([
  ['zeros', bytes(() => 0)],
  ['one byte', bytes(() => 0xa7)],
  ['two bytes in turn', bytes((i) => (i % 2 ? 0x55 : 0xaa))],
  ['half a key twice', Buffer.concat([drawn(1).subarray(0, 16), drawn(1).subarray(0, 16)])],
  [
    'a key of eight bytes, four times',
    Buffer.concat(Array.from({ length: 4 }, () => drawn(2).subarray(0, 8))),
  ],
  ['counting', bytes((i) => i)],
  ['counting from somewhere', bytes((i) => 200 + i)],
  ['counting down', bytes((i) => 255 - i)],
  ['counting by seven', bytes((i) => i * 7)],
  ['numbers of two bytes', bytes((i) => (i % 2 ? i >> 1 : 0))],
  ['few bytes and then zeros', Buffer.concat([drawn(3).subarray(0, 12), Buffer.alloc(20)])],
  ['a phrase', Buffer.from('correct horse battery staple ok!')],
  ['a phrase in another alphabet', Buffer.from('مرحبا بالعالم هذا')],
  ['a word and zeros', Buffer.concat([Buffer.from('this is my master key!'), Buffer.alloc(10)])],
  ['digits', Buffer.from('01234567890123456789012345678901')],
])('refuses %s', (_, key) => {
  expect(weaknessOfKeys([key])).toEqual(expect.any(String));
  expect(weaknessOfKeys([drawn(9), key])).toEqual(expect.any(String));
});

it('refuses one key for two things', () => {
  expect(weaknessOfKeys([drawn(1), drawn(2), drawn(1)])).toBe('two ids have the same key');
  expect(weaknessOfKeys([drawn(1)], [drawn(2), drawn(1)])).toBe('one of them is a master key as well');
});
