import { phoneDigits } from '#core/messaging';
import { InvalidFields } from './refusal.js';

/**
 * Digits of the phone number that somebody wrote into a field, with its country code.
 * @param country of the merchant: numbers without a country code are of it.
 * @throws Refusal `invalid` when it is none, or may be two.
 */
export function phoneIn(field: string, written: string, country: string): string {
  const digits = phoneDigits(written, country);
  if (digits !== undefined) return digits;
  const detail = `${field} must be one phone number: write it with + and its country code`;
  throw new InvalidFields([{ field, rule: 'phone', detail }]);
}
