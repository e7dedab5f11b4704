import type { Product } from './product.js';
import { queryWords, slipsAllowed, withinSlips, wordsOf } from './words.js';

export type Searchable = Pick<Product, 'sku' | 'title' | 'description' | 'category'>;

/** What a match in a field is worth. */
const FIELDS = { title: 4, sku: 3, category: 2, description: 1 } as const;
/** What a match of a kind is worth. */
const KINDS = { exact: 1, prefix: 0.8, slip: 0.6 } as const;
const SHORTEST_PREFIX = 2;
const MAX_WORDS = 10;
/** Descriptions say the telling things first. */
const DESCRIPTION_CHARACTERS = 400;

/** Different words of one catalog; a shop whose every product has words of its own is not searched by all of them. */
const MOST_WORDS = 30_000;
/** Of one product, its title's first. */
const MOST_WORDS_OF_ONE = 60;
/** Places in which words stand, of one catalog: a product of a common word each. */
const MOST_PLACES = 600_000;
/** Words of a request that may be slips of others: each is compared with many. */
const MOST_SLIPS = 4;
/** Places that one search looks at: words that stand nearly everywhere are looked up for what others have found. */
const MOST_LOOKED_AT = 40_000;

/** The words of a merchant's products, each with the products it stands in. Built once, asked often. */
export interface SearchIndex {
  size: number;
  /** How often words stand in products: what the index costs. */
  places: number;
  /** Word → SKU → weight of the best field it stands in. */
  words: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** The words in order, so that those with a common beginning stand together. */
  ordered: readonly string[];
  /** Words in which a slip is possible, by their length, each with the letters it is made of. */
  byLength: ReadonlyMap<number, readonly { word: string; letters: number }[]>;
  /** SKU → number of words in the title: of two that match, the one that says less else comes first. */
  titleLengths: ReadonlyMap<string, number>;
}

/** Builds an index product by product, so that a large catalog can be read in parts. */
export class SearchIndexBuilder {
  private readonly words = new Map<string, Map<string, number>>();
  private readonly titleLengths = new Map<string, number>();
  private places = 0;

  add({ sku, title, category, description }: Searchable): void {
    const inTitle = wordsOf(title);
    this.titleLengths.set(sku, Math.max(1, inTitle.length));
    const weights = new Map<string, number>();
    const weigh = (words: readonly string[], weight: number): void => {
      for (const word of words) {
        const known = weights.get(word);
        if (known !== undefined) weights.set(word, Math.max(known, weight));
        else if (weights.size < MOST_WORDS_OF_ONE) weights.set(word, weight);
      }
    };
    weigh(inTitle, FIELDS.title);
    weigh(wordsOf(sku), FIELDS.sku);
    weigh(wordsOf(category.title), FIELDS.category);
    weigh(wordsOf(description.slice(0, DESCRIPTION_CHARACTERS)), FIELDS.description);
    for (const [word, weight] of weights) this.place(word, sku, weight);
  }

  build(): SearchIndex {
    const { words, titleLengths } = this;
    const byLength = new Map<number, { word: string; letters: number }[]>();
    for (const word of words.keys()) {
      if (slipsAllowed(word) === 0) continue;
      const alike = byLength.get(word.length) ?? [];
      alike.push({ word, letters: lettersOf(word) });
      byLength.set(word.length, alike);
    }
    const ordered = [...words.keys()].toSorted();
    return { size: titleLengths.size, places: this.places, words, ordered, byLength, titleLengths };
  }

  private place(word: string, sku: string, weight: number): void {
    if (this.places >= MOST_PLACES) return;
    let skus = this.words.get(word);
    if (!skus) {
      if (this.words.size >= MOST_WORDS) return;
      this.words.set(word, (skus = new Map()));
    }
    skus.set(sku, weight);
    this.places += 1;
  }
}

export interface Match {
  sku: string;
  /** Every word that the catalog knows at all was found. */
  all: boolean;
  score: number;
}

export function buildSearchIndex(products: Iterable<Searchable>): SearchIndex {
  const builder = new SearchIndexBuilder();
  for (const product of products) builder.add(product);
  return builder.build();
}

/** Where a word of a request was found. */
interface Found {
  /** SKU → weight, of each word that it may be, the word itself first. */
  places: { skus: ReadonlyMap<string, number>; worth: number }[];
  /** Of all of them together. */
  size: number;
}

/**
 * Products that match free text, best first: those that hold all of its words, then those that hold some. A word
 * matches itself, its plural or singular and words that begin with it; only a word that the catalog does not know
 * may be a slip of one it knows. A rare word counts for more than a common one. The work is bounded, however many
 * products hold the words.
 */
export function searchProducts(index: SearchIndex, text: string): Match[] {
  const found = queryWords(text)
    .slice(0, MAX_WORDS)
    .map(lookUpIn(index))
    .filter(({ size }) => size > 0)
    .sort((a, b) => a.size - b.size);
  const totals = new Map<string, { words: number; score: number }>();
  let left = MOST_LOOKED_AT;
  for (const word of found) {
    const weights =
      word.size > left && totals.size > 0 ? ofThese([...totals.keys()], word) : ofAll(word, left);
    left = Math.max(0, left - word.size);
    const rarity = Math.log(1 + index.size / Math.min(Math.max(weights.size, 1), index.size));
    for (const [sku, weight] of weights) {
      const total = totals.get(sku) ?? { words: 0, score: 0 };
      totals.set(sku, { words: total.words + 1, score: total.score + weight * rarity });
    }
  }
  return [...totals]
    .map(([sku, { words, score }]) => ({
      sku,
      words,
      all: words === found.length,
      score: score * (1 + 1 / index.titleLengths.get(sku)!),
    }))
    .sort((a, b) => b.words - a.words || b.score - a.score || (a.sku < b.sku ? -1 : 1))
    .map(({ sku, all, score }) => ({ sku, all, score }));
}

/** What a word weighs in each product that holds it, of the first `most` places. */
function ofAll({ places }: Found, most: number): Map<string, number> {
  const weights = new Map<string, number>();
  let left = most;
  for (const { skus, worth } of places) {
    for (const [sku, weight] of skus) {
      if (left-- <= 0) return weights;
      weights.set(sku, Math.max(weights.get(sku) ?? 0, weight * worth));
    }
  }
  return weights;
}

/** What a word weighs in each of these products: the fewer they are, the more of what it may be is looked up. */
function ofThese(these: readonly string[], { places }: Found): Map<string, number> {
  const weights = new Map<string, number>();
  const most = Math.ceil(MOST_LOOKED_AT / these.length);
  for (const sku of these) {
    let weight = 0;
    for (const { skus, worth } of places.slice(0, most)) {
      weight = Math.max(weight, (skus.get(sku) ?? 0) * worth);
    }
    if (weight > 0) weights.set(sku, weight);
  }
  return weights;
}

function lookUpIn(index: SearchIndex): (word: string) => Found {
  let slipsLeft = MOST_SLIPS;
  return (word) => {
    const known = foundIn(index, asWritten(index, word));
    return known.size > 0 || slipsLeft-- <= 0 ? known : foundIn(index, asSlip(index, word));
  };
}

function foundIn(index: SearchIndex, words: { word: string; worth: number }[]): Found {
  const places = words.map(({ word, worth }) => ({ skus: index.words.get(word)!, worth }));
  return { places, size: places.reduce((sum, { skus }) => sum + skus.size, 0) };
}

/** The word itself, and words that begin with it. */
function asWritten(index: SearchIndex, word: string): { word: string; worth: number }[] {
  const words = index.words.has(word) ? [{ word, worth: KINDS.exact as number }] : [];
  if (word.length < SHORTEST_PREFIX) return words;
  for (let at = firstFrom(index.ordered, word); at < index.ordered.length; at++) {
    const longer = index.ordered[at]!;
    if (!longer.startsWith(word)) break;
    if (longer !== word) words.push({ word: longer, worth: KINDS.prefix });
  }
  return words;
}

function asSlip(index: SearchIndex, word: string): { word: string; worth: number }[] {
  const words: { word: string; worth: number }[] = [];
  const slips = slipsAllowed(word);
  if (slips === 0) return words;
  const letters = lettersOf(word);
  for (let length = word.length - slips; length <= word.length + slips; length++) {
    for (const known of index.byLength.get(length) ?? []) {
      if (lettersApart(letters, known.letters) > 2 * slips) continue;
      if (withinSlips(word, known.word, slips)) words.push({ word: known.word, worth: KINDS.slip });
    }
  }
  return words;
}

/** Where the words begin that are not smaller than this one. */
function firstFrom(ordered: readonly string[], word: string): number {
  let [low, high] = [0, ordered.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ordered[middle]! < word) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The letters of a word, of any script, as a set of 32. A slip changes two of them at most. */
function lettersOf(word: string): number {
  let letters = 0;
  for (let at = 0; at < word.length; at++) letters |= 1 << (word.charCodeAt(at) & 31);
  return letters;
}

function lettersApart(a: number, b: number): number {
  let bits = a ^ b;
  let count = 0;
  for (; bits !== 0; bits &= bits - 1) count += 1;
  return count;
}
