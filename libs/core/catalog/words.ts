/** Words as they are compared: of any script, without case, accents and Arabic vowel marks. */

const DIACRITICS = /[\u0300-\u036f\u064b-\u065f\u0670]/g;
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;
/** Digits and letters joined by a hyphen or apostrophe count as one word too: T-Shirt is found by "tshirt". */
const COMPOUND = /(?<![\p{L}\p{N}])[\p{L}\p{N}]+(?:[-'’][\p{L}\p{N}]+)+/gu;
/** Nobody looks for a longer word; what goes on longer is no word. */
const LONGEST_WORD = 64;

export function wordsOf(text: string): string[] {
  const plain = text.normalize('NFKD').replace(DIACRITICS, '').normalize('NFC').toLowerCase();
  const compounds = (plain.match(COMPOUND) ?? []).map((c) => c.replace(/[-'’]/g, ''));
  return [...(plain.match(WORD) ?? []), ...compounds].map((word) => singular(word.slice(0, LONGEST_WORD)));
}

/** English plurals only: `hoodies` → `hoody`, `dresses` → `dress`, `lamps` → `lamp`; `hoodie` → `hoody` as well. */
export function singular(word: string): string {
  if (!/^[a-z]{4,}$/.test(word)) return word;
  if (/^..+ies?$/.test(word)) return word.replace(/ies?$/, 'y');
  if (/[^aeiou]ves$/.test(word)) return word.replace(/ves$/, 'f');
  if (/(ss|sh|ch|x|z)es$/.test(word)) return word.slice(0, -2);
  if (/[^su]s$/.test(word) && !/is$/.test(word)) return word.slice(0, -1);
  return word;
}

const FILLERS = new Set(
  `a an and any are buy can could do find for from get give have hello help hey hi i im in is it like looking me my
   need of on or please under pls sell show some that the there to want we what which with would you your`.split(
    /\s+/,
  ),
);

/** The words of a request that say what is wanted; all of them when it holds nothing but fillers. */
export function queryWords(text: string): string[] {
  const all = [...new Set(wordsOf(text))];
  const telling = all.filter((w) => !FILLERS.has(w));
  return telling.length > 0 ? telling : all;
}

/** Slips allowed in a word: none in short ones and in numbers, where another letter is another word. */
export function slipsAllowed(word: string): number {
  if (/\p{N}/u.test(word) || word.length < 4) return 0;
  return word.length < 8 ? 1 : 2;
}

/**
 * Whether `a` becomes `b` by at most `limit` slips: a letter missing, extra or wrong, or two neighbours swapped
 * (optimal string alignment).
 */
export function withinSlips(a: string, b: string, limit: number): boolean {
  if (Math.abs(a.length - b.length) > limit) return false;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      }
      row.push(cost);
    }
    if (Math.min(...row) > limit) return false;
    beforeLast = last;
    last = row;
  }
  return last[b.length]! <= limit;
}
