/** Decimal digits that people type: ASCII, Arabic-Indic, extended Arabic-Indic, Devanagari. Value of each by code point. */
const ZEROES = [0x30, 0x660, 0x6f0, 0x966];

/** Digits with at most one separator between two of them. */
const CANDIDATE = /[0-9٠-٩۰-۹०-९](?:[ \-.\u00a0]?[0-9٠-٩۰-۹०-९]){11,18}/gu;

/** Issuer ranges: prefix pattern and lengths. */
const ISSUERS: readonly [RegExp, readonly number[]][] = [
  [/^4/, [13, 16, 19]],
  [/^5[1-5]|^2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)/, [16]],
  [/^3[47]/, [15]],
  [/^3(?:0[0-5]|[689])/, [14, 16, 19]],
  [/^6(?:011|4[4-9]|5)/, [16, 19]],
  [/^35(?:2[89]|[3-8])/, [16, 17, 18, 19]],
  [/^62/, [16, 17, 18, 19]],
  [/^60|^81|^82|^508/, [16]],
];

/**
 * Replaces every payment card number (issuer range, length and Luhn checksum hold) by dots and its last four digits.
 * `found` says whether there was one. Runs before a text is stored for the first time.
 */
export function maskCardNumbers(text: string): { text: string; found: boolean } {
  let found = false;
  const masked = text.replace(CANDIDATE, (match) => {
    const digits = [...match]
      .map(digitValue)
      .filter((d) => d !== undefined)
      .join('');
    if (!isCardNumber(digits)) return match;
    found = true;
    return `•••• ${digits.slice(-4)}`;
  });
  return { text: masked, found };
}

function digitValue(char: string): number | undefined {
  const code = char.codePointAt(0)!;
  const zero = ZEROES.find((z) => code >= z && code <= z + 9);
  return zero === undefined ? undefined : code - zero;
}

function isCardNumber(digits: string): boolean {
  return (
    ISSUERS.some(([prefix, lengths]) => prefix.test(digits) && lengths.includes(digits.length)) &&
    luhn(digits)
  );
}

function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    let d = Number(digits[digits.length - 1 - i]);
    if (i % 2 === 1) d = d * 2 > 9 ? d * 2 - 9 : d * 2;
    sum += d;
  }
  return sum % 10 === 0;
}
