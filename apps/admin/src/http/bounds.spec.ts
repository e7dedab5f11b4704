import { outOfBounds } from './bounds.js';

const codeOf = (value: unknown, most = 1_000): string | undefined =>
  outOfBounds(value, most, 'the body')?.code;
const deep = (levels: number, wrap: (inner: unknown) => unknown): unknown =>
  Array.from({ length: levels }).reduce<unknown>((inner) => wrap(inner), 1);
const keys = (many: number): object =>
  Object.fromEntries(Array.from({ length: many }, (_, i) => [`k${i}`, i]));

it('counts keys and values, wherever they stand', () => {
  expect(codeOf(keys(499))).toBeUndefined();
  expect(codeOf(keys(500))).toBe('too_many_fields');
  expect(codeOf({ a: { b: keys(497) } })).toBeUndefined();
  expect(codeOf({ a: { b: keys(498) } })).toBe('too_many_fields');
  expect(codeOf(Array(999).fill(0))).toBeUndefined();
  expect(codeOf(Array(1_000).fill(0))).toBe('too_many_fields');
  expect(codeOf(Array(100).fill(Array(10).fill(0)))).toBe('too_many_fields');
});

it('takes sixteen levels', () => {
  for (const wrap of [(inner: unknown) => [inner], (inner: unknown) => ({ inner })]) {
    expect(codeOf(deep(16, wrap))).toBeUndefined();
    expect(codeOf(deep(17, wrap))).toBe('nested_too_deeply');
    expect(codeOf(deep(100_000, wrap))).toBe('nested_too_deeply');
  }
});

it('takes whatever is no object', () => {
  for (const value of [
    undefined,
    null,
    '',
    'x'.repeat(60_000),
    0,
    Infinity,
    true,
    {},
    [],
    Object.create(null),
  ]) {
    expect(codeOf(value)).toBeUndefined();
  }
});

it('does not look beyond what may be there', () => {
  let looked = 0;
  const list = new Proxy(Array(1_000_000).fill(0), {
    get: (target, key) => (looked++, Reflect.get(target, key)),
  });
  expect(codeOf(list)).toBe('too_many_fields');
  expect(looked).toBeLessThan(2_000);
});
