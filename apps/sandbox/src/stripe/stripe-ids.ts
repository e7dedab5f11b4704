import { randomBytes } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A random id that looks like Stripe's: `prefix` and `length` letters and digits. */
export function stripeId(prefix: string, length: number): string {
  let text = prefix;
  for (const byte of randomBytes(length)) text += ALPHABET[byte % ALPHABET.length]!;
  return text;
}

export const newSessionId = (): string => stripeId('cs_test_a1', 56);
export const newLineItemId = (): string => stripeId('li_1', 23);
export const newPriceId = (): string => stripeId('price_1', 23);
export const newIntentId = (): string => stripeId('pi_3', 23);
export const newChargeId = (): string => stripeId('ch_3', 23);
export const newRefundId = (): string => stripeId('re_3', 23);
export const newEventId = (): string => stripeId('evt_1', 23);
export const newRequestId = (): string => stripeId('req_', 14);
