import { Controller, Inject } from '@nestjs/common';
import { ErrandPayload, reserveStock, type JobOutcome } from '#contracts';
import { compareQuotes } from '#core/catalog';
import {
  compareWhileHeld,
  heldQuote,
  LONGEST_HOLD_MS,
  shortQuote,
  type Hold,
  type Order,
  type OrderEvent,
} from '#core/checkout';
import { PortError } from '#core/tenancy';
import { CLOCK, ENV, type Clock } from '#platform';
import { JobHandler, TaskContext } from '#queue';
import { CheckoutEnv, publicUrl } from '../env.js';
import { LinkTokens } from '../link.js';
import { Orders } from '../orders.js';
import { Partners, type Shop } from '../partners.js';
import { linesOf } from '../requests.js';
import { runErrand } from './errand.js';

/** A customer who waits in the chat is told after this long that the shop does not answer, in milliseconds. */
const PATIENCE_MS = 20_000;
/** The shop keeps a hold this much longer than we count on it, in milliseconds. */
const MARGIN_MS = 120_000;
/** A late payment's order is written at once; the hold only has to last until then, in milliseconds. */
const LATE_HOLD_MS = 1_800_000;
/** The link goes on showing how the order stands, long after it has ceased to open a payment page. */
const LINK_LIFE_MS = 14 * 86_400_000;

/** Holds stock at the shop: the first time after asking its prices again, later for money that is late or on its way. */
@Controller()
export class ReserveStockHandler {
  constructor(
    readonly orders: Orders,
    private readonly partners: Partners,
    private readonly links: LinkTokens,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(ENV) private readonly env: CheckoutEnv,
  ) {}

  @JobHandler(reserveStock)
  handle(payload: ErrandPayload, ctx: TaskContext): Promise<JobOutcome> {
    const { round } = payload;
    return runErrand(
      this,
      payload,
      ctx,
      (order) => order.reserving?.round === round,
      async (order) => {
        const { purpose } = order.reserving!;
        try {
          const shop = await this.partners.shop(order.merchantId);
          if (purpose === 'first') return await this.first(order, round, shop);
          const hold = purpose === 'prolong' ? await this.prolong(order, round, shop) : await this.late(order, round, shop); // prettier-ignore
          return hold ? { type: 'held', round, hold } : { type: 'not_held', round, why: 'short' };
        } catch (error) {
          return this.givenUp(error, round, purpose, ctx);
        }
      },
    );
  }

  private async first(order: Order, round: number, shop: Shop): Promise<OrderEvent> {
    const lines = linesOf(order);
    const place = { country: shop.region, currency: order.accepted.currency };
    const choice = await this.partners.chooseAccount(order.merchantId, place);
    // Before anything is held: nobody waits for a link that cannot come.
    if ('why' in choice) return { type: 'not_held', round, why: 'no_account', detail: choice.why };
    const present = await shop.quote(lines);
    // Stock alone decides nothing yet: after a lost answer, what is missing may be what we hold ourselves.
    if (compareWhileHeld(order.accepted, present).length > 0) {
      const changes = compareQuotes(order.accepted, present);
      return { type: 'not_held', round, why: 'changed', quote: present, changes };
    }
    const holdMs = this.env.HOLD_MINUTES * 60_000;
    const result = await shop.store.reserve({
      orderRef: order.orderRef,
      lines,
      idempotencyKey: `${order.orderRef}_hold_${round}`,
      ttlSeconds: (holdMs + MARGIN_MS) / 1_000,
    });
    if (result.outcome === 'short') {
      const quote = shortQuote(present, result.short);
      const changes = compareQuotes(order.accepted, quote);
      return { type: 'not_held', round, why: 'changed', quote, changes };
    }
    const { reservationId, expiresAt } = result;
    const now = this.clock.now();
    const holdEnds = new Date(expiresAt).getTime() - MARGIN_MS / 2;
    const payBefore = new Date(Math.min(now.getTime() + holdMs, holdEnds)).toISOString();
    const token = await this.links.make(order, new Date(now.getTime() + LINK_LIFE_MS));
    const url = `${publicUrl(this.env)}/c/${token}`;
    const quote = heldQuote(order.accepted, present);
    return {
      type: 'held',
      round,
      hold: { reservationId, expiresAt },
      offer: { quote, payBefore, token, url, account: choice.account },
    };
  }

  private late(order: Order, round: number, shop: Shop): Promise<Hold | null> {
    return this.hold(order, round, shop, LATE_HOLD_MS);
  }

  private async prolong(order: Order, round: number, shop: Shop): Promise<Hold | null> {
    if (order.hold) {
      const extended = await shop.store.extend(order.hold.reservationId, LONGEST_HOLD_MS / 1_000);
      if (extended.outcome === 'ok') {
        return { reservationId: extended.reservationId, expiresAt: extended.expiresAt };
      }
    }
    return this.hold(order, round, shop, LONGEST_HOLD_MS);
  }

  private async hold(order: Order, round: number, shop: Shop, ms: number): Promise<Hold | null> {
    const result = await shop.store.reserve({
      orderRef: order.orderRef,
      lines: linesOf(order),
      ttlSeconds: ms / 1_000,
      idempotencyKey: `${order.orderRef}_hold_${round}_${ms}`,
    });
    return result.outcome === 'held' ? result : null;
  }

  /** @throws what cannot be settled by giving up: it is tried again. */
  private givenUp(
    error: unknown,
    round: number,
    purpose: NonNullable<Order['reserving']>['purpose'],
    ctx: TaskContext,
  ): OrderEvent {
    if (!(error instanceof PortError)) throw error;
    if (purpose !== 'first') {
      if (error.kind !== 'rejected') throw error;
      return { type: 'not_held', round, why: 'short' };
    }
    const hopeless = error.kind === 'rejected' || error.kind === 'misconfigured';
    const waited = this.clock.now().getTime() - ctx.item.occurredAt.getTime();
    if (!hopeless && waited < PATIENCE_MS && !ctx.lastAttempt) throw error;
    return { type: 'not_held', round, why: 'unavailable' };
  }
}
