import { decimalsOf, money, type Money } from '#core/catalog';

/**
 * Decimals in Stripe's API where they differ from ISO 4217: ISK and UGX are written with two for compatibility, MGA
 * with none. Source: docs.stripe.com/currencies#special-cases and #zero-decimal.
 */
const STRIPE_DECIMALS: Readonly<Record<string, number>> = { ISK: 2, UGX: 2, MGA: 0 };

function shift(currency: string): number {
  return (STRIPE_DECIMALS[currency] ?? decimalsOf(currency)) - decimalsOf(currency);
}

/** The amount as Stripe's API writes it. @throws RangeError when Stripe has no such fraction (MGA). */
export function toStripeAmount({ minor, currency }: Money): number {
  const amount = shift(currency) < 0 ? minor / 10 ** -shift(currency) : minor * 10 ** shift(currency);
  if (!Number.isSafeInteger(amount)) {
    throw new RangeError(`Stripe cannot write ${minor} minor units of ${currency}`);
  }
  return amount;
}

/** More than any payment: 10 billion of a currency with two decimals. */
const HIGHEST = 1e12;

/** @throws RangeError when the amount has a fraction that the currency lacks, or is out of all measure. */
export function fromStripeAmount(amount: number, currency: string): Money {
  if (!(Math.abs(amount) <= HIGHEST)) throw new RangeError('amount must be at most 10^12');
  const code = currency.toUpperCase();
  return money(shift(code) < 0 ? amount * 10 ** -shift(code) : amount / 10 ** shift(code), code);
}

/**
 * Whether Stripe can charge exactly this: three-decimal amounts must end in 0, because card networks settle them with
 * two (docs.stripe.com/currencies#three-decimal).
 */
export function isChargeable(total: Money): boolean {
  return total.minor > 0 && (decimalsOf(total.currency) !== 3 || total.minor % 10 === 0);
}
