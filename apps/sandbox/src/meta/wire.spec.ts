import fc from 'fast-check';
import type { Customer } from './model.js';
import { metaJson, userIdFor } from './wire.js';

describe('metaJson', () => {
  it('is plain ASCII without a bare slash, and means the same', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), (value) => {
        const text = metaJson(value);
        expect(text).toMatch(/^[\x20-\x7e]*$/);
        expect(text).not.toMatch(/(^|[^\\])\//);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('userIdFor', () => {
  const customer: Customer = { customerId: 'c1', name: 'A', phone: '971501234567', hidePhone: false };

  it('is one id within a portfolio and another outside it, or after the number changed', () => {
    expect(userIdFor(customer, 'p1')).toMatch(/^AE\.\d{18}$/);
    expect(userIdFor(customer, 'p1')).toBe(userIdFor({ ...customer, hidePhone: true }, 'p1'));
    expect(userIdFor(customer, 'p2')).not.toBe(userIdFor(customer, 'p1'));
    expect(userIdFor({ ...customer, phone: '971507654321' }, 'p1')).not.toBe(userIdFor(customer, 'p1'));
  });
});
