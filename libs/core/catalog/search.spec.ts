import fc from 'fast-check';
import { buildSearchIndex, searchProducts, type Searchable } from './search.js';
import { queryWords, singular, withinSlips, wordsOf } from './words.js';

const product = (sku: string, title: string, category: string, description = ''): Searchable => ({
  sku,
  title,
  description,
  category: { id: category.toLowerCase(), title: category },
});
const CATALOG = [
  product('HOODIE-BLK', 'Black Hoodie', 'Hoodies & Sweatshirts', 'Brushed cotton, kangaroo pocket.'),
  product('HOODIE-BLK-ZIP', 'Black Heavyweight Zip Hoodie', 'Hoodies & Sweatshirts', 'For desert evenings.'),
  product('HOODIE-SND', 'Sand Oversized Hoodie', 'Hoodies & Sweatshirts', 'In the colour of dunes.'),
  product('CREW-GRY', 'Heather Grey Sweatshirt', 'Hoodies & Sweatshirts'),
  product('TEE-BLK', 'Black Relaxed T-Shirt', 'T-Shirts & Shirts', 'Pre-washed.'),
  product('DRESS-RED', 'Red Summer Dress', 'Dresses'),
  product('SCARF', 'Modal Everyday Scarf', 'Modest Wear', 'Stays where you put it.'),
  product('LAMP', 'Arc Floor Lamp', 'Home & Living', 'Brushed brass.'),
  product('CAFE', 'Café au lait mug', 'Home & Living'),
  product('ABAYA', 'عَبَاية سوداء', 'أزياء'),
];
const INDEX = buildSearchIndex(CATALOG);
const find = (text: string): string[] => searchProducts(INDEX, text).map((m) => m.sku);
const best = (text: string): string[] =>
  searchProducts(INDEX, text)
    .filter((m) => m.all)
    .map((m) => m.sku);

describe('search', () => {
  it('puts products that hold all words first, the plainest title before others', () => {
    expect(best('black hoodie')).toEqual(['HOODIE-BLK', 'HOODIE-BLK-ZIP']);
  });

  it('lets products that hold some of the words follow, a rare word counting for more', () => {
    expect(best('black lamp')).toEqual([]);
    expect(find('black lamp')[0]).toBe('LAMP');
    expect(find('black lamp')).toContain('TEE-BLK');
  });

  it.each([
    ['hoodies', 'hoodie'],
    ['dresses', 'dress'],
    ['scarves', 'scarf'],
    ['t-shirts', 't-shirt'],
    ['BLACK Hoodie!', 'black hoodie'],
    ['cafe', 'café'],
    ['عباية', 'عَبَاية'],
    ['hi, do you have any black hoodies please', 'black hoodie'],
  ])('finds the same for %j as for %j', (one, other) => {
    expect(find(one)).toEqual(find(other));
    expect(find(one)).not.toEqual([]);
  });

  it.each([
    ['hoddie', 'HOODIE-BLK'],
    ['hodie', 'HOODIE-BLK'],
    ['blakc hoodie', 'HOODIE-BLK'],
    ['sweatshrit', 'CREW-GRY'],
    ['lmap', 'LAMP'],
    ['heavywieght', 'HOODIE-BLK-ZIP'],
  ])('forgives a slip: %j', (text, sku) => {
    expect(find(text)[0]).toBe(sku);
  });

  it.each([
    ['hood', 'HOODIE-BLK'],
    ['sweat', 'CREW-GRY'],
    ['tshirt', 'TEE-BLK'],
    ['t shirt', 'TEE-BLK'],
    ['kangaroo', 'HOODIE-BLK'],
    ['HOODIE-BLK-ZIP', 'HOODIE-BLK-ZIP'],
  ])('finds a beginning, a joined word, a description, a SKU: %j', (text, sku) => {
    expect(best(text)[0]).toBe(sku);
  });

  it('takes a word for a slip only when the catalog does not have it', () => {
    const index = buildSearchIndex([product('A', 'Lamp', 'Home'), product('B', 'Lamb', 'Food')]);
    expect(searchProducts(index, 'lamb').map((m) => m.sku)).toEqual(['B']);
  });

  it('passes over a word that the catalog has nowhere', () => {
    expect(best('gucci black hoodie')).toEqual(best('black hoodie'));
  });

  it.each(['', '   ', '!!!', 'submarine', '12345'])('finds nothing for %j', (text) => {
    expect(find(text)).toEqual([]);
  });

  it('takes any text, and gives each product once, all words before some', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.lorem()), (text) => {
        const matches = searchProducts(INDEX, text);
        expect(new Set(matches.map((m) => m.sku)).size).toBe(matches.length);
        const firstPartial = matches.findIndex((m) => !m.all);
        expect(firstPartial === -1 || matches.slice(firstPartial).every((m) => !m.all)).toBe(true);
      }),
    );
  });

  it('finds every product by its own title first or among equals', () => {
    for (const { sku, title } of CATALOG) expect(best(title)).toContain(sku);
  });
});

describe('words', () => {
  it.each([
    ['hoodies', 'hoody'],
    ['hoodie', 'hoody'],
    ['babies', 'baby'],
    ['ties', 'tie'],
    ['lamps', 'lamp'],
    ['glasses', 'glass'],
    ['boxes', 'box'],
    ['dress', 'dress'],
    ['shelves', 'shelf'],
    ['gloves', 'glove'],
    ['oud', 'oud'],
    ['501s', '501s'],
  ])('%s → %s', (word, expected) => {
    expect(singular(word)).toBe(expected);
  });

  it('keeps Hindi words whole and splits at everything that is no letter', () => {
    expect(wordsOf('काला हुडी/XL')).toEqual(['काला', 'हुडी', 'xl']);
  });

  it('keeps fillers when there is nothing else', () => {
    expect(queryWords('show me what you have')).toEqual(['show', 'me', 'what', 'you', 'have']);
    expect(queryWords('show me lamps')).toEqual(['lamp']);
  });

  it('counts slips as a plain dynamic programme does', () => {
    expect(withinSlips('shirt', 'shrit', 1)).toBe(true);
    expect(withinSlips('shirt', 'shorts', 1)).toBe(false);
    expect(withinSlips('shirt', 'shorts', 2)).toBe(true);
    fc.assert(
      fc.property(fc.string({ maxLength: 6 }), fc.string({ maxLength: 6 }), (a, b) => {
        expect(withinSlips(a, b, 2)).toBe(withinSlips(b, a, 2));
        expect(withinSlips(a, b, Math.max(a.length, b.length))).toBe(true);
        expect(withinSlips(a, b, 0)).toBe(a === b);
      }),
    );
  });
});

describe('a catalog that is made to cost as much as it can', () => {
  const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
  const vocabulary = [...LETTERS].flatMap((a) => [...LETTERS].map((b) => `aa${a}${b}`));
  const some = (count: number, seed: number): string =>
    Array.from(
      { length: count },
      (_, i) => vocabulary[(seed * 7 + i * 13 + ((seed * i) % 97)) % vocabulary.length],
    ).join(' ');
  const products = Array.from({ length: 20_000 }, (_, i) => ({
    sku: `s${i}`,
    title: some(40, i),
    description: some(80, i * 3 + 1),
    category: { id: 'c', title: some(40, i * 5 + 2) },
  }));
  const index = buildSearchIndex(products);

  it('has no more places than an index may have', () => {
    let places = 0;
    for (const skus of index.words.values()) places += skus.size;
    expect(places).toBe(index.places);
    expect(places).toBeLessThanOrEqual(600_000);
  });

  it('is searched by looking at a bounded number of places', () => {
    let looked = 0;
    class Counted extends Map<string, number> {
      override *[Symbol.iterator](): MapIterator<[string, number]> {
        for (const entry of super.entries()) {
          looked++;
          yield entry;
        }
      }
      override get(sku: string): number | undefined {
        looked++;
        return super.get(sku);
      }
    }
    const words = new Map([...index.words].map(([word, skus]) => [word, new Counted(skus)]));
    for (const [text, most] of [
      ['aa', 40_001],
      ['aa aab aac aad aae aaf aag aah aai aaj', 450_000],
      [vocabulary.slice(0, 10).join(' '), 450_000],
    ] as const) {
      looked = 0;
      expect(searchProducts({ ...index, words }, text).length).toBeGreaterThan(100);
      expect([text, looked <= most ? 'few' : looked]).toEqual([text, 'few']);
    }
  });

  it('finds what holds a rare word and a common one', () => {
    const rare = {
      sku: 'rare',
      title: 'aa00 lighthouse',
      description: '',
      category: { id: 'c', title: 'c' },
    };
    const withRare = buildSearchIndex([rare, ...products]);
    const [best, ...others] = searchProducts(withRare, 'aa lighthouse').filter(({ all }) => all);
    expect([best?.sku, others]).toEqual(['rare', []]);
  });
});
