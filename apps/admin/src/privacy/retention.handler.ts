import { Controller } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { EntityManager } from 'typeorm';
import { done, journalRetention, type ApplyRetentionPayload, type JobOutcome } from '#contracts';
import { ERASED_KEYS_DAYS, keptSince, retentionOf } from '#core/tenancy';
import { Directory, REMOVED_AT_ONCE, removeErased, removeSettled, Tenants } from '#persistence';
import { JobHandler, type TaskContext } from '#queue';

/** Settled items of the journal that are older than the merchant keeps them go, of all services. */
@ApiExcludeController()
@Controller()
export class RetentionHandler {
  constructor(
    private readonly directory: Directory,
    private readonly tenants: Tenants,
  ) {}

  @JobHandler(journalRetention)
  async handle(_payload: ApplyRetentionPayload, ctx: TaskContext): Promise<JobOutcome> {
    const { merchantId, now } = ctx;
    const { journal } = retentionOf((await this.directory.settings(merchantId)).retention);
    await this.whileFull(merchantId, (tx) => removeSettled(tx, merchantId, keptSince(now, journal)));
    await this.whileFull(merchantId, (tx) => removeErased(tx, merchantId, keptSince(now, ERASED_KEYS_DAYS)));
    return done;
  }

  /** Batch after batch, each a transaction of its own: killed, it begins anew and finds less to do. */
  private async whileFull(merchantId: string, remove: (tx: EntityManager) => Promise<number>): Promise<void> {
    while ((await this.tenants.transaction(merchantId, remove)) === REMOVED_AT_ONCE);
  }
}
