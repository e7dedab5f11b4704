import { cpuUsage } from 'node:process';
import fc from 'fast-check';
import { isCardNumberId, maskCardNumbers } from './card-numbers.js';
import {
  cardOf,
  digitsOf,
  FORMS,
  grouped,
  SCHEMES,
  SENTENCES,
  SEPARATORS,
  SHORT_SCHEMES,
  signsOf,
  UNSEEN,
} from './testing/card-number-samples.js';
import { seeded } from './testing/seeded.js';

/** Test numbers that the card schemes and payment providers publish. */
const CARDS = [
  '4111111111111111',
  '4242424242424242',
  '4000056655665556',
  '4222222222222',
  '5555555555554444',
  '5105105105105100',
  '2223003122003222',
  '2720990000000007',
  '378282246310005',
  '371449635398431',
  '6011111111111117',
  '6445644564456445',
  '3056930009020004',
  '30569309025904',
  '36227206271667',
  '3566002020360505',
  '6200000000000005',
  '6759649826438453',
];

describe('maskCardNumbers', () => {
  it.each(CARDS)('masks %s down to its last four digits', (card) => {
    expect(maskCardNumbers(`pay with ${card} please`)).toEqual({
      text: `pay with •••• ${card.slice(-4)} please`,
      found: true,
    });
  });

  it.each([
    // Separators.
    ['4111 1111 1111 1111', '•••• 1111'],
    ['4111-1111-1111-1111', '•••• 1111'],
    ['4111.1111.1111.1111', '•••• 1111'],
    ['4111  1111 \u00a01111\n1111', '•••• 1111'],
    ['3782 822463 10005', '•••• 0005'],
    ['4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1', '•••• 1111'],
    ['4111\u200b1111\u200f1111\u20111111', '•••• 1111'],
    ['4111, 1111, 1111, 1111 and other years', '•••• 1111 and other years'],
    ['4111ـ1111ـ1111ـ1111', '•••• 1111'],
    ['4111ー1111ー1111ー1111', '•••• 1111'],
    ['4111x1111x1111x1111', '•••• 1111'],
    ['4111 х 1111 х 1111 х 1111', '•••• 1111'],
    ['4111<br/>1111<br/>1111<br/>1111', '•••• 1111'],
    ['4111&nbsp;1111&#160;1111&#xa0;1111', '•••• 1111'],
    ['4111\\n1111\\n1111\\n1111', '•••• 1111'],
    ['4111👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦1111 1111 1111', '•••• 1111'],
    ['4111🇦🇪🇮🇳🇸🇦🇪🇬1111 1111 1111', '•••• 1111'],
    ['4111\r\n\r\n\r\n\r\n1111 1111 1111', '•••• 1111'],
    // Digits.
    ['٤١١١ ١١١١ ١١١١ ١١١١', '•••• 1111'],
    ['۴۱۱۱۱۱۱۱۱۱۱۱۱۱۱۱', '•••• 1111'],
    ['४१११ ११११ ११११ ११११', '•••• 1111'],
    ['４１１１１１１１１１１１１１１１', '•••• 1111'],
    ['4111 ١١١١ 1111 ११११', '•••• 1111'],
    ['⁴¹¹¹¹¹¹¹¹¹¹¹¹¹¹¹', '•••• 1111'],
    ['⑷⑴⑴⑴ ⑴⑴⑴⑴ ⑴⑴⑴⑴ ⑴⑴⑴⑴', '•••• 1111'],
    ['4️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣!', '•••• 1111!'],
    ['我的卡号是四一一一一一一一一一一一一一一一', '我的卡号是•••• 1111'],
    ['我有一张4111111111111111一张', '我有一张•••• 1111一张'],
    // Beside other figures and letters.
    ['4111 1111 1111 1111 12/28 123', '•••• 1111 12/28 123'],
    ['4111111111111111 1228', '•••• 1111 1228'],
    ['4111\n1111\n1111\n1111\n12\n28\n123', '•••• 1111\n12\n28\n123'],
    ['2 hoodies 4111111111111111', '2 hoodies •••• 1111'],
    ['2, 3782 822463 10005', '2, •••• 0005'],
    ['89 4111 1111 1111 1111', '89 •••• 1111'],
    ['card:4111111111111111,cvv:123', 'card:•••• 1111,cvv:123'],
    ['{"n":"4111111111111111"}', '{"n":"•••• 1111"}'],
    ['4111111111111111 or 5555 5555 5555 4444', '•••• 1111 or •••• 4444'],
    ['4111111111111111 5555555555554444', '•••• 1111 •••• 4444'],
    ['1. 4111 1111 1111 1111\n2. 5555 5555 5555 4444', '1. •••• 1111\n2. •••• 4444'],
    ['4111,1111,1111,1111,5555,5555,5555,4444', '•••• 1111,•••• 4444'],
    ['4111 1111 1111 1111 5555 5555 5555 4444 4242 4242 4242 4242', '•••• 1111 •••• 4444 •••• 4242'],
    ['•••• 1111 5555 5555 5555 4444', '•••• 1111 •••• 4444'],
    ['7,4111,1111,1111,1111,1228', '7,•••• 1111,1228'],
    ['4111111111111111x2', '•••• 1111x2'],
    ['2, 4222222222222, 1228', '2, •••• 2222, 1228'],
    // Glued to other figures and letters.
    ['4111111111111111123', '•••• 1111'],
    ['41111111111111111228', '•••• 1111'],
    ['41111111111111113982597', '•••• 1111'],
    ['4111 1111 1111 11111228123', '•••• 1111'],
    ['3782822463100051234', '•••• 0005'],
    ['9941111111111111111228', '99•••• 1111'],
    ['AE074111111111111111', 'AE07•••• 1111'],
    ['AE074111111111111111110', 'AE07•••• 1110'], // the check digits of an account number would be 11
    ['074111 1111 1111 1111', '07•••• 1111'],
    ['card4111111111111111x', 'card•••• 1111x'],
    ['41111111111111115555555555554444', '•••• 1111•••• 4444'],
    ['4111 1111 1111 11115555 5555 5555 4444', '•••• 1111•••• 4444'],
    ['%B4111111111111111^DOE/JOHN^2812101?', '%B•••• 1111^DOE/JOHN^2812101?'],
    // The airlines' cards, where the text speaks of a card or the groups are theirs.
    ['my card: 122012345678906', 'my card: •••• 8906'],
    ['1220 12345 678906', '•••• 8906'],
  ])('%j becomes %j', (text, masked) => {
    expect(maskCardNumbers(text)).toEqual({ text: masked, found: masked !== text });
  });

  it.each([
    '',
    'two hoodies in size 42, please',
    '4111111111111112', // checksum
    '1111111111111117', // no issuer
    '411111111111111', // length
    '+971 50 123 4567',
    '+49 1512 3456789',
    '00971501234567',
    'order W7K3M9QX of 2026-11-21 10:44:19',
    '41111111111111111111111111111111', // a longer number, e.g. an account's
    'tracking 1Z999AA10123456784',
    '4111abc1111abc1111abc1111',
    '4111     1111     1111     1111', // five separators
    '1220123456789062', // the airlines' cards have 15 digits
    '122012345678906', // an id of Meta, unless the text speaks of a card
    'US.34111111111111111',
    'AE070331234567890123456',
    'DE89 3704 0044 0532 0130 00',
    'AE114111111111111111110', // its check digits hold, though it ends with a card number
    'DE12 4111 1111 1111 1111 00',
    'DE12411111111111111100',
    '994111111111111111123', // digits before and after, of which the latter are no date
    '9999411111 1111111111', // digits before, and not grouped as cards are
    '4111,1111,1111,1111,1328', // a list: the last is no date
    '4222222222222, 4006381333931', // product codes
    '12.34111111111111111',
    '01a34f3b-06e6-7606-8695-979cde6f6aea',
    'ord_4111111111111111abcdef0123456789',
    '41111111-1111-1111-1111-abcdefabcdef',
    '24.453912, 55.377345',
    '0.4111111111111111',
    '一二三四五六七八九十',
  ])('leaves %j alone', (text) => {
    expect(maskCardNumbers(text)).toEqual({ text, found: false });
  });

  it('takes 13 digits after a plus for a phone number, 14 and more for a card', () => {
    expect(maskCardNumbers('+4222222222222').found).toBe(false);
    expect(maskCardNumbers('3+4222222222222').found).toBe(true);
    expect(maskCardNumbers('+36227206271667').found).toBe(true);
    expect(maskCardNumbers('+4111111111111111').found).toBe(true);
  });

  it('knows all digits of Unicode, and the signs that stand for one', () => {
    for (const form of FORMS) {
      const number = signsOf('5105105105105100', form).join('');
      expect(maskCardNumbers(`<${number}>`)).toEqual({ text: '<•••• 5100>', found: true });
      const other = signsOf('6789234567892343', form).join('');
      expect(maskCardNumbers(`<${other}>`)).toEqual({ text: '<•••• 2343>', found: true });
    }
  });

  const card = (schemes: typeof SCHEMES) =>
    fc.tuple(fc.constantFrom(...schemes), fc.integer()).map(([scheme, seed]) => cardOf(scheme, seeded(seed)));
  const form = fc.constantFrom(...FORMS);
  const separator = fc.constantFrom('', ...SEPARATORS, ...UNSEEN);
  const way = fc.constantFrom('fours' as const, '4-6-rest' as const, 'singles' as const, 'whole' as const);

  it('finds every card, in every form and with every separator, and changes nothing else', () => {
    fc.assert(
      fc.property(
        card([...SCHEMES, ...SHORT_SCHEMES]),
        form,
        fc.oneof(separator, fc.constantFrom('x', 'X', ' x ', 'х')),
        way,
        fc.constantFrom(...SENTENCES),
        (number, form, separator, way, sentence) => {
          const text = sentence.replace('{}', () => grouped(signsOf(number, form), way, separator));
          const masked = sentence.replace('{}', () => `•••• ${number.slice(-4)}`);
          expect(maskCardNumbers(text)).toEqual({ text: masked, found: true });
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('finds digits of many forms, with many separators', () => {
    const separators = fc.array(fc.oneof(fc.constant(''), separator), { minLength: 18, maxLength: 18 });
    fc.assert(
      fc.property(
        card(SCHEMES),
        fc.array(form, { minLength: 19, maxLength: 19 }),
        separators,
        fc.constantFrom(...SENTENCES),
        (number, forms, separators, sentence) => {
          const shown = Array.from(
            number,
            (d, at) => (at > 0 ? separators[at - 1] : '') + forms[at]![Number(d)]!,
          );
          const { text, found } = maskCardNumbers(sentence.replace('{}', () => shown.join('')));
          expect(found).toBe(true);
          expect(digitsOf(text).length).toBe(digitsOf(sentence).length + 4);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('leaves at most the last four digits readable where something is glued to a card', () => {
    const expiry = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 26, max: 39 }));
    const beside = fc.oneof(
      fc.stringMatching(/^\d{3}$/).map((code) => ['', code]),
      expiry.map(([month, year]) => ['', `${String(month).padStart(2, '0')}${year}`]),
      expiry.map(([month, year]) => ['', `${String(month).padStart(2, '0')}${year}123`]),
      fc.stringMatching(/^\d{1,4}$/).map((before) => [before, '']),
      fc.constantFrom(['card', 'x'], ['XY', ''], ['', 'abc']),
    );
    fc.assert(
      fc.property(
        card(SCHEMES),
        form,
        fc.constantFrom('', ' ', '-', '.'),
        beside,
        fc.constantFrom(...SENTENCES),
        (number, form, separator, [before, after], sentence) => {
          const inForm = (text: string) => text.replace(/\d/g, (d) => form[Number(d)]!);
          const shown = grouped(signsOf(number, form), 'fours', separator);
          const { text, found } = maskCardNumbers(
            sentence.replace('{}', () => inForm(before!) + shown + inForm(after!)),
          );
          expect(found).toBe(true);
          expect(digitsOf(text)).not.toContain(number.slice(0, -4));
          expect(digitsOf(text).length).toBeLessThanOrEqual(
            digitsOf(sentence + inForm(before! + after!)).length + 4,
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('finds a card number wherever it stands and however it is grouped', () => {
    const separator = fc.constantFrom('', ' ', '-', '.', '\u00a0', '\u200b', ' - ');
    const words = fc.stringMatching(/^[a-z ,:!?]{0,20}$/);
    fc.assert(
      fc.property(
        fc.constantFrom(...CARDS),
        fc.array(separator),
        words,
        words,
        (card, gaps, before, after) => {
          const grouped = [...card].map((d, i) => d + (i < card.length - 1 ? (gaps[i] ?? '') : '')).join('');
          const { text, found } = maskCardNumbers(`${before}!${grouped}!${after}`);
          expect(found).toBe(true);
          expect(digitsOf(text)).toBe(card.slice(-4));
        },
      ),
    );
  });

  it('changes nothing else, and nothing twice, whatever the text', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      card([...SCHEMES, ...SHORT_SCHEMES]),
      fc
        .tuple(card(SCHEMES), form, way, separator)
        .map(([n, form, way, gap]) => grouped(signsOf(n, form), way, gap)),
      card(SCHEMES).map((number) => number.slice(0, 9)),
      fc.constantFrom('+', 'a', 'ff', 'AE', 'US.', ' x ', '0.', '12/28', '123', '•••• 1234', '••••', 'card '),
      separator,
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const given = pieces.join('');
        const once = maskCardNumbers(given);
        expect(maskCardNumbers(once.text)).toEqual({ text: once.text, found: false });
        if (!once.found) expect(once.text).toBe(given);
      }),
      { numRuns: 3_000 },
    );
  });

  it('takes time in proportion to the text, whatever it is made of', () => {
    const units = [
      '4',
      '4 ',
      '41 ',
      ' - ',
      '4111 1111 ',
      '41111111111111111234567 ',
      '4111 1111 1111 1111123 ',
      '\u0301',
      '4\u0301',
      '\u200b',
      '😀',
      '4😀',
      '四一一一',
      '我们',
      '4١１④',
      '<br>',
      '4111<br>',
      '<',
      '&a',
      '\\u',
      '4111111111111111 ',
      '4111111111111111-',
      '4111x1111x1111x1111 ',
      'a4111111111111111f',
      '•••• 1111 ',
      'AE070331234567890123456 ',
      '+4222222222222 ',
      '122012345678906 ',
      '6 0 ',
      '\ud800',
      'card 41 11111-',
    ];
    for (const unit of units) {
      const text = unit.repeat(Math.ceil(1_000_000 / unit.length));
      const before = cpuUsage().user;
      maskCardNumbers(text);
      // About 100 ms, on a machine in trouble some more. Time that grows with the square of the length would be minutes.
      expect((cpuUsage().user - before) / 1_000).toBeLessThan(10_000);
    }
  });
});

describe('isCardNumberId', () => {
  it.each([
    '4111111111111111',
    '4111 1111 1111 1111',
    '4-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1',
    '٤١١١١١١١١١١١١١١١',
    '36227206271667',
    '378282246310005',
    '6759649826438453',
    'card-4111111111111111',
    'sku_4111111111111111_red',
    'card-4111-1111-1111-1111',
    'card4111111111111111',
  ])('takes %j for a card number', (id) => {
    expect(isCardNumberId(id)).toBe(true);
  });

  it.each([
    '',
    'HOOD-BLK-XL',
    '4222222222222', // 13 digits, as EAN-13 and phone numbers of Germany have
    '7-4222222222222',
    '4915123456704',
    '102290129340398',
    '135412345678903', // begins as numbers of UATP and ids of Meta do
    '4111111111111112',
    '4111111111111111123', // glued
    'pay_07411111111111111',
    'US.4111111111111111',
    'US.13491208655302741918',
    'wamid.HBgMOTcxNTAxMjM0NTY3FQIAEhggQUNFMTIzNDU2Nzg5MDEyMzQ1Njc4OTAA',
    '0198c5a2-1234-7123-8123-123456789012',
    '4111111111111111abcdef0123456789',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
  ])('takes %j for none', (id) => {
    expect(isCardNumberId(id)).toBe(false);
  });
});
