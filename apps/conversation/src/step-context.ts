import { randomInt } from 'node:crypto';
import type { StepContext } from '#core/conversation';

/** What a step knows of its merchant. */
export function contextOf(merchant: { name: string; currency: string }, now: Date): StepContext {
  return { now, shop: merchant.name, currency: merchant.currency, newOrderRef };
}

/** Crockford's base 32 without vowels that could spell words: read aloud without mistakes. */
const REF_ALPHABET = '23456789BCDFGHJKMNPQRSTVWXZ';

/** `W` and nine characters: about 7·10¹² references. */
function newOrderRef(): string {
  return `W${Array.from({ length: 9 }, () => REF_ALPHABET[randomInt(REF_ALPHABET.length)]).join('')}`;
}
