import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { fromCursor, toCursor } from '../cursors.js';
import { PageQuery } from './page.dto.js';

const isTaken = (cursor: unknown): boolean =>
  validateSync(plainToInstance(PageQuery, { cursor })).length === 0;

describe('a cursor', () => {
  it('is taken as it was given, and says what it was made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), (last) => {
        expect(isTaken(toCursor(last))).toBe(true);
        expect(fromCursor(toCursor(last))).toBe(last);
      }),
    );
  });

  it('has one spelling', () => {
    const cursor = toCursor('["2026-01-01T00:00:00.000Z","mer_1"]');
    const texts = ['=', '+', ' ', '%', '\n'].flatMap((c) => [
      cursor + c,
      c + cursor,
      `${cursor.slice(0, 4)}${c}${cursor.slice(4)}`,
    ]);
    for (const text of texts) expect(isTaken(text)).toBe(false);
    // Bits of the last character that no byte needs, and bytes that are no UTF-8.
    for (const text of ['W11', 'W12', 'YR', 'gA', '_w', '', 'A'.repeat(201), 7])
      expect(isTaken(text)).toBe(false);
    expect(isTaken('W10')).toBe(true);
  });
});
