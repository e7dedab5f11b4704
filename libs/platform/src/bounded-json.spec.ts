import fc from 'fast-check';
import { JsonOutOfBounds, parseBoundedJson } from './bounded-json.js';

const parse = (text: string, values = 1_000, depth = 20): unknown =>
  parseBoundedJson(Buffer.from(text), { values, depth });

/** Values of a parsed text, itself included. */
function valuesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, inner) => sum + valuesIn(inner), 1);
}
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

it('gives what JSON.parse gives, or refuses what has more in it than it may', () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 6 }),
      (text, values, depth) => {
        const whole = JSON.parse(text) as unknown;
        try {
          expect(parse(text, values, depth)).toEqual(whole);
          expect(valuesIn(whole)).toBeLessThanOrEqual(values);
          expect(depthOf(whole)).toBeLessThanOrEqual(depth);
        } catch (error) {
          if (!(error instanceof JsonOutOfBounds)) throw error;
          // Counted generously: an empty list counts twice.
          expect(valuesIn(whole) * 2 > values || depthOf(whole) > depth).toBe(true);
        }
      },
    ),
  );
});

it.each([
  ['values in a list', `[${'0,'.repeat(2_000)}0]`, /1000 values/],
  ['keys', `{${Array.from({ length: 2_000 }, (_, i) => `"k${i}":0`).join()}}`, /1000 values/],
  ['the same key again and again', `{${'"k":0,'.repeat(2_000)}"k":0}`, /1000 values/],
  ['empty lists', `[${'[],'.repeat(2_000)}[]]`, /1000 values/],
  ['depth', '['.repeat(30) + ']'.repeat(30), /20 deep/],
  ['depth that never ends', '['.repeat(100_000), /20 deep/],
  ['objects in objects', `${'{"a":'.repeat(30)}0${'}'.repeat(30)}`, /20 deep/],
])('refuses too many %s', (_what, text, rule) => {
  expect(() => parse(text)).toThrow(JsonOutOfBounds);
  expect(() => parse(text)).toThrow(rule);
});

it('counts nothing within a text, however its quotes are escaped', () => {
  for (const text of [
    '[,[,{'.repeat(5_000),
    '"'.repeat(5_000),
    '\\'.repeat(5_001),
    '\\"'.repeat(5_000),
    '\\\\"['.repeat(3_000),
    '\u2028[\u00e9{'.repeat(2_000),
  ]) {
    expect(parse(JSON.stringify([text]))).toEqual([text]);
  }
});

it.each(['', '"', '"\\', '{"a":', '[1,]', 'nul', '{"a" 1}', '[1]]', '\u0000'])('%j is no JSON', (text) => {
  expect(() => parse(text)).toThrow(SyntaxError);
});
