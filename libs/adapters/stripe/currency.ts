import { decimalsOf, money, type Money } from '#core/catalog';

/**
 * Decimals in Stripe's API where they differ from ISO 4217: ISK and UGX are written with two for compatibility, MGA
 * with none. Source: docs.stripe.com/currencies#special-cases and #zero-decimal.
 */
const STRIPE_DECIMALS: Readonly<Record<string, number>> = { ISK: 2, UGX: 2, MGA: 0 };

function shift(currency: string): number {
  return (STRIPE_DECIMALS[currency] ?? decimalsOf(currency)) - decimalsOf(currency);
}

/**
 * The amount as Stripe's API writes it, with a lowercase currency.
 * @throws RangeError when Stripe cannot charge it exactly: a three-decimal amount must end in 0
 * (docs.stripe.com/currencies#three-decimal), an MGA amount must be whole.
 */
export function toStripeAmount({ minor, currency }: Money): { amount: number; currency: string } {
  const amount = minor * 10 ** shift(currency);
  if (!Number.isSafeInteger(amount) || (decimalsOf(currency) === 3 && amount % 10 !== 0)) {
    throw new RangeError(`Stripe cannot charge ${minor} minor units of ${currency} exactly`);
  }
  return { amount, currency: currency.toLowerCase() };
}

/** @throws RangeError when the amount has a fraction that the currency lacks. */
export function fromStripeAmount(amount: number, currency: string): Money {
  const code = currency.toUpperCase();
  return money(amount / 10 ** shift(code), code);
}
