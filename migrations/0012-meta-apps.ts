import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownFunction, protectTenantTable } from './support.js';

/** Meta apps that merchants bring, and webhook secrets that are still good while they are being changed. */
export class MetaApps1700000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE tenancy.meta_apps (
        id text PRIMARY KEY,
        merchant_id text NOT NULL REFERENCES tenancy.merchants,
        app text NOT NULL,
        app_secret text NOT NULL,
        verify_token text NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        UNIQUE (merchant_id, app)
      )`);
    await runner.query(`
      CREATE TABLE tenancy.former_webhook_secrets (
        id text PRIMARY KEY,
        merchant_id text NOT NULL REFERENCES tenancy.merchants,
        owner_id text NOT NULL,
        secret text NOT NULL,
        until timestamptz NOT NULL
      )`);
    await runner.query(
      `CREATE INDEX former_webhook_secrets_owner ON tenancy.former_webhook_secrets (merchant_id, owner_id)`,
    );
    await runner.query(`
      COMMENT ON COLUMN tenancy.meta_apps.app IS 'the merchant''s own name for it; ids of other merchants'' apps are no secret, and prove nothing';
      COMMENT ON COLUMN tenancy.former_webhook_secrets.owner_id IS 'row of store_connections, payment_providers or meta_apps'
    `);
    for (const table of ['meta_apps', 'former_webhook_secrets']) {
      await protectTenantTable(runner, `tenancy.${table}`, 'waco_admin', ['waco_ingest']);
    }
    // A webhook names the app before any merchant is known; nothing secret is seen on the way.
    await runner.query(`GRANT SELECT (id, merchant_id) ON tenancy.meta_apps TO waco_router`);
    await runner.query(`CREATE POLICY route ON tenancy.meta_apps FOR SELECT TO waco_router USING (true)`);
    await runner.query(`
      CREATE FUNCTION tenancy.route_meta_app(p_id text) RETURNS text
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT a.merchant_id FROM tenancy.meta_apps a WHERE a.id = p_id
      $$`);
    await ownFunction(runner, 'tenancy.route_meta_app(text)', 'tenancy', 'waco_router');
    await runner.query(`GRANT EXECUTE ON FUNCTION tenancy.route_meta_app(text) TO waco_ingest`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
