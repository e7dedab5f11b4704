import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Logger } from 'nestjs-pino';
import { DataSource } from 'typeorm';
import {
  checkoutRetention,
  conversationRetention,
  journalRetention,
  outboundRetention,
  type ApplyRetentionPayload,
} from '#contracts';
import { keptSince, QUARANTINE_DAYS } from '#core/tenancy';
import { Journal, REMOVED_AT_ONCE, removeQuarantined, Tenants } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { toItem, Waker, wakeOf } from '#queue';
import { forgetKeys } from '../idempotency-keys.js';
import { openQuarantine } from '../operations/quarantine.js';

const EVERY_MS = 60_000;
const DAY_MS = 24 * 3_600_000;
const JOBS = [conversationRetention, checkoutRetention, outboundRetention, journalRetention];

/**
 * Once a day, every service is asked to remove what is older than a merchant keeps it. The request is an item of the
 * journal, named after the day: replicas ask together and it is one, and it needs nothing that a queue server keeps.
 */
@Injectable()
export class RetentionSchedule implements OnApplicationBootstrap {
  /** The day that this process has asked for, of all merchants. */
  private asked = '';

  constructor(
    private readonly database: DataSource,
    private readonly tenants: Tenants,
    private readonly journal: Journal,
    private readonly waker: Waker,
    private readonly logger: Logger,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** What grew old while nothing ran is removed at once. */
  async onApplicationBootstrap(): Promise<void> {
    await this.tick();
  }

  @Interval(EVERY_MS)
  async tick(): Promise<void> {
    const now = this.clock.now();
    const runId = `day_${Math.floor(now.getTime() / DAY_MS)}`;
    if (runId === this.asked) return;
    try {
      const merchants = (await this.database.query(
        `SELECT merchant_id AS "merchantId" FROM tenancy.merchants WHERE erased_at IS NULL`,
      )) as { merchantId: string }[];
      for (const { merchantId } of merchants) await this.request(merchantId, { runId }, now);
      await forgetKeys(this.database.manager, now);
      await this.tidyQuarantine(keptSince(now, QUARANTINE_DAYS));
      this.asked = runId;
    } catch (error) {
      // The next minute tries again; nothing is lost by keeping it a little longer.
      this.logger.error({ event: 'retention-schedule.failed', reason: (error as Error).message });
    }
  }

  private async request(merchantId: string, payload: ApplyRetentionPayload, now: Date): Promise<void> {
    const items = JOBS.map((job) => toItem(job, payload, merchantId, now));
    const added = await this.tenants.transaction(merchantId, async (tx) => {
      // Nothing is added to a merchant of whom nothing is to be left.
      const there = (await tx.query(
        `SELECT FROM tenancy.merchants WHERE merchant_id = $1 AND erased_at IS NULL FOR SHARE`,
        [merchantId],
      )) as unknown[];
      // Hashes of requests, of which one may have named a person: also where nothing is made any more.
      await forgetKeys(tx, now);
      return there.length > 0 ? this.journal.append(items, now, tx) : 0;
    });
    if (added > 0) await this.waker.wake(items.map((item) => wakeOf(item, now)));
  }

  /** It belongs to no merchant, so that no journal item could ask for it. Two that do it take different rows. */
  private async tidyQuarantine(before: Date): Promise<void> {
    for (let removed = REMOVED_AT_ONCE; removed === REMOVED_AT_ONCE;) {
      removed = await this.database.transaction(async (tx) => {
        await openQuarantine(tx);
        return removeQuarantined(tx, before);
      });
    }
  }
}
