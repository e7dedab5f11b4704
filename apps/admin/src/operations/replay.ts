import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Tenants } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { Waker, type Wake } from '#queue';
import { webhookSources } from '#vendors';
import { AuditLog } from '../audit/audit-log.js';
import { Refusal } from '../refusal.js';
import { routeAnew, type QuarantinedItem } from './quarantine-routes.js';
import {
  inBatches,
  leftAlone,
  MOST_REPLAYED,
  READ_AT_ONCE,
  readAgain,
  unpark,
  unsettle,
  type ReplayRange,
} from './replay-range.js';
import { openQuarantine, Quarantine, quarantinedFor, wasTheirs } from './quarantine.js';

export interface ReplayReport {
  queued: { deadLetters: number; skipped: number; ignored: number; quarantined: number };
  leftAlone: { done: number; pending: number; ignored: number; quarantined: number };
}

/** Carries the report of a dry run out of the transaction that it rolls back. */
class DryRun extends Error {
  constructor(readonly report: ReplayReport) {
    super('a dry run changes nothing');
  }
}

/**
 * Queues again what came in a range of time and had no effect: dead letters, what was skipped, what could not be read or
 * routed then and can be now. What is done is left alone: an item's effects were stored in the transaction that settled
 * it, so running it again could only repeat them.
 */
@Injectable()
export class Replay {
  constructor(
    private readonly tenants: Tenants,
    private readonly quarantine: Quarantine,
    private readonly waker: Waker,
    private readonly audit: AuditLog,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws Refusal `not_found`, `conflict`, `impossible`. */
  async run(merchantId: string, range: ReplayRange): Promise<ReplayReport> {
    const wakes: Wake[] = [];
    try {
      const report = await this.tenants.transaction(merchantId, async (tx) => {
        await mustBeActive(tx, merchantId);
        const found = await this.apply(tx, merchantId, range, wakes);
        if (wakes.length > MOST_REPLAYED) throw tooMany();
        if (range.dryRun) throw new DryRun(found);
        const { from, to, source } = range;
        await this.audit.record(tx, {
          merchantId,
          action: 'journal.replay',
          target: `${from}/${to}`,
          after: { source: source ?? 'all', ...found.queued },
        });
        return found;
      });
      await this.waker.wake(wakes);
      return report;
    } catch (error) {
      if (error instanceof DryRun) return error.report;
      throw error;
    }
  }

  private async apply(
    tx: EntityManager,
    merchantId: string,
    range: ReplayRange,
    wakes: Wake[],
  ): Promise<ReplayReport> {
    const now = this.clock.now();
    const left = await leftAlone(tx, merchantId, range);
    const deadLetters = await unpark(tx, merchantId, range, now);
    const skipped = await unsettle(tx, merchantId, range, now);
    const ignored = await readAgain(tx, merchantId, range, now);
    const quarantined = await this.release(tx, merchantId, range, now);
    for (const { queue, stream, name } of [...deadLetters, ...skipped, ...ignored.queued]) {
      wakes.push({ queue, stream, name, merchantId });
    }
    wakes.push(...quarantined.wakes);
    return {
      queued: {
        deadLetters: deadLetters.length,
        skipped: skipped.length,
        ignored: ignored.queued.length,
        quarantined: quarantined.wakes.length,
      },
      leftAlone: { ...left, ignored: ignored.left, quarantined: quarantined.left },
    };
  }

  private async release(
    tx: EntityManager,
    merchantId: string,
    { from, to, source }: ReplayRange,
    now: Date,
  ): Promise<{ wakes: Wake[]; left: number }> {
    if (source !== undefined && webhookSources().get(source) !== 'channel') return { wakes: [], left: 0 };
    const accounts = (await tx.query(
      `SELECT sender_id AS sender, account_id AS account FROM tenancy.channel_accounts
       WHERE merchant_id = $1`,
      [merchantId],
    )) as { sender: string; account: string }[];
    if (accounts.length === 0) return { wakes: [], left: 0 };
    await openQuarantine(tx);
    const search = {
      from,
      to,
      senders: accounts.map((a) => a.sender),
      accounts: accounts.map((a) => a.account),
    };
    const wakes: Wake[] = [];
    let left = 0;
    const next = (after: string): Promise<QuarantinedItem[]> =>
      quarantinedFor(tx, { ...search, after, limit: READ_AT_ONCE });
    for await (const item of inBatches(next)) {
      const destination = await routeAnew(tx, item);
      const theirs =
        destination.outcome === 'merchant' &&
        destination.merchantId === merchantId &&
        (await wasTheirs(tx, item, destination.channelAccountId));
      const wake = theirs ? (await this.quarantine.release(tx, item, destination, now)).wake : undefined;
      if (wake) wakes.push(wake);
      else left++;
    }
    return { wakes, left };
  }
}

async function mustBeActive(tx: EntityManager, merchantId: string): Promise<void> {
  const [merchant] = (await tx.query(`SELECT status FROM tenancy.merchants WHERE merchant_id = $1`, [
    merchantId,
  ])) as { status: string }[];
  if (!merchant) throw new Refusal('not_found', 'merchant_not_found', 'there is no such merchant');
  if (merchant.status !== 'active') {
    throw new Refusal(
      'conflict',
      'merchant_not_active',
      `the merchant is ${merchant.status}: resume it first`,
    );
  }
}

function tooMany() {
  const detail = `more than ${MOST_REPLAYED} items would be queued: choose a shorter range`;
  return new Refusal('impossible', 'range_too_large', detail);
}
