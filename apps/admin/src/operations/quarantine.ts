import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { itemsSeen } from '#evidence';
import { Journal, Tenants } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { Waker, wakeOf } from '#queue';
import { AuditLog } from '../audit/audit-log.js';
import { Refusal } from '../refusal.js';
import { bytesEach, LARGEST_READ } from './payloads.js';
import {
  evidenceUpTo,
  itemFor,
  namesIn,
  routeAnew,
  type Destination,
  type QuarantinedItem,
  wordsFor,
} from './quarantine-routes.js';

export type Routable = QuarantinedItem & { destination: Destination };

/** `duplicate`: the merchant had it already. `ignored`: it is the merchant's now, and nothing acts on it. */
export interface Released {
  outcome: 'queued' | 'ignored' | 'duplicate';
  merchantId: string;
  name: string;
  wake?: ReturnType<typeof wakeOf>;
}

const columns = (
  bytes: Parameters<typeof evidenceUpTo>[0],
): string => `id::text, source, external_id AS "externalId", reason,
  ${evidenceUpTo(bytes)} AS payload, occurred_at AS "occurredAt", created_at AS "createdAt"`;
const READ = columns(LARGEST_READ);
/** Larger than any id. */
const NEWEST = '9223372036854775807';

/** Webhook items that could not be led to a merchant: they belong to none, and operators alone see them. */
@Injectable()
export class Quarantine {
  constructor(
    private readonly database: DataSource,
    private readonly tenants: Tenants,
    private readonly journal: Journal,
    private readonly waker: Waker,
    private readonly audit: AuditLog,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Newest first, one more than `limit`, each with where it would go now. */
  list(
    limit: number,
    { before = NEWEST, reason }: { before?: string; reason?: string },
  ): Promise<Routable[]> {
    return this.database.transaction(async (tx) => {
      await openQuarantine(tx);
      const rows = (await tx.query(
        `SELECT ${columns('$4')} FROM ${itemsSeen.name} i
         WHERE outcome = 'quarantined' AND merchant_id IS NULL AND id < $1 AND ($3::text[] IS NULL OR reason = ANY ($3))
         ORDER BY i.id DESC LIMIT $2`,
        [before, limit + 1, reason === undefined ? null : wordsFor(reason), bytesEach(limit)],
      )) as QuarantinedItem[];
      const routed: Routable[] = [];
      for (const row of rows) routed.push({ ...row, destination: await routeAnew(tx, row) });
      return routed;
    });
  }

  /** Gives one item to the merchant to which it leads now. @throws Refusal `not_found`, `conflict`. */
  async replay(id: string): Promise<Released> {
    const now = this.clock.now();
    const { destination } = await this.find(id);
    if (destination.outcome === 'nowhere') {
      throw new Refusal('conflict', 'not_replayable', destination.help, { why: destination.why });
    }
    const { merchantId } = destination;
    const released = await this.tenants.transaction(merchantId, async (tx) => {
      await openQuarantine(tx);
      const [row] = (await tx.query(
        `SELECT ${READ} FROM journal.items
         WHERE id = $1 AND outcome = 'quarantined' AND merchant_id IS NULL FOR UPDATE`,
        [id],
      )) as QuarantinedItem[];
      if (!row) throw notFound();
      if (!(await wasTheirs(tx, row, destination.channelAccountId))) {
        throw new Refusal('conflict', 'not_replayable', 'the number belonged to somebody else when it came', {
          why: 'another_merchant',
        });
      }
      const result = await this.release(tx, row, destination, now);
      await this.audit.record(tx, {
        merchantId,
        action: 'quarantine.replay',
        target: id,
        after: { outcome: result.outcome, name: result.name },
      });
      return result;
    });
    if (released.wake) await this.waker.wake([released.wake]);
    return released;
  }

  /** In a transaction that is open for both the merchant and the quarantine. The caller wakes what was queued. */
  async release(
    tx: EntityManager,
    row: QuarantinedItem,
    destination: Extract<Destination, { outcome: 'merchant' }>,
    now: Date,
  ): Promise<Released> {
    const { merchantId } = destination;
    const item = itemFor(row, destination, now);
    const stored = await this.journal.append([item], now, tx);
    const outcome = stored === 0 ? 'duplicate' : item.settled ? 'ignored' : 'queued';
    await tx.query(
      `UPDATE journal.items SET outcome = 'replayed', reason = $2, redrives = redrives + 1 WHERE id = $1`,
      [row.id, `${row.reason}; replayed to ${merchantId}: ${outcome}`],
    );
    return {
      outcome,
      merchantId,
      name: item.name,
      ...(outcome === 'queued' ? { wake: wakeOf(item, now) } : {}),
    };
  }

  private find(id: string): Promise<Routable> {
    return this.database.transaction(async (tx) => {
      await openQuarantine(tx);
      const [row] = (await tx.query(
        `SELECT ${READ} FROM ${itemsSeen.name} WHERE id = $1 AND outcome = 'quarantined' AND merchant_id IS NULL`,
        [id],
      )) as QuarantinedItem[];
      if (!row) throw notFound();
      return { ...row, destination: await routeAnew(tx, row) };
    });
  }
}

/** Lets this transaction see what is quarantined. */
export async function openQuarantine(tx: EntityManager): Promise<void> {
  await tx.query(`SELECT set_config('waco.quarantine', 'on', true)`);
}

/**
 * Items in quarantine that name one of these senders or accounts, received in the range, oldest first, from
 * the one `after` this on.
 */
export async function quarantinedFor(
  tx: EntityManager,
  { from, to, senders, accounts, after, limit }: Search,
): Promise<QuarantinedItem[]> {
  return (await tx.query(
    `SELECT ${READ} FROM journal.items
     WHERE outcome = 'quarantined' AND merchant_id IS NULL AND created_at >= $1 AND created_at < $2
       AND id > $6 AND (coalesce(payload->>'senderId', payload->>'phoneNumberId') = ANY($3)
       OR coalesce(payload->>'accountId', payload->>'businessAccountId') = ANY($4))
     ORDER BY items.id LIMIT $5 FOR UPDATE`,
    [from, to, senders, accounts, limit, after],
  )) as QuarantinedItem[];
}

interface Search {
  from: string;
  to: string;
  senders: readonly string[];
  accounts: readonly string[];
  after: string;
  limit: number;
}

/** A number that was switched off when the item came may be somebody else's now. */
export async function wasTheirs(
  tx: EntityManager,
  row: QuarantinedItem,
  channelAccountId: string | undefined,
): Promise<boolean> {
  if (row.reason !== 'disabled') return true;
  const rows = (await tx.query(
    `SELECT FROM tenancy.channel_accounts WHERE created_at <= $2
       AND CASE WHEN $1::text IS NULL THEN account_id = $3 ELSE id = $1 END`,
    [channelAccountId ?? null, row.createdAt, namesIn(row.payload).accountId ?? ''],
  )) as unknown[];
  return rows.length > 0;
}

function notFound() {
  return new Refusal('not_found', 'quarantined_item_not_found', 'there is no such item in quarantine');
}
