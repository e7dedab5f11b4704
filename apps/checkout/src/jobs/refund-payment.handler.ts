import { Controller, Inject } from '@nestjs/common';
import { ErrandPayload, refundPayment, rejected, type JobOutcome } from '#contracts';
import { PortError } from '#core/tenancy';
import { CLOCK, type Clock } from '#platform';
import { JobHandler, TaskContext } from '#queue';
import { Orders } from '../orders.js';
import { Partners } from '../partners.js';
import { runErrand } from './errand.js';

/**
 * Runs under one idempotency key. A provider may keep a failure under a key for a day, so that a new one is needed
 * then; a payment cannot be given back twice in full, whatever the key.
 */
const RUNS_PER_KEY = 3;

/** Gives money back in full. */
@Controller()
export class RefundPaymentHandler {
  constructor(
    readonly orders: Orders,
    private readonly partners: Partners,
    @Inject(CLOCK) readonly clock: Clock,
  ) {}

  @JobHandler(refundPayment)
  async handle(payload: ErrandPayload, ctx: TaskContext): Promise<JobOutcome> {
    const { orderRef, round } = payload;
    const { merchantId } = ctx;
    const key = Math.floor(ctx.item.attempts / RUNS_PER_KEY);
    try {
      return await runErrand(
        this,
        payload,
        ctx,
        (order) => order.refunds.some((r) => r.round === round && !r.done),
        async (order) => {
          const { paymentId, amount, reason } = order.refunds.find((r) => r.round === round)!;
          const provider = await this.partners.provider(order);
          await provider.refund({
            merchantId,
            orderRef,
            paymentId,
            amount,
            duplicate: reason === 'duplicate_payment',
            idempotencyKey: `${merchantId}:${orderRef}:refund:${round}:${key}`,
          });
          return { type: 'refund_made', round };
        },
      );
    } catch (error) {
      // Refused for good: it stays among the dead letters until a person has seen to the money.
      if (error instanceof PortError && error.kind === 'rejected') return rejected(error.message);
      throw error;
    }
  }
}
