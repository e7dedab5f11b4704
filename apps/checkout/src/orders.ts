import { Inject, Injectable } from '@nestjs/common';
import { Logger } from 'nestjs-pino';
import type { EntityManager } from 'typeorm';
import {
  expireOrder,
  expireSession,
  noteOrder,
  placeOrder,
  recordPayment,
  refundPayment,
  releaseHold,
  reserveStock,
  type RecordPaymentPayload,
} from '#contracts';
import { step, type Order, type OrderEffect, type OrderEvent } from '#core/checkout';
import { Journal, Tenants, type NewItem } from '#persistence';
import { CLOCK, Counter, type Clock } from '#platform';
import { toItem, Waker, wakeOf, type Commit } from '#queue';
import { loadOrder, saveOrder } from './order-row.js';

const alerts = new Counter({
  name: 'waco_checkout_alerts_total',
  help: 'Payments and orders that were not as they should be, even where that settled itself',
  labelNames: ['alert'],
});

const ERRANDS = {
  reserve: reserveStock,
  place_order: placeOrder,
  release_hold: releaseHold,
  expire_session: expireSession,
  refund: refundPayment,
} as const;

/** Orders as they are stored. Whoever has news of one, applies it here: one row lock, one pure step, one transaction. */
@Injectable()
export class Orders {
  constructor(
    private readonly tenants: Tenants,
    private readonly journal: Journal,
    private readonly waker: Waker,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  read(merchantId: string, orderRef: string): Promise<Order | null> {
    return this.tenants.transaction(merchantId, (tx) => loadOrder(tx, orderRef, false));
  }

  /** Applies an event inside the caller's transaction. Null: there is no such order, nothing was done. */
  async apply({ tx, emit }: Commit, orderRef: string, event: OrderEvent, now: Date): Promise<Order | null> {
    const before = await loadOrder(tx, orderRef, true);
    const result = step(before, event, now);
    if (!result) return null;
    if (result.order !== before) await saveOrder(tx, result.order);
    for (const effect of result.effects) this.carryOut(result.order, effect, emit, now);
    return result.order;
  }

  /** Applies an event in a transaction of its own: for visits to a link, which are no items of the journal. */
  applyNow(merchantId: string, orderRef: string, event: OrderEvent): Promise<Order | null> {
    return this.emitting(merchantId, (commit, now) => this.apply(commit, orderRef, event, now));
  }

  /** Puts what the provider said when it was asked into the order's line, as its webhook would. */
  async recordPayment(merchantId: string, payload: RecordPaymentPayload): Promise<void> {
    await this.emitting(merchantId, async ({ emit }) => emit(recordPayment, payload));
  }

  private async emitting<T>(merchantId: string, work: (commit: Commit, now: Date) => Promise<T>): Promise<T> {
    const now = this.clock.now();
    const items: NewItem[] = [];
    const emit: Commit['emit'] = (contract, payload, options) => {
      items.push(toItem(contract, payload, merchantId, now, options));
    };
    const result = await this.tenants.transaction(merchantId, async (tx: EntityManager) => {
      const done = await work({ tx, emit }, now);
      await this.journal.append(items, now, tx);
      return done;
    });
    await this.waker.wake(items.map((item) => wakeOf(item, now)));
    return result;
  }

  private carryOut(order: Order, effect: OrderEffect, emit: Commit['emit'], now: Date): void {
    const { orderRef, threadId, threadStream, merchantId } = order;
    switch (effect.do) {
      case 'start_timer':
        return emit(expireOrder, { orderRef, round: effect.round }, { dueAt: new Date(effect.dueAt) });
      case 'tell': {
        const { factId, fact } = effect;
        return emit(noteOrder, {
          threadId,
          threadStream,
          orderRef,
          factId,
          fact,
          occurredAt: now.toISOString(),
        });
      }
      case 'alert':
        alerts.inc({ alert: effect.alert });
        this.logger.error({ event: `checkout.${effect.alert}`, merchantId, orderRef, detail: effect.detail });
        return;
      default:
        return emit(ERRANDS[effect.do], { orderRef, round: effect.round });
    }
  }
}
