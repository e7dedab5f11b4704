import {
  DIGIT,
  formOf,
  kindOf,
  LETTER,
  MARK,
  NO_FORM,
  PLAIN_SEPARATOR,
  SIGNS,
  UNSEEN,
} from './card-number-characters.js';

/** What stands between a digit and the one before it. From PLAIN_GAP on they are of different groups. */
export const NOTHING = 0;
/** Nothing, but one of them is of another script, or a sign. */
export const OTHER_FORM = 1;
/** One space, line break or dash. */
export const PLAIN_GAP = 2;
/** Other separators. */
export const GAP = 3;
/** The letter x, with or without spaces. */
export const CROSS = 4;
/** So much that no number goes on here: they are of different runs. */
export const BREAK = 8;
/** With BREAK: a masked number is beside the digit before, or the digit after; close: without anything in between. */
export const MASKED_AFTER = 16;
export const MASKED_BEFORE = 32;
export const MASKED_CLOSE_AFTER = 64;
export const MASKED_CLOSE_BEFORE = 128;

/** How a masked number begins; its last four digits follow. */
export const MASK = '•••• ';

const MOST_SEPARATORS = 4;
const MOST_UNSEEN = 32;

/** The digits of a text: what they say, where they stand, and what is between them. */
export interface Digits {
  count: number;
  values: Uint8Array;
  /** Where each begins and ends in the text, with the marks that are drawn onto it. */
  starts: Int32Array;
  ends: Int32Array;
  /** What is before each digit. There is one more, for what is after the last. */
  gaps: Uint8Array;
  /** Equal for gaps of equal separators. */
  gapIds: Int32Array;
}

/**
 * Whether a number of so many digits may be in a text. Most have none, and are not looked at any further. It may say so of one
 * without, but not the other way.
 */
export function mayHaveNumber(text: string, least: number): boolean {
  if (text.length < least) return false;
  let count = 0;
  let markup = false;
  for (let at = 0; at < text.length; at++) {
    let code = text.charCodeAt(at);
    if (code < 0x80) {
      if (code < 0x30 || code > 0x39) {
        if (code === LESS || code === AMPERSAND || code === BACKSLASH) markup = true;
        // A letter ends a run of digits, unless it is of a tag, an entity or an escape.
        else if (isLatinLetter(code) && !isCross(code) && !markup) count = 0;
        continue;
      }
    } else {
      if (isHighSurrogate(code)) {
        code = text.codePointAt(at)!;
        if (code > 0xffff) at += 1;
      }
      if (kindOf(code) < DIGIT) continue;
    }
    count += 1;
    if (count === least) return true;
  }
  return false;
}

/**
 * Reads the digits of a text, whatever their script.
 *
 * Up to four characters that are seen and are neither letters nor digits separate the groups of one number. A tag such as
 * `<br>`, an entity such as `&nbsp;`, an escape such as `\n`, CR with LF, a flag and an emoji of several joined ones are one
 * character each. Characters that are not seen do not count, up to 32 of them.
 */
export function readDigits(text: string): Digits {
  return new Reader(text).read();
}

class Reader {
  private readonly digits: Digits;
  /** What has come since the last digit. `broken`: so much that its number does not go on. */
  private broken = true;
  private seen = 0;
  private unseen = 0;
  private plain = true;
  private crossed = false;
  private gapId = 0;
  /** BREAK, and whether the number that is masked here was beside the last digit. 0 when none is. */
  private masked = 0;
  /** Whether the next emoji is part of the last one, and the next regional indicator of the last flag. */
  private joined = false;
  private halfFlag = false;
  /** Form of the last digit, while nothing has followed it. */
  private form = NO_FORM;

  constructor(private readonly text: string) {
    const size = text.length + 1;
    this.digits = {
      count: 0,
      values: new Uint8Array(size),
      starts: new Int32Array(size),
      ends: new Int32Array(size),
      gaps: new Uint8Array(size),
      gapIds: new Int32Array(size),
    };
  }

  read(): Digits {
    const { text, digits } = this;
    let width = 1;
    for (let at = 0; at < text.length; at += width) {
      let code = text.charCodeAt(at);
      width = 1;
      if (isHighSurrogate(code)) {
        code = text.codePointAt(at)!;
        if (code > 0xffff) width = 2;
      }
      const kind = kindOf(code);
      if (kind >= DIGIT) this.digit(code, kind - DIGIT, at, at + width);
      else if (kind === MARK || kind === UNSEEN) this.unseenOne(code, kind, at, at + width);
      else if (code === BULLET && isMasked(text, at)) {
        this.maskedOne();
        width = MASK.length + 4;
      } else {
        const markup = code === LESS || code === AMPERSAND || code === BACKSLASH ? markupLength(text, at) : 0;
        if (markup > 0) width = markup;
        if (this.broken) continue;
        if (markup > 0) this.separator(code, true, false);
        else if (kind === LETTER) this.letter(code, at);
        else this.separator(code, kind === PLAIN_SEPARATOR, code === LF && text.charCodeAt(at - 1) === CR);
      }
    }
    digits.gaps[digits.count] = BREAK | this.masked;
    return digits;
  }

  private digit(code: number, value: number, start: number, end: number): void {
    const { digits } = this;
    const { count } = digits;
    const form = code === ZERO && this.form <= SIGNS ? zeroAmong(this.form) : formOf(code);
    digits.values[count] = value;
    digits.starts[count] = start;
    digits.ends[count] = end;
    digits.gaps[count] = this.gapBefore(form);
    digits.gapIds[count] = this.gapId;
    digits.count += 1;
    this.form = form;
    this.masked = 0;
    this.clear();
  }

  private gapBefore(form: number): number {
    if (this.masked !== 0) {
      if (this.broken) return this.masked;
      return this.masked | MASKED_BEFORE | (this.seen === 0 ? MASKED_CLOSE_BEFORE : 0);
    }
    if (this.broken) return BREAK;
    if (this.crossed) return CROSS;
    if (this.seen > 0) return this.seen === 1 && this.plain ? PLAIN_GAP : GAP;
    return form === this.form || this.form === ANY_FORM ? NOTHING : OTHER_FORM;
  }

  private unseenOne(code: number, kind: number, start: number, end: number): void {
    const { count, ends } = this.digits;
    if (kind === MARK && count > 0 && ends[count - 1] === start) ends[count - 1] = end;
    if (code === JOINER) this.joined = true;
    this.countUnseen();
  }

  /** A number that is masked already: none goes on beyond it, and what is beside it has to know that it is there. */
  private maskedOne(): void {
    this.masked |= BREAK;
    if (this.digits.count > 0 && !this.broken) {
      this.masked |= MASKED_AFTER | (this.seen === 0 ? MASKED_CLOSE_AFTER : 0);
    }
    this.form = ANY_FORM;
    this.clear();
  }

  private letter(code: number, at: number): void {
    if (!this.crossed && this.plain && this.seen <= 1 && isCross(code) && digitFollows(this.text, at + 1)) {
      this.crossed = true;
      this.gapId = (Math.imul(this.gapId, 31) + code) | 0;
    } else {
      this.broken = true;
    }
    this.form = NO_FORM;
  }

  /** `goesOn`: it is one character with the one before it. */
  private separator(code: number, plain: boolean, goesOn: boolean): void {
    const isFlag = code >= FIRST_INDICATOR && code <= LAST_INDICATOR;
    const isPart = goesOn || this.joined || (isFlag && this.halfFlag);
    this.halfFlag = isFlag && !this.halfFlag;
    this.joined = false;
    this.form = NO_FORM;
    this.gapId = (Math.imul(this.gapId, 31) + code) | 0;
    if (!plain) this.plain = false;
    if (isPart) this.countUnseen();
    else if (++this.seen > MOST_SEPARATORS) this.broken = true;
  }

  private countUnseen(): void {
    if (++this.unseen > MOST_UNSEEN) this.broken = true;
  }

  private clear(): void {
    this.broken = this.crossed = this.joined = this.halfFlag = false;
    this.plain = true;
    this.seen = this.unseen = this.gapId = 0;
  }
}

/** Of zeros before which nothing is, or something that is masked. */
const ANY_FORM = -1;

const LF = 0x0a;
const CR = 0x0d;
const AMPERSAND = 0x26;
const ZERO = 0x30;
const LESS = 0x3c;
const BACKSLASH = 0x5c;
const JOINER = 0x200d;
const BULLET = 0x2022;
const FIRST_INDICATOR = 0x1f1e6;
const LAST_INDICATOR = 0x1f1ff;

/** Many signs have no zero of their own, so that 0 is written among them. */
function zeroAmong(form: number): number {
  return form === SIGNS ? SIGNS : ANY_FORM;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}

function isMasked(text: string, at: number): boolean {
  if (!text.startsWith(MASK, at)) return false;
  for (let i = at + MASK.length; i < at + MASK.length + 4; i++) {
    const code = text.charCodeAt(i);
    if (!(code >= 0x30 && code <= 0x39)) return false;
  }
  return true;
}

function isLatinLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** Latin x, and the Cyrillic letter that looks like it. */
function isCross(code: number): boolean {
  return code === 0x78 || code === 0x58 || code === 0x445 || code === 0x425;
}

function digitFollows(text: string, at: number): boolean {
  const code = text.codePointAt(at) ?? 0;
  if (kindOf(code) >= DIGIT) return true;
  return code === 0x20 && kindOf(text.codePointAt(at + 1) ?? 0) >= DIGIT;
}

/** `<br>`, `</p>`, `&nbsp;`, `&#160;`, `&#xa0;`, `\n`, `\u00a0`. */
const MARKUP =
  /<\/?[a-z][a-z0-9]{0,7} ?\/?>|&(?:[a-z]{2,8}|#(\d{1,5})|#x([0-9a-f]{1,5}));|\\(?:[nrt]|u([0-9a-f]{4}))/iy;

/** Length of the tag without attributes, the entity, or the escape that begins here. 0 when there is none. */
function markupLength(text: string, at: number): number {
  MARKUP.lastIndex = at;
  const found = MARKUP.exec(text);
  if (!found) return 0;
  const [all, decimal, entity, escape] = found;
  const hex = entity ?? escape;
  // What stands for anything but a space may be part of what is looked for.
  const code = decimal ? Number(decimal) : hex ? Number.parseInt(hex, 16) : 0x20;
  const kind = kindOf(code);
  return kind === PLAIN_SEPARATOR || kind === UNSEEN ? all.length : 0;
}
