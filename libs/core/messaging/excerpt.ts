/** How much of something is kept that nothing acts on. */
export interface ExcerptBounds {
  /** UTF-16 units of all texts and keys together. */
  characters: number;
  /** Values of lists and objects, nested ones included. */
  values: number;
  /** Lists and objects within each other. */
  depth: number;
}

/** Enough to see what came: the largest documented webhook of one message is a tenth of it. */
export const EXCERPT: ExcerptBounds = { characters: 16_384, values: 500, depth: 12 };

/** Stands where something was left out. */
export const CUT = '[cut]';

/**
 * Parsed JSON as far as the bounds reach, in its order; what lies beyond is left out, and marked. It costs no more than
 * what it keeps, however large the rest is.
 */
export function excerpt(value: unknown, bounds: ExcerptBounds = EXCERPT): unknown {
  const left = { ...bounds };

  const text = (given: string): string => {
    const kept = given.slice(0, Math.max(0, left.characters));
    left.characters -= given.length;
    return kept.length === given.length ? given : kept + CUT;
  };

  const copy = (given: unknown, depth: number): unknown => {
    if (typeof given === 'string') return text(given);
    if (typeof given !== 'object' || given === null) return given;
    if (depth === 0) return CUT;
    return Array.isArray(given) ? list(given, depth) : object(given as Record<string, unknown>, depth);
  };

  const isFull = (): boolean => left.characters <= 0 || left.values-- <= 0;

  const list = (given: readonly unknown[], depth: number): unknown[] => {
    const kept: unknown[] = [];
    for (const item of given) {
      if (isFull()) return [...kept, CUT];
      kept.push(copy(item, depth - 1));
    }
    return kept;
  };

  const object = (given: Record<string, unknown>, depth: number): Record<string, unknown> => {
    const kept: [string, unknown][] = [];
    for (const key in given) {
      if (isFull()) {
        kept.push([CUT, CUT]);
        break;
      }
      kept.push([text(key), copy(given[key], depth - 1)]);
    }
    // fromEntries defines properties: a key named __proto__ stays a plain key.
    return Object.fromEntries(kept);
  };

  return copy(value, bounds.depth);
}
