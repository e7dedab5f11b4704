/** Deeper than anything a platform sends: what lies below is cut, so that no body can exhaust the stack. */
const MAX_DEPTH = 40;

// oxlint-disable-next-line no-control-regex -- U+0000 is what is looked for: Postgres cannot store it
const UNSTORABLE = /\u0000|\p{Surrogate}/gu;

/**
 * A copy of parsed JSON that can be stored and read back anywhere: without U+0000, without halves of surrogate pairs
 * (each becomes U+FFFD), and not nested without bound.
 */
export function storable(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') {
    return value.replace(UNSTORABLE, (unit) => (unit === '\u0000' ? '' : '\ufffd'));
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[too deep]';
  if (Array.isArray(value)) return value.map((v) => storable(v, depth + 1));
  // fromEntries defines properties: a key named __proto__ stays a plain key.
  return Object.fromEntries(
    Object.entries(value).map(([k, v]) => [storable(k) as string, storable(v, depth + 1)]),
  );
}
