import fc from 'fast-check';
import { formsOf, phoneDigits } from './phone-numbers.js';

describe('a phone number in any usual notation', () => {
  it.each([
    ['+971 50 123 4567'],
    ['+971501234567'],
    ['971501234567'],
    ['00971 50-123-4567'],
    ['+971.50.123.4567'],
    ['+971 (0)50 123 4567'],
    ['+971 050 123 4567'],
    ['00 971 050 123 4567'],
    ['971 050 123 4567'],
    ['050 123 4567'],
    ['050/123-4567'],
    ['50 123 4567'],
    ['tel:+971501234567'],
    ['https://wa.me/971501234567'],
    ['wa.me/971501234567'],
    ['https://api.whatsapp.com/send?phone=971501234567'],
    ['+٩٧١ ٥٠ ١٢٣ ٤٥٦٧'],
    ['۰۵۰ ۱۲۳ ۴۵۶۷'],
    ['+९७१५०१२३४५६७'],
    ['+௯௭௧ ௫௦ ௧௨௩ ௪௫௬௭'],
    ['+൯൭൧ ൫൦ ൧൨൩ ൪൫൬൭'],
    ['＋９７１５０１２３４５６７'],
    ['\u202a+971 50 123 4567\u202c'],
    ['+971\u00a050\u2011123\u20114567'],
  ])('%s', (written) => {
    expect(phoneDigits(written, 'AE')).toBe('971501234567');
  });

  it.each([
    ['020 7946 0958', 'GB', '442079460958'],
    ['06 6982 0000', 'IT', '390669820000'],
    ['+39 06 6982 0000', 'AE', '390669820000'],
    ['+1 (212) 555-0123', 'AE', '12125550123'],
    ['(212) 555-0123', 'US', '12125550123'],
    ['011 971 50 123 4567', 'US', '971501234567'],
    ['8 (912) 345-67-89', 'RU', '79123456789'],
    ['+91 098765 43210', 'AE', '919876543210'],
    ['919876543210', 'AE', '919876543210'],
    ['0712 345678', 'KE', '254712345678'],
    ['+44 (0)7911 123456', 'AE', '447911123456'],
    ['(11) 97654-3210', 'BR', '5511976543210'],
    ['0 11 97654-3210', 'BR', '5511976543210'],
    ['551176543210', 'AE', '551176543210'],
    ['5215587654321', 'AE', '5215587654321'],
    ['0052 1 55 8765 4321', 'AE', '5215587654321'],
    ['+54 11 15-8765-4322', 'AE', '5491187654322'],
    ['011 15-8765-4322', 'AR', '5491187654322'],
    ['07 08 12 34 56', 'CI', '2250708123456'],
    ['15550001234', 'AE', '15550001234'],
  ])('%s in %s', (written, country, digits) => {
    expect(phoneDigits(written, country)).toBe(digits);
  });

  it.each([
    ['4915123456789', 'DE'],
    ['491711234567', 'DE'],
    ['62812345678', 'ID'],
    ['38343201234', 'XK'],
    ['919876543210', 'IN'],
    ['5511976543210', 'BR'],
    ['12015550123', 'US'],
    ['971501234567', 'SA'],
    ['254712345678', 'TZ'],
  ])('the WhatsApp id %s is itself, pasted by a merchant of %s', (id, country) => {
    expect(phoneDigits(id, country)).toBe(id);
  });

  it.each([
    ['971501234567', 'DE'],
    ['12015550123', 'DE'],
    ['79123456789', 'BR'],
    ['254712345678', 'CN'],
    ['6581234567', 'US'],
    ['2015550123', 'US'],
    ['15123456789', 'DE'],
  ])('%s in %s may be two numbers, and is none', (written, country) => {
    expect(phoneDigits(written, country)).toBeUndefined();
    expect(phoneDigits(`+${written}`, country)).toBe(written);
  });

  it.each([
    ['201 555-0123', 'US', '12015550123'],
    ['151 23456789', 'DE', '4915123456789'],
    ['658 123-4567', 'US', '16581234567'],
  ])('%s in %s is written as at home', (written, country, digits) => {
    expect(phoneDigits(written, country)).toBe(digits);
  });

  it.each(['', 'Sheena', 'AE.1234567890', '12', '+', '+971 50 123 4567 ext 5', '1234567890123456', '٤٢'])(
    'is not %j',
    (written) => expect(phoneDigits(written, 'AE')).toBeUndefined(),
  );

  it('never throws, and gives digits or nothing', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom('AE', 'BR', 'XX', ''),
        (written, country) => {
          expect(phoneDigits(written, country) ?? '123456').toMatch(/^[1-9]\d{5,14}$/);
        },
      ),
    );
  });
});

describe('forms of one number at WhatsApp', () => {
  it.each([
    ['Brazil', '5511976543210', '551176543210'],
    ['Brazil, another area', '5585988887777', '558588887777'],
    ['Mexico', '525587654321', '5215587654321'],
    ['Argentina', '5491187654322', '541187654322'],
    ['Argentina, another area', '5493515123456', '543515123456'],
    ['Ivory Coast, 07', '2250708123456', '22508123456'],
    ['Ivory Coast, 05', '2250544123456', '22544123456'],
    ['Ivory Coast, 01', '2250101123456', '22501123456'],
    ['Benin', '2290197123456', '22997123456'],
  ])('%s', (_, dialled, other) => {
    expect(formsOf(dialled)).toEqual([dialled, other]);
    expect(formsOf(other)).toEqual([dialled, other]);
  });

  it.each([
    ['a landline of Brazil', '551132654321'],
    ['a number of nine digits that is none of Brazil', '5511576543210'],
    ['the Emirates', '971501234567'],
    ['the United States', '12125550123'],
    ['a landline of Ivory Coast', '2252720212223'],
    ['a landline of Ivory Coast as it was', '22522334455'],
    ['an id that is no number', 'AE.1349'],
  ])('%s has one', (_, digits) => {
    expect(formsOf(digits)).toEqual([digits]);
  });

  it('are the same from whichever of them', () => {
    const number = fc
      .tuple(
        fc.constantFrom('55', '52', '54', '225', '229', '971'),
        fc.integer({ min: 1e6, max: 99_999_999_999 }),
      )
      .map(([code, rest]) => `${code}${rest}`);
    fc.assert(
      fc.property(number, (digits) => {
        const forms = formsOf(digits);
        expect(forms).toContain(digits);
        for (const form of forms) expect(formsOf(form)).toEqual(forms);
      }),
      { numRuns: 2_000 },
    );
  });
});
