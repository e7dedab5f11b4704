import type { CartLine, FoundProduct, Quote, QuoteLine } from '#core/catalog';
import type { OrderFact } from '#core/checkout';
import type { InboundContent, OutboundContent } from '#core/messaging';
import {
  keyOf,
  newThread,
  step,
  type Answer,
  type Effect,
  type Question,
  type ThreadState,
} from '../index.js';

type Product = Pick<QuoteLine, 'title'> & Partial<QuoteLine> & { price: number };

/** A shop whose prices and stock a test moves. */
export class ShopStub {
  readonly products = new Map<string, Product>([
    ['HOODIE', { title: 'Black Hoodie', price: 8_900, available: 20 }],
    ['TEE', { title: 'White Tee', price: 3_100, available: 20 }],
    ['LAMP', { title: 'Arc Lamp', price: 45_000, available: 3 }],
  ]);
  shipping = 2_000;
  open = true;
  source: Quote['source'] = 'live';

  change(sku: string, to: Partial<Product>): void {
    this.products.set(sku, { ...this.products.get(sku)!, ...to });
  }

  quote(lines: readonly CartLine[]): Quote {
    const money = (minor: number) => ({ minor, currency: 'AED' });
    const quoted = lines.map(({ sku, quantity }): QuoteLine => {
      const product = this.products.get(sku);
      const available = product?.available ?? 0;
      const reason = !product
        ? 'unknown_sku'
        : (product.reason ??
          (available === 0 ? 'out_of_stock' : available < quantity ? 'insufficient_stock' : undefined));
      return {
        sku,
        quantity,
        available,
        title: product?.title ?? '',
        maxQuantity: product?.maxQuantity ?? 99,
        unitPrice: money(product?.price ?? 0),
        ...(reason ? { reason } : {}),
      };
    });
    const goods = quoted.reduce((sum, l) => sum + (l.reason ? 0 : l.unitPrice.minor * l.quantity), 0);
    return {
      source: this.source,
      quotedAt: '2026-11-21T10:00:00.000Z',
      validUntil: '2026-11-21T10:05:00.000Z',
      currency: 'AED',
      lines: quoted,
      tax: money(0),
      shipping: money(this.shipping),
      total: money(goods + this.shipping),
    };
  }

  answer(question: Question): Answer {
    if (!this.open) return { kind: question.kind, reply: { outcome: 'unavailable', reason: 'test' } };
    switch (question.kind) {
      case 'categories': {
        const categories = [{ id: 'all', title: 'Everything', count: this.products.size }];
        return { kind: 'categories', reply: { outcome: 'ok', categories } };
      }
      case 'quote':
        return { kind: 'quote', reply: { outcome: 'ok', quote: this.quote(question.lines) } };
      case 'search': {
        const skus = [...this.products.keys()];
        const products = skus.map((sku): FoundProduct => ({
          sku,
          description: '',
          categoryId: 'all',
          imageUrl: null,
        }));
        const quote = this.quote(skus.map((sku) => ({ sku, quantity: 1 })));
        return { kind: 'search', reply: { outcome: 'ok', products, quote } };
      }
    }
  }
}

/** Plays a chat: what the customer does and what becomes of orders; the shop answers at once. */
export class Chat {
  now = new Date('2026-11-21T10:00:00.000Z');
  state: ThreadState = newThread(this.now);
  readonly shop = new ShopStub();
  /** Everything but what was said, oldest first. */
  readonly effects: Exclude<Effect, { kind: 'say' }>[] = [];
  /** Everything that the shop was asked, oldest first. */
  readonly asked: Question[] = [];
  private ids = 0;

  get ref(): string {
    return `W${this.ids}`;
  }

  text(text: string, cardNumberMasked = false): OutboundContent[] {
    return this.apply({ kind: 'inbound', content: { type: 'text', text }, cardNumberMasked });
  }
  tap(id: string, title = 'Everything'): OutboundContent[] {
    return this.send({ type: 'choice', id, title });
  }
  send(content: InboundContent): OutboundContent[] {
    return this.apply({ kind: 'inbound', content });
  }
  fact(fact: OrderFact, orderRef = this.order().orderRef): OutboundContent[] {
    return this.apply({ kind: 'order_fact', orderRef, fact });
  }
  later(ms: number): void {
    this.now = new Date(this.now.getTime() + ms);
  }
  /** The last order that was asked for. */
  order(): Extract<Effect, { kind: 'request_checkout' }> {
    return this.effects.findLast((e) => e.kind === 'request_checkout')!;
  }
  linkTo(ref: string): string {
    return `https://pay.test/c/${ref}`;
  }
  /** The cart is ordered and its link has come. */
  toLink(): { orderRef: string; quote: Quote } {
    this.tap('checkout');
    const { orderRef, quote } = this.order();
    this.fact({ kind: 'ready_to_pay', quote, url: this.linkTo(orderRef), payBefore: this.at(1_800_000) });
    return { orderRef, quote };
  }
  pay(number = 'DD-1001'): OutboundContent[] {
    const { quote } = this.order();
    return this.fact({ kind: 'paid', number, quote, total: quote.total, paidAt: this.at(0) });
  }
  at(ms: number): string {
    return new Date(this.now.getTime() + ms).toISOString();
  }

  private apply(event: Parameters<typeof step>[1]): OutboundContent[] {
    const answers = new Map<string, Answer>();
    const context = {
      now: this.now,
      shop: 'Dune & Date',
      currency: 'AED',
      newOrderRef: () => `W${++this.ids}`,
    };
    for (;;) {
      const result = step(this.state, event, context, answers);
      if ('needs' in result) {
        this.asked.push(result.needs);
        answers.set(keyOf(result.needs), this.shop.answer(result.needs));
        continue;
      }
      this.state = result.state;
      return result.effects.flatMap((effect) => {
        if (effect.kind === 'say') return [effect.content];
        this.effects.push(effect);
        return [];
      });
    }
  }
}

/** All that a customer reads of some messages. */
export function wordsOf(contents: readonly OutboundContent[]): string {
  return contents
    .flatMap((c) => {
      const labels =
        c.type === 'list'
          ? [
              c.button,
              ...c.sections.flatMap((s) => [
                s.title,
                ...s.rows.flatMap((r) => [r.title, r.description ?? '']),
              ]),
            ]
          : c.type === 'buttons'
            ? c.buttons.map((b) => b.title)
            : c.type === 'link'
              ? [c.label]
              : [];
      return ['header' in c ? (c.header ?? '') : '', c.body ?? '', ...labels];
    })
    .join('\n');
}
