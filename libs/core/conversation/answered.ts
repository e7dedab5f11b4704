import { compareQuotes, sameMoney, type Quote, type QuoteLine } from '#core/catalog';
import { askForCart, cartOnOffer, onlySellable, saying } from './cart.js';
import type { Step, StepContext } from './effects.js';
import type { Answer } from './facts.js';
import { changeText } from './figures.js';
import { CHOICE } from './intent.js';
import * as say from './say.js';
import { remember, withCart, type PendingQuestion, type ThreadState } from './state.js';

/** Goes on where the question was asked. An answer of another kind than was asked for cannot be used. */
export function answered(
  state: ThreadState,
  { next }: PendingQuestion,
  answer: Answer,
  context: StepContext,
): Step {
  const unavailable = say.sayUnavailable(next.kind === 'show_cart' ? CHOICE.cart : CHOICE.menu);
  if (answer.reply.outcome === 'unavailable') return saying(state, unavailable);
  switch (next.kind) {
    case 'welcome':
      if (answer.kind !== 'categories') break;
      return saying(
        state,
        say.sayWelcome(context.shop, answer.reply.categories, state.cart.length + state.orders.length > 0),
      );
    case 'show_products': {
      if (answer.kind !== 'search') break;
      const { products, quote } = answer.reply;
      return saying(remember(state, quote), say.sayProducts(next, products, quote));
    }
    case 'show_product': {
      const line = answer.kind === 'quote' ? answer.reply.quote.lines[0] : undefined;
      if (answer.kind !== 'quote' || !line) break;
      if (line.reason) return saying(state, say.saySoldOut(line));
      const inCart = state.cart.some((l) => l.sku === line.sku);
      return saying(
        remember(state, answer.reply.quote),
        say.sayProduct(line, answer.reply.quote, inCart, repriced(state, line)),
      );
    }
    case 'show_cart':
      if (answer.kind !== 'quote') break;
      return showCart(state, answer.reply.quote, next.notes, context);
  }
  return saying(state, unavailable);
}

function showCart(state: ThreadState, quote: Quote, before: string[], context: StepContext): Step {
  const notes = [...before, ...news(state, quote)];
  const cart = cartOnOffer(quote);
  // A fact may have come between question and answer, and found the cart empty: then it is being built anew.
  const moves = cart.length === 0 || state.phase === 'browsing' || state.phase === 'awaiting_fulfilment';
  const next = remember(moves ? withCart(state, cart) : { ...state, cart }, quote);
  if (cart.length === 0) return saying({ ...next, shown: null }, say.sayEmptyCart(notes));
  const shown = onlySellable(quote);
  if (!shown) return askForCart(next, context, [], notes);
  return saying({ ...next, shown }, say.sayCart(shown, notes));
}

/** What the customer has not been told yet: other prices than they saw, and what has run short. */
function news(state: ThreadState, quote: Quote): string[] {
  const prices = quote.lines.flatMap((l) => repriced(state, l) ?? []);
  const shortages = compareQuotes(quote, quote).filter((c) => c.kind === 'stock');
  return [...prices, ...shortages.map(changeText)];
}

function repriced(state: ThreadState, line: QuoteLine): string | undefined {
  const minor = Object.hasOwn(state.seen, line.sku) ? state.seen[line.sku] : undefined;
  if (minor === undefined || line.reason) return undefined;
  const from = { minor, currency: line.unitPrice.currency };
  if (sameMoney(from, line.unitPrice)) return undefined;
  return changeText({ kind: 'price', sku: line.sku, title: line.title, from, to: line.unitPrice });
}
