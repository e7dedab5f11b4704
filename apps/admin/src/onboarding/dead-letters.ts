import { Inject, Injectable } from '@nestjs/common';
import { Logger } from 'nestjs-pino';
import { DataSource } from 'typeorm';
import type { Caller } from '#core/tenancy';
import { Journal, Tenants } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { Waker } from '#queue';
import { problem } from '../http/problem.js';

/** A journal item that failed for good. Its payload stays where it is: it may hold what a customer wrote. */
export interface DeadLetter {
  id: string;
  merchantId: string;
  service: string;
  queue: string;
  stream: string;
  name: string;
  source: string;
  reason: string | null;
  attempts: number;
  redrives: number;
  occurredAt: Date;
  parkedAt: Date;
}

const COLUMNS = `id::text, merchant_id AS "merchantId", service, queue, stream, name, source, reason, attempts, redrives,
  occurred_at AS "occurredAt", parked_at AS "parkedAt"`;
/** Larger than any id. */
const NEWEST = '9223372036854775807';

@Injectable()
export class DeadLetters {
  constructor(
    private readonly database: DataSource,
    private readonly tenants: Tenants,
    private readonly journal: Journal,
    private readonly waker: Waker,
    private readonly logger: Logger,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Newest first, one more than `limit`; of one merchant, or of all when `merchantId` is undefined. */
  async list(merchantId: string | undefined, limit: number, before: string = NEWEST): Promise<DeadLetter[]> {
    if (merchantId !== undefined) return this.ofMerchant(merchantId, before, limit + 1);
    const owners = (await this.database.query(
      `SELECT merchant_id AS "merchantId", item_id::text AS id FROM journal.dead_letters($1, $2)`,
      [before, limit + 1],
    )) as { merchantId: string; id: string }[];
    const merchants = [...new Set(owners.map((o) => o.merchantId))];
    const wanted = new Set(owners.map((o) => o.id));
    const lists: DeadLetter[][] = [];
    for (const id of merchants) lists.push(await this.ofMerchant(id, before, limit + 1));
    return lists
      .flat()
      .filter((letter) => wanted.has(letter.id))
      .toSorted((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1));
  }

  /** How many there are, up to `most`. */
  async count(most: number): Promise<number> {
    const [row] = (await this.database.query(`SELECT count(*)::int AS n FROM journal.dead_letters($1, $2)`, [
      NEWEST,
      most,
    ])) as { n: number }[];
    return row!.n;
  }

  /** Takes the item back into its stream, with all its attempts, and wakes it. @throws ProblemException 404. */
  async redrive(id: string, caller: Caller): Promise<DeadLetter> {
    const merchantId = caller.kind === 'merchant' ? caller.merchantId : await this.ownerOf(id);
    const now = this.clock.now();
    const letter =
      merchantId &&
      (await this.tenants.transaction(merchantId, async (tx) => {
        const [row] = (await tx.query(
          `SELECT ${COLUMNS} FROM journal.items
           WHERE id = $1 AND settled_at IS NULL AND parked_at IS NOT NULL FOR UPDATE`,
          [id],
        )) as DeadLetter[];
        if (row) await this.journal.unpark(tx, id, now);
        return row;
      }));
    if (!letter) throw problem(404, 'dead_letter_not_found', 'there is no such dead letter');
    this.logger.log({ event: 'dead-letter.redriven', itemId: id, merchantId, by: caller.keyId });
    const { queue, stream, name } = letter;
    await this.waker.wake([
      { queue, stream, name, merchantId: letter.merchantId, fold: stream.startsWith(`${name}/`) },
    ]);
    return letter;
  }

  private async ownerOf(id: string): Promise<string | null> {
    const [row] = (await this.database.query(`SELECT journal.dead_letter_owner($1) AS owner`, [id])) as {
      owner: string | null;
    }[];
    return row!.owner;
  }

  private ofMerchant(merchantId: string, before: string, limit: number): Promise<DeadLetter[]> {
    return this.tenants.transaction(
      merchantId,
      (tx) =>
        tx.query(
          `SELECT ${COLUMNS} FROM journal.items
           WHERE merchant_id = $1 AND settled_at IS NULL AND parked_at IS NOT NULL AND id < $2
           ORDER BY id DESC LIMIT $3`,
          [merchantId, before, limit],
        ) as Promise<DeadLetter[]>,
    );
  }
}
