import fc from 'fast-check';
import { formatMoney, lineTotal, withHeld, type Quote } from '#core/catalog';
import type { OrderFact } from '#core/checkout';
import type { OutboundContent } from '#core/messaging';
import {
  keyOf,
  newThread,
  step,
  TRANSITIONS,
  type Answer,
  type Phase,
  type Question,
  type Step,
  type ThreadState,
} from './index.js';
import { wordsOf } from './testing/thread-script.js';

const NOW = new Date('2026-11-21T10:00:00.000Z');
const SKUS = ['A', 'B', 'C|1', '__proto__'];
const TRACKING = { carrier: 'Aramex', trackingCode: 'T1' };

/** Every quote has prices that no other has: what a message shows tells which quotes it was given. */
let lastPrice = 100_000;
const unique = () => ({ minor: (lastPrice += 101), currency: 'AED' });

const quote = fc
  .record({
    lines: fc.uniqueArray(
      fc.record({
        sku: fc.constantFrom(...SKUS),
        title: fc.constantFrom('', 'Hoodie', 'A title that is longer than a row has room for'),
        quantity: fc.integer({ min: 1, max: 99 }),
        available: fc.integer({ min: 0, max: 120 }),
        maxQuantity: fc.integer({ min: 0, max: 99 }),
        reason: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom('out_of_stock', 'insufficient_stock', 'not_sold_in_region', 'unknown_sku') }),
      }),
      { selector: (l) => l.sku, minLength: 1, maxLength: 4 },
    ),
    source: fc.constantFrom('live', 'synced'),
  })
  .map(({ lines, source }): Quote => ({
    source: source as Quote['source'], quotedAt: NOW.toISOString(), validUntil: NOW.toISOString(), currency: 'AED',
    lines: lines.map(({ reason, ...l }) => ({ ...l, unitPrice: unique(), ...(reason ? { reason: reason as 'out_of_stock' } : {}) })),
    tax: unique(), shipping: unique(), total: unique(),
  })); // prettier-ignore

/** How a shop answers, whatever it is asked. */
interface Given {
  kind: Answer['kind'] | 'fitting';
  quote: Quote;
  ok: boolean;
  categories: number;
}

type Move =
  | { do: 'text'; answer: Given; text: string; masked: boolean }
  | { do: 'tap'; answer: Given; id: string }
  | { do: 'cart'; answer: Given; lines: { sku: string; quantity: number }[] }
  | { do: 'fact'; answer: Given; kind: OrderFact['kind']; quote: Quote; other: boolean; code: string }
  | { do: 'wait'; ms: number };

const sku = fc.constantFrom(...SKUS);
const tap = fc.oneof(
  fc.constantFrom('menu', 'cart', 'edit_cart', 'edit_cart|9', 'checkout', 'cancel', 'track', 'bot', 'cat|x', 'other'),
  fc.tuple(fc.constantFrom('prod', 'add', 'line'), sku).map((p) => p.join('|')),
  fc.tuple(sku, fc.integer({ min: 0, max: 99 })).map(([s, n]) => `qty|${s}|${n}`),
); // prettier-ignore
const KINDS = ['ready_to_pay', 'changed', 'unavailable', 'expired', 'payment_failed', 'paid', 'refunded',
  'tracking_created', 'shipped', 'out_for_delivery', 'delivered', 'delivery_failed'] as const; // prettier-ignore
const answer = fc.record({
  kind: fc.constantFrom(
    'fitting',
    'fitting',
    'fitting',
    'fitting',
    'fitting',
    'categories',
    'search',
    'quote',
  ),
  quote,
  ok: fc.integer({ min: 0, max: 6 }).map((n) => n > 0),
  categories: fc.integer({ min: 0, max: 12 }),
});
const moves = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ do: fc.constant('text'), answer, text: fc.constantFrom('hi', 'hoodie under 50', 'agent', 'bot', 'cart', 'pay', 'yes', '…'), masked: fc.integer({ min: 0, max: 5 }).map((n) => n === 0) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('tap'), answer, id: tap }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('tap'), answer, id: fc.constantFrom('checkout', 'add|A') }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('cart'), answer, lines: fc.array(fc.record({ sku, quantity: fc.integer({ min: 1, max: 200 }) }), { minLength: 1, maxLength: 5 }) }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('fact'), answer, kind: fc.constantFrom(...KINDS), quote, other: fc.boolean(), code: fc.constantFrom('T1', 'T2') }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(1_000, 31_000, 90_000_000) }) },
  ),
  { minLength: 5, maxLength: 40 },
) as fc.Arbitrary<Move[]>; // prettier-ignore

function factOf(kind: OrderFact['kind'], given: Quote, code: string): OrderFact {
  const tracking = { ...TRACKING, trackingCode: code };
  switch (kind) {
    case 'ready_to_pay':
      return { kind, quote: given, url: 'https://pay.test/1', payBefore: NOW.toISOString() };
    case 'changed':
      return { kind, quote: given, changes: [{ kind: 'total', sku: '', title: '', from: given.tax, to: given.total }] };
    case 'paid':
      return { kind, number: 'N1', quote: given, total: given.total, paidAt: NOW.toISOString() };
    case 'refunded':
      return { kind, total: given.total, reason: code === 'T1' ? 'cancelled' : 'duplicate_payment' };
    case 'delivered':
      return { kind, tracking, deliveredAt: NOW.toISOString() };
    case 'tracking_created':
    case 'shipped':
    case 'out_for_delivery':
    case 'delivery_failed':
      return { kind, tracking };
    default:
      return { kind };
  }
} // prettier-ignore

/** What is asked for, or an answer of another kind. A cart is quoted line by line, as a shop does. */
function answerOf({ kind: given, ok, quote: said, categories: count }: Given, question: Question): Answer {
  const kind = given === 'fitting' ? question.kind : given;
  if (!ok) return { kind, reply: { outcome: 'unavailable', reason: 'r' } };
  const wanted = question.kind === 'quote' ? question.lines : [];
  const lines = wanted.length > 0 ? wanted.map((l, i) => ({ ...said.lines[i % said.lines.length]!, ...l })) : said.lines;
  const answered = { ...said, lines };
  switch (kind) {
    case 'categories': {
      const categories = Array.from({ length: count }, (_, i) => ({ id: `${i}`, title: i ? 'C' : '', count: i }));
      return { kind, reply: { outcome: 'ok', categories } };
    }
    case 'search': {
      const products = lines.map((l) => ({ sku: l.sku, description: '', categoryId: 'c', imageUrl: null }));
      return { kind, reply: { outcome: 'ok', products, quote: answered } };
    }
    case 'quote':
      return { kind, reply: { outcome: 'ok', quote: answered } };
  }
} // prettier-ignore

interface Observed extends Step {
  before: ThreadState;
  /** Every quote that it was given. */
  given: Quote[];
  asked: Question[];
}

/** Plays moves; what is asked is answered by the move, a fact goes to the order that is being paid, or to others. */
function play(script: Move[]): Observed[] {
  let state = newThread(NOW);
  let now = NOW;
  let ids = 0;
  return script.flatMap((move): Observed[] => {
    if (move.do === 'wait') now = new Date(now.getTime() + move.ms);
    if (move.do === 'wait') return [];
    const before = state;
    const event: Parameters<typeof step>[1] =
      move.do === 'text'
        ? { kind: 'inbound', content: { type: 'text', text: move.text }, cardNumberMasked: move.masked }
        : move.do === 'tap'
          ? { kind: 'inbound', content: { type: 'choice', id: move.id, title: 'Title' } }
          : move.do === 'cart'
            ? { kind: 'inbound', content: { type: 'cart', catalogId: 'c', lines: move.lines } }
            : { kind: 'order_fact', orderRef: (move.other ? state.orders.at(-1)?.ref : state.order?.ref) ?? 'W0', fact: factOf(move.kind, move.quote, move.code) };
    const context = { now, shop: 'Shop', currency: 'AED', newOrderRef: () => `W${++ids}` };
    const frozen = structuredClone(state);
    const given: Quote[] = 'quote' in move ? [move.quote] : [];
    const asked: Question[] = [];
    const answers = new Map<string, Answer>();
    let result = step(state, event, context, answers);
    while ('needs' in result) {
      const answer = answerOf(move.answer, result.needs);
      expect(answers.has(keyOf(result.needs))).toBe(false); // never the same twice
      answers.set(keyOf(result.needs), answer);
      asked.push(result.needs);
      if (answer.kind !== 'categories' && answer.reply.outcome === 'ok') given.push(answer.reply.quote);
      result = step(state, event, context, answers);
    }
    expect(state).toEqual(frozen); // pure
    state = JSON.parse(JSON.stringify(result.state)) as ThreadState; // as the database gives it back
    return [{ before, ...result, given, asked }];
  });
} // prettier-ignore

const contents = ({ effects }: Step): OutboundContent[] =>
  effects.flatMap((e) => (e.kind === 'say' ? [e.content] : []));

const forEveryStep = (check: (step: Observed, all: Observed[]) => void, seed?: number): void =>
  fc.assert(
    fc.property(moves, (script) => {
      const all = play(script);
      for (const observed of all) check(observed, all);
    }),
    { numRuns: 600, ...(seed === undefined ? {} : { seed }) },
  );

/** Phases that one event can lead to: some events are several moves of the table, one after the other. */
function reachable(from: Phase): Set<Phase> {
  const found = new Set<Phase>([from]);
  for (let i = 0; i < 3; i++)
    for (const phase of [...found]) Object.values(TRANSITIONS[phase]).forEach((p) => found.add(p));
  return found;
}

it('no sequence of events leaves the table, or a phase that does not fit cart and order', () => {
  forEveryStep(({ before, state }) => {
    expect(reachable(before.phase)).toContain(state.phase);
    if (state.phase === 'with_human') return;
    expect([state.phase, state.order !== null]).toEqual([state.phase, state.phase === 'awaiting_payment']);
    const shopping = state.phase !== 'browsing' && state.phase !== 'awaiting_fulfilment';
    expect([state.phase, state.cart.length > 0]).toEqual([state.phase, shopping]);
  });
});

it('the generated events lead into every phase', () => {
  const visited = new Set<Phase>();
  forEveryStep(({ state }) => void visited.add(state.phase), 20_261_121);
  expect([...visited].sort()).toEqual(Object.keys(TRANSITIONS).sort());
});

it('no figure reaches a message but out of a quote that the thread was given', () => {
  let figures = 0;
  fc.assert(
    fc.property(moves, (script) => {
      const known = new Set<string>();
      for (const observed of play(script)) {
        const { given, before } = observed;
        const own = before.order ? given.map((quote) => withHeld(quote, before.order!.quote)) : [];
        for (const quote of [...given, ...own]) pricesIn(quote).forEach((p) => known.add(p));
        for (const [price] of wordsOf(contents(observed)).matchAll(/AED [-\d,.]*\d/g)) {
          figures++;
          expect(known).toContain(price);
        }
      }
    }),
    { numRuns: 600 },
  );
  expect(figures).toBeGreaterThan(1_000);
});

/** Unit prices, their multiples, and the quote's own sums. No cart of these tests is long enough to be summed up. */
function pricesIn({ lines, tax, shipping, total }: Quote): string[] {
  const multiples = lines.flatMap((l) => [1, 2, 3, 4, 5, 6, 7, 8, 9, l.quantity].map((quantity) => lineTotal({ ...l, quantity })));
  return [tax, shipping, total, ...multiples].map(formatMoney);
} // prettier-ignore

it('a checkout is asked for with a quote that was shown, and holds the whole cart', () => {
  let checkouts = 0;
  forEveryStep(({ before, state, effects }, all) => {
    for (const effect of effects) {
      if (effect.kind !== 'request_checkout') continue;
      checkouts++;
      expect(effect.quote.lines.every((l) => !l.reason)).toBe(true);
      const shown = all.some((o) =>
        [
          ...o.given,
          ...o.given.flatMap((q) => (o.before.order ? [withHeld(q, o.before.order.quote)] : [])),
        ].some((q) => q.total.minor === effect.quote.total.minor),
      );
      expect(shown).toBe(true);
      expect(before.order).toBeNull();
      const asked = before.phase === 'with_human' ? state : before;
      expect(effect.quote.lines.map(({ sku, quantity }) => ({ sku, quantity }))).toEqual(asked.cart);
    }
  });
  expect(checkouts).toBeGreaterThan(50);
});

it('little is asked for one event', () => {
  forEveryStep(({ asked }) => expect(asked.length).toBeLessThanOrEqual(8));
});

it('everything said has a body, titles, and choices that differ', () => {
  forEveryStep((observed) => {
    const said = contents(observed);
    expect(said.length).toBeLessThanOrEqual(1);
    for (const content of said) {
      expect(content.body?.trim()).toBeTruthy();
      expect(content.body!.length).toBeLessThan(content.type === 'text' ? 4_000 : 1_000);
      const choices =
        content.type === 'list'
          ? content.sections.flatMap((s) => s.rows)
          : content.type === 'buttons'
            ? content.buttons
            : [{ id: 'x', title: content.type === 'link' ? content.label : 'x' }];
      expect(choices.length).toBeGreaterThan(0);
      expect(choices.length).toBeLessThanOrEqual(content.type === 'buttons' ? 3 : 10);
      expect(choices.every((c) => c.title.trim() && c.id)).toBe(true);
      expect(new Set(choices.map((c) => c.id)).size).toBe(choices.length);
      if (content.type === 'list') {
        expect(content.button.length).toBeLessThanOrEqual(20);
        expect(content.sections.every((s) => s.title.trim())).toBe(true);
      }
    }
  });
});
