import { compareQuotes, sameMoney, type Quote, type QuoteLine } from '#core/catalog';
import { ask, cartOnOffer, onlySellable, saying } from './cart.js';
import type { Step, StepContext } from './effects.js';
import type { Answer } from './facts.js';
import * as say from './say.js';
import { remember, withCart, type PendingQuestion, type ThreadState } from './state.js';

/** Goes on where the question was asked. An answer of another kind than was asked for cannot be used. */
export function answered(
  state: ThreadState,
  { then }: PendingQuestion,
  answer: Answer,
  context: StepContext,
): Step {
  if (answer.reply.outcome === 'unavailable') return saying(state, say.sayUnavailable());
  switch (then.kind) {
    case 'welcome':
      if (answer.kind !== 'categories') break;
      return saying(
        state,
        say.sayWelcome(context.shop, answer.reply.categories, state.cart.length + state.orders.length > 0),
      );
    case 'show_products': {
      if (answer.kind !== 'search') break;
      const { products, quote } = answer.reply;
      if (products.length === 0) return saying(state, say.sayNothingFound(then.title));
      const title = then.searched ? `“${then.title}”` : then.title;
      return saying(remember(state, quote), say.sayProducts(title, products, quote));
    }
    case 'show_product': {
      const line = answer.kind === 'quote' ? answer.reply.quote.lines[0] : undefined;
      if (answer.kind !== 'quote' || !line) break;
      if (line.reason) return saying(state, say.saySoldOut(line.title || 'This product'));
      const inCart = state.cart.some((l) => l.sku === line.sku);
      return saying(
        remember(state, answer.reply.quote),
        say.sayProduct(line, answer.reply.quote, inCart, repriced(state, line)),
      );
    }
    case 'show_cart':
      if (answer.kind !== 'quote') break;
      return showCart(state, answer.reply.quote, then.notes, context);
  }
  return saying(state, say.sayUnavailable());
}

function showCart(state: ThreadState, quote: Quote, before: string[], context: StepContext): Step {
  const notes = [...before, ...news(state, quote)];
  const cart = cartOnOffer(quote);
  const next = remember(cart.length === 0 ? withCart(state, []) : { ...state, cart }, quote);
  if (cart.length === 0) return saying({ ...next, shown: null }, say.sayEmptyCart(notes));
  const shown = onlySellable(quote);
  if (!shown) return ask(next, { kind: 'quote', lines: cart }, { kind: 'show_cart', notes }, context);
  return saying({ ...next, shown }, say.sayCart(shown, notes));
}

/** What the customer has not been told yet: other prices than they saw, and what has run short. */
function news(state: ThreadState, quote: Quote): string[] {
  const prices = quote.lines.flatMap((l) => repriced(state, l) ?? []);
  const shortages = compareQuotes(quote, quote).filter((c) => c.kind === 'stock');
  return [...prices, ...shortages.map(say.changeText)];
}

function repriced(state: ThreadState, line: QuoteLine): string | undefined {
  const minor = state.seen[line.sku];
  if (minor === undefined || line.reason) return undefined;
  const from = { minor, currency: line.unitPrice.currency };
  if (sameMoney(from, line.unitPrice)) return undefined;
  return say.changeText({ kind: 'price', sku: line.sku, title: line.title, from, to: line.unitPrice });
}
