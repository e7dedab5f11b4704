import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { StorePort } from '#core/catalog';
import { Directory, Tenants } from '#persistence';
import { CLOCK, ENV, type Clock } from '#platform';
import { ProductCopy } from '../copy/product-copy.js';
import { endTurn, saveProgress, scheduleNext, takeFreeTurn, updatedSince } from '../copy/sync-cursors.js';
import { CatalogSyncEnv } from '../env.js';
import { Shops } from '../shop/shops.js';

/** Pages are read for so long, in milliseconds; the last of them may take its own time. */
const READING_MS = 10_000;
/** What storing a page may take besides, in milliseconds. */
const STORING_MS = 30_000;

/**
 * `read`: the copy is as the shop is. `more`: there is more to read than a scheduled sync reads. `taken`: another sync
 * reads the shop. `no-shop`: none is connected any more.
 */
export type ScheduledOutcome = 'read' | 'more' | 'taken' | 'no-shop';

/**
 * The sync that nobody asked for: mostly nothing has changed at the shop, or little. It leaves nothing in the journal, and
 * needs nothing there: it reads from where the last one ended, so that one which died is made good by the next.
 */
@Injectable()
export class ScheduledSync {
  /** A run that takes longer than this, in milliseconds, is dead. */
  readonly limitMs: number;

  constructor(
    @Inject(ENV) env: CatalogSyncEnv,
    private readonly directory: Directory,
    private readonly tenants: Tenants,
    private readonly copy: ProductCopy,
    private readonly shops: Shops,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.limitMs = READING_MS + env.STORE_SYNC_TIMEOUT_MS + STORING_MS;
  }

  /** @throws PortError */
  async run(merchantId: string, signal: AbortSignal): Promise<ScheduledOutcome> {
    const connection = await this.directory.store(merchantId);
    if (!connection) return 'no-shop';
    // No other run has this name: two scheduled ones of a shop do not take over from each other.
    const run = `schedule-${randomUUID()}`;
    const startedAt = this.clock.now();
    const until = new Date(startedAt.getTime() + this.limitMs);
    const turn = await this.tenants.transaction(merchantId, async (tx) =>
      (await takeFreeTurn(tx, merchantId, run, startedAt, until))
        ? { since: await updatedSince(tx) }
        : undefined,
    );
    if (!turn) return 'taken';
    try {
      return await this.read(merchantId, this.shops.forSync(connection), turn.since, startedAt, signal);
    } finally {
      // Should the process die before, the turn ends by itself.
      await this.tenants.transaction(merchantId, (tx) => endTurn(tx, run));
    }
  }

  /** Pages that change nothing are read past; the first that does must be the last, or there is more to do. */
  private async read(
    merchantId: string,
    store: StorePort,
    since: string | undefined,
    startedAt: Date,
    signal: AbortSignal,
  ): Promise<'read' | 'more'> {
    const endAt = performance.now() + READING_MS;
    let lastChange: string | undefined;
    for (let cursor: string | undefined; ;) {
      const askedAt = this.clock.now();
      const page = await store.listProducts({ updatedSince: since, cursor });
      for (const { updatedAt } of page.products) {
        if (!lastChange || updatedAt > lastChange) lastChange = updatedAt;
      }
      const isLast = page.nextCursor === null;
      const changed = await this.tenants.transaction(merchantId, async (tx) => {
        const now = this.clock.now();
        const stored = await this.copy.store(tx, merchantId, page.products, askedAt, now);
        if (isLast) {
          await saveProgress(tx, merchantId, { mode: 'incremental', lastChange, startedAt });
          await scheduleNext(tx, now, 0);
        }
        return stored;
      });
      if (isLast) return 'read';
      const movesOn = page.nextCursor !== cursor && page.products.length > 0;
      if (changed.size > 0 || !movesOn || signal.aborted || performance.now() > endAt) return 'more';
      cursor = page.nextCursor!;
    }
  }
}
