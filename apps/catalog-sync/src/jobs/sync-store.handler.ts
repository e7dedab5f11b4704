import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Inject } from '@nestjs/common';
import { Logger } from 'nestjs-pino';
import { deferred, done, rejected, skipped, syncStore, SyncStorePayload, type JobOutcome } from '#contracts';
import type { StorePort } from '#core/catalog';
import { PortError } from '#core/tenancy';
import { Directory, Tenants, type StoreConnection } from '#persistence';
import { CLOCK, ENV, type Clock } from '#platform';
import { JobHandler, TaskContext } from '#queue';
import { storeOf } from '#vendors';
import { ProductCopy } from '../copy/product-copy.js';
import {
  endTurn,
  noteFailure,
  saveProgress,
  scheduleNext,
  takeShop,
  takeTurn,
  updatedSince,
  type CopyState,
  type Turn,
} from '../copy/sync-cursors.js';
import { CatalogSyncEnv } from '../env.js';
import { syncs } from '../metrics.js';
import { Shops } from '../shop/shops.js';

/** Of one shop. More would not be found by a search, and a list that never ends would be read to its end. */
const MOST_PRODUCTS = 100_000;
/** A merchant's next sync looks so often whether it is its turn, in milliseconds. */
const LOOK_AGAIN_MS = 2_000;
/** A full sync that would take away more than half of at least this many products is not believed. */
const SUSPICIOUS_FROM = 10;
const RATE_LIMIT_PAUSE_MS = 30_000;
/** A sync of more products than this leaves the processors to others for longer than it uses them. */
const MANY_PRODUCTS = 1_000;
const REST = 3;
const LONGEST_REST_MS = 500;

interface Listing {
  skus: string[];
  /** The latest change in it, ISO 8601 by the store's clock. */
  lastChange: string | undefined;
}

/**
 * Reads a shop into the copy: all of it, or what changed since the last time; one sync of a merchant at a time. Pages are
 * stored as they come (they are guarded by sequence, so a run that is repeated or overlaps another does no harm); how far
 * the copy is, at the end.
 */
@Controller()
export class SyncStoreHandler {
  constructor(
    private readonly directory: Directory,
    private readonly tenants: Tenants,
    private readonly copy: ProductCopy,
    private readonly shops: Shops,
    private readonly logger: Logger,
    @Inject(ENV) private readonly env: CatalogSyncEnv,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @JobHandler(syncStore)
  async handle({ mode }: SyncStorePayload, ctx: TaskContext): Promise<JobOutcome> {
    const connection = await this.directory.store(ctx.merchantId);
    if (!connection) return skipped('no shop is connected');
    const run = `${ctx.item.id}/${randomUUID()}`;
    const turn = await this.takeTurn(mode, run, ctx);
    if (turn === 'taken') return deferred(new Date(this.clock.now().getTime() + LOOK_AGAIN_MS));
    if (turn === 'asked-again') return skipped('it was asked for again since');
    try {
      const { ofAnother, readInFull } = await this.takeShop(connection);
      if (turn === 'read-since' && !ofAnother) return skipped('the shop has been read since');
      const outcome = await this.sync(mode, readInFull, this.shops.forSync(connection), ctx);
      syncs.inc({ mode, outcome: outcome.outcome });
      return outcome;
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      syncs.inc({ mode, outcome: error.kind });
      return await this.failed(mode, error, ctx);
    } finally {
      // Should the process die before, the turn ends by itself.
      await this.tenants.transaction(ctx.merchantId, (tx) => endTurn(tx, run));
    }
  }

  /** A copy of another shop is begun anew, so that it is not read in full; whoever comes next reads it, should this run die. */
  private takeShop(connection: StoreConnection): Promise<CopyState> {
    return this.tenants.transaction(connection.merchantId, async (tx) => {
      const state = await takeShop(tx, identityOf(connection));
      if (state.ofAnother) await this.copy.beginAnew(tx, this.clock.now());
      return state;
    });
  }

  private takeTurn(
    mode: SyncStorePayload['mode'],
    run: string,
    { merchantId, item }: TaskContext,
  ): Promise<Turn> {
    const now = this.clock.now();
    const until = new Date(now.getTime() + this.env.STORE_SYNC_MINUTES * 60_000);
    const sync = { mode, itemId: item.id, askedAt: item.occurredAt };
    return this.tenants.transaction(merchantId, (tx) => takeTurn(tx, merchantId, sync, run, now, until));
  }

  private async sync(
    asked: SyncStorePayload['mode'],
    readInFull: boolean,
    store: StorePort,
    ctx: TaskContext,
  ): Promise<JobOutcome> {
    const { merchantId } = ctx;
    const mode = readInFull ? asked : 'full';
    const startedAt = this.clock.now();
    const since = mode === 'full' ? undefined : await this.tenants.transaction(merchantId, updatedSince);
    const { skus, lastChange } = await this.readPages(store, since, ctx);
    let missing: string[] = [];
    if (mode === 'full') {
      const gap = await this.tenants.transaction(merchantId, (tx) => this.copy.missing(tx, skus, startedAt));
      // A copy that was never complete is no measure.
      if (readInFull && gap.known >= SUSPICIOUS_FROM && gap.missing.length > gap.known / 2) {
        const loss = `${gap.missing.length} of ${gap.known}`;
        return rejected(`the store lists ${skus.length} products: it would delete ${loss}`);
      }
      missing = gap.missing;
    }
    const first = await ctx.commit(async ({ tx }) => {
      await this.copy.markDeleted(tx, missing, startedAt, this.clock.now());
      await saveProgress(tx, merchantId, { mode, lastChange, startedAt });
      await scheduleNext(tx, this.clock.now(), 0);
    });
    return first ? done : skipped('another run was first');
  }

  private async readPages(
    store: StorePort,
    since: string | undefined,
    { merchantId, signal }: TaskContext,
  ): Promise<Listing> {
    const skus: string[] = [];
    let lastChange: string | undefined;
    let cursor: string | undefined;
    const endAt = performance.now() + this.env.STORE_SYNC_MINUTES * 60_000;
    for (;;) {
      if (signal.aborted || performance.now() > endAt) {
        const rule = `the shop was not read within ${this.env.STORE_SYNC_MINUTES} minutes`;
        throw new PortError('rejected', 'too_slow', rule);
      }
      const beganAt = performance.now();
      const askedAt = this.clock.now();
      const { products, nextCursor } = await store.listProducts({ updatedSince: since, cursor });
      await this.tenants.transaction(merchantId, (tx) =>
        this.copy.store(tx, merchantId, products, askedAt, this.clock.now()),
      );
      for (const product of products) {
        skus.push(product.sku);
        if (!lastChange || product.updatedAt > lastChange) lastChange = product.updatedAt;
      }
      if (nextCursor === null) return { skus, lastChange };
      if (nextCursor === cursor) throw new PortError('rejected', 'endless_list', 'nextCursor must move on');
      if (products.length === 0)
        throw new PortError('rejected', 'endless_list', 'an empty page must be the last one');
      if (skus.length > MOST_PRODUCTS) {
        throw new PortError('rejected', 'endless_list', `more than ${MOST_PRODUCTS} products are not read`);
      }
      cursor = nextCursor;
      const tookMs = performance.now() - beganAt;
      if (skus.length > MANY_PRODUCTS) await sleep(Math.min(tookMs * REST, LONGEST_REST_MS));
    }
  }

  /** The schedule brings the next incremental run, so a failed one is noted and not kept as a dead letter. */
  private async failed(
    mode: SyncStorePayload['mode'],
    error: PortError,
    ctx: TaskContext,
  ): Promise<JobOutcome> {
    const reason = `${error.kind} (${error.code}): ${error.message}`;
    const { merchantId } = ctx;
    this.logger.warn({
      event: 'store.sync-failed',
      merchantId,
      mode,
      kind: error.kind,
      code: error.code,
      reason,
    });
    const { retryAfterMs } = error;
    await this.tenants.transaction(merchantId, (tx) =>
      noteFailure(tx, merchantId, reason, this.clock.now(), retryAfterMs),
    );
    if (error.kind === 'rate-limited' && mode === 'full') {
      return deferred(new Date(this.clock.now().getTime() + (retryAfterMs ?? RATE_LIMIT_PAUSE_MS)));
    }
    const hopeless = error.kind === 'rejected' || error.kind === 'misconfigured';
    if (mode === 'full' && hopeless) return rejected(reason);
    if (mode === 'incremental' && (hopeless || ctx.lastAttempt || error.kind === 'rate-limited')) {
      return skipped(reason);
    }
    throw error;
  }
}

/** What tells this shop from another one. */
function identityOf({ kind, fields }: StoreConnection): string {
  const identifying = storeOf(kind).fields.filter((field) => field.identifies);
  return JSON.stringify([kind, ...identifying.map(({ name }) => fields[name] ?? null)]);
}
