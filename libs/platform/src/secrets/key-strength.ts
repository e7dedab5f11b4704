import { bitsOfChance, ENOUGH_BITS } from './strength.js';

/** Of 32 random bytes about 30 are different ones. */
const FEW_DIFFERENT = 16;
/** Of 32 random bytes it is rare that three stand at the same distance from the one before. */
const MANY_STEPS = 8;
const FARTHEST = 8;

/**
 * Why these keys are none that a machine has drawn, or not to be used together: a sentence without the keys. Undefined:
 * nothing speaks against them. `others` are keys for another purpose.
 */
export function weaknessOfKeys(keys: readonly Buffer[], others: readonly Buffer[] = []): string | undefined {
  const same = (list: readonly Buffer[], key: Buffer): boolean => list.some((other) => other.equals(key));
  if (keys.some((key, i) => same(keys.slice(0, i), key))) return 'two ids have the same key';
  if (keys.some((key) => same(others, key))) return 'one of them is a master key as well';
  return keys.map(weaknessOf).find((weakness) => weakness !== undefined);
}

function weaknessOf(key: Buffer): string | undefined {
  const text = textOf(key);
  if (text) return bitsOfChance(text) < ENOUGH_BITS ? 'a key is text that somebody made up' : undefined;
  if (new Set(key).size <= FEW_DIFFERENT) return 'a key has the same bytes again and again';
  return counts(key) ? 'a key counts' : undefined;
}

/** Whether bytes go up or down by the same step, one after the other or every so many. */
function counts(key: Buffer): boolean {
  for (let distance = 1; distance <= FARTHEST; distance++) {
    const steps = new Map<number, number>();
    for (let at = distance; at < key.length; at++) {
      const step = (key[at]! - key[at - distance]! + 256) % 256;
      steps.set(step, (steps.get(step) ?? 0) + 1);
    }
    if (Math.max(...steps.values()) >= MANY_STEPS) return true;
  }
  return false;
}

/** The bytes as text, without zeros behind it. Undefined: they are not text, as random bytes hardly ever are. */
function textOf(key: Buffer): string | undefined {
  const end = key.findLastIndex((byte) => byte !== 0) + 1;
  const text = key.subarray(0, end).toString('utf8');
  return /[\p{Cc}\u{fffd}]/u.test(text) ? undefined : text;
}
