import { BREAK, GAP, MASKED_BEFORE, NOTHING, PLAIN_GAP, type Digits } from './card-number-digits.js';

/** An account number that begins with a run of digits: where it ends, and whether its check digits hold. */
export interface Iban {
  to: number;
  holds: boolean;
}

/** Digits after the country's two letters, where all are digits. Source: SWIFT, IBAN registry. */
const IBAN_DIGITS: Record<string, number> = {
  AD: 22, AE: 21, AL: 26, AT: 18, AZ: 26, BA: 18, BE: 14, BY: 26, CH: 19, CR: 20, CY: 26, CZ: 22, DE: 20, DK: 16, DO: 26,
  EE: 18, EG: 27, ES: 22, FI: 16, FO: 16, FR: 25, GE: 20, GL: 16, GR: 25, HR: 19, HU: 26, IL: 21, IS: 24, KZ: 18, LI: 19,
  LT: 18, LU: 18, LY: 23, MC: 25, ME: 20, MK: 17, MR: 25, NO: 13, PL: 26, PT: 23, RS: 20, SA: 22, SE: 22, SI: 17, SK: 22,
  TN: 22, TR: 24, UA: 27, XK: 18,
}; // prettier-ignore

export function ibanAt(text: string, digits: Digits, from: number, runTo: number): Iban | undefined {
  const start = digits.starts[from]!;
  const country = text.slice(Math.max(0, start - 2), start).toUpperCase();
  const size = IBAN_DIGITS[country];
  if (size === undefined || isLetter(text.charCodeAt(start - 3))) return undefined;
  const to = from + size;
  if (to > runTo || digits.gaps[from + 1] !== NOTHING || digits.gaps[to]! < PLAIN_GAP) return undefined;
  if (!isInIbanGroups(digits, from, to)) return undefined;
  // ISO 13616: the country and the check digits go last, letters are 10 to 35, the remainder by 97 is 1.
  let rest = 0;
  for (let i = from + 2; i < to; i++) rest = (rest * 10 + digits.values[i]!) % 97;
  for (const letter of country) rest = (rest * 100 + letter.charCodeAt(0) - 0x41 + 10) % 97;
  rest = (rest * 100 + digits.values[from]! * 10 + digits.values[from + 1]!) % 97;
  return { to, holds: rest === 1 };
}

/** Printed, an IBAN is in groups of four, of which the first has the country and the check digits. */
function isInIbanGroups({ gaps }: Digits, from: number, to: number): boolean {
  const printed = gaps[from + 2] === PLAIN_GAP;
  for (let at = from + 1; at < to; at++) {
    if (gaps[at]! < PLAIN_GAP) continue;
    if (!printed || gaps[at] !== PLAIN_GAP || (at - from) % 4 !== 2) return false;
  }
  return true;
}

/** Whether a plus stands before a number, and is not what separates it from another one. */
export function followsPlus(text: string, { gaps, starts }: Digits, from: number): boolean {
  if (gaps[from]! < BREAK) return false;
  const at = starts[from]! - 1;
  const before = text[at] === ' ' ? text[at - 1] : text[at];
  return before === '+' || before === '\uff0b';
}

/** Whether digits are part of a hexadecimal number of 24 digits or more, such as a hash, or of a UUID. */
export function isHexadecimal(text: string, start: number, end: number): boolean {
  const before = text.charCodeAt(start - 1);
  const after = text.charCodeAt(end);
  if (!isHex(before) && before !== HYPHEN && !isHex(after) && after !== HYPHEN) return false;
  return isInHexadecimal(text, start, end) || isInUuid(text, start, end);
}

function isInHexadecimal(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (!isHex(text.charCodeAt(at))) return false;
  let letters = 0;
  let from = start;
  let to = end;
  // Three letters are enough when all are from a to f. The longest hash has 128 digits.
  for (; start - from < 128 && !(letters >= 3 && to - from >= 24); from--) {
    const code = text.charCodeAt(from - 1);
    if (code === SPACE && text.charCodeAt(from - 2) === BULLET) return letters > 0;
    if (!isAlphanumeric(code)) break;
    if (!isHex(code)) return false;
    if (isLetter(code)) letters += 1;
  }
  for (; to - end < 128 && !(letters >= 3 && to - from >= 24); to++) {
    const code = text.charCodeAt(to);
    // What is masked has been a part of it.
    if (code === BULLET) return letters > 0;
    if (!isAlphanumeric(code)) break;
    if (!isHex(code)) return false;
    if (isLetter(code)) letters += 1;
  }
  return letters >= 3 && to - from >= 24;
}

function isInUuid(text: string, start: number, end: number): boolean {
  const from = Math.max(0, end - UUID_LENGTH);
  const found = UUID.exec(text.slice(from, start + UUID_LENGTH));
  return found !== null && from + found.index <= start && from + found.index + UUID_LENGTH >= end;
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i;
const UUID_LENGTH = 36;
const SPACE = 0x20;
const HYPHEN = 0x2d;
const BULLET = 0x2022;

/** Whether a group follows the country and the dot of a business-scoped user id, as in `US.13491208655302741918`. */
export function isScopedUserId(text: string, start: number): boolean {
  return /(?:^|[^A-Za-z])[A-Z]{2}\.$/.test(text.slice(Math.max(0, start - 4), start));
}

/** Whether a group is what follows the decimal point of a number up to 999. */
export function isDecimal(text: string, { gaps, starts, ends }: Digits, from: number): boolean {
  if ((gaps[from]! & MASKED_BEFORE) !== 0) return text[starts[from]! - 1] === '.';
  if (gaps[from] !== GAP || starts[from]! - ends[from - 1]! !== 1 || text[ends[from - 1]!] !== '.')
    return false;
  return [1, 2, 3].some((size) => size <= from && gaps[from - size]! >= PLAIN_GAP);
}

/** Whether a group is what follows the decimal point of a number below one. */
export function isBelowOne(text: string, digits: Digits, from: number): boolean {
  return digits.gaps[from - 1]! >= BREAK && digits.values[from - 1] === 0 && isDecimal(text, digits, from);
}

/** Whether groups are two decimal numbers up to 999 with four or more decimals, as those of a place are. */
export function isPlace(text: string, digits: Digits, from: number, to: number): boolean {
  const groups: number[] = [];
  for (let at = from; at < to; at++) if (at === from || digits.gaps[at]! >= PLAIN_GAP) groups.push(at);
  if (groups.length !== 4) return false;
  const [latitude, decimals, longitude, more] = groups as [number, number, number, number];
  return (
    decimals - latitude <= 3 &&
    longitude - decimals >= 4 &&
    more - longitude <= 3 &&
    to - more >= 4 &&
    isDecimal(text, digits, decimals) &&
    isDecimal(text, digits, more)
  );
}

/** Whether a text has a word for cards. */
export function speaksOfCards(text: string): boolean {
  return CARD_WORD.test(text);
}

const CARD_WORD =
  /card|kart|cart[aeã]|tarjet|cr[eé]dit|kredi|d[eé]bit|visa|amex|maestro|diners|uatp|cv[vc]|بطاق|کارت|کارڈ|कार्ड|কার্ড|கார்டு|карт|카드|カード|卡|บัตร|thẻ/iu;

function isHex(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66) || (code >= 0x41 && code <= 0x46);
}

function isAlphanumeric(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || isLetter(code);
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);
}
