/** Code points of the digit zero in the scripts that people type numbers in; the other nine follow each. */
const ZEROES = [
  0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
  0xf20, 0x1040, 0x17e0, 0xff10,
  // Letters of keyboards for decorated text: bold, double-struck, sans-serif, sans-serif bold, monospace.
  0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6,
];

/** What may stand between two digits of one number: spaces, hyphens, dots, strokes, and characters that nobody sees. */
const SEPARATOR =
  // oxlint-disable-next-line no-misleading-character-class -- each stands for itself: keycap digits hold two of them
  /[\s\-._/|*~\u00a0\u00b7\u00ad\u061c\u200b-\u200f\u2010-\u2015\u2022\u202a-\u202e\u2060-\u2069\u2212\ufe0f\u20e3\ufeff]/;
const MAX_SEPARATORS = 3;

/** Issuer ranges: prefix pattern and lengths. */
const ISSUERS: readonly [RegExp, readonly number[]][] = [
  [/^4/, [13, 16, 19]],
  [/^5[1-5]|^2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)/, [16]],
  [/^3[47]/, [15]],
  [/^3(?:0[0-5]|095|[689])/, [14, 16, 19]],
  [/^6(?:011|4[4-9]|5)/, [16, 19]],
  [/^35(?:2[89]|[3-8])/, [16, 17, 18, 19]],
  [/^62/, [16, 17, 18, 19]],
  [/^5[06-9]|^6[0-9]/, [16, 17, 18, 19]],
  [/^220[0-5]/, [16, 17, 18, 19]],
  [/^8[12]|^8600|^9682|^9792|^9860/, [16]],
  [/^9704/, [16, 19]],
];
const SHORTEST = 13;
const LONGEST = 19;

/** Digits that follow each other without anything between them. */
interface Group {
  digits: string;
  start: number;
  end: number;
}

/**
 * Replaces every payment card number (issuer range, length and Luhn checksum hold) by dots and its last four digits.
 * `found` says whether there was one. Runs before a text is stored for the first time.
 *
 * A number may be written in groups, with digits of several scripts, and other digits (an expiry date, an amount) may
 * stand right beside it; it begins and ends where a group does. After a `+`, 13 digits are taken for a phone number.
 */
export function maskCardNumbers(text: string): { text: string; found: boolean } {
  let masked = '';
  let copied = 0;
  for (const run of runs(text)) {
    for (const { first, last } of cardsIn(text, run)) {
      const digits = run
        .slice(first, last + 1)
        .map((g) => g.digits)
        .join('');
      masked += `${text.slice(copied, run[first]!.start)}•••• ${digits.slice(-4)}`;
      copied = run[last]!.end;
    }
  }
  return copied === 0 ? { text, found: false } : { text: masked + text.slice(copied), found: true };
}

/** Groups of digits that only separators keep apart, where there are enough digits for a card number. */
function* runs(text: string): Generator<Group[]> {
  let run: Group[] = [];
  let length = 0;
  for (let at = 0, width = 1; at < text.length; at += width) {
    const code = text.codePointAt(at)!;
    width = code > 0xffff ? 2 : 1;
    const digit = digitValue(code);
    if (digit === undefined) continue;
    const last = run.at(-1);
    if (last && last.end === at) {
      last.digits += digit;
      last.end = at + width;
    } else {
      if (last && !separates(text, last.end, at)) {
        if (length >= SHORTEST) yield run;
        run = [];
        length = 0;
      }
      run.push({ digits: String(digit), start: at, end: at + width });
    }
    length += 1;
  }
  if (length >= SHORTEST) yield run;
}

function separates(text: string, from: number, to: number): boolean {
  if (to - from > MAX_SEPARATORS) return false;
  for (let at = from; at < to; at++) if (!SEPARATOR.test(text[at]!)) return false;
  return true;
}

/** The stretches of a run that hold card numbers; those that overlap are one. */
function cardsIn(text: string, run: readonly Group[]): { first: number; last: number }[] {
  const found: { first: number; last: number }[] = [];
  for (let first = 0; first < run.length; first++) {
    let digits = '';
    for (let last = first; last < run.length && digits.length < LONGEST; last++) {
      digits += run[last]!.digits;
      if (!isCardNumber(digits)) continue;
      if (digits.length === 13 && text[run[first]!.start - 1] === '+') continue;
      const before = found.at(-1);
      if (before && before.last >= first) before.last = Math.max(before.last, last);
      else found.push({ first, last });
    }
  }
  return found;
}

function digitValue(code: number): number | undefined {
  if (code < 0x3a) return code >= 0x30 ? code - 0x30 : undefined;
  if (code < 0x660) return undefined;
  const zero = ZEROES.find((z) => code >= z && code <= z + 9);
  return zero === undefined ? undefined : code - zero;
}

/** The checksum goes first: it is the cheaper test, and nine of ten fail it. */
function isCardNumber(digits: string): boolean {
  return (
    digits.length >= SHORTEST &&
    digits.length <= LONGEST &&
    luhn(digits) &&
    ISSUERS.some(([prefix, lengths]) => lengths.includes(digits.length) && prefix.test(digits))
  );
}

function luhn(digits: string): boolean {
  let sum = 0;
  let double = false;
  for (let i = digits.length - 1; i >= 0; i--) {
    const d = digits.charCodeAt(i) - 0x30;
    sum += !double ? d : d > 4 ? d * 2 - 9 : d * 2;
    double = !double;
  }
  return sum % 10 === 0;
}
