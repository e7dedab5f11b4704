import { randomInt } from 'node:crypto';
import type { OrderNote, StepContext } from '#core/conversation';

/** What a step knows of its merchant, and of its customer besides the thread. */
export function contextOf(
  merchant: { name: string; currency: string },
  now: Date,
  thread?: { elsewhere: OrderNote[][] | null } | null,
): StepContext {
  const ordersElsewhere = thread?.elsewhere?.flat() ?? [];
  return { now, shop: merchant.name, currency: merchant.currency, newOrderRef, ordersElsewhere };
}

/** Crockford's base 32 without vowels that could spell words: read aloud without mistakes. */
const REF_ALPHABET = '23456789BCDFGHJKMNPQRSTVWXZ';

/** `W` and nine characters: about 7·10¹² references. */
function newOrderRef(): string {
  return `W${Array.from({ length: 9 }, () => REF_ALPHABET[randomInt(REF_ALPHABET.length)]).join('')}`;
}
