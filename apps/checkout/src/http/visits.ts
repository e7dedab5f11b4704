import { Inject, Injectable } from '@nestjs/common';
import { Logger } from 'nestjs-pino';
import { compareQuotes, type QuoteChange } from '#core/catalog';
import {
  canOpenSession,
  compareWhileHeld,
  shortQuote,
  type Hold,
  type Order,
  type PaymentStatus,
} from '#core/checkout';
import { PortError, providerKindOf } from '#core/tenancy';
import { CLOCK, ENV, type Clock } from '#platform';
import { CheckoutEnv, publicUrl } from '../env.js';
import { Orders } from '../orders.js';
import { Partners, type Shop } from '../partners.js';
import { hostedPaymentRequest, linesOf } from '../requests.js';

/** The hold outlives the page by this much, in milliseconds. */
const MARGIN_MS = 120_000;

export type Opening =
  | { outcome: 'redirect'; url: string }
  /** Told to the thread as well; nothing is held any more. */
  | { outcome: 'moved'; order: Order; changes: QuoteChange[] }
  /** Nothing to pay here: the order's state says what is. */
  | { outcome: 'status'; order: Order }
  | { outcome: 'try_again'; order: Order };

export type Landing =
  /** The provider has the money or will; the order's line hears of it. */
  | { outcome: 'confirming'; order: Order }
  | { outcome: 'unfinished'; order: Order }
  | { outcome: 'status'; order: Order };

/** What happens when a customer opens the link of an order, or lands on it after the payment page. */
@Injectable()
export class Visits {
  constructor(
    private readonly orders: Orders,
    private readonly partners: Partners,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ENV) private readonly env: CheckoutEnv,
    private readonly logger: Logger,
  ) {}

  /** To the payment page, if the shop's figures are what was agreed. Two visits at once lead to one page. */
  async open(order: Order): Promise<Opening> {
    if (!canOpenSession(order, this.clock.now())) return { outcome: 'status', order };
    try {
      const shop = await this.partners.shop(order.merchantId);
      const present = await shop.quote(linesOf(order));
      const changes = compareWhileHeld(order.accepted, present);
      if (changes.length > 0) return await this.moved(order, present, compareQuotes(order.accepted, present));
      // A page that the provider refused is asked for once more, under a new key.
      return (
        (await this.toPage(order, shop)) ??
        (await this.toPage(order, shop)) ?? { outcome: 'try_again', order }
      );
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      const { merchantId, orderRef } = order;
      this.logger.warn({
        event: 'checkout.visit_failed',
        merchantId,
        orderRef,
        code: error.code,
        reason: error.message,
      });
      return { outcome: 'try_again', order };
    }
  }

  /** After the payment page: the provider itself is asked, because its webhook may still be on the way. */
  async land(order: Order): Promise<Landing> {
    const unpaid = ['awaiting_payment', 'expired', 'cancelled', 'declined'].includes(order.state);
    const sessionId = order.session?.id ?? order.sessionIds.at(-1);
    if (!unpaid || !sessionId || order.pending) return { outcome: 'status', order };
    let status: PaymentStatus;
    try {
      const provider = await this.partners.provider(order);
      status = await provider.fetchStatus(sessionId);
    } catch (error) {
      if (error instanceof PortError) return { outcome: 'confirming', order };
      throw error;
    }
    switch (status.status) {
      case 'paid':
      case 'pending':
        await this.orders.recordPayment(order.merchantId, {
          provider: providerKindOf(order.account!),
          account: order.account!,
          eventId: `return_${sessionId}_${status.status}`,
          kind: status.status,
          orderRef: order.orderRef,
          sessionId,
          paymentId: status.paymentId,
          ...(status.status === 'paid' && { amount: status.amount }),
          occurredAt: this.clock.now().toISOString(),
        });
        return { outcome: 'confirming', order };
      case 'open':
      case 'expired':
        return canOpenSession(order, this.clock.now())
          ? { outcome: 'unfinished', order }
          : { outcome: 'status', order };
    }
  }

  /** Undefined when the provider refuses to open a page and nobody can have been led to one. */
  private async toPage(order: Order, shop: Shop): Promise<Opening | undefined> {
    const expiresAt = new Date(this.clock.now().getTime() + this.partners.pageLifeMs(order)).toISOString();
    const wanted = await this.change(order, { type: 'session_wanted', expiresAt });
    const { session } = wanted;
    if (!session || !canOpenSession(wanted, this.clock.now())) return { outcome: 'status', order: wanted };
    if (session.url) return { outcome: 'redirect', url: session.url };

    const held = await this.holdUntil(wanted, session, shop);
    if (held.outcome !== 'held') return held;
    const { attempt } = session;
    try {
      const provider = await this.partners.provider(order);
      const page = await provider.createHostedPayment(hostedPaymentRequest(wanted, publicUrl(this.env)));
      const opened = await this.change(order, {
        type: 'session_opened',
        attempt,
        sessionId: page.sessionId,
        url: page.url,
      });
      const ready = opened.state === 'awaiting_payment' && !opened.closing;
      return ready ? { outcome: 'redirect', url: page.url } : { outcome: 'status', order: opened };
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      if (error.kind !== 'rejected' && error.code !== 'server_error') throw error;
      const { merchantId, orderRef } = order;
      this.logger.error({
        event: 'checkout.page_refused',
        merchantId,
        orderRef,
        code: error.code,
        reason: error.message,
      });
      await this.change(order, { type: 'session_refused', attempt });
      return undefined;
    }
  }

  /** Makes the hold outlive the payment page: nobody pays for what is no longer theirs. */
  private async holdUntil(
    order: Order,
    session: { attempt: number; expiresAt: string },
    shop: Shop,
  ): Promise<{ outcome: 'held' } | Opening> {
    const until = new Date(session.expiresAt).getTime() + MARGIN_MS;
    const { hold } = order;
    if (hold && new Date(hold.expiresAt).getTime() >= until) return { outcome: 'held' };
    const ttlSeconds = Math.ceil((until - this.clock.now().getTime()) / 1_000);
    if (hold) {
      const extended = await shop.store.extend(hold.reservationId, ttlSeconds);
      if (extended.outcome === 'ok') return this.renewed(order, extended);
    }
    const lines = linesOf(order);
    const result = await shop.store.reserve({
      orderRef: order.orderRef,
      lines,
      ttlSeconds: (this.partners.pageLifeMs(order) + MARGIN_MS) / 1_000,
      idempotencyKey: `${order.orderRef}_page_${session.attempt}`,
    });
    if (result.outcome === 'held') return this.renewed(order, result);
    const quote = shortQuote(await shop.quote(lines), result.short);
    return this.moved(order, quote, compareQuotes(order.accepted, quote));
  }

  private async renewed(
    order: Order,
    { reservationId, expiresAt }: Hold,
  ): Promise<{ outcome: 'held' } | Opening> {
    const changed = await this.change(order, { type: 'hold_renewed', hold: { reservationId, expiresAt } });
    return changed.state === 'awaiting_payment' ? { outcome: 'held' } : { outcome: 'status', order: changed };
  }

  private async moved(order: Order, quote: Order['accepted'], changes: QuoteChange[]): Promise<Opening> {
    const changed = await this.change(order, { type: 'prices_moved', quote, changes });
    return changed.state === 'declined'
      ? { outcome: 'moved', order: changed, changes }
      : { outcome: 'status', order: changed };
  }

  private async change(order: Order, event: Parameters<Orders['applyNow']>[2]): Promise<Order> {
    const changed = await this.orders.applyNow(order.merchantId, order.orderRef, event);
    if (!changed) throw new Error(`order ${order.orderRef} is gone`);
    return changed;
  }
}
