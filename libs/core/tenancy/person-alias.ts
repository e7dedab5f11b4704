import { callingCode } from './calling-codes.js';

/** One name by which a person is asked for. */
export type PersonAlias =
  | { kind: 'phone'; value: string }
  | { kind: 'user_id'; value: string }
  | { kind: 'username'; value: string }
  | { kind: 'contact_id'; value: string };

const ZEROS = [0x0660, 0x06f0, 0x0966, 0x09e6, 0xff10];

/**
 * A phone number's digits as channels write them (`971501234567`), from any usual notation: with `+` or `00`, with
 * spaces, dots, dashes, brackets, in Arabic-Indic, Persian, Devanagari or full-width digits, as a `tel:` or `wa.me`
 * link, or in the national form of `country` (ISO 3166-1 alpha-2). Undefined for what is none.
 */
export function phoneDigits(written: string, country: string): string | undefined {
  const plain = western(written.normalize('NFKC'))
    .trim()
    .replace(/^(tel:|(https?:\/\/)?(wa\.me\/|api\.whatsapp\.com\/send\/?\?phone=))/i, '')
    // Marks of writing direction come along when a number is copied.
    .replaceAll(/\p{Cf}/gu, '');
  if (!/^\+?[\d\s().\-/\u2010-\u2015]+$/.test(plain)) return undefined;
  // The zero of `+44 (0)20 …` is for callers at home.
  const digits = plain.replace(/^((\+|00).*?)\(0\)/, '$1').replaceAll(/\D/g, '');
  return within(international(plain, digits, country));
}

function international(plain: string, digits: string, country: string): string {
  if (plain.startsWith('+')) return digits;
  if (digits.startsWith('00')) return digits.slice(2);
  const code = callingCode(country);
  if (!digits.startsWith('0') || code === undefined) return digits;
  // Italy's zero belongs to the number.
  return code + (code === '39' ? digits : digits.slice(1));
}

/** E.164 numbers have 15 digits at most. */
function within(digits: string): string | undefined {
  return /^[1-9]\d{5,14}$/.test(digits) ? digits : undefined;
}

function western(text: string): string {
  return text.replaceAll(/\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0)!;
    const zero = ZEROS.find((z) => code >= z && code <= z + 9);
    return zero === undefined ? digit : String(code - zero);
  });
}
