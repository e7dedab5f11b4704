import { Inject, Injectable } from '@nestjs/common';
import { DataSource, MoreThan, type EntityManager } from 'typeorm';
import { MerchantEntity, Tenants } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import type { CreateMerchant, UpdateMerchant } from '../http/merchants.dto.js';
import { problem } from '../http/problem.js';
import { conflictOn } from './conflicts.js';

/** Merchants of the platform. */
@Injectable()
export class Merchants {
  constructor(
    private readonly database: DataSource,
    private readonly tenants: Tenants,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** `merchantId` is chosen by the caller, whose transaction is opened for it. @throws ProblemException 409 for a slug in use. */
  async create(tx: EntityManager, merchantId: string, given: CreateMerchant): Promise<MerchantEntity> {
    const now = this.clock.now();
    const row = tx.create(MerchantEntity, {
      ...given,
      merchantId,
      status: 'active',
      createdAt: now,
      updatedAt: now,
    });
    await conflictOn({ merchants_slug_key: 'another merchant has this slug' }, () =>
      tx.insert(MerchantEntity, row),
    );
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

  /** @throws ProblemException 404. */
  find(merchantId: string): Promise<MerchantEntity> {
    return this.within(merchantId, (_tx, row) => Promise.resolve(row));
  }

  async update(merchantId: string, change: UpdateMerchant): Promise<MerchantEntity> {
    return this.within(merchantId, async (tx, row) => {
      if (row.status === 'closed' && change.status && change.status !== 'closed') {
        throw problem(409, 'merchant_closed', 'a closed merchant cannot be opened again');
      }
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      return tx.save(MerchantEntity, { ...row, ...given, updatedAt: this.clock.now() });
    });
  }

  /**
   * A transaction for a merchant that exists; its row is locked, so that changes to one merchant's configuration
   * come one after the other. @throws ProblemException 404.
   */
  within<T>(merchantId: string, work: (tx: EntityManager, row: MerchantEntity) => Promise<T>): Promise<T> {
    return this.tenants.transaction(merchantId, async (tx) => {
      const row = await tx.findOne(MerchantEntity, {
        where: { merchantId },
        lock: { mode: 'pessimistic_write' },
      });
      if (!row) throw problem(404, 'merchant_not_found', 'there is no such merchant');
      return work(tx, row);
    });
  }
}
