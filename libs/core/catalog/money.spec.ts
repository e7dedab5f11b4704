import fc from 'fast-check';
import { addMoney, decimalsOf, formatMoney, money, parseAmount, timesMoney } from './money.js';

describe('money', () => {
  it.each([
    [8_900, 'AED', 'AED 89.00'],
    [1_250, 'KWD', 'KWD 1.250'],
    [500, 'JPY', 'JPY 500'],
    [5, 'AED', 'AED 0.05'],
    [0, 'BHD', 'BHD 0.000'],
    [-8_905, 'AED', 'AED -89.05'],
    [123_456_789, 'INR', 'INR 1,234,567.89'],
    [1_234_567, 'JPY', 'JPY 1,234,567'],
  ])('%i in %s is written %s', (minor, currency, text) => {
    expect(formatMoney(money(minor, currency))).toBe(text);
  });

  it.each([
    ['100', 'AED', 10_000],
    ['1,299.5', 'AED', 129_950],
    ['1.25', 'KWD', 1_250],
    ['500', 'JPY', 500],
  ])('%s in %s is %i minor units', (text, currency, minor) => {
    expect(parseAmount(text, currency)).toEqual(money(minor, currency));
  });

  it.each(['', 'ten', '1.2.3', '-5', '1e3', '.5'])('%j is no amount', (text) => {
    expect(parseAmount(text, 'AED')).toBeUndefined();
  });

  it('is read back from what is written', () => {
    fc.assert(
      fc.property(fc.nat(999_999_999), fc.constantFrom('AED', 'KWD', 'JPY', 'INR'), (minor, currency) => {
        const amount = money(minor, currency);
        expect(parseAmount(formatMoney(amount).slice(4), currency)).toEqual(amount);
        expect(formatMoney(amount)).toMatch(decimalsOf(currency) ? /\.\d+$/ : /^\D+[\d,]+$/);
      }),
    );
  });

  it('refuses fractions of a minor unit and sums across currencies', () => {
    expect(() => money(0.5, 'AED')).toThrow(RangeError);
    expect(() => timesMoney(money(3, 'AED'), 0.5)).toThrow(RangeError);
    expect(() => addMoney(money(1, 'AED'), money(1, 'OMR'))).toThrow(RangeError);
    expect(addMoney(money(1, 'AED'), timesMoney(money(2, 'AED'), 3))).toEqual(money(7, 'AED'));
  });
});
