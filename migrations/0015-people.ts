import type { MigrationInterface, QueryRunner } from 'typeorm';
import { protectTenantTable } from './support.js';

/** Forgetting people and merchants: what was asked for and how far it is, and what an export may read. */
export class People1700000000015 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE tenancy.erasures (
        merchant_id text NOT NULL REFERENCES tenancy.merchants,
        erasure_id text NOT NULL,
        requested_at timestamptz NOT NULL,
        completed_at timestamptz,
        -- How many rows of what went: never whose.
        report jsonb,
        PRIMARY KEY (merchant_id, erasure_id)
      )`);
    await protectTenantTable(runner, 'tenancy.erasures', 'waco_admin');
    await runner.query(`
      ALTER TABLE tenancy.merchants ADD COLUMN erase_after timestamptz, ADD COLUMN erased_at timestamptz`);

    await runner.query(`ALTER TABLE checkout.orders ADD COLUMN erased_at timestamptz`);
    await runner.query(
      `CREATE INDEX orders_with_person ON checkout.orders (merchant_id, updated_at)
         WHERE erased_at IS NULL OR erased_at < updated_at`,
    );
    await runner.query(`
      COMMENT ON COLUMN checkout.orders.erased_at IS 'when name and numbers of its person were taken away';
      COMMENT ON COLUMN tenancy.merchants.erased_at IS 'nothing is left of it but this row and the audit log'`);
    // Exports: a person's own, and the merchant's. Links stay out of reach.
    await runner.query(`GRANT SELECT (person, erased_at) ON checkout.orders TO waco_admin`);
    await runner.query(`GRANT SELECT ON catalog.products TO waco_admin`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
