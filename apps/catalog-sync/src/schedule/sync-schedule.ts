import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Logger } from 'nestjs-pino';
import { DataSource } from 'typeorm';
import { syncStore, type SyncStorePayload } from '#contracts';
import { PortError } from '#core/tenancy';
import { Journal, Tenants } from '#persistence';
import { CLOCK, newId, type Clock } from '#platform';
import { toItem, Waker, wakeOf } from '#queue';
import { claimDueSyncs, isAskedFor, noteFailure, scheduleNext } from '../copy/sync-cursors.js';
import { syncs } from '../metrics.js';
import { ScheduledSync } from './scheduled-sync.js';

/** How often it is looked which shops are due. */
const EVERY_MS = 5_000;
/** Shops that one replica reads by itself at once. */
const AT_ONCE = 16;

/**
 * Reads every active merchant's shop about once a minute. A replica claims shops that are due; what it claimed and could
 * not read to the end falls due again by itself, and is read from where the last one ended. The journal gets a row only
 * for what is more than a moment's work, in the transaction that ends the claim.
 */
@Injectable()
export class SyncSchedule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly reading = new Set<Promise<void>>();
  private claiming: Promise<void> | undefined;
  /** More was due than there were places. */
  private crowded = false;
  private readonly stop = new AbortController();

  constructor(
    private readonly database: DataSource,
    private readonly tenants: Tenants,
    private readonly journal: Journal,
    private readonly waker: Waker,
    private readonly sync: ScheduledSync,
    private readonly logger: Logger,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** A copy that has aged while nothing ran is brought up to date at once. */
  onApplicationBootstrap(): void {
    void this.tick();
  }

  /** Ends before the database is let go. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await this.settled();
  }

  /** Resolves when nothing that this replica has claimed is being read. */
  async settled(): Promise<void> {
    await this.claiming;
    while (this.reading.size > 0) await Promise.all(this.reading);
  }

  @Interval(EVERY_MS)
  tick(): Promise<void> {
    this.claiming ??= this.claim().finally(() => (this.claiming = undefined));
    return this.claiming;
  }

  private async claim(): Promise<void> {
    const free = AT_ONCE - this.reading.size;
    if (free === 0 || this.stop.signal.aborted) return;
    const now = this.clock.now();
    try {
      const until = new Date(now.getTime() + this.sync.limitMs);
      const due = await claimDueSyncs(this.database, now, until, free);
      this.crowded = due.length === free;
      for (const merchantId of due) this.begin(merchantId);
    } catch (error) {
      // The next look tries again; until then answers come from the shops themselves.
      this.logger.error({ event: 'sync-schedule.failed', reason: (error as Error).message });
    }
  }

  private begin(merchantId: string): void {
    const run = this.read(merchantId).finally(() => {
      this.reading.delete(run);
      if (this.crowded && this.reading.size <= AT_ONCE / 2) void this.tick();
    });
    this.reading.add(run);
  }

  private async read(merchantId: string): Promise<void> {
    try {
      const outcome = await this.sync.run(merchantId, this.stop.signal).catch((error: unknown) => {
        if (error instanceof PortError) return error;
        throw error;
      });
      if (outcome instanceof PortError) await this.noteFailure(merchantId, outcome);
      else if (outcome === 'more') await this.askFor(merchantId);
      else if (outcome === 'taken') await this.postpone(merchantId);
      syncs.inc({ mode: 'scheduled', outcome: outcome instanceof PortError ? outcome.kind : outcome });
    } catch (error) {
      // What was claimed falls due again by itself.
      this.logger.error({ event: 'sync-schedule.failed', merchantId, reason: (error as Error).message });
    }
  }

  private async noteFailure(merchantId: string, error: PortError): Promise<void> {
    const { kind, code, retryAfterMs } = error;
    const reason = `${kind} (${code}): ${error.message}`;
    this.logger.warn({ event: 'store.sync-failed', merchantId, mode: 'scheduled', kind, code, reason });
    await this.tenants.transaction(merchantId, (tx) =>
      noteFailure(tx, merchantId, reason, this.clock.now(), retryAfterMs),
    );
  }

  /** More than a scheduled sync reads: a queue has places, limits and retries for it. Asked for once while it waits. */
  private async askFor(merchantId: string): Promise<void> {
    const now = this.clock.now();
    const payload: SyncStorePayload = { mode: 'incremental', runId: newId('run') };
    const item = toItem(syncStore, payload, merchantId, now);
    const added = await this.tenants.transaction(merchantId, async (tx) => {
      await scheduleNext(tx, now, 0);
      return (await isAskedFor(tx)) ? 0 : this.journal.append([item], now, tx);
    });
    if (added > 0) await this.waker.wake([wakeOf(item, now)]);
  }

  private postpone(merchantId: string): Promise<void> {
    return this.tenants.transaction(merchantId, (tx) => scheduleNext(tx, this.clock.now(), 0));
  }
}
