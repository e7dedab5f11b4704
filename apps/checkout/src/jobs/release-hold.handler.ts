import { Controller, Inject } from '@nestjs/common';
import { ErrandPayload, releaseHold, type JobOutcome } from '#contracts';
import { CLOCK, type Clock } from '#platform';
import { JobHandler, TaskContext } from '#queue';
import { Orders } from '../orders.js';
import { Partners } from '../partners.js';
import { runErrand } from './errand.js';

/** Gives held stock back to the shop. A hold that has ended already needs nothing. */
@Controller()
export class ReleaseHoldHandler {
  constructor(
    readonly orders: Orders,
    private readonly partners: Partners,
    @Inject(CLOCK) readonly clock: Clock,
  ) {}

  @JobHandler(releaseHold)
  handle(payload: ErrandPayload, ctx: TaskContext): Promise<JobOutcome> {
    const { round } = payload;
    return runErrand(
      this,
      payload,
      ctx,
      (order) => order.releasing.some((r) => r.round === round),
      async (order) => {
        const { reservationId } = order.releasing.find((r) => r.round === round)!;
        const { store } = await this.partners.shop(order.merchantId);
        await store.release(reservationId);
        return { type: 'released', round };
      },
    );
  }
}
