import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createServiceSchema, protectTenantTable } from './support.js';

/** The synced copy of what merchants' shops sell, and how far each copy is. */
export class Catalog1700000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createServiceSchema(runner, 'catalog', 'waco_catalog');
    // Figures of one product come from different events: each group keeps the sequence that it reflects.
    await runner.query(`
      CREATE TABLE catalog.products (
        merchant_id text NOT NULL,
        sku text NOT NULL,
        title text NOT NULL,
        description text NOT NULL,
        category_id text NOT NULL,
        category_title text NOT NULL,
        image_url text,
        price_minor bigint NOT NULL CHECK (price_minor >= 0),
        currency char(3) NOT NULL,
        available bigint NOT NULL CHECK (available >= 0),
        regions text[],
        deleted boolean NOT NULL DEFAULT false,
        product_sequence bigint NOT NULL,
        price_sequence bigint NOT NULL,
        stock_sequence bigint NOT NULL,
        synced_at timestamptz NOT NULL,
        described_at timestamptz NOT NULL,
        PRIMARY KEY (merchant_id, sku)
      )`);
    await runner.query(`CREATE INDEX products_described ON catalog.products (merchant_id, described_at)`);
    await runner.query(`
      CREATE TABLE catalog.sync_cursors (
        merchant_id text PRIMARY KEY,
        updated_since timestamptz,
        confirmed_at timestamptz,
        full_at timestamptz,
        last_error text,
        last_error_at timestamptz
      )`);
    await runner.query(`
      COMMENT ON COLUMN catalog.products.synced_at IS 'when the store was last known to say all of these figures';
      COMMENT ON COLUMN catalog.products.described_at IS 'when its texts, or whether it is sold, last changed';
      COMMENT ON COLUMN catalog.sync_cursors.updated_since IS 'by the store''s clock: the next incremental sync reads from here';
      COMMENT ON COLUMN catalog.sync_cursors.confirmed_at IS 'when a sync last said that nothing else had changed';
    `);
    await protectTenantTable(runner, 'catalog.products', 'waco_catalog');
    await protectTenantTable(runner, 'catalog.sync_cursors', 'waco_catalog', ['waco_admin']);
    await runner.query(`GRANT USAGE ON SCHEMA catalog TO waco_admin`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
