import { mayHaveNumber, MASK, readDigits } from './card-number-digits.js';
import { gluedAfter } from './card-number-groups.js';
import { SHORTEST } from './card-number-schemes.js';
import { findCards } from './card-number-search.js';

/**
 * Replaces every payment card number by dots and its last four digits; what digits are glued on behind it, a security code
 * for example, go with it. Nothing else is changed. `found` says whether there was one; if not, the text is given back as it
 * is. Masking twice is the same as once. The time is in proportion to the length.
 *
 * A card number has an issuer's range, a length of that issuer and a checksum that holds (Luhn). It may be written with the
 * digits of any script or signs that stand for one digit, in groups with up to four other characters between them. Glued to
 * it there may be letters, up to four digits before it, any digits behind it that make 23 in all, an expiry date, or another
 * card number. After a `+`, 13 digits are taken for a phone number.
 */
export function maskCardNumbers(text: string): { text: string; found: boolean } {
  if (!mayHaveNumber(text, SHORTEST)) return { text, found: false };
  const digits = readDigits(text);
  let masked = '';
  let copied = 0;
  const cards = findCards(text, digits, false);
  for (const [i, { from, to }] of cards.entries()) {
    masked += text.slice(copied, digits.starts[from]) + MASK + digits.values.subarray(to - 4, to).join('');
    const glued = Math.min(to + gluedAfter(digits, to), cards[i + 1]?.from ?? digits.count);
    copied = digits.ends[glued - 1]!;
  }
  return copied === 0 ? { text, found: false } : { text: masked + text.slice(copied), found: true };
}

/** A business-scoped user id of Meta: the country, a dot, letters and digits. */
const SCOPED_USER_ID = /^[A-Z]{2}\.[A-Za-z0-9]+$/;

/**
 * Whether an opaque id from outside is a card number of 14 to 19 digits, or has one as a group of its own, next to words.
 *
 * Unlike a text, an id may not be changed, so this asks for more: nothing may be glued to the number but letters. 13 digits
 * are left alone, as EAN-13 product codes and phone numbers of Germany have so many, and so is what begins with 1, as most
 * ids of Meta do. Of other ids that are 16 digits, about one in twenty is taken for a card number: nothing tells them apart.
 */
export function isCardNumberId(id: string): boolean {
  if (!mayHaveNumber(id, SHORTEST) || SCOPED_USER_ID.test(id)) return false;
  return findCards(id, readDigits(id), true).length > 0;
}
