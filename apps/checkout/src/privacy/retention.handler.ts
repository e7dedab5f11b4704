import { Controller } from '@nestjs/common';
import { checkoutRetention, done, type ApplyRetentionPayload, type JobOutcome } from '#contracts';
import { keptSince, retentionOf } from '#core/tenancy';
import { Directory, Tenants } from '#persistence';
import { JobHandler, type TaskContext } from '#queue';
import { BUSY_STATES, withoutPerson } from './orders.js';

/** Orders changed in one transaction. */
const AT_ONCE = 200;

/** Orders that have not changed for as long as the merchant keeps their persons become nobody's, and again if a courier wrote of them since. */
@Controller()
export class RetentionHandler {
  constructor(
    private readonly directory: Directory,
    private readonly tenants: Tenants,
  ) {}

  @JobHandler(checkoutRetention)
  async handle(_payload: ApplyRetentionPayload, ctx: TaskContext): Promise<JobOutcome> {
    const { merchantId, now } = ctx;
    const { orders } = retentionOf((await this.directory.settings(merchantId)).retention);
    const before = keptSince(now, orders);
    while ((await this.forget(merchantId, before, now)) === AT_ONCE);
    return done;
  }

  private forget(merchantId: string, before: Date, now: Date): Promise<number> {
    return this.tenants.transaction(merchantId, async (tx) => {
      const rows = (await tx.query(
        `SELECT order_ref AS "orderRef" FROM checkout.orders
         WHERE merchant_id = $1 AND updated_at < $2 AND (erased_at IS NULL OR erased_at < updated_at) AND state <> ALL ($3)
         ORDER BY updated_at LIMIT ${AT_ONCE} FOR UPDATE`,
        [merchantId, before, BUSY_STATES],
      )) as { orderRef: string }[];
      const orderRefs = rows.map((row) => row.orderRef);
      await withoutPerson(tx, merchantId, orderRefs, now);
      return orderRefs.length;
    });
  }
}
