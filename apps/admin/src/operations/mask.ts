/** `+9715•••••573`: enough to recognize a number that one knows, not enough to dial it. */
export function maskPhone(number: string): string {
  const digits = number.replace(/\D/g, '');
  if (digits.length < 8) return '•'.repeat(digits.length);
  const hidden = digits.length - 7;
  return `+${digits.slice(0, 4)}${'•'.repeat(hidden)}${digits.slice(-3)}`;
}

/** Fields that hold a phone number, or a list of them, wherever they stand. */
const PHONE_FIELDS =
  /^(wa_?id|phones?|phone_?numbers?|display_?phone_?number|recipient_?id|from|to|msisdn|mobile)$/i;
/** What looks like a phone number when nothing says so: written with its plus, as people do. */
const WRITTEN = /\+\d(?:[ ().-]?\d){7,14}(?!\d)/g;
/** The token of a checkout link opens a payment. */
const LINK = /(\/c\/)[\w.~-]{16,}/g;

/** Values that are nested more deeply than this are not shown. */
const DEEPEST = 100;
const CUT = '…';

/**
 * Masks phone numbers anywhere in a JSON value: in fields that are known to hold one, where a number from such a
 * field is repeated (streams, texts), and where one is written with its plus. Tokens of checkout links go with them.
 */
export function maskDeep<T>(value: T): T {
  const known = collect(value, false);
  return walk(value, false, (text, isPhone) =>
    isPhone && isNumber(text) ? maskPhone(text) : maskText(text, known),
  ) as T;
}

/** The same without masking phone numbers, for those who may see them: link tokens stay hidden all the same. */
export function hideLinks<T>(value: T): T {
  return walk(value, false, (text) => text.replace(LINK, '$1•••')) as T;
}

/** Masks what is written as a phone number, and the digits that are `known` to be one. */
export function maskText(text: string, known: ReadonlySet<string> = new Set()): string {
  const masked = text.replace(LINK, '$1•••').replace(WRITTEN, (number) => maskPhone(number));
  if (known.size === 0) return masked;
  const lengths = [...new Set([...known].map((digits) => digits.length))].toSorted((a, b) => b - a);
  return masked.replace(/\d{8,}/g, (digits) => maskKnown(digits, known, lengths));
}

/** Looks each part of these digits up, the longest first: numbers may be many, and texts long. */
function maskKnown(digits: string, known: ReadonlySet<string>, lengths: readonly number[]): string {
  let masked = '';
  for (let at = 0; at < digits.length;) {
    const length = lengths.find((length) => known.has(digits.slice(at, at + length)));
    masked += length === undefined ? digits[at]! : maskPhone(digits.slice(at, at + length)).slice(1);
    at += length ?? 1;
  }
  return masked;
}

/** Also the value of an alias under the scheme `phone`. */
function isPhoneField(holder: object, key: string): boolean {
  return PHONE_FIELDS.test(key) || (key === 'value' && 'scheme' in holder && holder.scheme === 'phone');
}

/** A field's name may promise a number that its value is not: a date, a word. */
function isNumber(text: string): boolean {
  return /^\+?[\d ().-]{8,24}$/.test(text) && !/^\d{4}-\d\d-\d\d/.test(text);
}

function collect(value: unknown, isPhone: boolean, found = new Set<string>(), depth = 0): Set<string> {
  if (typeof value === 'string' || typeof value === 'number') {
    const digits = String(value).replace(/\D/g, '');
    if (isPhone && digits.length >= 8 && isNumber(String(value))) found.add(digits);
  } else if (depth >= DEEPEST) {
    return found;
  } else if (Array.isArray(value)) {
    for (const inner of value) collect(inner, isPhone, found, depth + 1);
  } else if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
    for (const [key, inner] of Object.entries(value))
      collect(inner, isPhoneField(value, key), found, depth + 1);
  }
  return found;
}

function walk(
  value: unknown,
  isPhone: boolean,
  change: (text: string, isPhone: boolean) => string,
  depth = 0,
): unknown {
  if (typeof value === 'string') return change(value, isPhone);
  if (typeof value === 'number') return isPhone && value > 9_999_999 ? change(String(value), true) : value;
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth >= DEEPEST) return CUT;
  if (Array.isArray(value)) return value.map((inner) => walk(inner, isPhone, change, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      walk(inner, isPhoneField(value, key), change, depth + 1),
    ]),
  );
}
