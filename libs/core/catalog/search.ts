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
/** Words of a request that may be slips of others: each is compared with many. */
const MOST_SLIPS = 4;

/** The words of a merchant's products, each with the products it stands in. Built once, asked often. */
export interface SearchIndex {
  size: number;
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

  add({ sku, title, category, description }: Searchable): void {
    this.titleLengths.set(sku, Math.max(1, wordsOf(title).length));
    this.addText(sku, title, FIELDS.title);
    this.addText(sku, sku, FIELDS.sku);
    this.addText(sku, category.title, FIELDS.category);
    this.addText(sku, description.slice(0, DESCRIPTION_CHARACTERS), FIELDS.description);
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
    return { size: titleLengths.size, words, ordered: [...words.keys()].toSorted(), byLength, titleLengths };
  }

  private addText(sku: string, text: string, weight: number): void {
    for (const word of wordsOf(text)) {
      let skus = this.words.get(word);
      if (!skus) {
        if (this.words.size >= MOST_WORDS) continue;
        this.words.set(word, (skus = new Map()));
      }
      skus.set(sku, Math.max(skus.get(sku) ?? 0, weight));
    }
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

/**
 * Products that match free text, best first: those that hold all of its words, then those that hold some. A word
 * matches itself, its plural or singular and words that begin with it; only a word that the catalog does not know
 * may be a slip of one it knows. A rare word counts for more than a common one.
 */
export function searchProducts(index: SearchIndex, text: string): Match[] {
  const found = queryWords(text)
    .slice(0, MAX_WORDS)
    .map(lookUpIn(index))
    .filter((skus) => skus.size > 0);
  const totals = new Map<string, { words: number; score: number }>();
  for (const skus of found) {
    const rarity = Math.log(1 + index.size / skus.size);
    for (const [sku, weight] of skus) {
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

function lookUpIn(index: SearchIndex): (word: string) => Map<string, number> {
  let slipsLeft = MOST_SLIPS;
  return (word) => {
    const known = asWritten(index, word);
    return known.size > 0 || slipsLeft-- <= 0 ? known : asSlip(index, word);
  };
}

/** By the word itself, and by words that begin with it. */
function asWritten(index: SearchIndex, word: string): Map<string, number> {
  const result = new Map<string, number>();
  if (index.words.has(word)) take(result, index, word, KINDS.exact);
  if (word.length >= SHORTEST_PREFIX) {
    for (let at = firstFrom(index.ordered, word); at < index.ordered.length; at++) {
      const longer = index.ordered[at]!;
      if (!longer.startsWith(word)) break;
      if (longer !== word) take(result, index, longer, KINDS.prefix);
    }
  }
  return result;
}

function asSlip(index: SearchIndex, word: string): Map<string, number> {
  const result = new Map<string, number>();
  const slips = slipsAllowed(word);
  if (slips === 0) return result;
  const letters = lettersOf(word);
  for (let length = word.length - slips; length <= word.length + slips; length++) {
    for (const known of index.byLength.get(length) ?? []) {
      if (lettersApart(letters, known.letters) > 2 * slips) continue;
      if (withinSlips(word, known.word, slips)) take(result, index, known.word, KINDS.slip);
    }
  }
  return result;
}

function take(result: Map<string, number>, index: SearchIndex, word: string, worth: number): void {
  for (const [sku, weight] of index.words.get(word)!) {
    result.set(sku, Math.max(result.get(sku) ?? 0, weight * worth));
  }
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
