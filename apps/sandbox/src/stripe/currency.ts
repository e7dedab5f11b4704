/** Currencies without a minor unit, and with three decimals: https://docs.stripe.com/currencies */
const ZERO_DECIMAL = 'bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf'.split(' ');
const THREE_DECIMAL = 'bhd jod kwd omr tnd'.split(' ');
const TWO_DECIMAL =
  'aed aud brl cad chf cny czk dkk egp eur gbp ghs hkd huf idr ils inr kes mad mxn myr ngn nok nzd php pkr pln qar ron sar sek sgd thb try tzs twd usd zar'.split(
    ' ',
  );

/** Smallest charges in minor units: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts */
const SMALLEST: Record<string, number> = {
  aed: 200,
  aud: 50,
  eur: 50,
  gbp: 30,
  inr: 50,
  jpy: 50,
  sgd: 50,
  usd: 50,
};

/** Number of decimals of a currency in small letters, or undefined when Stripe does not take it. */
export function decimalsOf(currency: string): 0 | 2 | 3 | undefined {
  if (TWO_DECIMAL.includes(currency)) return 2;
  if (ZERO_DECIMAL.includes(currency)) return 0;
  return THREE_DECIMAL.includes(currency) ? 3 : undefined;
}

export function smallestCharge(currency: string): number {
  return SMALLEST[currency] ?? 1;
}

/** `AED 12.50`, for messages. */
export function amountText(minor: number, currency: string): string {
  const digits = decimalsOf(currency) ?? 2;
  return `${currency.toUpperCase()} ${(minor / 10 ** digits).toFixed(digits)}`;
}
