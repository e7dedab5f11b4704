/** Deeper than anything a platform sends: what lies below is cut, so that no body can exhaust the stack. */
export const MAX_DEPTH = 40;
export const TOO_DEEP = '[too deep]';

// oxlint-disable-next-line no-control-regex -- U+0000 is what is looked for: Postgres cannot store it
const UNSTORABLE = /\u0000|\p{Surrogate}/u;
const EVERYWHERE = new RegExp(UNSTORABLE, 'gu');

/**
 * Parsed JSON as it can be stored and read back anywhere: without U+0000, without halves of surrogate pairs (each
 * becomes U+FFFD), and not nested without bound. The same object when it is so already, as nearly all are.
 */
export function storable(value: unknown): unknown {
  return isStorable(value, 0) ? value : made(value, 0);
}

export function storableText(text: string): string {
  if (!UNSTORABLE.test(text)) return text;
  return text.replace(EVERYWHERE, (unit) => (unit === '\u0000' ? '' : '\ufffd'));
}

function isStorable(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return !UNSTORABLE.test(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((v) => isStorable(v, depth + 1));
  for (const key in value) {
    if (UNSTORABLE.test(key) || !isStorable((value as Record<string, unknown>)[key], depth + 1)) return false;
  }
  return true;
}

function made(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return storableText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return TOO_DEEP;
  if (Array.isArray(value)) return value.map((v) => made(v, depth + 1));
  // fromEntries defines properties: a key named __proto__ stays a plain key.
  return Object.fromEntries(
    Object.entries(value).map(([k, v]) => [made(k, depth) as string, made(v, depth + 1)]),
  );
}
