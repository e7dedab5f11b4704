import type { OrderEffect, OrderEvent } from './events.js';
import { LONGEST_HOLD_MS, step } from './machine.js';
import type { FulfilmentKind, FulfilmentNews, Order } from './order.js';
import { at, NOW, samplePayment, sampleQuote, sampleRequest } from './testing/samples.js';

/** An order and what came of its events so far. */
class Story {
  order: Order = step(null, sampleRequest(), NOW)!.order;
  effects: OrderEffect[] = [];

  on(event: OrderEvent, now = NOW): this {
    const result = step(this.order, event, now)!;
    this.order = result.order;
    this.effects = result.effects;
    return this;
  }
  round(kind: OrderEffect['do']): number {
    const effect = this.effects.find((e) => e.do === kind);
    if (!effect || !('round' in effect)) throw new Error(`no ${kind} among ${JSON.stringify(this.effects)}`);
    return effect.round;
  }
  get facts(): string[] {
    return this.effects.flatMap((e) => (e.do === 'tell' ? [e.factId] : []));
  }
  get dos(): string[] {
    return this.effects.map((e) => (e.do === 'alert' ? e.alert : e.do === 'tell' ? e.factId : e.do));
  }
  offered(): this {
    return this.on({
      type: 'held',
      round: this.order.reserving!.round,
      hold: { reservationId: 'res_1', expiresAt: at(47).toISOString() },
      offer: {
        quote: sampleQuote(),
        payBefore: at(45).toISOString(),
        token: 'tok',
        url: 'http://x/c/tok',
        account: 'stripe',
      },
    });
  }
  opened(session = 'cs_1', now = NOW): this {
    this.on({ type: 'session_wanted', expiresAt: new Date(now.getTime() + 31 * 60_000).toISOString() }, now);
    const attempt = this.order.session!.attempt;
    return this.on(
      { type: 'session_opened', attempt, sessionId: session, url: `http://pay/${session}` },
      now,
    );
  }
  paid(now = at(5)): this {
    return this.on({ type: 'payment', payment: samplePayment() }, now);
  }
  placed(): this {
    return this.on(
      { type: 'placed', round: this.order.placing!.round, number: '1001', orderId: 'so_1' },
      at(6),
    );
  }
  parcel(kind: FulfilmentKind, fulfilmentId = 'ful_1'): this {
    return this.on({ type: 'fulfilment', news: news(kind, fulfilmentId) }, at(60));
  }
}

let sequence = 0;
const news = (kind: FulfilmentKind, fulfilmentId = 'ful_1'): FulfilmentNews => ({
  kind,
  fulfilmentId,
  sequence: (sequence += 1),
  occurredAt: at(60).toISOString(),
  tracking: { carrier: 'Dune Express', trackingCode: 'DXB-1' },
});
const story = (): Story => new Story();

describe('the way of an order that goes well', () => {
  it('reserves, offers, is paid, is placed, and tells each fact once', () => {
    const s = story();
    expect(s.order.state).toBe('reserving');
    s.offered();
    expect(s.order.state).toBe('awaiting_payment');
    expect(s.dos).toEqual(['start_timer', 'ready_to_pay']);
    s.opened().paid();
    expect(s.dos).toEqual(['place_order']);
    s.placed();
    expect(s.order.state).toBe('placed');
    expect(s.effects).toEqual([
      expect.objectContaining({
        do: 'tell',
        fact: expect.objectContaining({
          kind: 'paid',
          number: '1001',
          total: { minor: 19_800, currency: 'AED' },
        }),
      }),
    ]);
    for (const kind of ['created', 'shipped', 'out_for_delivery', 'delivered'] as const) s.parcel(kind);
    expect(s.order.state).toBe('delivered');
    expect(s.order.told).toEqual(
      ['ready_to_pay', 'paid', 'tracking_created_ful_1', 'shipped_ful_1', 'out_for_delivery_ful_1', 'delivered_ful_1'],
    ); // prettier-ignore
  });

  it('declines without a hold when figures moved or the shop is silent', () => {
    const changes = [{ sku: '' as const, title: '' as const, kind: 'total' as const, from: sampleQuote().total, to: sampleQuote(9_900).total }]; // prettier-ignore
    const s = story();
    s.on({
      type: 'not_held',
      round: s.order.reserving!.round,
      why: 'changed',
      quote: sampleQuote(9_900),
      changes,
    });
    expect([s.order.state, s.dos]).toEqual(['declined', ['changed']]);
    const t = story();
    t.on({ type: 'not_held', round: t.order.reserving!.round, why: 'unavailable' });
    expect([t.order.state, t.dos]).toEqual(['declined', ['unavailable']]);
  });

  it('declines without a hold when no account is there for the payment, and alerts', () => {
    const s = story();
    const { round } = s.order.reserving!;
    s.on({ type: 'not_held', round, why: 'no_account', detail: 'no route' });
    expect([s.order.state, s.dos]).toEqual(['declined', ['no_payment_account', 'unavailable']]);
    expect(s.effects).toContainEqual(
      expect.objectContaining({ do: 'tell', fact: { kind: 'unavailable', why: 'payment' } }),
    );
  });

  it('changes nothing, not even the object, when an event is applied twice', () => {
    const s = story().offered().opened().paid();
    const { order } = s;
    expect(s.paid().order).toBe(order);
    expect(s.effects).toEqual([]);
    s.on({ type: 'payment', payment: samplePayment({ eventId: 'evt_other_source' }) });
    expect(s.order).toBe(order);
  });
});

describe('payments', () => {
  it.each(['paid', 'pending', 'failed', 'expired', 'refunded'] as const)(
    'count for nothing when another account says %s: not even a refund follows',
    (kind) => {
      const s = story().offered().opened();
      const { state, session, payment, refunds } = s.order;
      s.on({ type: 'payment', payment: samplePayment({ kind, account: 'stripe-sa' }) });
      expect(s.dos).toEqual(['another_account']);
      expect(s.order).toMatchObject({ state, session, payment, refunds });
      s.on({ type: 'payment', payment: samplePayment({ account: 'stripe' }) }, at(5));
      expect(s.order.state).toBe('paid');
    },
  );

  it('refunds and does not count what is not what was asked for', () => {
    for (const wrong of [
      { amount: { minor: 19_799, currency: 'AED' } },
      { amount: { minor: 19_800, currency: 'USD' } },
      { amount: undefined },
      { sessionId: 'cs_foreign' },
      { sessionId: undefined },
    ]) {
      const s = story().offered().opened();
      s.on({ type: 'payment', payment: samplePayment(wrong) });
      expect(s.order.state).toBe('awaiting_payment');
      expect(s.dos).toContain('payment_mismatch');
      expect(s.order.refunds).toMatchObject([{ paymentId: 'pi_1', reason: 'mismatch' }]);
    }
  });

  it('refunds the second payment of a paid order and keeps the first', () => {
    const s = story().offered().opened().opened('cs_1').paid().placed();
    s.order.sessionIds.push('cs_2');
    s.on({ type: 'payment', payment: samplePayment({ sessionId: 'cs_2', paymentId: 'pi_2' }) });
    expect(s.dos).toEqual(['duplicate_payment', 'refund']);
    expect(s.order.state).toBe('placed');
    s.on({ type: 'refund_made', round: s.round('refund') });
    expect(s.facts).toEqual(['refunded_pi_2']);
    expect(s.order.state).toBe('placed');
  });

  it('does not let the end of a page undo its payment', () => {
    const s = story().offered().opened().paid();
    s.on({ type: 'payment', payment: samplePayment({ kind: 'expired' }) }, at(50));
    expect(s.order.state).toBe('paid');
    expect(s.effects).toEqual([]);
  });

  it('opens another page after one has ended in time, and gives up after one has ended too late', () => {
    const s = story().offered().opened();
    s.on({ type: 'payment', payment: samplePayment({ kind: 'expired' }) }, at(31));
    expect([s.order.state, s.order.session]).toEqual(['awaiting_payment', null]);
    const first = s.order.round;
    s.opened('cs_2', at(40));
    expect(s.order.session!.attempt).toBeGreaterThan(first);
    s.on({ type: 'payment', payment: samplePayment({ kind: 'expired', sessionId: 'cs_2' }) }, at(71));
    expect([s.order.state, s.dos]).toEqual(['expired', ['release_hold', 'expired']]);
  });

  it('prolongs the hold for a delayed payment instead of releasing it', () => {
    const s = story().offered().opened();
    s.on({ type: 'payment', payment: samplePayment({ kind: 'pending' }) }, at(3));
    expect(s.dos).toEqual(['reserve']);
    s.on({ type: 'held', round: s.round('reserve'), hold: { reservationId: 'res_1', expiresAt: at(2_883).toISOString() } }); // prettier-ignore
    expect(s.effects).toMatchObject([{ do: 'start_timer', dueAt: at(2_873).toISOString() }]);
    s.on({ type: 'deadline', round: s.order.timer!.round - 3 }, at(60));
    expect(s.order.state).toBe('awaiting_payment');
    s.paid(at(2_000));
    expect(s.dos).toEqual(['place_order']);
  });

  it('says that a delayed payment failed and lets the customer pay another way while there is time', () => {
    const s = story().offered().opened();
    s.on({ type: 'payment', payment: samplePayment({ kind: 'pending' }) }, at(3));
    s.on({ type: 'payment', payment: samplePayment({ kind: 'failed' }) }, at(9));
    expect(s.dos).toContain(`payment_failed_${s.order.round - 2}`);
    expect([s.order.state, s.order.session, s.order.pending]).toEqual(['awaiting_payment', null, false]);
  });
});

describe('money that comes too late', () => {
  const expired = (): Story => {
    const s = story().offered().opened();
    s.on({ type: 'deadline', round: s.order.timer!.round }, at(48));
    expect(s.dos).toEqual(['expire_session']);
    s.on(
      { type: 'session_closed', round: s.order.closing!.round, sessionId: 'cs_1', status: 'over' },
      at(48),
    );
    expect(s.dos).toEqual(['release_hold', 'expired']);
    expect(s.order.state).toBe('expired');
    return s.paid(at(49));
  };

  it('is answered with a new hold, then the order', () => {
    const s = expired();
    expect(s.dos).toEqual(['late_payment', 'reserve']);
    s.on({ type: 'held', round: s.round('reserve'), hold: { reservationId: 'res_2', expiresAt: at(60).toISOString() } }); // prettier-ignore
    expect(s.dos).toEqual(['place_order']);
    expect(s.placed().facts).toEqual(['paid']);
  });

  it('goes back when the stock is gone, and the customer is told', () => {
    const s = expired();
    s.on({ type: 'not_held', round: s.round('reserve'), why: 'short' });
    expect([s.order.state, s.dos]).toEqual(['refunding', ['refund']]);
    s.on({ type: 'refund_made', round: s.round('refund') });
    expect(s.order.state).toBe('refunded');
    expect(s.effects).toMatchObject([{ fact: { kind: 'refunded', reason: 'out_of_stock' } }]);
  });

  it('is noticed when the page turns out to have been paid at its very end', () => {
    const s = story().offered().opened();
    s.on({ type: 'deadline', round: s.order.timer!.round }, at(46));
    const round = s.round('expire_session');
    s.on(
      { type: 'session_closed', round, sessionId: 'cs_1', status: 'paid', payment: samplePayment() },
      at(46),
    );
    expect([s.order.state, s.dos]).toEqual(['paid', ['place_order']]);
  });

  it('places a cancelled order that was paid all the same, with the hold that is still there', () => {
    const s = story().offered().opened().on({ type: 'cancel' });
    expect([s.order.state, s.dos]).toEqual(['cancelled', ['expire_session']]);
    const round = s.round('expire_session');
    s.on({ type: 'session_closed', round, sessionId: 'cs_1', status: 'paid', payment: samplePayment() });
    expect([s.order.state, s.dos]).toEqual(['paid', ['late_payment', 'place_order']]);
  });

  it('refunds when the shop has no stock for the paid order', () => {
    const s = story().offered().opened().paid();
    s.on({ type: 'not_placed', round: s.order.placing!.round, why: 'short' });
    expect([s.order.state, s.order.refunds[0]!.reason]).toEqual(['refunding', 'out_of_stock']);
  });
});

describe('ends and beginnings that cross each other', () => {
  it('releases a hold that arrives after the customer went back', () => {
    const s = story();
    const round = s.order.reserving!.round;
    s.on({ type: 'cancel' });
    s.on({ type: 'held', round, hold: { reservationId: 'res_1', expiresAt: at(47).toISOString() } });
    expect([s.order.state, s.dos]).toEqual(['cancelled', ['release_hold']]);
    expect(s.order.releasing).toMatchObject([{ reservationId: 'res_1' }]);
  });

  it('ignores a cancellation once paid', () => {
    expect(story().offered().opened().paid().on({ type: 'cancel' }).order.state).toBe('paid');
  });

  it('closes the page and releases the hold when prices moved before it was opened again', () => {
    const s = story().offered().opened();
    s.on({ type: 'prices_moved', quote: sampleQuote(9_900), changes: [] });
    expect([s.order.state, s.dos]).toEqual(['declined', ['changed', 'expire_session']]);
    s.on({ type: 'session_closed', round: s.round('expire_session'), sessionId: 'cs_1', status: 'over' });
    expect(s.dos).toEqual(['release_hold']);
  });

  it('keeps the hold of a delayed payment alive until the longest time, then looks at the page again', () => {
    const s = story().offered().opened();
    s.on({ type: 'payment', payment: samplePayment({ kind: 'pending' }) }, at(3));
    s.on({ type: 'not_held', round: s.round('reserve'), why: 'short' });
    expect(s.effects).toMatchObject([{ dueAt: new Date(NOW.getTime() + LONGEST_HOLD_MS).toISOString() }]);
  });
});

describe('parcels', () => {
  it('keeps what comes before the shop has confirmed, and tells it in order afterwards', () => {
    const s = story().offered().opened().paid();
    const [created, shipped] = [news('created'), news('shipped')];
    s.on({ type: 'fulfilment', news: shipped }).on({ type: 'fulfilment', news: created });
    expect(s.effects).toEqual([]);
    s.placed();
    expect(s.facts).toEqual(['paid', 'tracking_created_ful_1', 'shipped_ful_1']);
    expect(s.order.state).toBe('shipped');
  });

  it('jumps forward and swallows what is older', () => {
    const s = story().offered().opened().paid().placed().parcel('out_for_delivery');
    expect(s.facts).toEqual(['out_for_delivery_ful_1']);
    const { order } = s;
    expect(s.parcel('shipped').parcel('created').order).toBe(order);
    expect(s.parcel('delivered').facts).toEqual(['delivered_ful_1']);
    expect(s.parcel('failed').facts).toEqual([]);
  });

  it('follows a second parcel after the first could not be delivered', () => {
    const s = story().offered().opened().paid().placed().parcel('failed');
    expect(s.order.state).toBe('delivery_failed');
    s.parcel('shipped', 'ful_2');
    expect([s.facts, s.order.state]).toEqual([['shipped_ful_2'], 'delivery_failed']);
    s.parcel('delivered', 'ful_2');
    expect(s.order.state).toBe('delivered');
  });

  it('is delivered when the last of two parcels is', () => {
    const s = story().offered().opened().paid().placed().parcel('shipped').parcel('shipped', 'ful_2');
    expect(s.parcel('delivered').order.state).toBe('shipped');
    expect(s.parcel('delivered', 'ful_2').order.state).toBe('delivered');
  });
});

describe('the shop', () => {
  it('gives the money back when it cancels the order, also when that news came first', () => {
    const cancelled = (n: number): OrderEvent => ({ type: 'store_order', status: 'cancelled', sequence: n });
    const s = story().offered().opened().paid().placed().on(cancelled(7));
    expect([s.order.state, s.dos]).toEqual(['refunding', ['refund']]);
    const t = story().offered().opened().paid().on(cancelled(7));
    expect(t.order.state).toBe('paid');
    expect(t.placed().order.state).toBe('refunding');
  });

  it('does not believe older news', () => {
    const s = story().offered().opened().paid().placed();
    s.on({ type: 'store_order', status: 'processing', sequence: 9 });
    s.on({ type: 'store_order', status: 'cancelled', sequence: 8 });
    expect(s.order.state).toBe('placed');
  });

  it('tells of a refund that was made by hand, once', () => {
    const s = story().offered().opened().paid().placed();
    s.on({
      type: 'payment',
      payment: samplePayment({ kind: 'refunded', amount: { minor: 100, currency: 'AED' } }),
    });
    expect(s.dos).toEqual(['partial_refund']);
    s.on({ type: 'payment', payment: samplePayment({ kind: 'refunded' }) });
    expect([s.order.state, s.facts]).toEqual(['refunded', ['refunded']]);
  });
});
