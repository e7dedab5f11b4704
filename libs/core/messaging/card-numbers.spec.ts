import fc from 'fast-check';
import { maskCardNumbers } from './card-numbers.js';

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

const digitsOf = (text: string): string => text.replace(/\D/g, '');

describe('maskCardNumbers', () => {
  it.each(CARDS)('masks %s down to its last four digits', (card) => {
    expect(maskCardNumbers(`pay with ${card} please`)).toEqual({
      text: `pay with •••• ${card.slice(-4)} please`,
      found: true,
    });
  });

  it.each([
    ['4111 1111 1111 1111', '•••• 1111'],
    ['4111-1111-1111-1111', '•••• 1111'],
    ['4111.1111.1111.1111', '•••• 1111'],
    ['4111  1111 \u00a01111\n1111', '•••• 1111'],
    ['3782 822463 10005', '•••• 0005'],
    ['4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1', '•••• 1111'],
    ['4111\u200b1111\u200f1111\u20111111', '•••• 1111'],
    ['٤١١١ ١١١١ ١١١١ ١١١١', '•••• 1111'],
    ['۴۱۱۱۱۱۱۱۱۱۱۱۱۱۱۱', '•••• 1111'],
    ['४१११ ११११ ११११ ११११', '•••• 1111'],
    ['４１１１１１１１１１１１１１１１', '•••• 1111'],
    ['4111 ١١١١ 1111 ११११', '•••• 1111'],
    // Beside other figures.
    ['4111 1111 1111 1111 12/28 123', '•••• 1111 12/28 123'],
    ['4111111111111111 1228', '•••• 1111 1228'],
    ['2 hoodies 4111111111111111', '2 hoodies •••• 1111'],
    ['89 4111 1111 1111 1111', '89 •••• 1111'],
    ['card:4111111111111111,cvv:123', 'card:•••• 1111,cvv:123'],
    ['{"n":"4111111111111111"}', '{"n":"•••• 1111"}'],
    ['4111111111111111 or 5555 5555 5555 4444', '•••• 1111 or •••• 4444'],
    ['4111111111111111 5555555555554444', '•••• 1111 •••• 4444'],
  ])('%j becomes %j', (text, masked) => {
    expect(maskCardNumbers(text)).toEqual({ text: masked, found: true });
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
    '4111, 1111, 1111, 1111 and other years',
    '4111abc1111abc1111abc1111',
  ])('leaves %j alone', (text) => {
    expect(maskCardNumbers(text)).toEqual({ text, found: false });
  });

  it('takes 13 digits after a plus for a phone number, 16 for a card', () => {
    expect(maskCardNumbers('+4222222222222').found).toBe(false);
    expect(maskCardNumbers('+4111111111111111').found).toBe(true);
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

  it('changes nothing else, and nothing twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', ...CARDS), (noise, card) => {
        const once = maskCardNumbers(`${noise}|${card}`);
        expect(maskCardNumbers(once.text)).toEqual({ text: once.text, found: false });
        if (!once.found) expect(once.text).toBe(`${noise}|${card}`);
      }),
    );
  });

  it('takes time in proportion to the text, also to one made of digits and gaps', () => {
    const startedAt = performance.now();
    for (const unit of ['4', '4 ', '41 ', ' - ', '4111 1111 ']) maskCardNumbers(unit.repeat(200_000));
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
