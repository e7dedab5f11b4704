import { BREAK, OTHER_FORM, PLAIN_GAP, type Digits } from './card-number-digits.js';
import {
  gluedAfter,
  goesOnAfter,
  goesOnBefore,
  isSecurityData,
  leftEdge,
  rightEdge,
  securityDataEnd,
  shapeOf,
  sizeAfter,
  sizeBefore,
  type Shape,
  type Stretch,
} from './card-number-groups.js';
import {
  followsPlus,
  ibanAt,
  isBelowOne,
  isDecimal,
  isHexadecimal,
  isPlace,
  isScopedUserId,
  speaksOfCards,
  type Iban,
} from './card-number-lookalikes.js';
import { cardLengths, evidenceFor, hasLength, LONGEST, SHORTEST } from './card-number-schemes.js';

/** Most digits that may be glued on before a number. */
const MOST_BEFORE = 4;
/** A number with digits glued on behind it may be anything; with so many in all it is taken for a card's. */
const MOST_IN_ALL = 23;
/** Shorter ids are product codes (EAN-13) and phone numbers of Germany; ids of Meta begin as the numbers of UATP do. */
const SHORTEST_OF_ID = 14;
const LEAST_OF_ID = 2000;
/** Ids of Meta begin with 10 to 12. */
const LEAST_OF_UATP = 1300;
/** Most digits of a group that may stand beside a number that has to stand alone: a quantity, an expiry date. */
const MOST_BESIDE = 4;

/** The card numbers among the digits of a text, in order and apart from each other. `asId`: of an id, not of prose. */
export function findCards(text: string, digits: Digits, asId: boolean): Stretch[] {
  return new Search(text, digits, asId).all();
}

class Search {
  private readonly found: Stretch[] = [];
  /** Sums of the digits before each one, with those at even or odd places doubled as the Luhn algorithm does. */
  private readonly evenDoubled: Int32Array;
  private readonly oddDoubled: Int32Array;
  /** The run: digits that only separators keep apart. */
  private from = 0;
  private to = 0;
  /** The account number that the run begins with. */
  private iban: Iban | undefined;
  private speaksOfCards: boolean | undefined;

  constructor(
    private readonly text: string,
    private readonly digits: Digits,
    private readonly asId: boolean,
  ) {
    const { count, values } = digits;
    this.evenDoubled = new Int32Array(count + 1);
    this.oddDoubled = new Int32Array(count + 1);
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      const doubled = value > 4 ? value * 2 - 9 : value * 2;
      this.evenDoubled[i + 1] = this.evenDoubled[i]! + (i % 2 === 0 ? doubled : value);
      this.oddDoubled[i + 1] = this.oddDoubled[i]! + (i % 2 === 0 ? value : doubled);
    }
  }

  all(): Stretch[] {
    const { count, gaps } = this.digits;
    for (let from = 0; from < count; from = this.to) {
      this.from = from;
      this.to = from + 1;
      while (gaps[this.to]! < BREAK) this.to += 1;
      if (this.to - from >= SHORTEST) this.searchRun();
    }
    return merged(this.found);
  }

  private searchRun(): void {
    const { gaps } = this.digits;
    this.iban = ibanAt(this.text, this.digits, this.from, this.to);
    for (let group = this.from, end; group < this.to; group = end) {
      end = group + 1;
      while (gaps[end]! < PLAIN_GAP) end += 1;
      if (this.isCardGroup(group, end)) {
        // It may also be the beginning of a longer one, but no part of it is glued on.
        this.searchFrom(group, 0, end + 1);
        continue;
      }
      for (let at = group; at < end; at++) {
        if (gaps[at] === OTHER_FORM) this.searchFrom(at, 0);
        else if (at - group <= MOST_BEFORE) this.searchFrom(at, at - group);
      }
    }
  }

  /** Takes a group that is a card number as a whole. */
  private isCardGroup(from: number, to: number): boolean {
    if (to - from < SHORTEST || to - from > LONGEST) return false;
    if (!hasLength(cardLengths(this.prefix(from)), to - from) || !this.checksumHolds(from, to)) return false;
    if (!this.accepts(from, to, 0, 0)) return false;
    this.add(from, to);
    return true;
  }

  /** What overlaps is one. */
  private add(from: number, to: number): void {
    const last = this.found.at(-1);
    if (last && from >= last.from && from < last.to) last.to = Math.max(last.to, to);
    else this.found.push({ from, to });
  }

  private searchFrom(from: number, before: number, leastTo = from + SHORTEST): void {
    if (leastTo > this.to) return;
    const lengths = cardLengths(this.prefix(from));
    if (lengths === 0) return;
    const last = Math.min(from + LONGEST, this.to);
    for (let to = leastTo; to <= last; to++) {
      if (!hasLength(lengths, to - from) || !this.checksumHolds(from, to)) continue;
      const after = gluedAfter(this.digits, to);
      if (after > 0) this.searchTwo(from, to, before);
      if (after > 0 && !this.mayBeGlued(from, to, before, after)) continue;
      if (this.accepts(from, to, before, after)) this.add(from, to);
    }
  }

  private mayBeGlued(from: number, to: number, before: number, after: number): boolean {
    if (before === 0 && to - from + after <= MOST_IN_ALL) return true;
    return isSecurityData(this.digits, to, to + after, before > 0);
  }

  /** Two numbers without anything between them. */
  private searchTwo(from: number, middle: number, before: number): void {
    if (middle + SHORTEST > this.to) return;
    const lengths = cardLengths(this.prefix(middle));
    for (let to = middle + SHORTEST; to <= middle + LONGEST && to <= this.to; to++) {
      if (!hasLength(lengths, to - middle) || !this.checksumHolds(middle, to)) continue;
      if (gluedAfter(this.digits, to) > 0) continue;
      if (this.accepts(from, middle, before, 1) && this.accepts(middle, to, 1, 0)) {
        this.add(from, middle);
        this.add(middle, to);
      }
    }
  }

  /**
   * Whether a number with a card's prefix, length and checksum counts as one where it stands. `before` and `after`: how many
   * digits are glued to it.
   */
  private accepts(from: number, to: number, before: number, after: number): boolean {
    const { digits } = this;
    const length = to - from;
    const evidence = evidenceFor(this.prefix(from), length);
    const glued = before > 0 || after > 0;
    if (glued && evidence !== 'named') return false;
    if (this.asId && (glued || length < SHORTEST_OF_ID || this.prefix(from) < LEAST_OF_ID)) return false;
    const left = leftEdge(digits, from, before);
    const right = rightEdge(digits, to, after);
    if (left === 'masked' || right === 'masked') return false;
    if (this.isOfSomethingElse(from, to, before, after)) return false;

    const shape = shapeOf(digits, from, to);
    const { kind } = shape;
    if (shape.crossed && (kind !== 'regular' || shape.gapId === -1)) return false;
    if (kind === 'irregular' && isPlace(this.text, digits, from, to)) return false;

    const isolated = kind === 'single' || (left !== 'group' && this.ends(to, length, after));
    switch (evidence) {
      case 'named':
        if (kind === 'single' || (isolated && !glued)) return true;
        if (kind === 'irregular' || (glued && !isSurelyOfCards(shape)))
          return isolated && this.isToldToBeCard();
        return this.isApart(from, to, shape);
      case 'wide':
        if (kind === 'single') return true;
        return isOfCards(shape) && this.isApart(from, to, shape);
      case 'told': {
        const likely = kind === 'single' ? this.prefix(from) >= LEAST_OF_UATP : isOfCards(shape);
        return (likely || this.isToldToBeCard()) && this.standsAlone(from, to, shape, isolated);
      }
      case 'alone':
        return this.standsAlone(from, to, shape, isolated);
      default:
        return false;
    }
  }

  /**
   * Whether a regular number is no stretch of a longer list, unless of card numbers. Groups of four are so common with cards
   * that it is enough when the list goes on at one side only.
   */
  private isApart(from: number, to: number, shape: Shape): boolean {
    const follows = this.found.at(-1)?.to === from;
    const before = !follows && goesOnBefore(this.digits, from, shape);
    const after = goesOnAfter(this.digits, to, shape) && !this.isCardNext(to);
    return shape.size === 4 && shape.plain ? !(before && after) : !before && !after;
  }

  private isCardNext(from: number): boolean {
    const { digits } = this;
    if (from + SHORTEST > this.to) return false;
    const lengths = cardLengths(this.prefix(from));
    const last = Math.min(from + LONGEST, this.to);
    for (let to = from + SHORTEST; to <= last; to++) {
      if (!hasLength(lengths, to - from) || !this.checksumHolds(from, to)) continue;
      if (gluedAfter(digits, to) === 0 && rightEdge(digits, to, 0) !== 'masked') return true;
    }
    return false;
  }

  /** Whether what a number stands in is known to be something else. */
  private isOfSomethingElse(from: number, to: number, before: number, after: number): boolean {
    const { text, digits, iban } = this;
    if (iban && from < iban.to && (iban.holds || from !== this.from + 2 || to !== iban.to)) return true;
    if (to - from <= 13 && followsPlus(text, digits, from)) return true;
    const start = digits.starts[from - before]!;
    if (isHexadecimal(text, start, digits.ends[to + after - 1]!)) return true;
    if (before === 0 && after === 0) return isBelowOne(text, digits, from);
    return isScopedUserId(text, start) || isDecimal(text, digits, from - before);
  }

  /** Whether nothing follows a number but what belongs to it. */
  private ends(to: number, length: number, after: number): boolean {
    const { digits } = this;
    if (rightEdge(digits, to, after) !== 'group') return true;
    const end = securityDataEnd(digits, to, length);
    return end > to && rightEdge(digits, end, 0) === 'open';
  }

  /** Whether all that is beside a number in its run is short enough to belong to it. */
  private standsAlone(from: number, to: number, shape: Shape, isolated: boolean): boolean {
    const { text, digits } = this;
    if (sizeBefore(digits, from) > MOST_BESIDE || sizeAfter(digits, to) > MOST_BESIDE) return false;
    if (shape.kind === 'single') return !isDecimal(text, digits, from);
    if (isolated) return true;
    return isOfCards(shape) && !goesOnBefore(digits, from, shape) && !goesOnAfter(digits, to, shape);
  }

  private isToldToBeCard(): boolean {
    this.speaksOfCards ??= speaksOfCards(this.text);
    return this.speaksOfCards;
  }

  private prefix(from: number): number {
    const { values } = this.digits;
    return values[from]! * 1_000 + values[from + 1]! * 100 + values[from + 2]! * 10 + values[from + 3]!;
  }

  /** Luhn: from the last but one leftwards, every other digit is doubled. */
  private checksumHolds(from: number, to: number): boolean {
    const sums = to % 2 === 0 ? this.evenDoubled : this.oddDoubled;
    return (sums[to]! - sums[from]!) % 10 === 0;
  }
}

/** Whether a regular number is divided as cards are, and hardly anything else is. */
function isOfCards({ kind, size }: Shape): boolean {
  return kind === 'regular' && (size === 4 || size === 1 || size === 0);
}

/** The same of a number to which digits are glued, so that its first and last groups say less. */
function isSurelyOfCards(shape: Shape): boolean {
  return isOfCards(shape) && (shape.size > 0 || (shape.plain && shape.sizes.length === 3));
}

/** In order; what overlaps is one. */
function merged(found: Stretch[]): Stretch[] {
  const apart: Stretch[] = [];
  for (const { from, to } of found.sort((a, b) => a.from - b.from)) {
    const last = apart.at(-1);
    if (last && from < last.to) last.to = Math.max(last.to, to);
    else apart.push({ from, to });
  }
  return apart;
}
