import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Logger } from 'nestjs-pino';
import { DataSource } from 'typeorm';
import { syncStore, type SyncStorePayload } from '#contracts';
import { Journal, Tenants } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { toItem, Waker, wakeOf } from '#queue';
import { isBeingRead } from '../copy/sync-cursors.js';

const EVERY_MS = 60_000;

/** Every minute, an incremental sync of every active merchant's shop. Replicas name the run alike, so it is one. */
@Injectable()
export class SyncSchedule implements OnApplicationBootstrap {
  constructor(
    private readonly database: DataSource,
    private readonly tenants: Tenants,
    private readonly journal: Journal,
    private readonly waker: Waker,
    private readonly logger: Logger,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** A copy that has aged while nothing ran is brought up to date at once. */
  async onApplicationBootstrap(): Promise<void> {
    await this.tick();
  }

  @Interval(EVERY_MS)
  async tick(): Promise<void> {
    const runId = `minute_${Math.floor(this.clock.now().getTime() / EVERY_MS)}`;
    try {
      const merchants = (await this.database.query(
        `SELECT merchant_id AS "merchantId" FROM tenancy.merchants_with_store()`,
      )) as { merchantId: string }[];
      for (const { merchantId } of merchants) await this.request(merchantId, runId);
    } catch (error) {
      // The next minute tries again; until then answers come from the shops themselves.
      this.logger.error({ event: 'sync-schedule.failed', reason: (error as Error).message });
    }
  }

  private async request(merchantId: string, runId: string): Promise<void> {
    const now = this.clock.now();
    const payload: SyncStorePayload = { mode: 'incremental', runId };
    const item = toItem(syncStore, payload, merchantId, now);
    const added = await this.tenants.transaction(merchantId, async (tx) =>
      // The sync that reads the shop now may take long; the next minute asks again.
      (await isBeingRead(tx, now)) ? 0 : this.journal.append([item], now, tx),
    );
    if (added > 0) await this.waker.wake([wakeOf(item, now)]);
  }
}
