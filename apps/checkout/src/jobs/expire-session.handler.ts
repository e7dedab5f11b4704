import { Controller, Inject } from '@nestjs/common';
import { ErrandPayload, expireSession, type JobOutcome } from '#contracts';
import type { Order, OrderEvent, PaymentProviderPort } from '#core/checkout';
import { PortError } from '#core/tenancy';
import { CLOCK, ENV, type Clock } from '#platform';
import { JobHandler, TaskContext } from '#queue';
import { CheckoutEnv, publicUrl } from '../env.js';
import { Orders } from '../orders.js';
import { Partners } from '../partners.js';
import { hostedPaymentRequest, paidEvent } from '../requests.js';
import { runErrand } from './errand.js';

/** Closes the payment page. It may have been paid this very moment: then that is what the order hears. */
@Controller()
export class ExpireSessionHandler {
  constructor(
    readonly orders: Orders,
    private readonly partners: Partners,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(ENV) private readonly env: CheckoutEnv,
  ) {}

  @JobHandler(expireSession)
  handle(payload: ErrandPayload, ctx: TaskContext): Promise<JobOutcome> {
    const { round } = payload;
    return runErrand(
      this,
      payload,
      ctx,
      (order) => order.closing?.round === round,
      (order) => this.close(order, round, ctx.lastAttempt),
    );
  }

  private async close(order: Order, round: number, lastAttempt: boolean): Promise<OrderEvent> {
    const over: OrderEvent = { type: 'session_closed', round, sessionId: null, status: 'over' };
    if (!order.session) return over;
    try {
      const provider = await this.partners.provider(order);
      const sessionId = order.session.id ?? (await this.findPage(order, provider));
      if (!sessionId) return over;
      const status = await provider.cancel(sessionId);
      switch (status.status) {
        case 'expired':
          return { ...over, sessionId };
        case 'pending':
          return { ...over, sessionId, status: 'pending' };
        case 'paid':
          return { ...over, sessionId, status: 'paid', payment: paidEvent(order, status, this.clock.now()) };
        case 'open':
          throw new PortError('transient', 'still_open', `session ${sessionId} did not close`);
      }
    } catch (error) {
      // The page ends by itself in time; money that comes before that finds the order by its webhook.
      if (error instanceof PortError && lastAttempt) return { ...over, sessionId: order.session.id };
      throw error;
    }
  }

  /** The page whose answer was lost: asking again with the same key tells which it was, or that there never was one. */
  private async findPage(order: Order, provider: PaymentProviderPort): Promise<string | null> {
    try {
      const page = await provider.createHostedPayment(hostedPaymentRequest(order, publicUrl(this.env)));
      return page.sessionId;
    } catch (error) {
      // Nobody was ever led to a page that the provider refuses, or failed, to open.
      if (error instanceof PortError && (error.kind === 'rejected' || error.code === 'server_error'))
        return null;
      throw error;
    }
  }
}
