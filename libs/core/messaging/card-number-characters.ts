/** What a character is to somebody who looks for numbers. Digits are DIGIT to DIGIT + 9. */
export const LETTER = 0;
/** Neither letter nor digit, and seen. */
export const SEPARATOR = 1;
/** A separator that is a space, a line break or a dash. */
export const PLAIN_SEPARATOR = 2;
/** Neither letter nor digit, and not seen: zero-width, directional, filling, tagging characters. */
export const UNSEEN = 3;
/** Drawn onto the character before it, so that it is no character of its own: accents, keycaps, variation selectors. */
export const MARK = 4;
export const DIGIT = 16;

/** Planes 0 and 1 have all digits and, but for tags and more selectors, all that is unseen. */
const TABLED = 0x20000;
const kinds = new Uint8Array(TABLED);
/** The zero of a digit's script, or SIGNS. */
const forms = new Int32Array(TABLED);
export const NO_FORM = 0;
/** Form of the signs that stand for one digit and are no digits of a script: superscript, circled, Roman, CJK. */
export const SIGNS = 1;

const CJK = [
  '〇零',
  '一壹壱弌幺',
  '二贰貳弐弍',
  '三叁參叄参弎',
  '四肆',
  '五伍',
  '六陆陸',
  '七柒漆',
  '八捌',
  '九玖',
];

/** Signs whose value is known to no property of JavaScript's: first code point, its value, the last one's value. */
const SIGN_RANGES: readonly (readonly [code: number, from: number, to: number])[] = [
  [0x1369, 1, 9], // Ethiopic
  [0x17f0, 0, 9], // Khmer, of divination
  [0x2160, 1, 9], // Roman
  [0x2170, 1, 9],
  [0x24f5, 1, 9], // double circled
  [0x24ff, 0, 0], // negative circled
  [0x2776, 1, 9],
  [0x2780, 1, 9], // circled sans-serif
  [0x278a, 1, 9],
  [0x3021, 1, 9], // Hangzhou
  [0xa6e6, 1, 9], // Bamum
  [0xa6ef, 0, 0],
  [0x10107, 1, 9], // Aegean
  [0x1018a, 0, 0], // Greek
  [0x102e1, 1, 9], // Coptic
  [0x109c0, 1, 9], // Meroitic
  [0x10e60, 1, 9], // Rumi
  [0x11052, 1, 9], // Brahmi
  [0x111e1, 1, 9], // Sinhala
  [0x11c5a, 1, 9], // Bhaiksuki
  [0x16e80, 0, 9], // Medefaidrin
  [0x1d2c0, 0, 9], // Kaktovik
  [0x1d2e0, 0, 9], // Mayan
  [0x1d360, 1, 9], // counting rods
  [0x1e8c7, 1, 9], // Mende Kikakui
  [0x1ec71, 1, 9], // Siyaq
  [0x1eca3, 1, 9],
  [0x1ed01, 1, 9],
  [0x1f10b, 0, 0], // circled sans-serif
  [0x1f10c, 0, 0],
];

const ALL = everyCharacter();

fill(/[^\p{L}\p{N}]+/gu, SEPARATOR);
// A modifier letter between digits is a stroke: the Arabic tatweel, the long vowel sign of Japanese.
fill(/\p{Lm}+/gu, SEPARATOR);
// The blank of Braille is seen as little. An emoji's modifier is its skin tone.
fill(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Emoji_Modifier}\u2800]+/gu, UNSEEN);
// The last is a Korean vowel that is typed as a dash.
fill(/[\p{Z}\p{Pd}\t-\r\u0085\u2212\u30fc\uff70\u3161]+/gu, PLAIN_SEPARATOR);
fill(/\p{M}+/gu, MARK);
each(/\p{Nd}+/gu, setScripts);
CJK.forEach((signs, value) => Array.from(signs, (sign) => setSign(sign.codePointAt(0)!, value)));
each(/[\p{No}\p{Nl}\p{So}\uf900-\ufaff]+/gu, setCompatible);
for (const [code, from, to] of SIGN_RANGES) {
  for (let value = from; value <= to; value++) setSign(code + value - from, value);
}

/** What the character of a code point is. */
export function kindOf(code: number): number {
  if (code < TABLED) return kinds[code]!;
  if (code >= 0xe0000 && code < 0xe1000) return UNSEEN;
  // Private use is no letter. What is left are ideographs.
  return code >= 0xf0000 ? SEPARATOR : LETTER;
}

/** Digits of one script, or the signs of all, have one form. */
export function formOf(code: number): number {
  return forms[code]!;
}

/** The digits of a script are ten that follow each other. So are those of the next one that stands beside it. */
function setScripts(from: number, count: number): void {
  for (let i = 0; i < count; i++) {
    kinds[from + i] = DIGIT + (i % 10);
    forms[from + i] = from + i - (i % 10);
  }
}

/** Superscript, subscript, circled, in brackets, with a dot or comma: their compatibility form has the digit. */
function setCompatible(from: number, count: number): void {
  for (let code = from; code < from + count; code++) {
    const plain = String.fromCodePoint(code).normalize('NFKC');
    const [, sign] = /^\(?(.)[).,]?$/u.exec(plain) ?? [];
    const kind = sign === undefined ? LETTER : kinds[sign.codePointAt(0)!]!;
    if (kind >= DIGIT) setSign(code, kind - DIGIT);
  }
}

function setSign(code: number, value: number): void {
  kinds[code] = DIGIT + value;
  forms[code] = SIGNS;
}

function fill(characters: RegExp, kind: number): void {
  each(characters, (from, count) => kinds.fill(kind, from, from + count));
}

/** The ranges of code points that match. Those of surrogates belong to what surrounds them, which is private use. */
function each(characters: RegExp, take: (from: number, count: number) => void): void {
  for (const { 0: range, index } of ALL.matchAll(characters)) {
    const from = codeAt(index);
    take(from, codeAt(index + range.length) - from);
  }
}

/** The code point at an index of ALL. */
function codeAt(index: number): number {
  if (index < 0xd800) return index;
  return index < 0xf800 ? index + 0x800 : 0x10000 + (index - 0xf800) / 2;
}

/** One character after the other, without the surrogates. */
function everyCharacter(): string {
  const units = new Uint16Array(0xf800 + 2 * (TABLED - 0x10000));
  let index = 0;
  for (let code = 0; code < TABLED; code++) {
    if (code >= 0x10000) {
      units[index++] = 0xd800 + ((code - 0x10000) >> 10);
      units[index++] = 0xdc00 + (code & 0x3ff);
    } else if (code < 0xd800 || code > 0xdfff) {
      units[index++] = code;
    }
  }
  return Buffer.from(units.buffer).toString('utf16le');
}
