import fc from 'fast-check';
import { storable } from './storable.js';

describe('storable', () => {
  it('takes out U+0000 and half surrogates, in keys as well', () => {
    expect(storable({ 'a\u0000': ['x\u0000y', '\ud800', '👋', 1, null, true] })).toEqual({
      a: ['xy', '\ufffd', '👋', 1, null, true],
    });
  });

  it('leaves everything else as it is', () => {
    const clean = fc.jsonValue().filter((v) => !/\\u0000|\\ud[89a-f]/i.test(JSON.stringify(v)));
    fc.assert(fc.property(clean, (value) => expect(storable(value)).toEqual(value)));
  });

  it('keeps a key named __proto__ a key', () => {
    const parsed = JSON.parse('{"__proto__":{"admin":true}}') as object;
    const copy = storable(parsed) as { admin?: boolean };
    expect(copy.admin).toBeUndefined();
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"admin":true}}');
  });

  it('cuts what is nested without bound', () => {
    let deep: unknown = 'end';
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(JSON.stringify(storable(deep))).toContain('[too deep]');
  });
});
