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

/** The words of a merchant's products, each with the products it stands in. Built once, asked often. */
export interface SearchIndex {
  size: number;
  /** Word → SKU → weight of the best field it stands in. */
  words: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** SKU → number of words in the title: of two that match, the one that says less else comes first. */
  titleLengths: ReadonlyMap<string, number>;
}

export interface Match {
  sku: string;
  /** Every word that the catalog knows at all was found. */
  all: boolean;
  score: number;
}

export function buildSearchIndex(products: Iterable<Searchable>): SearchIndex {
  const words = new Map<string, Map<string, number>>();
  const titleLengths = new Map<string, number>();
  const add = (sku: string, text: string, weight: number): void => {
    for (const word of wordsOf(text)) {
      let skus = words.get(word);
      if (!skus) words.set(word, (skus = new Map()));
      skus.set(sku, Math.max(skus.get(sku) ?? 0, weight));
    }
  };
  for (const { sku, title, category, description } of products) {
    titleLengths.set(sku, Math.max(1, wordsOf(title).length));
    add(sku, title, FIELDS.title);
    add(sku, sku, FIELDS.sku);
    add(sku, category.title, FIELDS.category);
    add(sku, description.slice(0, DESCRIPTION_CHARACTERS), FIELDS.description);
  }
  return { size: titleLengths.size, words, titleLengths };
}

/**
 * Products that match free text, best first: those that hold all of its words, then those that hold some. A word
 * matches itself, its plural or singular and words that begin with it; only a word that the catalog does not know
 * may be a slip of one it knows. A rare word counts for more than a common one.
 */
export function searchProducts(index: SearchIndex, text: string): Match[] {
  const found = queryWords(text)
    .slice(0, MAX_WORDS)
    .map((word) => matchesOf(index, word))
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

function matchesOf(index: SearchIndex, word: string): Map<string, number> {
  const result = new Map<string, number>();
  const take = (skus: ReadonlyMap<string, number>, worth: number): void => {
    for (const [sku, weight] of skus) result.set(sku, Math.max(result.get(sku) ?? 0, weight * worth));
  };
  const exact = index.words.get(word);
  if (exact) take(exact, KINDS.exact);
  if (word.length >= SHORTEST_PREFIX) {
    for (const [known, skus] of index.words) {
      if (known !== word && known.startsWith(word)) take(skus, KINDS.prefix);
    }
  }
  if (result.size > 0) return result;
  const slips = slipsAllowed(word);
  if (slips === 0) return result;
  for (const [known, skus] of index.words) {
    if (slipsAllowed(known) > 0 && withinSlips(word, known, slips)) take(skus, KINDS.slip);
  }
  return result;
}
