import type { Money } from '#core/catalog';
import { isCardNumberId } from '#core/messaging';
import { FieldError, matching, object, text, whole } from './fields.js';

/** In minor units: 10 billion of a currency with two decimals. */
const HIGHEST_MINOR = 1e12;

/** Our own, which is no card number. */
export function toOrderRef(value: unknown, path: string): string {
  const ref = text(value, path, 128);
  if (isCardNumberId(ref)) throw new FieldError(path, 'must be an order reference');
  return ref;
}

export function toCurrency(value: unknown, path: string): string {
  return matching(value, path, /^[A-Z]{3}$/, 'an ISO 4217 currency');
}

/** Never negative: nothing that is sold, charged or given back is. */
export function toMoney(value: unknown, path: string): Money {
  const raw = object(value, path);
  return {
    minor: whole(raw.minor, `${path}.minor`, 0, HIGHEST_MINOR),
    currency: toCurrency(raw.currency, `${path}.currency`),
  };
}

export function moneyIn(currency: string, value: unknown, path: string): Money {
  const amount = toMoney(value, path);
  if (amount.currency !== currency) throw new FieldError(`${path}.currency`, `must be ${currency}`);
  return amount;
}
