/** An amount in the currency's minor unit (fils, paise, cents): always a whole number. */
export interface Money {
  minor: number;
  /** ISO 4217 */
  currency: string;
}

/** Decimals by ISO 4217 where they are not two. */
const DECIMALS: Readonly<Record<string, number>> = {
  BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3,
  BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0, UGX: 0, VND: 0, VUV: 0,
  XAF: 0, XOF: 0, XPF: 0,
}; // prettier-ignore

export function decimalsOf(currency: string): number {
  return DECIMALS[currency] ?? 2;
}

export function money(minor: number, currency: string): Money {
  if (!Number.isSafeInteger(minor)) throw new RangeError(`not a whole number of minor units: ${minor}`);
  return { minor, currency };
}

/** @throws RangeError when the currencies differ. */
export function addMoney(a: Money, b: Money): Money {
  if (a.currency !== b.currency) throw new RangeError(`cannot add ${b.currency} to ${a.currency}`);
  return money(a.minor + b.minor, a.currency);
}

export function timesMoney(a: Money, quantity: number): Money {
  return money(a.minor * quantity, a.currency);
}

/** `AED 89.00`, `KWD 1.250`, `JPY 500`: the same in every language, so that it can never be misread. */
export function formatMoney({ minor, currency }: Money): string {
  const decimals = decimalsOf(currency);
  const sign = minor < 0 ? '-' : '';
  const digits = Math.abs(minor)
    .toString()
    .padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${currency} ${sign}${whole}${decimals > 0 ? `.${digits.slice(-decimals)}` : ''}`;
}

/** `"100"` in AED is 10,000 minor units. Undefined when the text is not an amount. */
export function parseAmount(text: string, currency: string): Money | undefined {
  const match = /^(\d{1,9})(?:\.(\d{1,3}))?$/.exec(text.replaceAll(',', ''));
  if (!match) return undefined;
  const decimals = decimalsOf(currency);
  const fraction = (match[2] ?? '').padEnd(decimals, '0').slice(0, decimals);
  return money(Number(`${match[1]}${fraction}`), currency);
}
