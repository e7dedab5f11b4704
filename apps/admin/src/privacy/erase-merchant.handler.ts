import { Controller } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { EntityManager } from 'typeorm';
import {
  beginMerchantErasure,
  conversationEraseMerchant,
  done,
  finishMerchantErasure,
  skipped,
  type EraseMerchantPayload,
  type JobOutcome,
} from '#contracts';
import { eraseTables, MerchantEntity, REMOVED_AT_ONCE, removeSettled, Tenants } from '#persistence';
import { JobHandler, Waker, type TaskContext } from '#queue';
import { AuditLog } from '../audit/audit-log.js';
import { dropWakeUps } from './wake-ups.js';

/** What opens something goes first. */
const FIRST = [
  'tenancy.former_webhook_secrets',
  'tenancy.meta_apps',
  'tenancy.store_connections',
  'tenancy.payment_providers',
  'tenancy.api_keys',
  'tenancy.idempotency_keys',
  'tenancy.templates',
  'tenancy.channel_accounts',
];
const LAST = ['tenancy.merchant_settings', 'tenancy.erasures'];

/** Later than anything was settled. */
const EVER = new Date('9999-01-01T00:00:00Z');

/** The first and the last part of erasing a merchant. Each part may be killed at any line: it is simply run again. */
@ApiExcludeController()
@Controller()
export class EraseMerchantHandler {
  constructor(
    private readonly tenants: Tenants,
    private readonly waker: Waker,
    private readonly audit: AuditLog,
  ) {}

  @JobHandler(beginMerchantErasure)
  async begin(payload: EraseMerchantPayload, ctx: TaskContext): Promise<JobOutcome> {
    const { merchantId } = ctx;
    const row = await this.tenants.transaction(merchantId, (tx) =>
      tx.findOneBy(MerchantEntity, { merchantId }),
    );
    if (row?.status !== 'closed') return skipped('the merchant is not closed');
    await eraseTables(this.tenants, merchantId, FIRST);
    // Nobody does anything for it any more.
    await this.settleOthers(ctx);
    await ctx.commit(async ({ emit }) => emit(conversationEraseMerchant, payload));
    return done;
  }

  @JobHandler(finishMerchantErasure)
  async finish(_payload: EraseMerchantPayload, ctx: TaskContext): Promise<JobOutcome> {
    const { merchantId, now } = ctx;
    await eraseTables(this.tenants, merchantId, LAST);
    // The gateway works on nothing, so it is no part of the chain; of a closed merchant it adds no row.
    await this.tenants.transaction(merchantId, (tx) => tx.query('SELECT ingest.remove_senders()'));
    await this.settleOthers(ctx);
    await dropWakeUps(this.waker, (wakeUp) => wakeUp.merchantId === merchantId);
    const remove = (tx: EntityManager): Promise<number> => removeSettled(tx, merchantId, EVER);
    while ((await this.tenants.transaction(merchantId, remove)) === REMOVED_AT_ONCE);
    await ctx.commit(async ({ tx }) => {
      // From here on the schedule adds nothing; what it added just now goes with this item itself.
      await tx.query(
        `UPDATE tenancy.merchants SET slug = replace(merchant_id, '_', '-'), name = 'erased', status_reason = NULL,
           erased_at = $2, updated_at = $2, version = version + 1 WHERE merchant_id = $1`,
        [merchantId, now],
      );
      await settle(tx, merchantId, now, '0');
      while ((await remove(tx)) === REMOVED_AT_ONCE);
      await this.audit.record(tx, { merchantId, action: 'merchant.erased', target: merchantId });
    });
    return done;
  }

  /** A policy lets nothing be deleted that is not settled. */
  private async settleOthers({ merchantId, item, now }: TaskContext): Promise<void> {
    const work = (tx: EntityManager): Promise<number> => settle(tx, merchantId, now, item.id);
    while ((await this.tenants.transaction(merchantId, work)) === REMOVED_AT_ONCE);
  }
}

/** Up to so many items that are not settled, but for `except`, will never be applied. Returns how many there were. */
async function settle(tx: EntityManager, merchantId: string, now: Date, except: string): Promise<number> {
  const result = (await tx.queryRunner!.query(
    `UPDATE journal.items SET settled_at = $2, outcome = 'erased', reason = NULL, parked_at = NULL
     WHERE id = ANY (ARRAY(SELECT id FROM journal.items
       WHERE merchant_id = $1 AND settled_at IS NULL AND id <> $3 LIMIT ${REMOVED_AT_ONCE}))`,
    [merchantId, now, except],
    true,
  )) as { affected?: number };
  return result.affected ?? 0;
}
