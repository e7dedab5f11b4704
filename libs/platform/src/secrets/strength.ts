import { looksLikeWords } from './word-likeness.js';

/** Texts of 16 random bytes have more bits than this left. Texts that a person makes up have fewer. */
export const ENOUGH_BITS = 40;

/**
 * How many bits of chance a text has in it, at most: letters and digits that no word, name, date, walk over the
 * keyboard, counting or repetition explains, each by the size of its alphabet. A random text keeps nearly all of its
 * bits. A text that a person makes up keeps few at any length.
 */
export function bitsOfChance(text: string): number {
  const characters = [...text.normalize('NFC')];
  const explained = new Set<number>();
  const explain: Explain = (from, to) => {
    for (let at = from; at < to; at++) explained.add(at);
  };
  const counted = [...characters.keys()].filter((at) => /[\p{L}\p{N}]/u.test(characters[at]!));
  findDates(characters, explain);
  findRows(characters, counted, explain);
  findCounting(characters, counted, explain);
  findCopies(characters, counted, explain);
  const rest = counted.filter((at) => !explained.has(at));
  findWords(characters, rest, explain);
  const left = rest.filter((at) => !explained.has(at)).map((at) => characters[at]!);
  return left.length * Math.log2(alphabetOf(left));
}

/** Marks characters as explained, from one place to before another. */
type Explain = (from: number, to: number) => void;

/** One unit for each character, so that places are the same. Characters of two units become a letter of one. */
function unitsOf(characters: readonly string[]): string {
  return characters.map((character) => (character.length === 1 ? character : '\u{3400}')).join('');
}

const BEGIN = String.raw`(?<![\p{L}\p{N}])`;
const END = String.raw`(?![\p{L}\p{N}])`;
const SMALL = String.raw`[\p{Ll}\p{Lo}\p{M}]`;
/** Between separators, or a few letters long: one case, or a capital and then small letters. */
const WORD = new RegExp(
  `${BEGIN}(?:\\p{Lu}?${SMALL}+|\\p{Lu}+)${END}|\\p{Lu}${SMALL}{2,}|${SMALL}{3,}|\\p{Lu}{3,}`,
  'gu',
);
/** The same with digits and signs for some of the letters. */
const DISGUISED = /[A-Z]?[a-z013457@$!]{4,}|[A-Z013457@$!]{5,}/g;
/** A word of a phrase: between separators, as it is or disguised, or with a capital where it begins. */
const PHRASE = new RegExp(
  `${BEGIN}(?:[\\p{Lu}013457]?(?:${SMALL}|[013457])+|[\\p{Lu}013457]+)${END}|\\p{Lu}${SMALL}{2,}`,
  'gu',
);
const DISGUISES: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** Words alone in a text that may be random otherwise have to be longer, and more like words. */
const LONE = 5;
/** Shares of trigrams that are common ones: a misspelt word is a word, and names come from everywhere. */
const LIKELY = 0.7;
const LIKELY_TOGETHER = [0.5, 4] as const;
const LIKELY_OF_PHRASES = 0.4;
const LIKELY_DISGUISED = [0.6, 4] as const;

/** Short words come about by chance: they count where a text is mostly words. */
function findWords(characters: readonly string[], counted: readonly number[], explain: Explain): void {
  const text = unitsOf(characters);
  const [phrase, words, disguised] = [PHRASE, WORD, DISGUISED].map((form) => piecesOf(text, form)) as [
    Piece[],
    Piece[],
    Piece[],
  ];
  const lone = words.filter(({ found }) => found.length >= LONE && looksLikeWords([found], LIKELY));
  const areWords = isMostly(words, counted) && looksLikeWords(words.map(plainOf), ...LIKELY_TOGETHER);
  const chosen = [
    ...(areWords ? words : lone),
    ...(isMostly(disguised, counted) && areDisguised(disguised) ? disguised : []),
    ...(isPhrase(phrase, counted) ? phrase : []),
  ];
  for (const { from, to } of chosen) explain(from, to);
}

/** Several words with separators between them, and nearly nothing else: they may be unusual ones. */
function isPhrase(pieces: readonly Piece[], counted: readonly number[]): boolean {
  const areWords = pieces.length >= 3 && counted.length >= 3 * pieces.length;
  if (!areWords || !isMostly(pieces, counted, 0.9) || !isBeyondHexadecimal(pieces)) return false;
  return looksLikeWords(pieces.map(plainOf), LIKELY_OF_PHRASES);
}

const plainOf = ({ found }: Piece): string =>
  found.replace(/[\d@$!]/g, (character) => DISGUISES[character] ?? character);

function areDisguised(pieces: readonly Piece[]): boolean {
  return isBeyondHexadecimal(pieces) && looksLikeWords(pieces.map(plainOf), ...LIKELY_DISGUISED);
}

/** Of the letters, enough are such as no hexadecimal number has. */
function isBeyondHexadecimal(pieces: readonly Piece[]): boolean {
  const letters = pieces.map(({ found }) => found.replace(/[^\p{L}]/gu, '')).join('');
  return letters.replace(/[a-f]/gi, '').length * 4 >= letters.length && letters !== '';
}

interface Piece {
  from: number;
  to: number;
  found: string;
}

function piecesOf(text: string, form: RegExp): Piece[] {
  return [...text.matchAll(form)].map(({ index, 0: found }) => ({
    from: index,
    to: index + found.length,
    found,
  }));
}

/** Whether pieces make up this share of the counted characters. */
function isMostly(
  pieces: readonly Omit<Piece, 'found'>[],
  counted: readonly number[],
  share = 0.75,
): boolean {
  const covered = new Set<number>();
  for (const { from, to } of pieces) for (let at = from; at < to; at++) covered.add(at);
  return counted.filter((at) => covered.has(at)).length >= share * counted.length;
}

const DAY = '(?:0[1-9]|[12]\\d|3[01])';
const MONTH = '(?:0[1-9]|1[0-2])';
const YEAR = '(?:19|20)\\d\\d';
const SIGN = '[-/. :]?';
const DATES: readonly RegExp[] = [
  ...[
    [YEAR, MONTH, DAY],
    [DAY, MONTH, YEAR],
    [MONTH, DAY, YEAR],
  ].map((parts) => new RegExp(parts.join(SIGN), 'g')),
  new RegExp(`(?<!\\d)(?:${YEAR}|\\d\\d${MONTH}${DAY}|${DAY}${MONTH}\\d\\d)(?!\\d)`, 'g'),
  /(?<!\d)\d{1,4}([-/. :])\d{1,2}\1\d{1,4}(?!\d)/g,
];

function findDates(characters: readonly string[], explain: Explain): void {
  const text = unitsOf(characters);
  for (const form of DATES) {
    for (const { from, to } of piecesOf(text, form)) explain(from, to);
  }
}

/** Of a keyboard, without Shift and with it; each row begins half a key further right. */
const ROWS = [
  ['1234567890-=', '!@#$%^&*()_+'],
  ['qwertyuiop[]', 'QWERTYUIOP{}'],
  ["asdfghjkl;'", 'ASDFGHJKL:"'],
  ['zxcvbnm,./', 'ZXCVBNM<>?'],
];
const KEYS = new Map(
  ROWS.flatMap((levels, row) =>
    levels.flatMap((level) => [...level].map((character, at) => [character, { row, at }] as const)),
  ),
);
const ROW = 4;
const SHORT_ROW = 3;

/**
 * Walks over the keyboard, of which each key touches the next, and rows of the alphabet or of digits. Short ones come
 * about by chance: they count where a text is mostly such rows.
 */
function findRows(characters: readonly string[], counted: readonly number[], explain: Explain): void {
  const rows = [...runs(characters, doTouch), ...runs(characters, (a, b) => valueOf(b) - valueOf(a) === 1)];
  const all = isMostly(rows, counted);
  for (const { from, to } of rows) if (all || to - from >= ROW) explain(from, to);
}

/** Where, from a place to before another, each character `follows` the one before it. */
function runs(
  characters: readonly string[],
  follows: (one: string, next: string) => boolean,
): Omit<Piece, 'found'>[] {
  const found: Omit<Piece, 'found'>[] = [];
  let from = 0;
  for (let at = 1; at <= characters.length; at++) {
    if (at < characters.length && follows(characters[at - 1]!, characters[at]!)) continue;
    if (at - from >= SHORT_ROW) found.push({ from, to: at });
    from = at;
  }
  return found;
}

function doTouch(one: string, other: string): boolean {
  const [a, b] = [KEYS.get(one), KEYS.get(other)];
  if (!a || !b) return false;
  const [down, right] = [b.row - a.row, b.at - a.at];
  if (down === 0) return Math.abs(right) === 1;
  return (down === 1 && (right === 0 || right === -1)) || (down === -1 && (right === 0 || right === 1));
}

const WIDEST_COUNTER = 4;
const ENOUGH_STEPS = 3;

/** Characters in a row, and numbers of up to four digits that count up or down: each digit goes on as it began. */
function findCounting(characters: readonly string[], counted: readonly number[], explain: Explain): void {
  const values = counted.map((at) => valueOf(characters[at]!));
  for (let width = 1; width <= WIDEST_COUNTER; width++) {
    const step = (i: number): number => values[i]! - values[i - width]!;
    let steps = 0;
    for (let i = width; i <= values.length; i++) {
      const goesOn = Math.abs(step(i)) <= 1 && (steps < width || step(i) === step(i - width));
      if (i < values.length && goesOn) {
        steps++;
        continue;
      }
      if (steps >= Math.max(ENOUGH_STEPS, 2 * width)) {
        for (const at of counted.slice(i - steps - width, i)) explain(at, at + 1);
      }
      steps = 0;
    }
  }
}

/** Digits and letters in one row, as hexadecimal numbers have them. */
function valueOf(character: string): number {
  const value = parseInt(character, 36);
  return Number.isNaN(value) ? character.codePointAt(0)! : value;
}

const ENOUGH_COPIED = 4;

/** Characters that repeat earlier ones. A text that is half a copy of itself is a copy altogether. */
function findCopies(characters: readonly string[], counted: readonly number[], explain: Explain): void {
  const text = counted.map((at) => characters[at]!.toLowerCase());
  const seen = new Set<string>();
  const copied = new Set<number>();
  for (let i = 0; i + ENOUGH_COPIED <= text.length; i++) {
    const piece = text.slice(i, i + ENOUGH_COPIED).join('');
    if (seen.has(piece)) for (const at of counted.slice(i, i + ENOUGH_COPIED)) copied.add(at);
    seen.add(piece);
  }
  for (const at of copied.size * 2 >= counted.length ? counted : copied) explain(at, at + 1);
}

function alphabetOf(characters: readonly string[]): number {
  const has = (pattern: RegExp): boolean => characters.some((character) => pattern.test(character));
  const digits = has(/\d/) ? 10 : 0;
  if (!has(/[^\da-f]/) || !has(/[^\dA-F]/)) return Math.max(1, digits + (has(/\D/) ? 6 : 0));
  const sizes = [digits, has(/[a-z]/) ? 26 : 0, has(/[A-Z]/) ? 26 : 0, has(/[^\da-zA-Z]/) ? 26 : 0];
  return sizes.reduce((sum, size) => sum + size, 0);
}
