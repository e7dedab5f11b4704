import { cleared, type Cleared } from '#core/messaging';
import type { WebhookReader } from '#core/tenancy';
import type { PaymentEvent } from '../payment-event.js';
import type { HostedPaymentRequest, PaymentProviderPort } from '../ports/payment-provider.port.js';
import { sampleQuote } from './samples.js';

interface Delivery {
  rawBody: Buffer;
  headers: Readonly<Record<string, string | undefined>>;
}

/** What the suite needs of the world around a provider: customers who pay, and an unreliable network. */
export interface PaymentWorld {
  provider: PaymentProviderPort;
  reader: WebhookReader<PaymentEvent>;
  /** All that are good now. */
  secrets: readonly string[];
  now(): Promise<Date> | Date;
  /** A customer on the page. A declined card leaves the page open. */
  pay(sessionId: string, how: 'paid' | 'declined' | 'delayed'): Promise<void>;
  /** A delayed payment's money arrives, or does not. */
  settle(sessionId: string, how: 'paid' | 'failed'): Promise<void>;
  /** The next call is carried out, but its answer is lost on every automatic retry of the client too. */
  loseNextAnswer(): Promise<void>;
  /** All webhooks so far, as they arrived; waits until there are at least `least`. */
  deliveries(least: number): Promise<Delivery[]>;
  close(): Promise<void>;
}

/** What every payment provider's adapter must do, whether a fake, a simulator or the real thing is behind it. */
export function describePaymentProvider(name: string, open: () => Promise<PaymentWorld>): void {
  describe(`payment provider: ${name}`, () => {
    let world: PaymentWorld;
    let orders = 0;
    beforeAll(async () => {
      world = await open();
    });
    afterAll(() => world.close());

    async function request(): Promise<Cleared<HostedPaymentRequest>> {
      const orderRef = `WCONTR${(orders += 1)}`;
      const expiresAt = new Date((await world.now()).getTime() + 31 * 60_000).toISOString();
      return cleared({
        merchantId: 'mer_1',
        orderRef,
        quote: sampleQuote(),
        expiresAt,
        returnUrl: 'http://localhost:3003/c/token/return',
        cancelUrl: 'http://localhost:3003/c/token/return',
        idempotencyKey: `mer_1:${orderRef}:1`,
      });
    }
    /** As a gateway does: the header has its form, or nothing is read. */
    function read({ rawBody, headers }: Delivery, now: Date) {
      const signature = headers[world.reader.header];
      if (signature === undefined || !world.reader.form.test(signature))
        return { outcome: 'unsigned' } as const;
      return world.reader.read(rawBody, signature, world.secrets, now);
    }
    async function eventsOf(orderRef: string, least: number): Promise<PaymentEvent[]> {
      let events: PaymentEvent[] = [];
      for (let seen = 0, tries = 0; events.length < least && tries < 50; tries++) {
        const deliveries = await world.deliveries(seen);
        seen = deliveries.length + 1;
        const now = await world.now();
        events = deliveries
          .flatMap((delivery) => {
            const reading = read(delivery, now);
            if (reading.outcome !== 'read') throw new Error(`webhook ${reading.outcome}`);
            return reading.notices.flatMap((notice) => ('event' in notice ? [notice.event] : []));
          })
          .filter((e) => e.orderRef === orderRef);
      }
      return events;
    }
    const refundOf = (orderRef: string, paymentId: string) => ({
      merchantId: 'mer_1',
      orderRef,
      paymentId,
      amount: sampleQuote().total,
      duplicate: false,
      idempotencyKey: `mer_1:${orderRef}:refund:1`,
    });

    it('opens a page, takes the money, says so by webhook and when asked', async () => {
      const asked = await request();
      const { sessionId, url } = await world.provider.createHostedPayment(asked);
      expect(url).toMatch(/^https?:\/\//);
      expect(await world.provider.fetchStatus(sessionId)).toEqual({ status: 'open', sessionId });
      await world.pay(sessionId, 'paid');
      const status = await world.provider.fetchStatus(sessionId);
      expect(status).toMatchObject({ status: 'paid', sessionId, amount: asked.quote.total });
      const [event] = await eventsOf(asked.orderRef, 1);
      expect(event).toMatchObject({
        kind: 'paid',
        orderRef: asked.orderRef,
        merchantId: 'mer_1',
        sessionId,
        amount: asked.quote.total,
        paymentId: status.status === 'paid' ? status.paymentId : 'not paid',
      });
    });

    it('leaves the page open after a declined card', async () => {
      const { sessionId } = await world.provider.createHostedPayment(await request());
      await world.pay(sessionId, 'declined');
      expect(await world.provider.fetchStatus(sessionId)).toMatchObject({ status: 'open' });
    });

    it('opens one page for a call that is made twice, also at once', async () => {
      const asked = await request();
      const [a, b] = await Promise.all([
        world.provider.createHostedPayment(asked),
        world.provider.createHostedPayment(asked),
      ]);
      const c = await world.provider.createHostedPayment(asked);
      expect(new Set([a.sessionId, b.sessionId, c.sessionId]).size).toBe(1);
    });

    it('refuses the same key for another request', async () => {
      const asked = await request();
      await world.provider.createHostedPayment(asked);
      const other = cleared({ ...asked, orderRef: `${asked.orderRef}X` });
      await expect(world.provider.createHostedPayment(other)).rejects.toMatchObject({ kind: 'rejected' });
    });

    it('calls a lost answer indeterminate, and the repeat finds the page', async () => {
      const asked = await request();
      await world.loseNextAnswer();
      await expect(world.provider.createHostedPayment(asked)).rejects.toMatchObject({
        kind: 'indeterminate',
      });
      const first = await world.provider.createHostedPayment(asked);
      const second = await world.provider.createHostedPayment(asked);
      expect(second.sessionId).toBe(first.sessionId);
    });

    it('closes an open page, and says when it was paid instead', async () => {
      const open = await request();
      const { sessionId } = await world.provider.createHostedPayment(open);
      expect(await world.provider.cancel(sessionId)).toEqual({ status: 'expired', sessionId });
      expect(await world.provider.cancel(sessionId)).toEqual({ status: 'expired', sessionId });
      expect(await eventsOf(open.orderRef, 1)).toMatchObject([{ kind: 'expired', sessionId }]);
      const paid = await world.provider.createHostedPayment(await request());
      await world.pay(paid.sessionId, 'paid');
      expect(await world.provider.cancel(paid.sessionId)).toMatchObject({ status: 'paid' });
    });

    it('tells a delayed payment from money', async () => {
      for (const how of ['paid', 'failed'] as const) {
        const asked = await request();
        const { sessionId } = await world.provider.createHostedPayment(asked);
        await world.pay(sessionId, 'delayed');
        expect(await world.provider.fetchStatus(sessionId)).toMatchObject({ status: 'pending' });
        await world.settle(sessionId, how);
        const kinds = (await eventsOf(asked.orderRef, 2)).map((e) => e.kind);
        expect(kinds.toSorted()).toEqual(['pending', how].toSorted());
      }
    });

    it('gives money back once, however often it is asked', async () => {
      const asked = await request();
      const { sessionId } = await world.provider.createHostedPayment(asked);
      await world.pay(sessionId, 'paid');
      const [paid] = await eventsOf(asked.orderRef, 1);
      const refund = refundOf(asked.orderRef, paid!.paymentId!);
      const first = await world.provider.refund(refund);
      expect(await world.provider.refund(refund)).toEqual(first);
      expect(await world.provider.refund({ ...refund, idempotencyKey: `${refund.idempotencyKey}b` })).toEqual({ outcome: 'already' }); // prettier-ignore
      const events = await eventsOf(asked.orderRef, 2);
      expect(events.filter((e) => e.kind === 'refunded')[0]).toMatchObject({
        paymentId: paid!.paymentId,
        amount: asked.quote.total,
        merchantId: 'mer_1',
      });
    });

    it('reads events in any order and however often they come, and refuses what is not signed', async () => {
      const deliveries = await world.deliveries(2);
      const now = await world.now();
      const all = () => deliveries.toReversed().map((delivery) => read(delivery, now));
      expect(all()).toEqual(all());
      const { rawBody, headers } = deliveries[0]!;
      const changed = Buffer.from(rawBody.toString('utf8').replace('mer_1', 'mer_2'));
      expect(read({ rawBody: changed, headers }, now)).toEqual({ outcome: 'unsigned' });
      expect(read({ rawBody, headers: {} }, now)).toEqual({ outcome: 'unsigned' });
      const signature = headers[world.reader.header]!;
      for (const secrets of [[], ['another-secret-of-somebody']]) {
        expect(world.reader.read(rawBody, signature, secrets, now)).toEqual({ outcome: 'unsigned' });
      }
    });
  });
}
