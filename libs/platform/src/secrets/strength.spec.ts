import { createHash } from 'node:crypto';
import { cpuUsage } from 'node:process';
import fc from 'fast-check';
import { bitsOfChance, ENOUGH_BITS } from './strength.js';

const isStrong = (text: string): boolean => bitsOfChance(text) >= ENOUGH_BITS;

/** 32 bytes as a machine draws them, the same in each run. */
const drawn = (i: number): Buffer => createHash('sha256').update(`drawn ${i}`).digest();
const asUuid = (bytes: Buffer): string => {
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
};

const MACHINES: Record<string, (bytes: Buffer) => string> = {
  'openssl rand -hex 16': (bytes) => bytes.toString('hex', 0, 16),
  'the same in capitals': (bytes) => bytes.toString('hex', 0, 16).toUpperCase(),
  'base64url of 24 bytes': (bytes) => bytes.toString('base64url', 0, 24),
  'openssl rand -base64 32': (bytes) => bytes.toString('base64'),
  'a UUID': asUuid,
  'our own, with a prefix': (bytes) => `waco_op_${bytes.toString('base64url', 0, 24)}`,
};

it.each(Object.entries(MACHINES))('takes what a machine draws: %s', (_, write) => {
  const refused = Array.from({ length: 2_000 }, (_, i) => write(drawn(i))).filter((text) => !isStrong(text));
  expect(refused).toEqual([]);
});

const WORDS = `the correct horse battery staple river orange window garden silver morning coffee dragon market
  anchor velvet thunder pepper castle winter summer purple mountain yellow engine forest rocket candle mirror
  desert ocean bridge puzzle hammer ticket basket camera planet guitar jacket monkey doctor teacher rainbow
  password secret operator admin welcome letter mohammed fatima ahmed layla hashimi johnson martinez schmidt kumar
  contraseña segreto schlüssel caballo batería naranja ventana`.match(/\S+/g)!;
const words = fc.array(fc.constantFrom(...WORDS), { minLength: 4, maxLength: 9 });
const capital = (word: string): string => word[0]!.toUpperCase() + word.slice(1);
const disguise = (word: string): string =>
  word.replace(/[oieast]/g, (letter) => ({ o: '0', i: '1', e: '3', a: '4', s: '5', t: '7' })[letter]!);

const WRITTEN: Record<string, (phrase: string[]) => string> = {
  'with spaces': (phrase) => phrase.join(' '),
  'with hyphens': (phrase) => phrase.join('-'),
  'with full stops and capitals': (phrase) => phrase.map(capital).join('.'),
  'in one': (phrase) => phrase.join(''),
  'in one, with capitals': (phrase) => phrase.map(capital).join(''),
  'in digits for letters': (phrase) => phrase.map(disguise).join('_'),
  'with a year and a sign': (phrase) => `${phrase.map(capital).join('')}2026!`,
};

it.each(Object.entries(WRITTEN))('refuses words and names, however many: %s', (_, write) => {
  fc.assert(
    fc.property(words, (phrase) => !isStrong(write(phrase))),
    { numRuns: 500 },
  );
});

const ROWS = [
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  '1qaz2wsx3edc4rfv',
  'QAZWSXEDC',
  '!@#$%^&*',
  'poiuytrewq',
];
const date = fc
  .date({ min: new Date('1950-01-01'), max: new Date('2049-12-31'), noInvalidDate: true })
  .chain((day) => {
    const [year, month, at] = day.toISOString().slice(0, 10).split('-');
    return fc.constantFrom(
      `${year}-${month}-${at}`,
      `${at}.${month}.${year}`,
      `${month}/${at}/${year}`,
      `${year}${month}${at}`,
    );
  });
const joined = (one: fc.Arbitrary<string>, least: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.array(one, { minLength: least, maxLength: 8 }), fc.constantFrom('', ' ', '-', '_'))
    .map(([parts, between]) => parts.join(between));
const numbers = fc
  .tuple(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 10, max: 40 }), fc.constantFrom('', ' ', ','))
  .map(([from, many, between]) => Array.from({ length: many }, (_, i) => from + i).join(between));
const repeated = fc
  .tuple(fc.string({ minLength: 1, maxLength: 10, unit: 'grapheme-ascii' }), fc.integer({ min: 4, max: 12 }))
  .map(([block, times]) => block.repeat(times));

it.each([
  ['walks over the keyboard', joined(fc.constantFrom(...ROWS), 3)],
  ['dates', joined(date, 1)],
  ['numbers in a row', numbers],
  ['repeats', repeated],
])('refuses %s', (_, texts) => {
  fc.assert(
    fc.property(texts, (text) => !isStrong(text)),
    { numRuns: 500 },
  );
});

it.each([
  'correct horse battery staple correct',
  '01234567890123456789012345678901',
  '98765432109876543210987654321098',
  '0123456789abcdef0123456789abcdef',
  '000102030405060708090a0b0c0d0e0f',
  'abc123def456ghi789jkl012mno345pqr678',
  'a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6',
  'deadbeefdeadbeefdeadbeefdeadbeef',
  'P@ssw0rd123!W3lc0me456#L3tme1n789$Adm1n',
  'Th1s1sMySup3rS3cr3tOp3r4t0rK3y2026!',
  'change-me-change-me-change-me-change-me',
  'waco_operator_key_0123456789abcdefghij',
  'your-key-here-0123456789abcdefghijklm',
  'مرحبا بالعالم هذا مفتاح سري جدا للمشغل',
  '我的密码是一个非常秘密的句子而且很长很长很长很长很长',
  '00000000-0000-4000-8000-000000000000',
  'aB3',
  '12345678',
  'secret',
  '',
])('refuses %s', (text) => {
  expect(isStrong(text)).toBe(false);
});

it('takes no time, whatever the text', () => {
  for (const text of ['a'.repeat(20_000), 'aB3-'.repeat(5_000), '1'.repeat(20_000), ' -'.repeat(10_000)]) {
    const before = cpuUsage().user;
    bitsOfChance(text);
    // Some 20 ms. Time that grows with the square of the length would be a minute.
    expect((cpuUsage().user - before) / 1_000).toBeLessThan(10_000);
  }
});
