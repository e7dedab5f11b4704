import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

/**
 * The only way to a merchant's data: a transaction opened for that merchant. Row-level security shows a
 * transaction the rows of its merchant and nothing else; without one, nothing at all.
 */
@Injectable()
export class Tenants {
  constructor(private readonly database: DataSource) {}

  /** Runs `work` in one transaction for `merchantId`: all of it is stored or, when it throws, none. */
  async transaction<T>(merchantId: string, work: (tx: EntityManager) => Promise<T>): Promise<T> {
    const runner = this.database.createQueryRunner();
    try {
      await runner.startTransaction();
      await runner.query(`SELECT set_config('waco.merchant_id', $1, true)`, [merchantId]);
      const result = await work(runner.manager);
      await runner.commitTransaction();
      return result;
    } catch (error) {
      if (runner.isTransactionActive) {
        // A broken connection cannot roll back; Postgres has then done so itself.
        await runner.rollbackTransaction().catch(() => undefined);
      }
      throw error;
    } finally {
      await runner.release();
    }
  }
}
