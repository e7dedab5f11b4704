import { isCardNumberId } from '#core/messaging';

/**
 * Ids have up to 255 characters (docs.stripe.com/upgrades, "backwards-compatible changes"), and begin with letters: what
 * could be a card number is none.
 */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 255 && !isCardNumberId(value);
}
