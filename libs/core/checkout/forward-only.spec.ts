import fc from 'fast-check';
import type { OrderEffect, OrderEvent } from './events.js';
import { step } from './machine.js';
import { ORDER_STATES, TRANSITIONS, WITH_THE_SHOP, type Order } from './order.js';
import { at, NOW, samplePayment, sampleQuote, sampleRequest } from './testing/samples.js';

/** How far along a state is: what an order never gives up again. Ends without money stand side by side. */
const RANK: Record<(typeof ORDER_STATES)[number], number> = {
  requested: 0,
  reserving: 1,
  awaiting_payment: 2,
  declined: 3,
  cancelled: 3,
  expired: 3,
  paid: 4,
  placed: 5,
  tracking_created: 6,
  shipped: 7,
  out_for_delivery: 8,
  delivery_failed: 9,
  delivered: 10,
  refunding: 11,
  refunded: 12,
};

const round = fc.integer({ min: 1, max: 9 });
const minutes = fc.integer({ min: 0, max: 200 });
const money = fc.constantFrom(19_800, 19_800, 19_800, 100);
const session = fc.constantFrom('cs_1', 'cs_2', 'cs_foreign');
const iso = minutes.map((m) => at(m).toISOString());
const hold = fc.record({ reservationId: fc.constantFrom('res_1', 'res_2'), expiresAt: iso });
const payment = fc
  .record({
    kind: fc.constantFrom('paid', 'paid', 'pending', 'failed', 'expired', 'refunded'),
    sessionId: session,
    paymentId: fc.constantFrom('pi_1', 'pi_2', undefined),
    minor: money,
  })
  .map(({ minor, ...rest }) => samplePayment({ ...rest, amount: { minor, currency: 'AED' } }));
const news = fc.record({
  fulfilmentId: fc.constantFrom('ful_1', 'ful_2'),
  kind: fc.constantFrom('created', 'shipped', 'out_for_delivery', 'failed', 'delivered'),
  sequence: fc.integer({ min: 1, max: 20 }),
  tracking: fc.constant({ carrier: 'Dune Express', trackingCode: 'DXB-1' }),
  occurredAt: iso,
});
const offer = {
  quote: sampleQuote(),
  payBefore: at(45).toISOString(),
  token: 'tok',
  url: 'http://x/c/tok',
  account: 'stripe',
};

/** Any event at all, whether or not anybody waits for it. */
const anyEvent: fc.Arbitrary<OrderEvent> = fc.oneof(
  fc.constant(sampleRequest()),
  fc.constant<OrderEvent>({ type: 'cancel' }),
  fc.record({ type: fc.constant('held'), round, hold, offer: fc.constantFrom(offer, undefined) }),
  fc.record({
    type: fc.constant('not_held'),
    round,
    why: fc.constant('changed'),
    quote: fc.constant(sampleQuote(9_000)),
    changes: fc.constant([]),
  }),
  fc.record({ type: fc.constant('not_held'), round, why: fc.constantFrom('short', 'unavailable') }),
  fc.record({
    type: fc.constant('not_held'),
    round,
    why: fc.constant('no_account'),
    detail: fc.constant('no route'),
  }),
  fc.record({ type: fc.constant('session_wanted'), expiresAt: iso }),
  fc.record({
    type: fc.constant('session_opened'),
    attempt: round,
    sessionId: session,
    url: fc.constant('http://p'),
  }),
  fc.record({ type: fc.constant('session_refused'), attempt: round }),
  fc.record({ type: fc.constant('hold_renewed'), hold }),
  fc.constant<OrderEvent>({ type: 'prices_moved', quote: sampleQuote(9_000), changes: [] }),
  fc.record({ type: fc.constant('payment'), payment }),
  fc.record({ type: fc.constant('deadline'), round }),
  fc.record({
    type: fc.constant('session_closed'),
    round,
    sessionId: session,
    status: fc.constantFrom('over', 'pending', 'paid'),
    payment,
  }),
  fc.record({ type: fc.constant('released'), round }),
  fc.record({
    type: fc.constant('placed'),
    round,
    number: fc.constant('1001'),
    orderId: fc.constant('so_1'),
  }),
  fc.record({ type: fc.constant('not_placed'), round, why: fc.constantFrom('short', 'refused') }),
  fc.record({ type: fc.constant('refund_made'), round }),
  fc.record({ type: fc.constant('fulfilment'), news }),
  fc.record({
    type: fc.constant('store_order'),
    status: fc.constantFrom('processing', 'cancelled'),
    sequence: round,
  }),
) as fc.Arbitrary<OrderEvent>;

/** Gives errand results the round that is waited for, so that chance goes deep into the machine. */
function aimed(event: OrderEvent, order: Order): OrderEvent {
  const rounds = {
    held: order.reserving?.round,
    not_held: order.reserving?.round,
    deadline: order.timer?.round,
    placed: order.placing?.round,
    not_placed: order.placing?.round,
    session_closed: order.closing?.round,
    refund_made: order.refunds.at(-1)?.round,
    released: order.releasing[0]?.round,
  };
  if (event.type === 'session_opened' && order.session) return { ...event, attempt: order.session.attempt };
  const wanted = rounds[event.type as keyof typeof rounds];
  return wanted === undefined ? event : ({ ...event, round: wanted } as OrderEvent);
}

/** What would come next if nothing went wrong: without it, chance seldom gets past the payment. */
function onward(order: Order): OrderEvent {
  const held = { reservationId: 'res_1', expiresAt: at(300).toISOString() };
  const unpaid = order.refunds.find((r) => !r.done);
  if (order.reserving) return { type: 'held', round: order.reserving.round, hold: held, offer };
  if (order.placing) return { type: 'placed', round: order.placing.round, number: '1001', orderId: 'so_1' };
  if (unpaid) return { type: 'refund_made', round: unpaid.round };
  if (order.state !== 'awaiting_payment') {
    const kinds = ['created', 'shipped', 'out_for_delivery', 'failed', 'delivered'] as const;
    const kind = kinds[order.parcels.length] ?? 'delivered';
    const tracking = { carrier: 'Dune Express', trackingCode: 'DXB-1' };
    const fulfilmentId = `ful_${order.parcels.length}`;
    return {
      type: 'fulfilment',
      news: { fulfilmentId, kind, sequence: 1, tracking, occurredAt: at(70).toISOString() },
    };
  }
  if (!order.session) return { type: 'session_wanted', expiresAt: at(100).toISOString() };
  const { attempt, id } = order.session;
  if (!id) return { type: 'session_opened', attempt, sessionId: 'cs_1', url: 'http://p' };
  return { type: 'payment', payment: samplePayment({ sessionId: id }) };
}

type Moment = [OrderEvent, 'as is' | 'aimed' | 'onward', number];
const moments: fc.Arbitrary<Moment[]> = fc.array(
  fc.tuple(anyEvent, fc.constantFrom('as is', 'aimed', 'onward', 'onward', 'onward', 'onward'), minutes),
  { maxLength: 30 },
);

function eventOf([event, how]: Moment, order: Order): OrderEvent {
  return how === 'onward' ? onward(order) : how === 'aimed' ? aimed(event, order) : event;
}

describe('any events in any order', () => {
  it('never leave the table, never turn an order back, and never tell a fact twice', () => {
    const reached = new Set<string>();
    fc.assert(
      fc.property(moments, (events) => {
        let order = step(null, sampleRequest(), NOW)!.order;
        const told: string[] = [];
        for (const moment of events) {
          const before = order;
          const given = JSON.stringify(before);
          const result = step(before, eventOf(moment, before), at(moment[2]))!;
          expect(JSON.stringify(before)).toBe(given);
          order = result.order;
          reached.add(order.state);
          expect(RANK[order.state]).toBeGreaterThanOrEqual(RANK[before.state]);
          if (RANK[order.state] === RANK[before.state]) expect(order.state).toBe(before.state);
          expect(order.version).toBe(before.version + (order === before ? 0 : 1));
          for (const e of result.effects) if (e.do === 'tell') told.push(e.factId);
          // Errands of one order are told apart by their round.
          const rounds = result.effects.flatMap((e) => ('round' in e ? [e.round] : []));
          for (const r of rounds) expect(r).toBeGreaterThan(before.round);
          expect(new Set(rounds).size).toBe(rounds.length);
        }
        expect(new Set(told).size).toBe(told.length);
      }),
      { numRuns: 6_000 },
    );
    expect([...reached].sort()).toEqual(ORDER_STATES.filter((s) => s !== 'requested').toSorted());
  });

  it('change nothing when they come a second time', () => {
    fc.assert(
      fc.property(moments, (events) => {
        let order = step(null, sampleRequest(), NOW)!.order;
        for (const moment of events) {
          const exact = eventOf(moment, order);
          const minute = moment[2];
          order = step(order, exact, at(minute))!.order;
          // Not events of the journal but steps of a visit to the link, and each visit counts.
          if (exact.type === 'session_wanted' || exact.type === 'hold_renewed') continue;
          const again = step(order, exact, at(minute))!;
          expect(again.order).toBe(order);
          expect(again.effects).toEqual([]);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('lead only to states that the table knows', () => {
    for (const [from, targets] of Object.entries(TRANSITIONS)) {
      for (const to of targets) expect(RANK[to]).toBeGreaterThan(RANK[from as keyof typeof RANK]);
    }
  });
});

/** A shop and a provider that do what they are asked, or say that stock is short; crossed by customers and time. */
function settle(order: Order, effects: OrderEffect[], short: () => boolean, paidPages: Set<string>): Order {
  const queue = [...effects];
  const run = (event: OrderEvent): void => {
    const result = step(order, event, at(60))!;
    order = result.order;
    queue.push(...result.effects);
  };
  for (let effect = queue.shift(); effect; effect = queue.shift()) {
    if (!('round' in effect)) continue;
    const { round: r } = effect;
    const newHold = { reservationId: `res_${r}`, expiresAt: at(120).toISOString() };
    if (effect.do === 'reserve') run(short() ? { type: 'not_held', round: r, why: 'short' } : { type: 'held', round: r, hold: newHold, offer }); // prettier-ignore
    if (effect.do === 'place_order') run(short() ? { type: 'not_placed', round: r, why: 'short' } : { type: 'placed', round: r, number: '1001', orderId: 'so_1' }); // prettier-ignore
    if (effect.do === 'refund') run({ type: 'refund_made', round: r });
    if (effect.do === 'release_hold') run({ type: 'released', round: r });
    if (effect.do === 'expire_session') {
      const id = order.session?.id ?? null;
      const paid = id !== null && paidPages.has(id);
      run({
        type: 'session_closed',
        round: r,
        sessionId: id,
        status: paid ? 'paid' : 'over',
        payment: paid ? samplePayment({ sessionId: id, paymentId: `pi_${id}` }) : undefined,
      });
    }
  }
  return order;
}

describe('an order that was paid', () => {
  it('ends with the shop or refunded, and all other money goes back', () => {
    const act = fc.constantFrom(
      'open',
      'open',
      'pay',
      'pay',
      'pay_late',
      'cancel',
      'deadline',
      'move',
      'pay_wrong',
    );
    let kept = 0;
    fc.assert(
      fc.property(fc.array(act, { maxLength: 12 }), fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }), (acts, shorts) => {
        const paid = new Map<string, number>();
        const pages: string[] = [];
        const started = step(null, sampleRequest(), NOW)!;
        let order = started.order;
        let turn = 0;
        // The first hold succeeds, or there is nothing to look at.
        const short = (): boolean => turn++ > 0 && shorts[turn % 30]! && turn < 30;
        order = settle(order, started.effects, short, new Set());
        const on = (event: OrderEvent, minute: number): void => {
          const result = step(order, event, at(minute))!;
          order = settle(result.order, result.effects, short, new Set([...paid.keys()].map((p) => p.slice(3))));
        };
        acts.forEach((a, i) => {
          const minute = i * 2;
          if (a === 'open') {
            on({ type: 'session_wanted', expiresAt: at(minute + 31).toISOString() }, minute);
            if (order.session && !order.session.id) {
              pages.push(`cs_${pages.length + 1}`);
              on({ type: 'session_opened', attempt: order.session.attempt, sessionId: pages.at(-1)!, url: 'http://p' }, minute); // prettier-ignore
            }
          }
          const page = a === 'pay_late' ? pages[0] : pages.at(-1);
          if (a.startsWith('pay') && page && !paid.has(`pi_${page}`)) {
            const minor = a === 'pay_wrong' ? 1 : 19_800;
            paid.set(`pi_${page}`, minor);
            on({ type: 'payment', payment: samplePayment({ sessionId: page, paymentId: `pi_${page}`, amount: { minor, currency: 'AED' } }) }, minute); // prettier-ignore
          }
          if (a === 'cancel') on({ type: 'cancel' }, minute);
          if (a === 'deadline') on({ type: 'deadline', round: order.timer?.round ?? 0 }, minute);
          if (a === 'move') on({ type: 'prices_moved', quote: sampleQuote(9_000), changes: [] }, minute);
        });
        const refunded = new Set(order.refunds.filter((r) => r.done).map((r) => r.paymentId));
        const keptNow = [...paid.keys()].filter((p) => !refunded.has(p));
        if (WITH_THE_SHOP.includes(order.state)) {
          kept += 1;
          expect(keptNow).toEqual([order.payment!.paymentId]);
          expect(paid.get(keptNow[0]!)).toBe(19_800);
        } else {
          expect(keptNow).toEqual([]);
          expect(['paid', 'refunding']).not.toContain(order.state);
        }
      }),
      { numRuns: 2_000 },
    ); // prettier-ignore
    expect(kept).toBeGreaterThan(50);
  });
});
