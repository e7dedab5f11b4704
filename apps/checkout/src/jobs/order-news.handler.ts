import { randomBytes } from 'node:crypto';
import { Controller } from '@nestjs/common';
import {
  cancelOrder,
  CancelOrderPayload,
  done,
  expireOrder,
  ExpireOrderPayload,
  recordFulfilment,
  RecordFulfilmentPayload,
  recordPayment,
  RecordPaymentPayload,
  recordStoreOrder,
  RecordStoreOrderPayload,
  rejected,
  requestCheckout,
  RequestCheckoutPayload,
  skipped,
  type JobOutcome,
} from '#contracts';
import { isOfItsAccount, type Order, type OrderEvent } from '#core/checkout';
import { JobHandler, OrderedContext } from '#queue';
import { Orders } from '../orders.js';

/** All that others say of an order, in its order: each is one event of the order's machine. */
@Controller()
export class OrderNewsHandler {
  constructor(private readonly orders: Orders) {}

  @JobHandler(requestCheckout)
  request(payload: RequestCheckoutPayload, ctx: OrderedContext): Promise<JobOutcome> {
    const { orderRef, threadId, threadStream, person, quote } = payload;
    const nonce = randomBytes(16).toString('base64url');
    const { merchantId } = ctx;
    return this.apply(ctx, orderRef, {
      type: 'requested',
      merchantId,
      orderRef,
      threadId,
      threadStream,
      person,
      quote,
      nonce,
    });
  }

  @JobHandler(cancelOrder)
  cancel({ orderRef }: CancelOrderPayload, ctx: OrderedContext): Promise<JobOutcome> {
    return this.apply(ctx, orderRef, { type: 'cancel' });
  }

  @JobHandler(expireOrder)
  expire({ orderRef, round }: ExpireOrderPayload, ctx: OrderedContext): Promise<JobOutcome> {
    return this.apply(ctx, orderRef, { type: 'deadline', round: round ?? 0 });
  }

  @JobHandler(recordPayment)
  async payment(payload: RecordPaymentPayload, ctx: OrderedContext): Promise<JobOutcome> {
    const { orderRef, account, paymentId, sessionId } = payload;
    const order = await this.change(ctx, orderRef, { type: 'payment', payment: payload });
    const outcome = order ? notOurs(order, payload) : `order ${orderRef} is not known`;
    if (!outcome) return done;
    // Money that nobody here asked for: a person must look at it.
    if (payload.kind !== 'paid') return skipped(outcome);
    return rejected(`${paymentId ?? sessionId} was paid${account ? ` at ${account}` : ''}, but ${outcome}`);
  }

  @JobHandler(recordFulfilment)
  fulfilment(payload: RecordFulfilmentPayload, ctx: OrderedContext): Promise<JobOutcome> {
    const { orderRef, fulfilmentId, kind, sequence, tracking, reason, occurredAt } = payload;
    const news = { fulfilmentId, kind, sequence, tracking, occurredAt, ...(reason && { reason }) };
    return this.apply(ctx, orderRef, { type: 'fulfilment', news });
  }

  @JobHandler(recordStoreOrder)
  storeOrder(
    { orderRef, status, sequence }: RecordStoreOrderPayload,
    ctx: OrderedContext,
  ): Promise<JobOutcome> {
    return this.apply(ctx, orderRef, { type: 'store_order', status, sequence });
  }

  private async apply(ctx: OrderedContext, orderRef: string, event: OrderEvent): Promise<JobOutcome> {
    return (await this.change(ctx, orderRef, event)) ? done : skipped(`order ${orderRef} is not known`);
  }

  private change(ctx: OrderedContext, orderRef: string, event: OrderEvent): Promise<Order | null> {
    return this.orders.apply({ tx: ctx.tx, emit: ctx.emit.bind(ctx) }, orderRef, event, ctx.now);
  }
}

function notOurs(order: Order, payload: RecordPaymentPayload): string | undefined {
  return isOfItsAccount(order, payload) ? undefined : `order ${order.orderRef} is paid at ${order.account}`;
}
