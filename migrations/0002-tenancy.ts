import type { MigrationInterface, QueryRunner } from 'typeorm';
import {
  createRole,
  createServiceSchema,
  ownFunction,
  protectTenantTable,
  SERVICE_ROLES,
} from './support.js';

/** Merchants and what onboarding gives them: channel accounts, store, payment provider, templates, API keys. */
export class Tenancy1700000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createServiceSchema(runner, 'tenancy', 'waco_admin');
    // Leads a phone number to its merchant before any merchant is known; sees nothing secret.
    await createRole(runner, 'waco_router');
    await runner.query(`GRANT USAGE ON SCHEMA tenancy TO waco_router, ${SERVICE_ROLES.join(', ')}`);

    await runner.query(`
      CREATE TABLE tenancy.merchants (
        merchant_id text PRIMARY KEY,
        slug text NOT NULL UNIQUE,
        name text NOT NULL,
        status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'closed')),
        country char(2) NOT NULL,
        currency char(3) NOT NULL,
        language text NOT NULL DEFAULT 'en',
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE TABLE tenancy.channel_accounts (
        id text PRIMARY KEY,
        merchant_id text NOT NULL REFERENCES tenancy.merchants,
        kind text NOT NULL CHECK (kind IN ('whatsapp')),
        business_account_id text NOT NULL,
        phone_number_id text NOT NULL,
        display_phone_number text NOT NULL,
        catalog_id text,
        access_token text NOT NULL,
        messages_per_second integer NOT NULL DEFAULT 80 CHECK (messages_per_second > 0),
        enabled boolean NOT NULL DEFAULT true,
        created_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (kind, phone_number_id)
      )`);
    await runner.query(`
      CREATE TABLE tenancy.store_connections (
        id text PRIMARY KEY,
        merchant_id text NOT NULL UNIQUE REFERENCES tenancy.merchants,
        kind text NOT NULL CHECK (kind IN ('rest')),
        base_url text NOT NULL,
        region char(2) NOT NULL,
        api_key text NOT NULL,
        webhook_secret text NOT NULL,
        max_age_seconds integer NOT NULL DEFAULT 900,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE TABLE tenancy.payment_providers (
        id text PRIMARY KEY,
        merchant_id text NOT NULL REFERENCES tenancy.merchants,
        kind text NOT NULL CHECK (kind IN ('stripe')),
        secret_key text NOT NULL,
        webhook_secret text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (merchant_id, kind)
      )`);
    await runner.query(`
      CREATE TABLE tenancy.templates (
        id text PRIMARY KEY,
        merchant_id text NOT NULL REFERENCES tenancy.merchants,
        channel_account_id text NOT NULL REFERENCES tenancy.channel_accounts,
        purpose text NOT NULL,
        name text NOT NULL,
        language text NOT NULL,
        category text NOT NULL CHECK (category IN ('utility', 'marketing', 'authentication')),
        body text NOT NULL,
        parameters text[] NOT NULL DEFAULT '{}',
        created_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (channel_account_id, purpose, language)
      )`);
    await runner.query(`
      CREATE TABLE tenancy.api_keys (
        id text PRIMARY KEY,
        merchant_id text REFERENCES tenancy.merchants,
        name text NOT NULL,
        hash text NOT NULL UNIQUE,
        scopes text[] NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz,
        revoked_at timestamptz
      )`);

    const everyone = SERVICE_ROLES.filter((r) => r !== 'waco_admin');
    await protectTenantTable(runner, 'tenancy.merchants', 'waco_admin', everyone);
    await protectTenantTable(runner, 'tenancy.channel_accounts', 'waco_admin', [
      'waco_ingest',
      'waco_conversation',
      'waco_outbound',
    ]);
    await protectTenantTable(runner, 'tenancy.store_connections', 'waco_admin', [
      'waco_ingest',
      'waco_conversation',
      'waco_catalog',
      'waco_checkout',
    ]);
    await protectTenantTable(runner, 'tenancy.payment_providers', 'waco_admin', [
      'waco_ingest',
      'waco_checkout',
    ]);
    await protectTenantTable(runner, 'tenancy.templates', 'waco_admin', ['waco_outbound']);
    await protectTenantTable(runner, 'tenancy.api_keys', 'waco_admin');
    // Operators list merchants, and a key is looked up before its merchant is known.
    for (const table of ['merchants', 'api_keys']) {
      await runner.query(
        `CREATE POLICY operators ON tenancy.${table} TO waco_admin USING (true) WITH CHECK (true)`,
      );
    }

    await runner.query(
      `GRANT SELECT (merchant_id, id, kind, business_account_id, phone_number_id, enabled)
         ON tenancy.channel_accounts TO waco_router`,
    );
    await runner.query(`GRANT SELECT (merchant_id, status) ON tenancy.merchants TO waco_router`);
    for (const table of ['channel_accounts', 'merchants']) {
      await runner.query(`CREATE POLICY route ON tenancy.${table} FOR SELECT TO waco_router USING (true)`);
    }
    await runner.query(`
      CREATE FUNCTION tenancy.route_phone_number(p_phone_number_id text)
      RETURNS TABLE (merchant_id text, channel_account_id text, business_account_id text, enabled boolean, status text)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT a.merchant_id, a.id, a.business_account_id, a.enabled, m.status
        FROM tenancy.channel_accounts a JOIN tenancy.merchants m USING (merchant_id)
        WHERE a.kind = 'whatsapp' AND a.phone_number_id = p_phone_number_id
      $$`);
    await ownFunction(runner, 'tenancy.route_phone_number(text)', 'tenancy', 'waco_router');
    await runner.query(`GRANT EXECUTE ON FUNCTION tenancy.route_phone_number(text) TO waco_ingest`);
    // Which merchants have a store to sync: the catalog's schedule runs for all of them.
    await runner.query(`GRANT SELECT (merchant_id) ON tenancy.store_connections TO waco_router`);
    await runner.query(
      `CREATE POLICY route ON tenancy.store_connections FOR SELECT TO waco_router USING (true)`,
    );
    await runner.query(`
      CREATE FUNCTION tenancy.merchants_with_store() RETURNS TABLE (merchant_id text)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT s.merchant_id FROM tenancy.store_connections s JOIN tenancy.merchants m USING (merchant_id)
        WHERE m.status = 'active'
      $$`);
    await ownFunction(runner, 'tenancy.merchants_with_store()', 'tenancy', 'waco_router');
    await runner.query(`GRANT EXECUTE ON FUNCTION tenancy.merchants_with_store() TO waco_catalog`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
