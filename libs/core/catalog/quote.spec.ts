import { money } from './money.js';
import { compareQuotes, sellableLines, subtotal, type Quote, type QuoteLine } from './quote.js';

const line = (sku: string, minor: number, more: Partial<QuoteLine> = {}): QuoteLine => ({
  sku,
  title: `Title of ${sku}`,
  quantity: 2,
  unitPrice: money(minor, 'AED'),
  available: 9,
  maxQuantity: 9,
  ...more,
});
const quote = (lines: QuoteLine[], shipping = 0): Quote => {
  const goods = lines.reduce((sum, l) => sum + (l.reason ? 0 : l.unitPrice.minor * l.quantity), 0);
  return {
    source: 'live',
    quotedAt: '2026-11-21T10:00:00.000Z',
    validUntil: '2026-11-21T10:10:00.000Z',
    currency: 'AED',
    lines,
    tax: money(0, 'AED'),
    shipping: money(shipping, 'AED'),
    total: money(goods + shipping, 'AED'),
  };
};

describe('comparing the accepted quote with the present one', () => {
  const accepted = quote([line('A', 100), line('B', 200)], 50);

  it('finds nothing when only time has passed', () => {
    const present = { ...accepted, quotedAt: '2026-11-21T10:05:00.000Z', source: 'synced' as const };
    expect(compareQuotes(accepted, present)).toEqual([]);
  });

  it.each([120, 80])('tells a price of 100 that is %i now', (minor) => {
    expect(compareQuotes(accepted, quote([line('A', minor), line('B', 200)], 50))).toEqual([
      { sku: 'A', title: 'Title of A', kind: 'price', from: money(100, 'AED'), to: money(minor, 'AED') },
    ]);
  });

  it('tells a line that cannot be had any more, and not its price too', () => {
    const gone = line('B', 300, { available: 1, reason: 'insufficient_stock' });
    expect(compareQuotes(accepted, quote([line('A', 100), gone], 50))).toEqual([
      { sku: 'B', title: 'Title of B', kind: 'stock', wanted: 2, available: 1, reason: 'insufficient_stock' },
    ]);
  });

  it('tells a total that moved by something else, such as shipping', () => {
    expect(compareQuotes(accepted, quote([line('A', 100), line('B', 200)], 70))).toEqual([
      { sku: '', title: '', kind: 'total', from: money(650, 'AED'), to: money(670, 'AED') },
    ]);
  });
});

it('adds up only what can be sold', () => {
  const mixed = quote([line('A', 100), line('B', 200, { reason: 'out_of_stock' })]);
  expect(sellableLines(mixed).map((l) => l.sku)).toEqual(['A']);
  expect(subtotal(mixed)).toEqual(money(200, 'AED'));
});
