import type { OrderEffect } from './events.js';
import type { OrderFact } from './facts.js';
import { TRANSITIONS, type Order, type OrderState, type Refund } from './order.js';

/** An order being changed by one event: a private copy, and what is to be done besides. */
export class Change {
  readonly effects: OrderEffect[] = [];

  constructor(
    readonly order: Order,
    readonly now: Date,
  ) {}

  /** @throws Error for a move that the table does not have: a bug, never bad input. */
  to(next: OrderState): void {
    const { state, orderRef } = this.order;
    if (!TRANSITIONS[state].includes(next)) {
      throw new Error(`order ${orderRef} cannot go from ${state} to ${next}`);
    }
    this.order.state = next;
  }

  is(...states: readonly OrderState[]): boolean {
    return states.includes(this.order.state);
  }

  /** Nothing when the thread was told before. */
  tell(factId: string, fact: OrderFact): void {
    if (this.order.told.includes(factId)) return;
    this.order.told.push(factId);
    this.effects.push({ do: 'tell', factId, fact });
  }

  /** Nothing when the same was said before. */
  alert(alert: Extract<OrderEffect, { do: 'alert' }>['alert'], detail: string): void {
    const id = `alert_${alert}_${detail}`;
    if (this.order.told.includes(id)) return;
    this.order.told.push(id);
    this.effects.push({ do: 'alert', alert, detail });
  }

  private errand(kind: Exclude<OrderEffect['do'], 'start_timer' | 'tell' | 'alert'>): number {
    const round = (this.order.round += 1);
    this.effects.push({ do: kind, round });
    return round;
  }

  /** One reserve errand at a time: what is under way takes on the new purpose. */
  reserve(purpose: 'first' | 'prolong' | 'late'): void {
    if (this.order.reserving) this.order.reserving.purpose = purpose;
    else this.order.reserving = { round: this.errand('reserve'), purpose };
  }

  place(): void {
    this.order.placing = { round: this.errand('place_order') };
  }

  release(): void {
    const { hold } = this.order;
    if (!hold) return;
    this.order.releasing.push({ round: this.errand('release_hold'), reservationId: hold.reservationId });
    this.order.hold = null;
  }

  /** Closes the payment page at the provider; what it says decides what follows. */
  close(why: NonNullable<Order['closing']>['why']): void {
    this.order.closing = { round: this.errand('expire_session'), why };
  }

  refund(refund: Omit<Refund, 'round' | 'done'>): void {
    this.order.refunds.push({ ...refund, round: this.errand('refund'), done: false });
  }

  /** The order's money goes back. */
  refundOrder(reason: 'out_of_stock' | 'cancelled'): void {
    const { payment } = this.order;
    if (!payment) throw new Error(`order ${this.order.orderRef} has no payment to refund`);
    this.to('refunding');
    this.refund({ paymentId: payment.paymentId ?? payment.sessionId!, amount: payment.amount, reason });
  }

  startTimer(dueAt: string): void {
    const round = (this.order.round += 1);
    this.order.timer = { round, dueAt };
    this.effects.push({ do: 'start_timer', round, dueAt });
  }

  /** Over without money: nothing is kept, the customer is told. */
  expire(): void {
    this.to('expired');
    this.order.session = null;
    this.order.pending = false;
    this.release();
    this.tell('expired', { kind: 'expired' });
  }
}
