import { parseAmount, type Money } from '#core/catalog';
import type { InboundContent } from '#core/messaging';
import { folded, readPhrase, type Phrase } from './phrases.js';

/** What a customer wants, as far as the machine can tell. */
export type Intent =
  | { kind: 'menu' }
  | { kind: 'category'; id: string; title: string }
  | { kind: 'product'; sku: string }
  | { kind: 'add'; sku: string }
  | { kind: 'view_cart' }
  /** `from`: the line to begin with, as a list shows few. */
  | { kind: 'edit_cart'; from: number }
  | { kind: 'edit_line'; sku: string }
  | { kind: 'set_quantity'; sku: string; quantity: number }
  | { kind: 'checkout' }
  /** Agrees to what was asked last. */
  | { kind: 'yes' }
  | { kind: 'cancel' }
  | { kind: 'track' }
  | { kind: 'human' }
  | { kind: 'bot' }
  | { kind: 'native_cart'; lines: { sku: string; quantity: number; seenPrice?: number }[] }
  /** `uncompared`: a ceiling in a currency that the shop does not sell in, as it was written. */
  | { kind: 'search'; text: string; maxPrice?: Money; uncompared?: string }
  /** Seen, needs no answer (a reaction, a withdrawn message, thanks). */
  | { kind: 'none' }
  /** Something we cannot read (a picture, a voice note). */
  | { kind: 'unreadable' };

/** Ids of what we offer to tap. They come back verbatim, so they carry all that is needed. */
export const CHOICE = {
  menu: 'menu',
  cart: 'cart',
  editCart: 'edit_cart',
  checkout: 'checkout',
  cancel: 'cancel',
  track: 'track',
  bot: 'bot',
  moreOfCart: (from: number) => `edit_cart|${from}`,
  category: (id: string) => `cat|${id}`,
  product: (sku: string) => `prod|${sku}`,
  add: (sku: string) => `add|${sku}`,
  line: (sku: string) => `line|${sku}`,
  quantity: (sku: string, quantity: number) => `qty|${sku}|${quantity}`,
} as const;

const INTENTS: Readonly<Record<Phrase, Intent>> = {
  menu: { kind: 'menu' },
  bot: { kind: 'bot' },
  cart: { kind: 'view_cart' },
  checkout: { kind: 'checkout' },
  yes: { kind: 'yes' },
  cancel: { kind: 'cancel' },
  track: { kind: 'track' },
  human: { kind: 'human' },
  thanks: { kind: 'none' },
};

/** Maps one inbound message onto an intent. Free text that is no known phrase is a search. */
export function readIntent(content: InboundContent, currency: string): Intent {
  switch (content.type) {
    case 'choice':
      return readChoice(content.id, content.title, currency);
    case 'cart':
      return { kind: 'native_cart', lines: content.lines };
    case 'text':
      return readText(content.text, currency);
    case 'reaction':
    case 'revoked':
      return { kind: 'none' };
    default:
      return { kind: 'unreadable' };
  }
}

function readChoice(id: string, title: string, currency: string): Intent {
  const cut = id.indexOf('|');
  const verb = cut < 0 ? id : id.slice(0, cut);
  const argument = cut < 0 ? '' : id.slice(cut + 1);
  switch (verb) {
    case 'menu':
      return { kind: 'menu' };
    case 'cart':
      return { kind: 'view_cart' };
    case 'edit_cart':
      return { kind: 'edit_cart', from: /^\d{1,3}$/.test(argument) ? Number(argument) : 0 };
    case 'checkout':
      return { kind: 'checkout' };
    case 'cancel':
      return { kind: 'cancel' };
    case 'track':
      return { kind: 'track' };
    case 'bot':
      return { kind: 'bot' };
  }
  // A button that is not ours, such as a template's quick reply, says what is on it.
  if (!argument) return readText(title || id, currency);
  switch (verb) {
    case 'cat':
      return { kind: 'category', id: argument, title };
    case 'prod':
      return { kind: 'product', sku: argument };
    case 'add':
      return { kind: 'add', sku: argument };
    case 'line':
      return { kind: 'edit_line', sku: argument };
    case 'qty': {
      const [, sku, quantity] = /^(.+)\|(\d{1,2})$/.exec(argument) ?? [];
      return sku
        ? { kind: 'set_quantity', sku, quantity: Number(quantity) }
        : { kind: 'edit_line', sku: argument };
    }
    default:
      return readText(title || id, currency);
  }
}

function readText(text: string, currency: string): Intent {
  if (text.trim() === '') return { kind: 'unreadable' };
  const read = readPhrase(text);
  return 'phrase' in read ? INTENTS[read.phrase] : { kind: 'search', ...readSearch(read.rest, currency) };
}

/** What a word or sign for money may mean; `$` in a shop that sells in another dollar means that one. */
const MEANT: readonly [pattern: RegExp, currencies: readonly string[]][] = [
  [/^(?:dhs?|dirhams?|درهم)$/, ['AED', 'MAD']],
  [/^(?:riyals?|ريال)$/, ['SAR', 'QAR', 'OMR', 'YER', 'IRR']],
  [/^(?:rs\.?|rupees?|रुपये)$/, ['INR', 'PKR', 'LKR', 'NPR', 'MUR', 'SCR']],
  [/^₹$/, ['INR']],
  [
    /^(?:dollars?|\$)$/,
    ['USD', 'AUD', 'CAD', 'NZD', 'SGD', 'HKD', 'TWD', 'NAD', 'JMD', 'TTD', 'BBD', 'BSD', 'BZD', 'FJD'],
  ],
  [/^(?:euros?|€)$/, ['EUR']],
  [/^£$/, ['GBP', 'EGP', 'SDG', 'SSP', 'LBP', 'SYP']],
];

function mayMean(word: string, currency: string): boolean {
  const known = MEANT.find(([pattern]) => pattern.test(word));
  return known ? known[1].includes(currency) : word.toUpperCase() === currency;
}

const AMOUNT = '([\\d,]+(?:\\.\\d+)?)';
const CURRENCY =
  '(?:aed|sar|qar|kwd|bhd|omr|egp|inr|usd|eur|gbp|kes|ngn|zar|dhs?|dirhams?|riyals?|rs\\.?|rupees?|dollars?|euros?|درهم|ريال|रुपये|₹|\\$|€|£)';
/** `air max 90` is a shoe: "max" speaks of a price only beside a currency or that word. */
const CEILINGS: readonly RegExp[] = [
  `(?<![\\p{L}\\p{N}])(?:under|below|less than|cheaper than|up ?to|at most|maximum|max(?:imum)? (?:price|budget)(?: of)?|تحت|اقل من)\\s*:?\\s*CUR?\\s*AMT(?:\\s*CUR(?![\\p{L}]))?`,
  `(?<![\\p{L}\\p{N}])max\\s*(?:CUR\\s*AMT|AMT\\s*CUR(?![\\p{L}]))`,
  `<\\s*CUR?\\s*AMT(?:\\s*CUR(?![\\p{L}]))?`,
  `CUR?\\s*AMT\\s*CUR?\\s*(?:से कम|के अंदर|se kam)`,
].map((p) => new RegExp(p.replaceAll('CUR', CURRENCY).replaceAll('AMT', AMOUNT), 'iu'));
/** The word or sign for money beside an amount, in a ceiling. */
const MONEY = new RegExp(`(${CURRENCY})\\s*${AMOUNT}|${AMOUNT}\\s*(${CURRENCY})`, 'iu');
const FILLERS =
  /(?<![\p{L}\p{N}'-])(?:i am|i'm|i|we|looking|look|for|want|need|would|like|to|buy|show|me|do|does|you|have|got|any|some|a|an|the|please|pls|find|search|can|could|get|is there|are there)(?![\p{L}\p{N}'-])/giu;

/** `black hoodie under 100` → words to look for and a price ceiling; one in another currency cannot be compared. */
export function readSearch(
  text: string,
  currency: string,
): { text: string; maxPrice?: Money; uncompared?: string } {
  const asked = folded(text).slice(0, 200);
  const ceiling = CEILINGS.map((c) => c.exec(asked)).find((found) => found !== null);
  const amount = ceiling?.slice(1).find((group) => group !== undefined);
  const [, before, , , after] = (ceiling && MONEY.exec(ceiling[0])) ?? [];
  const named = before ?? after;
  const foreign = named !== undefined && !mayMean(named.toLowerCase(), currency);
  const maxPrice = amount && !foreign ? parseAmount(amount, currency) : undefined;
  const uncompared = amount && foreign ? ceiling![0].trim() : undefined;
  const words = (maxPrice || uncompared ? asked.replace(ceiling![0], ' ') : asked)
    .replace(FILLERS, ' ')
    .replace(/[^\p{L}\p{M}\p{N}' -]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return {
    text: words || (maxPrice || uncompared ? '' : asked),
    ...(maxPrice ? { maxPrice } : {}),
    ...(uncompared ? { uncompared } : {}),
  };
}
