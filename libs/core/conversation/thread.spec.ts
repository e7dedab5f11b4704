import type { OutboundContent } from '#core/messaging';
import { mergeThreads } from './merge.js';
import { step } from './step.js';
import { keyOf } from './questions.js';
import { newThread, THREAD_TTL_MS, type ThreadState } from './state.js';
import { Chat, wordsOf } from './testing/thread-script.js';

const PARCEL = { carrier: 'Aramex', trackingCode: 'AX1' };
let chat: Chat;
beforeEach(() => {
  chat = new Chat();
});
const rows = ([content]: OutboundContent[]) => {
  if (content?.type !== 'list') throw new Error(`not a list: ${JSON.stringify(content)}`);
  return content.sections.flatMap((s) => s.rows);
};

describe('the first word', () => {
  it('is answered with the shop, whatever it is; later a wave of the hand needs no answer', () => {
    expect(rows(chat.text('👋')).length).toBeGreaterThan(0);
    expect(chat.text('👋')).toEqual([]);
    expect(chat.text('ok')).toEqual([]);
  });
});

describe('time to live', () => {
  it('a day of silence forgets the cart, not the orders', () => {
    chat.tap('add|HOODIE');
    chat.toLink();
    chat.pay();
    chat.tap('add|TEE');
    chat.later(THREAD_TTL_MS - 1);
    expect(wordsOf(chat.text('cart'))).toContain('White Tee');
    chat.later(THREAD_TTL_MS);
    expect(wordsOf(chat.text('cart'))).toContain('Your cart is empty');
    expect(chat.state.phase).toBe('browsing');
    expect(wordsOf(chat.text('my orders'))).toContain('DD-1001');
  });

  it('what is on its way is still awaited', () => {
    chat.tap('add|HOODIE');
    chat.toLink();
    chat.pay();
    chat.later(3 * THREAD_TTL_MS);
    chat.text('hi');
    expect(chat.state.phase).toBe('awaiting_fulfilment');
  });

  it('a fact neither prolongs nor ends it', () => {
    chat.tap('add|HOODIE');
    chat.toLink();
    const { expiresAt } = chat.state;
    chat.later(60_000);
    chat.pay();
    expect(chat.state.expiresAt).toBe(expiresAt);
  });
});

describe('with a human', () => {
  beforeEach(() => {
    chat.tap('add|HOODIE');
    chat.toLink();
    chat.text('I want to talk to an agent');
  });

  it('words are for the human, also a greeting', () => {
    for (const words of ['hi', 'where is my order', 'black hoodie', 'checkout'])
      expect(chat.text(words)).toEqual([]);
    expect(chat.state.phase).toBe('with_human');
  });

  it('facts of orders are told all the same', () => {
    expect(wordsOf(chat.pay())).toContain('Paid');
    expect(chat.state).toMatchObject({ phase: 'with_human', order: null, cart: [] });
    expect(chat.fact({ kind: 'shipped', tracking: PARCEL })).toHaveLength(1);
  });

  it('calling the shop back goes on where the order stands, and makes no second one', () => {
    chat.text('bot');
    expect(chat.state.phase).toBe('awaiting_payment');
    expect(chat.tap('checkout')).toMatchObject([{ type: 'link' }]);
    expect(chat.effects.filter((e) => e.kind === 'request_checkout')).toHaveLength(1);
  });

  it('a tap on something of ours calls back, and is carried out', () => {
    expect(wordsOf(chat.tap('add|TEE'))).toContain('White Tee');
    expect(chat.state.phase).toBe('building_cart');
  });
});

describe('a card number', () => {
  it.each<[string, () => void, RegExp]>([
    ['while browsing', () => undefined, /hidden it.*Browse the shop/s],
    ['with a cart', () => chat.tap('add|HOODIE'), /hidden it.*Check out/s],
    ['with a link to pay', () => void (chat.tap('add|HOODIE'), chat.toLink()), /hidden it.*\n1 × Black Hoodie.*Pay AED 109.00/s],
  ])('%s: warning and way on in one bubble', (_, arrange, said) => {
    arrange();
    const { phase } = chat.state;
    const answer = chat.text('my card is •••• 1111 12/28', true);
    expect(answer).toHaveLength(1);
    expect(wordsOf(answer)).toMatch(said);
    expect(chat.state.phase).toBe(phase);
  }); // prettier-ignore

  it('is warned of also while a human has the thread', () => {
    chat.text('agent');
    expect(wordsOf(chat.text('•••• 1111', true))).toContain('hidden it');
    expect(chat.state.phase).toBe('with_human');
  });

  it('beside a phrase: the warning stands in the answer', () => {
    const answer = chat.text('agent', true);
    expect(answer).toHaveLength(1);
    expect(wordsOf(answer)).toMatch(/hidden it.*A colleague/s);
  });
});

it('a ceiling in another currency is said to be left out, whether something is found or not', () => {
  const note = 'Prices here are in AED, so I left out “under $50”.';
  expect(wordsOf(chat.text('hoodie under $50'))).toContain(note);
  chat.shop.products.clear();
  expect(wordsOf(chat.text('hoodie under $50'))).toContain(note);
  expect(wordsOf(chat.text('hoodie under 50'))).not.toContain('left out');
});

describe('a catalog that does not answer', () => {
  it('is admitted, and the next message works', () => {
    chat.shop.open = false;
    for (const act of [() => chat.text('hi'), () => chat.text('hoodie'), () => chat.tap('prod|TEE')])
      expect(wordsOf(act())).toContain('I cannot confirm prices');
    chat.shop.open = true;
    expect(rows(chat.text('hi'))).toHaveLength(1);
  });

  it('does not let an older cart be checked out', () => {
    chat.tap('add|HOODIE');
    chat.shop.open = false;
    chat.tap('add|TEE');
    chat.tap('checkout');
    expect(chat.effects.filter((e) => e.kind === 'request_checkout')).toEqual([]);
    chat.shop.open = true;
    expect(wordsOf(chat.tap('checkout'))).toMatch(/Black Hoodie.*White Tee/s);
    chat.tap('checkout');
    expect(chat.order().quote.lines).toHaveLength(2);
  });

  it('synced figures are marked', () => {
    chat.shop.source = 'synced';
    const acts = [() => chat.tap('cat|all'), () => chat.tap('prod|TEE'), () => chat.tap('add|TEE')];
    for (const act of acts) expect(wordsOf(act())).toContain('As of our last check');
  });

  it('an answer of another kind is not shown', () => {
    const context = { now: chat.now, shop: 'S', currency: 'AED', newOrderRef: () => 'W' };
    const event = { kind: 'inbound' as const, content: { type: 'text' as const, text: 'hi' } };
    const asked = step(chat.state, event, context, new Map());
    if (!('needs' in asked)) throw new Error('nothing was asked');
    const answers = new Map([[keyOf(asked.needs), chat.shop.answer({ kind: 'quote', lines: [] })]]);
    const result = step(chat.state, event, context, answers);
    if ('needs' in result) throw new Error('it was asked again');
    expect(wordsOf(result.effects.flatMap((e) => (e.kind === 'say' ? [e.content] : [])))).toContain(
      'I cannot confirm',
    );
  });
});

it('a cart that is changed while its pieces are held shows them as what they are: the customer’s own', () => {
  chat.shop.change('LAMP', { available: 1 });
  chat.tap('add|LAMP');
  chat.toLink();
  chat.shop.change('LAMP', { available: 0 }); // the last one is held
  const said = wordsOf(chat.tap('add|TEE'));
  expect(said).not.toContain('sold out');
  expect(said).toMatch(
    /1 × Arc Lamp: AED 450.00\n1 × White Tee: AED 31.00\n\nDelivery: AED 20.00\n\*Total: AED 501.00\*/,
  );
  expect(chat.state.cart).toEqual([
    { sku: 'LAMP', quantity: 1 },
    { sku: 'TEE', quantity: 1 },
  ]);
  expect(chat.effects.at(-1)).toMatchObject({ kind: 'cancel_order' });
  // More than are held and left are not there.
  chat.toLink();
  expect(wordsOf(chat.tap('qty|LAMP|3'))).toMatch(/\*Arc Lamp\*: only 1 left/);
});

describe('long carts', () => {
  beforeEach(() => {
    for (let i = 0; i < 40; i++) {
      chat.shop.products.set(`S${i}`, { title: `A product with a rather long and telling name, number ${i}`, price: 1_000 + i, available: 9 }); // prettier-ignore
    }
    const lines = Array.from({ length: 40 }, (_, i) => ({ sku: `S${i}`, quantity: 2, seenPrice: 1 }));
    chat.send({ type: 'cart', catalogId: 'c', lines });
  });

  it('are summed up, so that the total is not cut off', () => {
    const all = [chat.tap('cart'), chat.tap('checkout')].flat();
    const { quote, orderRef } = chat.order();
    all.push(...chat.fact({ kind: 'ready_to_pay', quote, url: 'https://pay.test/1', payBefore: chat.at(1) }));
    all.push(...chat.text('•••• 1111', true));
    expect(all).toHaveLength(3);
    const changes = quote.lines.map((l) => ({ ...l, kind: 'price' as const, from: { minor: 1, currency: 'AED' }, to: l.unitPrice })); // prettier-ignore
    all.push(...chat.fact({ kind: 'changed', quote, changes }, orderRef));
    for (const { body } of all) {
      expect(body!.length).toBeLessThan(1_000);
      expect(body).toMatch(/… and \d+ more: AED [\d,.]+\n\nDelivery: AED 20.00\n\*Total: AED 835.60\*/);
    }
    expect(all.at(-1)!.body).toMatch(/… and 3\d more changes/);
  });

  it('can be changed line by line, ten rows at a time', () => {
    const seen: string[] = [];
    for (let next: string | undefined = 'edit_cart'; next;) {
      const page = rows(chat.tap(next));
      expect(page.length).toBeLessThanOrEqual(10);
      seen.push(...page.filter((r) => r.id.startsWith('line|')).map((r) => r.id));
      next = page.find((r) => r.id.startsWith('edit_cart|'))?.id;
    }
    expect(new Set(seen).size).toBe(40);
    expect(rows(chat.tap('edit_cart|999'))).toHaveLength(10);
  });

  it('a receipt names every line', () => {
    chat.tap('checkout');
    const [receipt] = chat.pay();
    expect(receipt!.body!.length).toBeLessThan(4_000);
    expect(receipt!.body).toMatch(/number 39.*Total/s);
  });
});

it('products that share a title’s beginning are told apart', () => {
  const title = 'Organic cotton hoodie for cold malls';
  for (const colour of ['black', 'navy'])
    chat.shop.products.set(colour, { title: `${title}, ${colour}`, price: 100, available: 9 });
  const descriptions = rows(chat.tap('cat|all')).map((r) => r.description);
  expect(descriptions.filter((d) => d?.includes(title))).toHaveLength(2);
  expect(new Set(descriptions).size).toBe(descriptions.length);
});

it('quantities offered are those that can be had', () => {
  chat.tap('add|LAMP');
  expect(rows(chat.tap('line|LAMP')).map((r) => r.title)).toEqual(['1', '2', '3', 'Remove it']);
  chat.tap('add|TEE');
  expect(rows(chat.tap('line|TEE'))).toHaveLength(10);
  expect(wordsOf(chat.tap('qty|TEE|0'))).not.toContain('White Tee');
});

it('a product named like a property of every object has no price that was seen', () => {
  chat.shop.products.set('constructor', { title: 'C', price: 100, available: 9 });
  chat.shop.products.set('__proto__', { title: 'P', price: 100, available: 9 });
  for (const sku of ['constructor', '__proto__'])
    expect(wordsOf(chat.tap(`prod|${sku}`))).not.toContain('was');
});

it('what cannot be read is said to be so', () => {
  expect(wordsOf(chat.send({ type: 'media', kind: 'audio', mediaId: 'm' }))).toContain('I cannot read that');
  expect(chat.send({ type: 'reaction', messageId: 'm', emoji: '👍' })).toEqual([]);
});

describe('two threads of one person', () => {
  const at = (hour: number, more: Partial<ThreadState> = {}): ThreadState => ({
    ...newThread(new Date(`2026-11-21T${hour}:00:00Z`)),
    ...more,
  });
  const note = (ref: string, hour: number) => ({
    ref,
    status: 'paid' as const,
    updatedAt: `2026-11-21T${hour}:00:00Z`,
  });
  const cart = { phase: 'building_cart' as const, cart: [{ sku: 'TEE', quantity: 1 }] };

  it('keep the orders of both, newest first', () => {
    const merged = mergeThreads(at(10, { orders: [note('A', 10)] }), at(12, { orders: [note('C', 12), note('B', 11)] }));
    expect(merged.orders.map((o) => o.ref)).toEqual(['C', 'B', 'A']);
  }); // prettier-ignore

  it('keep the cart that was used last, or the only one there is', () => {
    expect(mergeThreads(at(10, cart), at(12, { ...cart, cart: [{ sku: 'HOODIE', quantity: 1 }] })).cart[0]!.sku).toBe('HOODIE');
    expect(mergeThreads(at(10, cart), at(12))).toMatchObject({ ...cart, expiresAt: at(12).expiresAt });
    expect(mergeThreads(at(12), at(10, cart))).toMatchObject(cart);
  }); // prettier-ignore
});
