import { parsePhoneNumberFromString, type CountryCode, type PhoneNumber } from 'libphonenumber-js/core';
import metadata from 'libphonenumber-js/min/metadata';
import { DIGIT, kindOf } from './card-number-characters.js';
import type { Alias } from './person.js';

/**
 * A phone number's digits with its country code (`971501234567`), from any usual notation: with `+` or `00`, with spaces, dots,
 * dashes, brackets and zeros for callers at home, in the digits of any script, as a `tel:` or `wa.me` link, or in the national
 * form of `country` (ISO 3166-1 alpha-2). The answer is undefined when the text is no phone number. It is also undefined when the
 * text is digits alone that may be two numbers: one of `country`, and one of another country with its code.
 *
 * It need not be the form in which WhatsApp knows the number: see {@link formsOf}.
 */
export function phoneDigits(written: string, country: string): string | undefined {
  const plain = westernDigits(written.normalize('NFKC'))
    .trim()
    .replace(/^(tel:|(https?:\/\/)?(wa\.me\/|api\.whatsapp\.com\/send\/?\?phone=))/i, '')
    // Marks of writing direction come along when a number is copied.
    .replaceAll(/\p{Cf}/gu, '');
  if (!/^\+?[\d\s().\-/\u2010-\u2015]+$/.test(plain)) return undefined;
  const bare = plain.replaceAll(/\D/g, '').replace(/^00/, '');
  const abroad = parse(`+${bare}`);
  if (/^(\+|00)/.test(plain)) return within(abroad ? digitsOf(abroad) : bare);
  const home = parse(plain, country as CountryCode);
  if (plain.startsWith('0')) return home && within(digitsOf(home));
  if (!home?.isValid()) return within(abroad ? digitsOf(abroad) : bare); // as WhatsApp gives it
  if (!abroad?.isValid() || abroad.number === home.number) return within(digitsOf(home));
  // It can be both: with its country code, as WhatsApp gives it, or without, as it is dialled at home.
  if (abroad.country === country) return within(digitsOf(abroad));
  return /^\d+$/.test(plain) ? undefined : within(digitsOf(home));
}

/**
 * All forms in which WhatsApp may know a number, the one that people dial first. Some countries made their numbers longer, and
 * WhatsApp kept the ids that it had: Brazil's ninth digit, the 1 of Mexico, the 9 of Argentina, and the two digits of Ivory
 * Coast and Benin. Which form a number has there depends on when it was registered.
 * @param digits with the country code, as of {@link phoneDigits} or a WhatsApp id.
 */
export function formsOf(digits: string): string[] {
  for (const { short, long, toLong, dialled } of DOUBLES) {
    const [isShort, isLong] = [short.test(digits), long.test(digits)];
    if (!isShort && !isLong) continue;
    const [shortOne, longOne] = isLong ? [toShort(digits, long), digits] : [digits, toLong(digits)];
    return dialled === 'long' ? [longOne, shortOne] : [shortOne, longOne];
  }
  return [digits];
}

/** The values under which an alias may be known: a phone number has forms, others have not. */
export function valuesOfAlias({ scheme, value }: Alias): string[] {
  return scheme === 'phone' ? formsOf(value) : [value];
}

interface Double {
  short: RegExp;
  /** With two groups: what is before and after the digits that the short form has not. */
  long: RegExp;
  toLong: (short: string) => string;
  dialled: 'short' | 'long';
}

const insert = (at: number, digits: string) => (short: string) =>
  short.slice(0, at) + digits + short.slice(at);

const DOUBLES: readonly Double[] = [
  // Brazil: mobile numbers, which begin with 6 to 9 behind the area, got a 9 in front from 2012 to 2016.
  {
    short: /^55[1-9]\d[6-9]\d{7}$/,
    long: /^(55[1-9]\d)9([6-9]\d{7})$/,
    toLong: insert(4, '9'),
    dialled: 'long',
  },
  // Mexico: mobile numbers were called from abroad with a 1 until 2019.
  { short: /^52[2-9]\d{9}$/, long: /^(52)1([2-9]\d{9})$/, toLong: insert(2, '1'), dialled: 'short' },
  // Argentina: mobile numbers are called from abroad with a 9.
  { short: /^54[1-3]\d{9}$/, long: /^(54)9([1-3]\d{9})$/, toLong: insert(2, '9'), dialled: 'long' },
  // Ivory Coast, 2021: the operator's two digits came in front of mobile numbers.
  {
    short: /^225[04-9]\d{7}$/,
    long: /^(225)(?:01(?=\d[0-3])|05(?=\d[4-6])|07(?=\d[7-9]))([04-9]\d{7})$/,
    toLong: (short) => insert(3, short[4]! <= '3' ? '01' : short[4]! <= '6' ? '05' : '07')(short),
    dialled: 'long',
  },
  // Benin, 2024.
  { short: /^229[4-9]\d{7}$/, long: /^(229)01([4-9]\d{7})$/, toLong: insert(3, '01'), dialled: 'long' },
];

const toShort = (digits: string, long: RegExp): string => digits.replace(long, '$1$2');

function parse(text: string, defaultCountry?: CountryCode): PhoneNumber | undefined {
  return parsePhoneNumberFromString(text, { defaultCountry, extract: false }, metadata);
}

const digitsOf = ({ number }: PhoneNumber): string => number.slice(1);

/** E.164 numbers have 15 digits at most. */
function within(digits: string): string | undefined {
  return /^[1-9]\d{5,14}$/.test(digits) ? digits : undefined;
}

function westernDigits(text: string): string {
  return text.replaceAll(/\p{Nd}/gu, (digit) => String(kindOf(digit.codePointAt(0)!) - DIGIT));
}
