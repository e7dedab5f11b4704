import { compareQuotes, sameMoney, withHeld, type Quote, type QuoteLine } from '#core/catalog';
import { cartOnOffer, onlySellable, saying } from './cart.js';
import type { Effect, Outcome, Turn } from './effects.js';
import { changeText } from './figures.js';
import { CHOICE } from './intent.js';
import { keyOf, type Answer, type Question } from './questions.js';
import * as say from './say.js';
import { remember, withCart, type ThreadState } from './state.js';

/** What follows when the answer is there. */
type Next =
  | { kind: 'welcome' }
  | { kind: 'show_products'; title: string; searched: boolean; uncompared?: string }
  | { kind: 'show_product' }
  | { kind: 'show_cart'; notes: string[]; held?: Quote };

/** Goes on with the answer to a question, or says that it needs it. `effects` come before those that follow. */
export function ask(
  state: ThreadState,
  question: Question,
  next: Next,
  turn: Turn,
  effects: readonly Effect[] = [],
): Outcome {
  const answer = turn.answers.get(keyOf(question));
  if (!answer) return { needs: question };
  const then = answered(state, next, answer, turn);
  return 'needs' in then ? then : { ...then, effects: [...effects, ...then.effects] };
}

/**
 * Prices the cart anew and shows it.
 * @param held the quote of an order whose goods the shop still holds for this customer.
 */
export function askForCart(
  state: ThreadState,
  turn: Turn,
  { effects = [], notes = [], held }: { effects?: readonly Effect[]; notes?: string[]; held?: Quote } = {},
): Outcome {
  return ask(state, { kind: 'quote', lines: state.cart }, { kind: 'show_cart', notes, held }, turn, effects);
}

/** An answer of another kind than was asked for cannot be used. */
function answered(state: ThreadState, next: Next, answer: Answer, turn: Turn): Outcome {
  const unavailable = say.sayUnavailable(next.kind === 'show_cart' ? CHOICE.cart : CHOICE.menu);
  if (answer.reply.outcome === 'unavailable') return saying(state, unavailable);
  switch (next.kind) {
    case 'welcome':
      if (answer.kind !== 'categories') break;
      return saying(
        state,
        say.sayWelcome(turn.shop, answer.reply.categories, state.cart.length + state.orders.length > 0),
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
      return showCart(state, answer.reply.quote, next, turn);
  }
  return saying(state, unavailable);
}

function showCart(
  state: ThreadState,
  present: Quote,
  { notes: before, held }: Extract<Next, { kind: 'show_cart' }>,
  turn: Turn,
): Outcome {
  const quote = held ? withHeld(present, held) : present;
  const notes = [...before, ...news(state, quote)];
  const cart = cartOnOffer(quote);
  const moves = cart.length === 0 || state.phase === 'browsing' || state.phase === 'awaiting_fulfilment';
  const next = remember(moves ? withCart(state, cart) : { ...state, cart }, quote);
  if (cart.length === 0) return saying({ ...next, shown: null }, say.sayEmptyCart(notes));
  const shown = onlySellable(quote);
  if (!shown) return askForCart(next, turn, { notes, held });
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
