import { done, skipped, type ErrandPayload, type JobOutcome } from '#contracts';
import type { Order, OrderEvent } from '#core/checkout';
import type { Clock } from '#platform';
import type { TaskContext } from '#queue';
import type { Orders } from '../orders.js';

/**
 * Runs one errand: reads the order, does the slow part outside any transaction, and applies what came of it. An
 * errand that the order does not wait for any more is not run: `wanted` says so.
 */
export async function runErrand(
  { orders, clock }: { orders: Orders; clock: Clock },
  { orderRef, round }: ErrandPayload,
  ctx: TaskContext,
  wanted: (order: Order) => boolean,
  work: (order: Order) => Promise<OrderEvent>,
): Promise<JobOutcome> {
  const order = await orders.read(ctx.merchantId, orderRef);
  if (!order || !wanted(order)) return skipped(`order ${orderRef} does not wait for errand ${round}`);
  const event = await work(order);
  await ctx.commit(async (commit) => void (await orders.apply(commit, orderRef, event, clock.now())));
  return done;
}
