import { money } from './money.js';
import type { Quote } from './quote.js';
import { isOfferable, offerOf, syncedQuote, type SyncedFigures } from './synced-quote.js';

const NOW = new Date('2026-11-21T10:00:00Z');
const TERMS = { region: 'AE', currency: 'AED', maxAgeSeconds: 900, now: NOW };
const ago = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1_000);

function figures(sku: string, more: Partial<SyncedFigures> = {}): [string, SyncedFigures] {
  return [
    sku,
    {
      sku,
      title: `Title of ${sku}`,
      price: money(1_000, 'AED'),
      available: 3,
      regions: null,
      imageUrl: null,
      deleted: false,
      confirmedAt: ago(60),
      ...more,
    },
  ];
}
const quote = (
  lines: [sku: string, quantity: number][],
  known: [string, SyncedFigures][],
  completeAt: Date | null = ago(30),
  terms = TERMS,
): Quote | undefined =>
  syncedQuote(
    lines.map(([sku, quantity]) => ({ sku, quantity })),
    { figures: new Map(known), completeAt },
    terms,
  );

describe('a quote from the synced copy', () => {
  it('says that it is one, as of its oldest figure, and until that is too old', () => {
    const known = [figures('A', { confirmedAt: ago(300) }), figures('B')];
    expect(
      quote(
        [
          ['A', 2],
          ['B', 1],
        ],
        known,
      ),
    ).toMatchObject({
      source: 'synced',
      quotedAt: ago(300).toISOString(),
      validUntil: new Date(NOW.getTime() + 600_000).toISOString(),
      total: money(3_000, 'AED'),
      shipping: money(0, 'AED'),
    });
  });

  it('is given up to the limit of age, and not a second longer', () => {
    expect(quote([['A', 1]], [figures('A', { confirmedAt: ago(900) })])).toBeDefined();
    expect(quote([['A', 1]], [figures('A', { confirmedAt: ago(901) })])).toBeUndefined();
    expect(
      quote(
        [
          ['A', 1],
          ['B', 1],
        ],
        [figures('A'), figures('B', { confirmedAt: ago(901) })],
      ),
    ).toBeUndefined();
  });

  it.each([
    ['out_of_stock', { available: 0 }, 1],
    ['insufficient_stock', { available: 2 }, 3],
    ['not_sold_in_region', { regions: ['OM'] }, 1],
    ['unknown_sku', { deleted: true }, 1],
  ] as const)('says %s, and does not count the line', (reason, more, quantity) => {
    const given = quote(
      [['A', quantity]],
      [figures('A', { ...more, regions: 'regions' in more ? [...more.regions] : null })],
    )!;
    expect(given.lines[0]!.reason).toBe(reason);
    expect(given.total.minor).toBe(0);
  });

  it('says of a product that it lacks that there is none, but only while the copy is fresh', () => {
    expect(quote([['X', 1]], [])!.lines[0]).toMatchObject({ reason: 'unknown_sku', title: 'X' });
    expect(quote([['X', 1]], [], ago(901))).toBeUndefined();
    expect(quote([['X', 1]], [], null)).toBeUndefined();
  });

  it('lets lines of one product share its stock', () => {
    expect(
      quote(
        [
          ['A', 2],
          ['A', 2],
        ],
        [figures('A')],
      )!.lines.map((l) => l.reason),
    ).toEqual([undefined, 'insufficient_stock']);
  });

  it('is not given in another currency', () => {
    expect(quote([['A', 1]], [figures('A', { price: money(1, 'USD') })])).toBeUndefined();
  });
});

describe('an offer', () => {
  const full = {
    ...quote(
      [
        ['A', 1],
        ['B', 1],
        ['C', 1],
      ],
      [figures('A'), figures('B'), figures('C')],
    )!,
    shipping: money(500, 'AED'),
  };

  it('holds the chosen lines in the chosen order, without what belongs to a whole cart', () => {
    const offer = offerOf(full, ['C', 'A']);
    expect(offer.lines.map((l) => l.sku)).toEqual(['C', 'A']);
    expect(offer).toMatchObject({ total: money(2_000, 'AED'), shipping: money(0, 'AED') });
  });

  it('has nothing that cannot be bought or is above the ceiling', () => {
    const line = full.lines[0]!;
    expect(isOfferable(line, money(1_000, 'AED'))).toBe(true);
    expect(isOfferable(line, money(999, 'AED'))).toBe(false);
    expect(isOfferable({ ...line, reason: 'out_of_stock' })).toBe(false);
  });
});
