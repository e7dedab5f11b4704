import { cleared, type Cleared } from '#core/messaging';
import type { PortError } from '#core/tenancy';
import { money } from '../money.js';
import type { OrderRequest, StorePort, StoreProduct } from '../ports/store.port.js';
import type { CartLine } from '../quote.js';

/** A store under test: it sells in AED and in AE, and has the goods of {@link CONTRACT_GOODS}. */
export interface StoreStand {
  store: StorePort;
  /** What the shop's own people do. */
  change(sku: string, to: { priceMinor?: number; available?: number }): Promise<void>;
  ship(orderRef: string): Promise<void>;
  /** Moves the shop's clock. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** What a stand must have when it opens; it may have more. */
export const CONTRACT_GOODS = [
  { sku: 'HOODIE-BLK', title: 'Black Hoodie', priceMinor: 8_900, available: 14, regions: null },
  { sku: 'HOODIE-NVY', title: 'Navy Pullover Hoodie', priceMinor: 9_500, available: 2, regions: null },
  { sku: 'TEE-WHT', title: 'White Organic T-Shirt', priceMinor: 4_500, available: 40, regions: null },
  { sku: 'LAMP-ARC', title: 'Arc Floor Lamp', priceMinor: 64_900, available: 0, regions: null },
  { sku: 'OUD-ROYAL', title: 'Royal Oud Eau de Parfum', priceMinor: 28_900, available: 6, regions: ['AE'] },
] as const;

const HOODIE: CartLine = { sku: 'HOODIE-BLK', quantity: 2 };

/** What every implementation of StorePort must do. `open` gives a fresh shop. */
export function describeStoreContract(name: string, open: () => Promise<StoreStand>): void {
  describe(`the store contract, kept by ${name}`, () => {
    let stand: StoreStand;
    let store: StorePort;
    let refs = 0;

    beforeEach(async () => {
      stand = await open();
      ({ store } = stand);
    });
    afterEach(() => stand.close());

    const everything = async (updatedSince?: string): Promise<StoreProduct[]> => {
      const products: StoreProduct[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.listProducts({ updatedSince, cursor });
        products.push(...page.products);
        cursor = page.nextCursor ?? undefined;
      } while (cursor);
      return products;
    };
    const availableOf = async (sku: string): Promise<number> =>
      (await store.quote([{ sku, quantity: 1 }])).lines[0]!.available;
    const hold = async (lines: CartLine[], ttlSeconds = 60) => {
      const orderRef = `ref_${++refs}`;
      const result = await store.reserve({
        orderRef,
        lines,
        ttlSeconds,
        idempotencyKey: `reserve_${orderRef}`,
      });
      if (result.outcome !== 'held') throw new Error('the stand has too little stock for this test');
      return { orderRef, reservationId: result.reservationId };
    };
    const orderOf = (
      held: { orderRef: string; reservationId: string },
      lines: CartLine[],
    ): Cleared<OrderRequest> =>
      cleared({
        ...held,
        customer: { name: 'Aisha Khan', phone: '+971501234567' },
        lines: lines.map((line) => ({ ...line, unitPrice: money(8_900, 'AED') })),
        total: money(17_800, 'AED'),
        payment: { provider: 'stripe', reference: `pi_${held.orderRef}`, paidAt: '2026-11-21T10:18:42.000Z' },
      });
    const codeOf = (work: Promise<unknown>): Promise<string> =>
      work.then(
        () => 'no error',
        (error: PortError) => `${error.kind} ${error.code}`,
      );

    it('lists every product once, over all pages, oldest change first', async () => {
      const products = await everything();
      for (const goods of CONTRACT_GOODS) {
        const listed = products.filter((p) => p.sku === goods.sku);
        expect(listed).toHaveLength(1);
        expect(listed[0]).toMatchObject({
          title: goods.title,
          price: money(goods.priceMinor, 'AED'),
          available: goods.available,
          regions: goods.regions,
          deleted: false,
        });
      }
      const times = products.map((p) => p.updatedAt);
      expect(times).toEqual([...times].sort());
    });

    it('lists what changed since a time, with a larger sequence', async () => {
      const before = await everything();
      const last = before
        .map((p) => p.updatedAt)
        .sort()
        .at(-1)!;
      await stand.advance(5_000);
      await stand.change('TEE-WHT', { priceMinor: 3_900 });
      const since = new Date(Date.parse(last) + 1_000).toISOString();
      const changed = await everything(since);
      expect(changed.map((p) => p.sku)).toEqual(['TEE-WHT']);
      expect(changed[0]!.price).toEqual(money(3_900, 'AED'));
      expect(changed[0]!.sequence).toBeGreaterThan(Math.max(...before.map((p) => p.sequence)));
    });

    it('quotes every line as asked, sellable or not, and adds up what can be sold', async () => {
      const quote = await store.quote([
        { sku: 'HOODIE-BLK', quantity: 2 },
        { sku: 'LAMP-ARC', quantity: 1 },
        { sku: 'HOODIE-NVY', quantity: 3 },
        { sku: 'NO-SUCH-THING', quantity: 1 },
      ]);
      expect(quote.source).toBe('live');
      expect(quote.lines.map((l) => [l.sku, l.quantity, l.reason])).toEqual([
        ['HOODIE-BLK', 2, undefined],
        ['LAMP-ARC', 1, 'out_of_stock'],
        ['HOODIE-NVY', 3, 'insufficient_stock'],
        ['NO-SUCH-THING', 1, 'unknown_sku'],
      ]);
      expect(quote.total.minor - quote.tax.minor - quote.shipping.minor).toBe(2 * 8_900);
      expect(Date.parse(quote.validUntil)).toBeGreaterThan(Date.parse(quote.quotedAt));
    });

    it('quotes what is true now, for the region that is asked', async () => {
      await stand.change('HOODIE-BLK', { priceMinor: 7_900, available: 1 });
      const [hoodie] = (await store.quote([HOODIE])).lines;
      expect(hoodie).toMatchObject({
        unitPrice: money(7_900, 'AED'),
        available: 1,
        reason: 'insufficient_stock',
      });
      const oud = [{ sku: 'OUD-ROYAL', quantity: 1 }];
      expect((await store.quote(oud, 'AE')).lines[0]!.reason).toBeUndefined();
      expect((await store.quote(oud, 'OM')).lines[0]!.reason).toBe('not_sold_in_region');
    });

    it('counts two lines of one product together against its stock', async () => {
      const line = { sku: 'HOODIE-NVY', quantity: 2 };
      const quote = await store.quote([line, line]);
      expect(quote.lines.map((l) => l.reason)).toEqual([undefined, 'insufficient_stock']);
    });

    it('holds stock, so that nobody else is promised it', async () => {
      await hold([HOODIE]);
      expect(await availableOf('HOODIE-BLK')).toBe(12);
    });

    it('holds all lines or none, and says what is short', async () => {
      const result = await store.reserve({
        orderRef: 'ref_short',
        lines: [HOODIE, { sku: 'HOODIE-NVY', quantity: 3 }],
        ttlSeconds: 60,
        idempotencyKey: 'reserve_short',
      });
      expect(result).toEqual({
        outcome: 'short',
        short: [{ sku: 'HOODIE-NVY', requested: 3, available: 2 }],
      });
      expect(await availableOf('HOODIE-BLK')).toBe(14);
    });

    it('holds once for one key, however often it is asked', async () => {
      const request = {
        orderRef: 'ref_once',
        lines: [HOODIE],
        ttlSeconds: 60,
        idempotencyKey: 'reserve_once',
      };
      const [first, second] = await Promise.all([store.reserve(request), store.reserve(request)]);
      expect(second).toEqual(first);
      expect(await availableOf('HOODIE-BLK')).toBe(12);
    });

    it('refuses a key that was used for something else', async () => {
      const request = { orderRef: 'ref_key', lines: [HOODIE], ttlSeconds: 60, idempotencyKey: 'reserve_key' };
      await store.reserve(request);
      expect(await codeOf(store.reserve({ ...request, lines: [{ ...HOODIE, quantity: 1 }] }))).toBe(
        'rejected idempotency_key_reused',
      );
    });

    it('never promises the last unit twice, whoever races', async () => {
      const race = Array.from({ length: 12 }, (_, i) =>
        store.reserve({
          orderRef: `race_${i}`,
          lines: [{ sku: 'HOODIE-NVY', quantity: 1 }],
          ttlSeconds: 60,
          idempotencyKey: `race_${i}`,
        }),
      );
      const outcomes = (await Promise.all(race)).map((r) => r.outcome);
      expect(outcomes.filter((o) => o === 'held')).toHaveLength(2);
      expect(await availableOf('HOODIE-NVY')).toBe(0);
    });

    it('gives the stock back on release, once', async () => {
      const { reservationId } = await hold([HOODIE]);
      expect(await store.release(reservationId)).toMatchObject({ outcome: 'ok', status: 'released' });
      expect(await store.release(reservationId)).toMatchObject({ outcome: 'ok', status: 'released' });
      expect(await availableOf('HOODIE-BLK')).toBe(14);
      expect(await store.extend(reservationId, 60)).toEqual({ outcome: 'gone', status: 'released' });
      expect(await store.commit(reservationId)).toEqual({ outcome: 'gone', status: 'released' });
    });

    it('frees a hold when its time is over, and not before a longer one', async () => {
      const [brief, longer] = [await hold([HOODIE]), await hold([HOODIE])];
      expect(await store.extend(longer.reservationId, 600)).toMatchObject({ outcome: 'ok', status: 'held' });
      await stand.advance(61_000);
      expect(await availableOf('HOODIE-BLK')).toBe(12);
      expect(await store.extend(brief.reservationId, 60)).toEqual({ outcome: 'gone', status: 'expired' });
      expect(await store.release(brief.reservationId)).toMatchObject({ outcome: 'ok', status: 'expired' });
    });

    it('takes stock for good on commit', async () => {
      const { reservationId } = await hold([HOODIE]);
      expect(await store.commit(reservationId)).toMatchObject({ outcome: 'ok', status: 'committed' });
      expect(await store.commit(reservationId)).toMatchObject({ outcome: 'ok', status: 'committed' });
      expect(await store.release(reservationId)).toEqual({ outcome: 'gone', status: 'committed' });
      expect(await availableOf('HOODIE-BLK')).toBe(12);
    });

    it('knows nothing of a reservation that was never made', async () => {
      expect(await store.release('res_none')).toEqual({ outcome: 'gone', status: 'unknown' });
    });

    it('writes a paid order once, and takes the held stock with it', async () => {
      const held = await hold([HOODIE]);
      const order = orderOf(held, [HOODIE]);
      const [first, second] = await Promise.all([
        store.placeOrder(order, `place_${held.orderRef}`),
        store.placeOrder(order, `place_${held.orderRef}`),
      ]);
      const another = await store.placeOrder(order, `place_again_${held.orderRef}`);
      expect(first).toMatchObject({ outcome: 'placed', order: { orderRef: held.orderRef, status: 'paid' } });
      expect(second).toEqual(first);
      expect(another).toEqual(first);
      expect(await availableOf('HOODIE-BLK')).toBe(12);
      const found = await store.getOrder(held.orderRef);
      expect(found).toEqual({ outcome: 'found', order: (first as { order: unknown }).order });
    });

    it('refuses another order under the same reference', async () => {
      const held = await hold([HOODIE]);
      await store.placeOrder(orderOf(held, [HOODIE]), 'place_a');
      const other = { ...orderOf(held, [HOODIE]), total: money(1, 'AED') };
      expect(await codeOf(store.placeOrder(cleared(other), 'place_b'))).toBe('rejected order_exists');
    });

    it('takes free stock for an order that is paid after its hold is over', async () => {
      const held = await hold([HOODIE]);
      await stand.advance(61_000);
      expect(await store.placeOrder(orderOf(held, [HOODIE]), 'place_late')).toMatchObject({
        outcome: 'placed',
      });
      expect(await availableOf('HOODIE-BLK')).toBe(12);
    });

    it('writes nothing when the stock is gone after the hold is over', async () => {
      const lines = [{ sku: 'HOODIE-NVY', quantity: 2 }];
      const held = await hold(lines);
      await stand.advance(61_000);
      await hold([{ sku: 'HOODIE-NVY', quantity: 1 }]);
      expect(await store.placeOrder(orderOf(held, lines), 'place_gone')).toEqual({
        outcome: 'gone',
        short: [{ sku: 'HOODIE-NVY', requested: 2, available: 1 }],
      });
      expect(await store.getOrder(held.orderRef)).toEqual({ outcome: 'unknown' });
    });

    it('cancels an order once and puts its stock back, unless it has left', async () => {
      const [kept, shipped] = [await hold([HOODIE]), await hold([HOODIE])];
      await store.placeOrder(orderOf(kept, [HOODIE]), 'place_kept');
      await store.placeOrder(orderOf(shipped, [HOODIE]), 'place_shipped');
      await stand.ship(shipped.orderRef);
      for (const _ of [1, 2]) {
        expect(await store.cancelOrder(kept.orderRef)).toMatchObject({
          outcome: 'cancelled',
          order: { status: 'cancelled' },
        });
      }
      expect(await store.cancelOrder(shipped.orderRef)).toEqual({ outcome: 'too_late', status: 'shipped' });
      expect(await store.cancelOrder('ref_never')).toEqual({ outcome: 'unknown' });
      expect(await availableOf('HOODIE-BLK')).toBe(12);
    });
  });
}
