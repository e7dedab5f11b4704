import fc from 'fast-check';
import { isCardNumberId } from './card-numbers.js';
import { spelledId, unspelledId } from './spelled-ids.js';

const CARDS = [
  '4318362953880674',
  '4111111111111111',
  '378282246310005',
  'SKU-4111111111111111',
  '36070500001020',
];

it.each(CARDS)('%s is kept in letters, and leads back', (id) => {
  expect(isCardNumberId(id)).toBe(true);
  const kept = spelledId(id);
  expect(kept).toMatch(/^~[a-p]+$/);
  expect(spelledId(kept)).toBe(kept);
  expect(unspelledId(kept)).toBe(id);
});

it('any other is as it was', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom('TEE-WHT', '~', '~abcd', '~ebbb', '~zz')), (id) => {
      fc.pre(!isCardNumberId(id));
      expect([spelledId(id), unspelledId(id)]).toEqual([id, id]);
    }),
  );
});
