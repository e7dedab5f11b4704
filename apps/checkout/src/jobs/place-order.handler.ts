import { Controller, Inject } from '@nestjs/common';
import { ErrandPayload, placeOrder, type JobOutcome } from '#contracts';
import type { PlaceOrderResult, StorePort } from '#core/catalog';
import type { Order, OrderEvent } from '#core/checkout';
import { PortError } from '#core/tenancy';
import { CLOCK, type Clock } from '#platform';
import { JobHandler, TaskContext } from '#queue';
import { Orders } from '../orders.js';
import { Partners } from '../partners.js';
import { linesOf, orderRequest } from '../requests.js';
import { runErrand } from './errand.js';

const NEW_HOLD_SECONDS = 1_800;

/** Writes the paid order into the shop, which takes the held stock for good in the same step. */
@Controller()
export class PlaceOrderHandler {
  constructor(
    readonly orders: Orders,
    private readonly partners: Partners,
    @Inject(CLOCK) readonly clock: Clock,
  ) {}

  @JobHandler(placeOrder)
  handle(payload: ErrandPayload, ctx: TaskContext): Promise<JobOutcome> {
    const { round } = payload;
    return runErrand(
      this,
      payload,
      ctx,
      (order) => order.placing?.round === round && order.payment !== null,
      (order) => this.place(order, round),
    );
  }

  private async place(order: Order, round: number): Promise<OrderEvent> {
    const { store } = await this.partners.shop(order.merchantId);
    try {
      const result = await write(store, order, order.hold?.reservationId ?? `none_${order.orderRef}`);
      if (result.outcome === 'placed') return placed(round, result);
      // Gone at that moment; somebody else's hold may have lapsed since.
      const again = await store.reserve({
        orderRef: order.orderRef,
        lines: linesOf(order),
        ttlSeconds: NEW_HOLD_SECONDS,
        idempotencyKey: `${order.orderRef}_rehold_${round}`,
      });
      if (again.outcome === 'short') return { type: 'not_placed', round, why: 'short' };
      const second = await write(store, order, again.reservationId);
      return second.outcome === 'placed'
        ? placed(round, second)
        : { type: 'not_placed', round, why: 'short' };
    } catch (error) {
      // Understood and refused for good: the money must not stay here. All else is tried again.
      if (error instanceof PortError && error.kind === 'rejected') {
        return { type: 'not_placed', round, why: 'refused' };
      }
      throw error;
    }
  }
}

/** The key names the reservation, because another one is another request; the shop keeps one order per reference. */
function write(store: StorePort, order: Order, reservationId: string): Promise<PlaceOrderResult> {
  return store.placeOrder(orderRequest(order, reservationId), `${order.orderRef}_order_${reservationId}`);
}

function placed(round: number, { order }: Extract<PlaceOrderResult, { outcome: 'placed' }>): OrderEvent {
  return { type: 'placed', round, number: order.number, orderId: order.orderId };
}
