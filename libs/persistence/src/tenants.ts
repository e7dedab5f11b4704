import { Injectable } from '@nestjs/common';
import pg from 'pg';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';

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
      await begin(runner, merchantId);
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

/**
 * Names the merchant in the very message that begins the transaction: on its own it would be one more trip to the
 * server for every transaction, which is most of what row-level security costs.
 */
async function begin(runner: QueryRunner, merchantId: string): Promise<void> {
  const query = runner.query;
  let named = false;
  runner.query = ((sql: string, ...rest: []) => {
    runner.query = query;
    named = sql === 'START TRANSACTION';
    return query.call(
      runner,
      `${sql}; SET LOCAL waco.merchant_id = ${pg.escapeLiteral(merchantId)}`,
      ...rest,
    );
  }) as typeof query;
  await runner.startTransaction();
  if (!named) throw new Error('a transaction began in a way that names no merchant');
}
