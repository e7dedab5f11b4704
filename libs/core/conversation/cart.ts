import type { CartLine, Quote } from '#core/catalog';
import type { OutboundContent } from '#core/messaging';
import type { Step } from './effects.js';
import { setQuantity, type ThreadState } from './state.js';

export function saying(state: ThreadState, content: OutboundContent): Step {
  return { state, effects: [{ kind: 'say', content }] };
}

/** What of a quote can be had: short lines at what is left, sold-out ones not at all. */
export function cartOnOffer(quote: Quote): CartLine[] {
  return quote.lines.flatMap((l) => {
    if (!l.reason) return [{ sku: l.sku, quantity: l.quantity }];
    const left = l.reason === 'insufficient_stock' ? Math.min(l.maxQuantity, l.available) : 0;
    // A shop that has enough and yet says "too few" would be asked for the same thing for ever.
    return left > 0 && left < l.quantity ? [{ sku: l.sku, quantity: left }] : [];
  });
}

/** The quote without what cannot be had; null when a line would need another quantity: then it must be quoted anew. */
export function onlySellable(quote: Quote): Quote | null {
  const short = quote.lines.some((l) => l.reason === 'insufficient_stock' && l.available > 0);
  return short ? null : { ...quote, lines: quote.lines.filter((l) => !l.reason) };
}

export function mergeLines(lines: readonly CartLine[]): CartLine[] {
  return lines.reduce<CartLine[]>((cart, l) => {
    const had = cart.find((c) => c.sku === l.sku)?.quantity ?? 0;
    return setQuantity(cart, l.sku, had + l.quantity);
  }, []);
}
