import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  changeIdentity,
  receiveMessage,
  recordChange,
  recordFulfilment,
  recordPayment,
  recordStatus,
  recordStoreOrder,
  recordTemplateStatus,
  type JobContract,
} from '#contracts';
import { Tenants, type NewItem } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { toItem, Waker, type Wake } from '#queue';
import { AuditLog } from '../audit/audit-log.js';
import { problem } from '../http/problem.js';
import { routeAnew } from './quarantine-routes.js';
import { openQuarantine, Quarantine, quarantinedFor, wasTheirs } from './quarantine.js';

/** Times of receipt. `source`: one sender, or `job` for what the services made of it themselves. */
export interface ReplayRange {
  from: string;
  to: string;
  source?: string;
  dryRun: boolean;
}

export interface ReplayReport {
  queued: { deadLetters: number; skipped: number; ignored: number; quarantined: number };
  leftAlone: { done: number; pending: number; ignored: number; quarantined: number };
}

/** More items than this are not queued in one call. */
export const MOST_REPLAYED = 10_000;

/** What the gateway may have wanted to say with an item that an earlier version could not read. */
const READERS: Readonly<Record<string, readonly JobContract[]>> = {
  whatsapp: [receiveMessage, changeIdentity, recordStatus, recordTemplateStatus],
  stripe: [recordPayment],
  store: [recordChange, recordFulfilment, recordStoreOrder],
};

/** Carries the report of a dry run out of the transaction that it rolls back. */
class DryRun extends Error {
  constructor(readonly report: ReplayReport) {
    super('a dry run changes nothing');
  }
}

interface Queued {
  queue: string;
  stream: string;
  name: string;
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

  /** @throws ProblemException 404, 409, 422. */
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
      wakes.push({ queue, stream, name, merchantId, fold: stream.startsWith(`${name}/`) });
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
    if (source !== undefined && source !== 'whatsapp') return { wakes: [], left: 0 };
    const accounts = (await tx.query(
      `SELECT phone_number_id AS number, business_account_id AS account FROM tenancy.channel_accounts
       WHERE merchant_id = $1`,
      [merchantId],
    )) as { number: string; account: string }[];
    if (accounts.length === 0) return { wakes: [], left: 0 };
    await openQuarantine(tx);
    const items = await quarantinedFor(tx, {
      from,
      to,
      numbers: accounts.map((a) => a.number),
      accounts: accounts.map((a) => a.account),
      limit: MOST_REPLAYED + 1,
    });
    const wakes: Wake[] = [];
    let left = 0;
    for (const item of items) {
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
  if (!merchant) throw problem(404, 'merchant_not_found', 'there is no such merchant');
  if (merchant.status !== 'active') {
    throw problem(409, 'merchant_not_active', `the merchant is ${merchant.status}: resume it first`);
  }
}

function tooMany() {
  const detail = `more than ${MOST_REPLAYED} items would be queued: choose a shorter range`;
  return problem(422, 'range_too_large', detail);
}

async function leftAlone(
  tx: EntityManager,
  merchantId: string,
  { from, to, source }: ReplayRange,
): Promise<{ done: number; pending: number }> {
  const [row] = (await tx.query(
    `SELECT count(*) FILTER (WHERE outcome = 'done')::int AS done,
       count(*) FILTER (WHERE settled_at IS NULL AND parked_at IS NULL)::int AS pending
     FROM journal.items
     WHERE merchant_id = $1 AND source <> 'job' AND created_at >= $2 AND created_at < $3
       AND ($4::text IS NULL OR source = $4)`,
    [merchantId, from, to, source ?? null],
  )) as { done: number; pending: number }[];
  return row!;
}

/** As a redrive does. Nothing of a dead letter was ever stored. */
async function unpark(
  tx: EntityManager,
  merchantId: string,
  { from, to, source }: ReplayRange,
  now: Date,
): Promise<Queued[]> {
  return updated(
    tx,
    `UPDATE journal.items SET parked_at = NULL, attempts = 0, due_at = $4, redrives = redrives + 1
     WHERE id IN (SELECT id FROM journal.items WHERE merchant_id = $1 AND settled_at IS NULL AND parked_at IS NOT NULL
         AND created_at >= $2 AND created_at < $3 AND ($5::text IS NULL OR source = $5)
       ORDER BY id LIMIT ${MOST_REPLAYED + 1} FOR UPDATE)
     RETURNING queue, stream, name`,
    [merchantId, from, to, now, source ?? null],
  );
}

/**
 * What a handler looked at and had no use for, from outside: it looks again. A service's own work is not: it follows
 * from something that is judged anew by itself.
 */
async function unsettle(
  tx: EntityManager,
  merchantId: string,
  { from, to, source }: ReplayRange,
  now: Date,
): Promise<Queued[]> {
  return updated(
    tx,
    `UPDATE journal.items SET settled_at = NULL, outcome = NULL, reason = NULL, attempts = 0, blocking = false,
       due_at = $4, redrives = redrives + 1
     WHERE id IN (SELECT id FROM journal.items WHERE merchant_id = $1 AND source <> 'job' AND outcome = 'skipped'
         AND created_at >= $2 AND created_at < $3 AND ($5::text IS NULL OR source = $5)
       ORDER BY id LIMIT ${MOST_REPLAYED + 1} FOR UPDATE)
     RETURNING queue, stream, name`,
    [merchantId, from, to, now, source ?? null],
  );
}

/** What an earlier version could not read, this one may: only what exactly one contract accepts is queued. */
async function readAgain(
  tx: EntityManager,
  merchantId: string,
  { from, to, source }: ReplayRange,
  now: Date,
): Promise<{ queued: Queued[]; left: number }> {
  const rows = (await tx.query(
    `SELECT id::text, source, external_id AS "externalId", payload, occurred_at AS "occurredAt" FROM journal.items
     WHERE merchant_id = $1 AND source <> 'job' AND outcome = 'ignored' AND created_at >= $2 AND created_at < $3
       AND ($4::text IS NULL OR source = $4)
     ORDER BY items.id LIMIT ${MOST_REPLAYED + 1} FOR UPDATE`,
    [merchantId, from, to, source ?? null],
  )) as IgnoredItem[];
  const queued: Queued[] = [];
  for (const row of rows) {
    const item = readable(row, merchantId, now);
    if (!item) continue;
    // In place, so that the item's own key still keeps a second delivery of it out.
    await tx.query(
      `UPDATE journal.items SET service = $2, queue = $3, stream = $4, name = $5, settled_at = NULL, outcome = NULL,
         reason = NULL, due_at = $6, expedited = $7, redrives = redrives + 1 WHERE id = $1`,
      [row.id, item.service, item.queue, item.stream, item.name, now, item.expedited ?? false],
    );
    queued.push(item);
  }
  return { queued, left: rows.length - queued.length };
}

interface IgnoredItem {
  id: string;
  source: string;
  externalId: string;
  payload: object;
  occurredAt: Date;
}

function readable(row: IgnoredItem, merchantId: string, now: Date): NewItem | undefined {
  const { source, externalId, occurredAt } = row;
  const items = (READERS[source] ?? []).flatMap((contract) => {
    try {
      return [toItem(contract, row.payload, merchantId, now, { source, externalId, occurredAt })];
    } catch {
      return []; // not what this contract is about
    }
  });
  return items.length === 1 ? items[0] : undefined;
}

async function updated(tx: EntityManager, sql: string, parameters: unknown[]): Promise<Queued[]> {
  const result = (await tx.queryRunner!.query(sql, parameters, true)) as { records: Queued[] };
  return result.records;
}
