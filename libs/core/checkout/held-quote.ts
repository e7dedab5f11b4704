import { addMoney, compareQuotes, lineTotal, money, type Quote, type QuoteChange } from '#core/catalog';

/**
 * A quote as the customer must see it while their own pieces are held: what the shop reports as sold out may be sold
 * out to others only. Lines that are merely short count as sellable; tax and shipping are then those agreed before,
 * because the shop has computed them without these lines.
 */
export function heldQuote(accepted: Quote, present: Quote): Quote {
  const isShort = (reason?: string): boolean => reason === 'out_of_stock' || reason === 'insufficient_stock';
  if (!present.lines.some((l) => isShort(l.reason))) return present;
  const lines = present.lines.map(({ reason, ...line }) =>
    isShort(reason) || !reason
      ? { ...line, available: Math.max(line.available, line.quantity) }
      : { ...line, reason },
  );
  const { tax, shipping } = accepted;
  const goods = lines.reduce(
    (sum, l) => ('reason' in l ? sum : addMoney(sum, lineTotal(l))),
    money(0, present.currency),
  );
  return { ...present, lines, tax, shipping, total: addMoney(addMoney(goods, tax), shipping) };
}

/** What moved since the quote was accepted, apart from stock that is held for this very customer. */
export function compareWhileHeld(accepted: Quote, present: Quote): QuoteChange[] {
  return compareQuotes(accepted, heldQuote(accepted, present));
}

/** The quote of a shop that has just refused to hold: its lines say what is missing even if the figures lag behind. */
export function shortQuote(present: Quote, short: readonly { sku: string; available: number }[]): Quote {
  let total = present.total;
  const lines = present.lines.map((line) => {
    const missing = short.find((s) => s.sku === line.sku);
    if (!missing || line.reason) return line;
    total = addMoney(total, money(-lineTotal(line).minor, line.unitPrice.currency));
    const available = Math.min(missing.available, line.available);
    return {
      ...line,
      available,
      maxQuantity: Math.min(available, line.maxQuantity),
      reason: available > 0 ? ('insufficient_stock' as const) : ('out_of_stock' as const),
    };
  });
  return { ...present, lines, total };
}
