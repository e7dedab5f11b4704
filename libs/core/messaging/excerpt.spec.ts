import fc from 'fast-check';
import { CUT, excerpt, EXCERPT, type ExcerptBounds } from './excerpt.js';

const small: ExcerptBounds = { characters: 40, values: 6, depth: 3 };

/** What there is in a value. */
function measure(value: unknown): ExcerptBounds {
  if (typeof value === 'string') return { characters: value.length, values: 0, depth: 0 };
  if (typeof value !== 'object' || value === null) return { characters: 0, values: 0, depth: 0 };
  const inner = Object.values(value).map(measure);
  const keys = Array.isArray(value) ? [] : Object.keys(value);
  return {
    characters: [...keys.map((key) => key.length), ...inner.map((m) => m.characters)].reduce(
      (a, b) => a + b,
      0,
    ),
    values: inner.reduce((sum, m) => sum + m.values + 1, 0),
    depth: 1 + Math.max(0, ...inner.map((m) => m.depth)),
  };
}

it('keeps what is within the bounds as it is', () => {
  const message = {
    type: 'poll',
    poll: { name: 'Lunch?', options: [{ id: 1 }, { id: 2, __proto__: null }] },
  };
  expect(excerpt(message)).toEqual(message);
  expect(JSON.stringify(excerpt(JSON.parse('{"__proto__":{"a":1}}')))).toBe('{"__proto__":{"a":1}}');
});

it('keeps no more than the bounds allow, and marks what it leaves out', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const whole = measure(value);
      const kept = excerpt(value, small);
      const size = measure(kept);
      // Each list and object that is cut, and each text, may end in a mark.
      expect(size.values).toBeLessThanOrEqual(small.values + small.depth);
      expect(size.depth).toBeLessThanOrEqual(small.depth);
      expect(JSON.stringify(kept).split(CUT).join('').length).toBeLessThan(600);
      const fits =
        whole.characters < small.characters && whole.values <= small.values && whole.depth <= small.depth;
      if (fits) expect(kept).toEqual(value);
      else if (JSON.stringify(kept) !== JSON.stringify(value)) expect(JSON.stringify(kept)).toContain(CUT);
    }),
  );
});

it('keeps little of what is huge', () => {
  const huge = {
    keys: Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`key_${i}`, i])),
    text: 'x'.repeat(3_000_000),
    list: Array.from({ length: 50_000 }, () => 0),
  };
  for (const value of [huge, ...Object.values(huge)]) {
    expect(JSON.stringify(excerpt(value)).length).toBeLessThan(EXCERPT.characters + 20 * EXCERPT.values);
  }
});
