import { parseAmount, type Money } from '#core/catalog';
import type { InboundContent } from '#core/messaging';

/** What a customer wants, as far as the machine can tell. */
export type Intent =
  | { kind: 'menu' }
  | { kind: 'category'; id: string; title: string }
  | { kind: 'product'; sku: string }
  | { kind: 'add'; sku: string }
  | { kind: 'view_cart' }
  | { kind: 'edit_cart' }
  | { kind: 'edit_line'; sku: string }
  | { kind: 'set_quantity'; sku: string; quantity: number }
  | { kind: 'checkout' }
  | { kind: 'cancel' }
  | { kind: 'track' }
  | { kind: 'human' }
  | { kind: 'bot' }
  | { kind: 'native_cart'; lines: { sku: string; quantity: number; seenPrice?: number }[] }
  | { kind: 'search'; text: string; maxPrice?: Money }
  /** Seen, needs no answer (a reaction, a withdrawn message). */
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
  category: (id: string) => `cat|${id}`,
  product: (sku: string) => `prod|${sku}`,
  add: (sku: string) => `add|${sku}`,
  line: (sku: string) => `line|${sku}`,
  quantity: (sku: string, quantity: number) => `qty|${sku}|${quantity}`,
} as const;

const PHRASES: readonly [RegExp, Intent][] = [
  [/^(hi|hiya|hello|hey|salam|salaam|start|menu|home|shop|مرحبا|السلام عليكم|هلا|नमस्ते|नमस्कार)\b|^(مرحبا|السلام|هلا|नमस्)/iu, { kind: 'menu' }],
  [/\b(where('?s| is| are)? my (order|parcel|package|stuff)|track(ing)?|order status|delivery status)\b|وين طلبي|أين طلبي|मेरा ऑर्डर/iu, { kind: 'track' }],
  [/^(cart|basket|my cart|view cart|show cart|السلة)$/iu, { kind: 'view_cart' }],
  [/^(check ?out|pay|buy now|place order|ادفع)$/iu, { kind: 'checkout' }],
  [/^(cancel|stop|never ?mind)$/iu, { kind: 'cancel' }],
  [/\b(human|agent|person|someone real|support|complain\w*|refund|return)\b/iu, { kind: 'human' }],
  [/^(bot|resume)$/iu, { kind: 'bot' }],
]; // prettier-ignore

/** Maps one inbound message onto an intent. Free text that is no known phrase is a search. */
export function readIntent(content: InboundContent, currency: string): Intent {
  switch (content.type) {
    case 'choice':
      return readChoice(content.id, content.title);
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

function readChoice(id: string, title: string): Intent {
  const [verb, argument, quantity] = id.split('|') as [string, string | undefined, string | undefined];
  switch (verb) {
    case 'menu':
      return { kind: 'menu' };
    case 'cart':
      return { kind: 'view_cart' };
    case 'edit_cart':
      return { kind: 'edit_cart' };
    case 'checkout':
      return { kind: 'checkout' };
    case 'cancel':
      return { kind: 'cancel' };
    case 'track':
      return { kind: 'track' };
    case 'bot':
      return { kind: 'bot' };
  }
  if (!argument) return { kind: 'menu' };
  switch (verb) {
    case 'cat':
      return { kind: 'category', id: argument, title };
    case 'prod':
      return { kind: 'product', sku: argument };
    case 'add':
      return { kind: 'add', sku: argument };
    case 'line':
      return { kind: 'edit_line', sku: argument };
    case 'qty':
      return /^\d{1,2}$/.test(quantity ?? '')
        ? { kind: 'set_quantity', sku: argument, quantity: Number(quantity) }
        : { kind: 'edit_line', sku: argument };
    default:
      return { kind: 'menu' };
  }
}

function readText(text: string, currency: string): Intent {
  const trimmed = text.trim();
  const known = PHRASES.find(([pattern]) => pattern.test(trimmed));
  if (known) return known[1];
  return trimmed ? { kind: 'search', ...readSearch(trimmed, currency) } : { kind: 'unreadable' };
}

const CEILING =
  /\b(?:under|below|less than|cheaper than|up to|max(?:imum)?|at most)\s*(?:[a-z]{3}\s*)?([\d,]+(?:\.\d+)?)(?:\s*[a-z]{3}\b)?|<\s*([\d,]+(?:\.\d+)?)/iu;
const FILLERS =
  /\b(?:i am|i'm|i|we|looking|look|for|want|need|would|like|to|buy|show|me|do|you|have|got|any|some|a|an|the|please|pls|find|search|can|get|in)\b/giu;

/** `black hoodie under 100` → words to look for and a price ceiling. */
export function readSearch(text: string, currency: string): { text: string; maxPrice?: Money } {
  const ceiling = CEILING.exec(text);
  const amount = ceiling?.[1] ?? ceiling?.[2];
  const maxPrice = amount ? parseAmount(amount, currency) : undefined;
  const words = text
    .replace(CEILING, ' ')
    .replace(FILLERS, ' ')
    .replace(/[^\p{L}\p{M}\p{N}' -]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return { text: words || (maxPrice ? '' : text), ...(maxPrice ? { maxPrice } : {}) };
}
