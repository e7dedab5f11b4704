import { compareQuotes } from '#core/catalog';
import { compareWhileHeld, heldQuote, shortQuote } from './held-quote.js';
import { sampleQuote } from './testing/samples.js';

const soldOutToOthers = () => {
  const present = sampleQuote();
  const aed = (minor: number) => ({ minor, currency: 'AED' });
  const lines = present.lines.map((l) => ({
    ...l,
    available: 0,
    maxQuantity: 0,
    reason: 'out_of_stock' as const,
  }));
  return { ...present, lines, shipping: aed(0), total: aed(0) };
};

describe('figures while the customer’s own pieces are held', () => {
  it('are unchanged when the rest of the shop is sold out', () => {
    expect(compareQuotes(sampleQuote(), soldOutToOthers())).toHaveLength(1);
    expect(compareWhileHeld(sampleQuote(), soldOutToOthers())).toEqual([]);
    expect(heldQuote(sampleQuote(), soldOutToOthers())).toMatchObject({ total: { minor: 19_800 } });
    expect(heldQuote(sampleQuote(), soldOutToOthers()).lines[0]!.reason).toBeUndefined();
  });

  it('still show a price that moved', () => {
    const dearer = { ...soldOutToOthers(), lines: soldOutToOthers().lines.map((l) => ({ ...l, unitPrice: { minor: 9_900, currency: 'AED' } })) }; // prettier-ignore
    expect(compareWhileHeld(sampleQuote(), dearer)).toMatchObject([{ kind: 'price', to: { minor: 9_900 } }]);
    expect(compareWhileHeld(sampleQuote(), sampleQuote(8_000))).toMatchObject([{ kind: 'price' }]);
  });

  it('do not hide that something is no longer sold here', () => {
    const gone = { ...sampleQuote(), lines: sampleQuote().lines.map((l) => ({ ...l, reason: 'not_sold_in_region' as const })) }; // prettier-ignore
    expect(compareWhileHeld(sampleQuote(), gone)).toMatchObject([
      { kind: 'stock', reason: 'not_sold_in_region' },
    ]);
  });
});

it('a refused hold shows in the quote even when its figures lag behind', () => {
  const short = shortQuote(sampleQuote(), [{ sku: 'HOODIE-BLK', available: 1 }]);
  expect(compareQuotes(sampleQuote(), short)).toEqual([
    {
      sku: 'HOODIE-BLK',
      title: 'Black Hoodie',
      kind: 'stock',
      wanted: 2,
      available: 1,
      reason: 'insufficient_stock',
    },
  ]);
  expect(short.total).toEqual({ minor: 2_000, currency: 'AED' });
});
