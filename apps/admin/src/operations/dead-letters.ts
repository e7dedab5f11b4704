import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Caller } from '#core/tenancy';
import { itemsSeen, named, type ItemSeen, type Named } from '#evidence';
import { Journal, Tenants } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { Waker } from '#queue';
import { AuditLog } from '../audit/audit-log.js';
import { Refusal } from '../refusal.js';

const COLUMNS = [
  'id',
  'merchant_id',
  'service',
  'queue',
  'stream',
  'name',
  'source',
  'reason',
  'attempts',
  'redrives',
  'occurred_at',
  'parked_at',
] as const;

/** A journal item that failed for good. Its payload stays where it is: it may hold what a customer wrote. */
export interface DeadLetter extends Named<Pick<ItemSeen, (typeof COLUMNS)[number]>> {
  merchantId: string;
  parkedAt: Date;
}

/** Larger than any id. */
const NEWEST = '9223372036854775807';

/** Dead letters are few: a search over all merchants looks at this many pages of them at most. */
const MOST_LOOKS = 50;

export interface DeadLetterSearch {
  service?: string;
  name?: string;
  source?: string;
  orderRef?: string;
}

@Injectable()
export class DeadLetters {
  constructor(
    private readonly database: DataSource,
    private readonly tenants: Tenants,
    private readonly journal: Journal,
    private readonly waker: Waker,
    private readonly audit: AuditLog,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Newest first, one more than `limit`; of one merchant, or of all when `merchantId` is undefined. */
  async list(
    merchantId: string | undefined,
    limit: number,
    before: string = NEWEST,
    search: DeadLetterSearch = {},
  ): Promise<DeadLetter[]> {
    if (merchantId !== undefined) return this.ofMerchant(merchantId, before, limit + 1, search);
    const found: DeadLetter[] = [];
    for (let next = before, looks = 0; found.length <= limit && looks < MOST_LOOKS; looks++) {
      const { letters, last } = await this.ofAll(next, Math.max(limit + 1, 200), search);
      found.push(...letters);
      if (last === undefined) break;
      next = last;
    }
    return found.slice(0, limit + 1);
  }

  /** @throws Refusal `not_found`. */
  async find(id: string, caller: Caller): Promise<DeadLetter> {
    const merchantId = caller.kind === 'merchant' ? caller.merchantId : await this.ownerOf(id);
    const after = String(BigInt(id) + 1n);
    const [letter] = merchantId ? await this.ofMerchant(merchantId, after, 1, {}) : [];
    if (letter?.id !== id) throw notFound();
    return letter;
  }

  /** How many there are, up to `most`. */
  async count(most: number): Promise<number> {
    const [row] = (await this.database.query(`SELECT count(*)::int AS n FROM journal.dead_letters($1, $2)`, [
      NEWEST,
      most,
    ])) as { n: number }[];
    return row!.n;
  }

  /** Takes the item back into its stream, with all its attempts, and wakes it. @throws Refusal `not_found`. */
  async redrive(id: string, caller: Caller): Promise<DeadLetter> {
    const merchantId = caller.kind === 'merchant' ? caller.merchantId : await this.ownerOf(id);
    const now = this.clock.now();
    const letter =
      merchantId &&
      (await this.tenants.transaction(merchantId, async (tx) => {
        const [row] = (await tx.query(
          `SELECT ${named(COLUMNS)} FROM journal.items
           WHERE id = $1 AND settled_at IS NULL AND parked_at IS NOT NULL FOR UPDATE`,
          [id],
        )) as DeadLetter[];
        if (!row) return undefined;
        await this.journal.unpark(tx, id, now);
        await this.audit.record(tx, {
          merchantId,
          action: 'dead-letter.redrive',
          target: id,
          after: { name: row.name, attempts: row.attempts },
        });
        return row;
      }));
    if (!letter) throw notFound();
    const { queue, stream, name } = letter;
    await this.waker.wake([{ queue, stream, name, merchantId: letter.merchantId }]);
    return letter;
  }

  private async ownerOf(id: string): Promise<string | null> {
    const [row] = (await this.database.query(`SELECT journal.dead_letter_owner($1) AS owner`, [id])) as {
      owner: string | null;
    }[];
    return row!.owner;
  }

  /** One look at the newest of all merchants: ids without a merchant's context, rows within each one's own. */
  private async ofAll(
    before: string,
    limit: number,
    search: DeadLetterSearch,
  ): Promise<{ letters: DeadLetter[]; last: string | undefined }> {
    const owners = (await this.database.query(
      `SELECT merchant_id AS "merchantId", item_id::text AS id FROM journal.dead_letters($1, $2)`,
      [before, limit],
    )) as { merchantId: string; id: string }[];
    const lists: DeadLetter[][] = [];
    for (const merchantId of new Set(owners.map((o) => o.merchantId))) {
      lists.push(await this.ofMerchant(merchantId, before, limit, search));
    }
    const wanted = new Set(owners.map((o) => o.id));
    const letters = lists
      .flat()
      .filter((letter) => wanted.has(letter.id))
      .toSorted((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1));
    return { letters, last: owners.length === limit ? owners.at(-1)?.id : undefined };
  }

  private ofMerchant(
    merchantId: string,
    before: string,
    limit: number,
    { service, name, source, orderRef }: DeadLetterSearch,
  ): Promise<DeadLetter[]> {
    return this.tenants.transaction(
      merchantId,
      (tx) =>
        tx.query(
          `SELECT ${named(COLUMNS)} FROM ${itemsSeen.name}
           WHERE merchant_id = $1 AND settled_at IS NULL AND parked_at IS NOT NULL AND id < $2
             AND ($4::text IS NULL OR service = $4) AND ($5::text IS NULL OR name = $5)
             AND ($6::text IS NULL OR source = $6) AND ($7::text IS NULL OR payload->>'orderRef' = $7)
           ORDER BY id DESC LIMIT $3`,
          [
            merchantId,
            before,
            limit,
            service ?? null,
            name ?? null,
            source ?? null,
            orderRef?.toUpperCase() ?? null,
          ],
        ) as Promise<DeadLetter[]>,
    );
  }
}

function notFound() {
  return new Refusal('not_found', 'dead_letter_not_found', 'there is no such dead letter');
}
