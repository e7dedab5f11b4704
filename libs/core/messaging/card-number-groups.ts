import {
  CROSS,
  GAP,
  MASKED_AFTER,
  MASKED_BEFORE,
  MASKED_CLOSE_AFTER,
  MASKED_CLOSE_BEFORE,
  NOTHING,
  PLAIN_GAP,
  type Digits,
} from './card-number-digits.js';

/** Digits from `from` to before `to`. */
export interface Stretch {
  from: number;
  to: number;
}

/** How the digits of a number are divided into groups. */
export interface Shape {
  kind: 'single' | 'regular' | 'irregular';
  sizes: number[];
  /** Of what is regular: the size of its groups, of which the last may be smaller; 0 when they differ. */
  size: number;
  /** Id of its gaps; -1 when they differ. */
  gapId: number;
  /** Whether its gaps are single spaces, line breaks and dashes. */
  plain: boolean;
  crossed: boolean;
}

/** What is beside a number: nothing of its run, digits that are glued to it, a group or a masked number, or one glued to it. */
export type Edge = 'open' | 'glued' | 'group' | 'masked';

/** Most digits that are glued on after a number: month, year in four digits, and security code. */
const MOST_AFTER = 10;
/** Sizes of security codes; 0 for none. */
const SECURITY_CODES = [0, 3, 4];
/** Group sizes are counted up to this. */
const LARGE = 20;
/** Size of a group that is masked, or of which something is. */
const UNKNOWN = 99;
const LARGEST_REGULAR = 8;

export function leftEdge({ gaps }: Digits, from: number, before: number): Edge {
  const gap = gaps[from - before]!;
  if ((gap & MASKED_CLOSE_BEFORE) !== 0) return 'masked';
  if (before > 0) return 'glued';
  return separatesGroups(gap) || (gap & MASKED_BEFORE) !== 0 ? 'group' : 'open';
}

export function rightEdge({ gaps }: Digits, to: number, after: number): Edge {
  const gap = gaps[to + after]!;
  if ((gap & MASKED_CLOSE_AFTER) !== 0) return 'masked';
  if (after > 0) return 'glued';
  return separatesGroups(gap) || (gap & MASKED_AFTER) !== 0 ? 'group' : 'open';
}

/** How many digits go on in the group where a number ends: up to 10, or 11 for more. */
export function gluedAfter({ gaps }: Digits, to: number): number {
  let after = 0;
  while (after <= MOST_AFTER && gaps[to + after] === NOTHING) after += 1;
  return after;
}

/** How many digits the group has that begins here. 0 when none is beside what ends here. */
export function sizeAfter({ gaps }: Digits, from: number): number {
  if ((gaps[from]! & MASKED_AFTER) !== 0) return UNKNOWN;
  if (!separatesGroups(gaps[from]!)) return 0;
  let size = 1;
  while (size < LARGE && gaps[from + size]! < PLAIN_GAP) size += 1;
  return (gaps[from + size]! & MASKED_CLOSE_AFTER) === 0 ? size : UNKNOWN;
}

/** How many digits the group has that ends here. 0 when none is beside what begins here. */
export function sizeBefore({ gaps }: Digits, to: number): number {
  if ((gaps[to]! & MASKED_BEFORE) !== 0) return UNKNOWN;
  if (!separatesGroups(gaps[to]!)) return 0;
  let size = 1;
  while (size < LARGE && gaps[to - size]! < PLAIN_GAP) size += 1;
  return (gaps[to - size]! & MASKED_CLOSE_BEFORE) === 0 ? size : UNKNOWN;
}

function separatesGroups(gap: number): boolean {
  return gap === PLAIN_GAP || gap === GAP;
}

const SINGLE: Shape = { kind: 'single', sizes: [], size: 0, gapId: 0, plain: true, crossed: false };

export function shapeOf({ gaps, gapIds }: Digits, from: number, to: number): Shape {
  let inner = from + 1;
  while (inner < to && gaps[inner]! < PLAIN_GAP) inner += 1;
  if (inner === to) return SINGLE;
  const shape: Shape = { kind: 'regular', sizes: [], size: 0, gapId: 0, plain: true, crossed: false };
  let group = from;
  for (let at = inner; at < to; at++) {
    const gap = gaps[at]!;
    if (gap < PLAIN_GAP) continue;
    if (group === from) shape.gapId = gapIds[at]!;
    else if (shape.gapId !== gapIds[at]!) shape.gapId = -1;
    if (gap !== PLAIN_GAP) shape.plain = false;
    if (gap === CROSS) shape.crossed = true;
    shape.sizes.push(at - group);
    group = at;
  }
  shape.sizes.push(to - group);
  if (areEqual(shape.sizes)) shape.size = shape.sizes[0]!;
  else if (!isOddlyRegular(shape.sizes)) shape.kind = 'irregular';
  return shape;
}

function areEqual(sizes: readonly number[]): boolean {
  const first = sizes[0]!;
  const last = sizes.length - 1;
  if (first > LARGEST_REGULAR || sizes[last]! > first) return false;
  for (let i = 1; i < last; i++) if (sizes[i] !== first) return false;
  return true;
}

/** Other groups that cards have: 4-6-5 and the like, 4-5-6, 6-10, 6-13. */
function isOddlyRegular([first, second, third, ...more]: readonly number[]): boolean {
  if (more.length > 0) return false;
  if (third === undefined) return first === 6 && second! >= 7;
  return first === 4 && (second === 6 || (second === 5 && third === 6));
}

/** Whether the list of groups that a regular number is made of goes on before it. */
export function goesOnBefore(digits: Digits, from: number, shape: Shape): boolean {
  return isAlike(digits.gapIds[from]!, sizeBefore(digits, from), shape);
}

export function goesOnAfter(digits: Digits, to: number, shape: Shape): boolean {
  return isAlike(digits.gapIds[to]!, sizeAfter(digits, to), shape) && expiryEnd(digits, to) === to;
}

function isAlike(gapId: number, size: number, shape: Shape): boolean {
  if (size === 0 || size === UNKNOWN) return size === UNKNOWN;
  if (shape.gapId === -1) return !shape.plain || hasLikeSize(size, shape);
  return gapId === shape.gapId && hasLikeSize(size, shape);
}

/** Pairs and threes are all over lists and phone numbers, which go on with groups of other sizes, too. */
function hasLikeSize(size: number, shape: Shape): boolean {
  if (shape.size === 0) return size >= 4 && size <= 6;
  return size === shape.size || (shape.size !== 4 && shape.size !== 1);
}

/** Where the expiry date and the security code end that follow a number as groups. Where it ends when none follow. */
export function securityDataEnd(digits: Digits, to: number, length: number): number {
  const date = expiryEnd(digits, to);
  const code = securityCodeEnd(digits, date, length);
  return date > to || code === to ? code : expiryEnd(digits, code);
}

function expiryEnd(digits: Digits, from: number): number {
  const size = sizeAfter(digits, from);
  if (size === 4 || size === 6) return isExpiry(digits, from, from + 2, from + size) ? from + size : from;
  if (size !== 1 && size !== 2) return from;
  const year = from + size;
  const end = year + sizeAfter(digits, year);
  return isExpiry(digits, from, year, end) ? end : from;
}

/** Only American Express, whose numbers have 15 digits, has codes of four. */
function securityCodeEnd(digits: Digits, from: number, length: number): number {
  const size = sizeAfter(digits, from);
  return size === 3 || (size === 4 && length === 15) ? from + size : from;
}

/** Whether digits that are glued on are a security code, an expiry date, or both. `dated`: not a security code alone. */
export function isSecurityData(digits: Digits, from: number, to: number, dated: boolean): boolean {
  const size = to - from;
  if (size < 3 || size > MOST_AFTER) return false;
  if (!dated && size <= 4) return true;
  for (const code of SECURITY_CODES) {
    if (isExpiry(digits, from, from + 2, to - code)) return true;
    if (isExpiry(digits, from + code, from + code + 2, to)) return true;
  }
  return false;
}

/** Whether digits are a month and a year from 2020 to 2049, in two digits or four. */
function isExpiry({ values }: Digits, from: number, year: number, to: number): boolean {
  const size = to - year;
  if (size !== 2 && !(size === 4 && values[year] === 2 && values[year + 1] === 0)) return false;
  const decade = values[to - 2]!;
  const month = year - from === 1 ? values[from]! : values[from]! * 10 + values[from + 1]!;
  return month >= 1 && month <= 12 && decade >= 2 && decade <= 4;
}
