import { Inject, Injectable } from '@nestjs/common';
import { DataSource, MoreThan, type EntityManager } from 'typeorm';
import { MerchantEntity, Tenants } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { AuditLog } from '../audit/audit-log.js';
import { Refusal } from '../refusal.js';
import { requireMatch } from '../versions.js';
import { conflictOn } from './conflicts.js';

export type NewMerchant = Pick<MerchantEntity, 'name' | 'slug' | 'country' | 'currency' | 'language'>;

/** What is left out stays. */
export type ChangedMerchant = Partial<Omit<NewMerchant, 'slug'>>;

/** Merchants of the platform. */
@Injectable()
export class Merchants {
  constructor(
    private readonly database: DataSource,
    private readonly tenants: Tenants,
    private readonly audit: AuditLog,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * `merchantId` is chosen by the caller, whose transaction is opened for it.
   * @throws Refusal `conflict` for a slug in use.
   */
  async create(tx: EntityManager, merchantId: string, given: NewMerchant): Promise<MerchantEntity> {
    const now = this.clock.now();
    const row = tx.create(MerchantEntity, {
      ...given,
      merchantId,
      status: 'active',
      version: 1,
      suspendedAt: null,
      resumedAt: null,
      closedAt: null,
      eraseAfter: null,
      erasedAt: null,
      statusReason: null,
      createdAt: now,
      updatedAt: now,
    });
    await conflictOn({ merchants_slug_key: 'another merchant has this slug' }, () =>
      tx.insert(MerchantEntity, row),
    );
    const after = showMerchant(row);
    await this.audit.record(tx, { merchantId, action: 'merchant.create', target: merchantId, after });
    return row;
  }

  /** Oldest first, one more than `limit`. Operators only. */
  list(limit: number, after: string | undefined): Promise<MerchantEntity[]> {
    return this.database.manager.find(MerchantEntity, {
      where: after ? { merchantId: MoreThan(after) } : {},
      order: { merchantId: 'ASC' },
      take: limit + 1,
    });
  }

  /** @throws Refusal `not_found`. */
  find(merchantId: string): Promise<MerchantEntity> {
    return this.read(merchantId, (_tx, row) => Promise.resolve(row));
  }

  /** @throws Refusal `not_found`, `conflict` for a closed one, `changed` when it is not as `ifMatch` says. */
  async update(merchantId: string, ifMatch: string, change: ChangedMerchant): Promise<MerchantEntity> {
    return this.within(merchantId, async (tx, row) => {
      requireMatch(ifMatch, row.version);
      requireOpen(row);
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      return this.store(tx, 'merchant.update', row, given);
    });
  }

  /** Stores a change of the merchant itself, as its next version, and says so in the audit log. */
  async store(
    tx: EntityManager,
    action: string,
    row: MerchantEntity,
    change: Partial<MerchantEntity>,
    more: object = {},
  ): Promise<MerchantEntity> {
    const next = { ...row, ...change, version: row.version + 1, updatedAt: this.clock.now() };
    const saved = await tx.save(MerchantEntity, tx.create(MerchantEntity, next));
    const { merchantId } = row;
    await this.audit.record(tx, {
      merchantId,
      action,
      target: merchantId,
      before: showMerchant(row),
      after: { ...showMerchant(saved), ...more },
    });
    return saved;
  }

  /** A transaction for a merchant that exists, to look only. @throws Refusal `not_found`. */
  read<T>(merchantId: string, work: (tx: EntityManager, row: MerchantEntity) => Promise<T>): Promise<T> {
    return this.open(merchantId, work, false);
  }

  /**
   * A transaction for a merchant that exists; its row is locked, so that changes to one merchant's configuration
   * come one after the other. @throws Refusal `not_found`.
   */
  within<T>(merchantId: string, work: (tx: EntityManager, row: MerchantEntity) => Promise<T>): Promise<T> {
    return this.open(merchantId, work, true);
  }

  /** Locks the merchant's row in a transaction that is open for it. @throws Refusal `not_found`. */
  lock(tx: EntityManager, merchantId: string): Promise<MerchantEntity> {
    return this.row(tx, merchantId, true);
  }

  private open<T>(
    merchantId: string,
    work: (tx: EntityManager, row: MerchantEntity) => Promise<T>,
    locked: boolean,
  ): Promise<T> {
    return this.tenants.transaction(merchantId, async (tx) =>
      work(tx, await this.row(tx, merchantId, locked)),
    );
  }

  private async row(tx: EntityManager, merchantId: string, locked: boolean): Promise<MerchantEntity> {
    const row = await tx.findOne(MerchantEntity, {
      where: { merchantId },
      ...(locked ? { lock: { mode: 'pessimistic_write' as const } } : {}),
    });
    if (!row) throw new Refusal('not_found', 'merchant_not_found', 'there is no such merchant');
    return row;
  }
}

/** What of it answers and the audit log show. */
export function showMerchant(row: MerchantEntity) {
  return {
    merchantId: row.merchantId,
    slug: row.slug,
    name: row.name,
    status: row.status,
    statusReason: row.statusReason,
    country: row.country,
    currency: row.currency,
    language: row.language,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

/** @throws Refusal `conflict`: a closed merchant is not changed any more. */
export function requireOpen(row: MerchantEntity): void {
  if (row.status === 'closed')
    throw new Refusal('conflict', 'merchant_closed', 'a closed merchant stays as it is');
}
