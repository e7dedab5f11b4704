import type { MigrationInterface, QueryRunner } from 'typeorm';
import { protectTenantTable } from './support.js';

/** Keys that are rotated, merchants that are suspended and closed, several accounts, settings, and the audit log. */
export class TenancyDepth1700000000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE tenancy.merchants
        ADD COLUMN version integer NOT NULL DEFAULT 1,
        ADD COLUMN suspended_at timestamptz,
        ADD COLUMN resumed_at timestamptz,
        ADD COLUMN closed_at timestamptz,
        ADD COLUMN status_reason text`);
    await runner.query(`
      ALTER TABLE tenancy.api_keys
        ADD COLUMN last_used_at timestamptz,
        ADD COLUMN created_by text,
        ADD COLUMN replaced_by text`);
    await channelAccounts(runner);
    for (const table of ['store_connections', 'payment_providers']) {
      await runner.query(`ALTER TABLE tenancy.${table} ADD COLUMN verified_at timestamptz`);
    }
    await runner.query(`
      CREATE TABLE tenancy.merchant_settings (
        merchant_id text PRIMARY KEY REFERENCES tenancy.merchants,
        document jsonb NOT NULL,
        version integer NOT NULL,
        updated_at timestamptz NOT NULL
      )`);
    await protectTenantTable(runner, 'tenancy.merchant_settings', 'waco_admin', [
      'waco_conversation',
      'waco_catalog',
      'waco_checkout',
      'waco_outbound',
    ]);
    // A test message goes to the person's own line, so that what is known of them (the service window) counts.
    await runner.query(`GRANT USAGE ON SCHEMA conversation TO waco_admin`);
    await runner.query(`GRANT SELECT ON conversation.aliases TO waco_admin`);
    await auditLog(runner);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}

/** More kinds and several accounts of a kind. What a closed merchant gave up may be connected by another one. */
async function channelAccounts(runner: QueryRunner): Promise<void> {
  const table = 'tenancy.channel_accounts';
  await runner.query(`
    ALTER TABLE ${table}
      ADD COLUMN verified_at timestamptz,
      ADD COLUMN released_at timestamptz,
      DROP CONSTRAINT channel_accounts_kind_check,
      DROP CONSTRAINT channel_accounts_kind_phone_number_id_key`);
  await runner.query(`
    ALTER TABLE ${table} ADD CONSTRAINT channel_accounts_kind_check CHECK (kind IN ('whatsapp', 'messenger', 'instagram'))`);
  await runner.query(`
    CREATE UNIQUE INDEX channel_accounts_kind_phone_number_id_key ON ${table} (kind, phone_number_id)
      WHERE released_at IS NULL`);
  await runner.query(`CREATE INDEX channel_accounts_merchant ON ${table} (merchant_id, created_at)`);
  await runner.query(`GRANT SELECT (released_at) ON ${table} TO waco_router`);
  await runner.query(`
    CREATE OR REPLACE FUNCTION tenancy.route_phone_number(p_phone_number_id text)
    RETURNS TABLE (merchant_id text, channel_account_id text, business_account_id text, enabled boolean, status text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
      SELECT a.merchant_id, a.id, a.business_account_id, a.enabled, m.status
      FROM tenancy.channel_accounts a JOIN tenancy.merchants m USING (merchant_id)
      WHERE a.kind = 'whatsapp' AND a.phone_number_id = p_phone_number_id
      ORDER BY a.released_at DESC NULLS FIRST LIMIT 1
    $$`);
  await runner.query(`
    CREATE OR REPLACE FUNCTION tenancy.route_business_account(p_business_account_id text)
    RETURNS TABLE (merchant_id text, enabled boolean, status text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
      SELECT a.merchant_id, bool_or(a.enabled), m.status
      FROM tenancy.channel_accounts a JOIN tenancy.merchants m USING (merchant_id)
      WHERE a.kind = 'whatsapp' AND a.business_account_id = p_business_account_id AND a.released_at IS NULL
      GROUP BY a.merchant_id, m.status
    $$`);
}

/**
 * What operators and merchants changed. Rows are only ever added, each with the hash of the one before in its chain:
 * one chain a merchant, one for the platform. Not even the owner may change a row while the triggers stand, and who
 * takes them away breaks the chain.
 */
async function auditLog(runner: QueryRunner): Promise<void> {
  const table = 'tenancy.audit_log';
  await runner.query(`
    CREATE TABLE ${table} (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      chain text NOT NULL,
      seq integer NOT NULL CHECK (seq > 0),
      merchant_id text,
      at timestamptz NOT NULL,
      actor text NOT NULL,
      actor_kind text NOT NULL CHECK (actor_kind IN ('operator', 'merchant', 'system')),
      action text NOT NULL,
      target text NOT NULL,
      -- Text that happens to be JSON: what was hashed, byte for byte.
      before text,
      after text,
      request_id text,
      previous_hash text NOT NULL,
      hash text NOT NULL,
      UNIQUE (chain, seq),
      CHECK (chain = coalesce(merchant_id, 'platform'))
    )`);
  await runner.query(`CREATE INDEX audit_log_merchant ON ${table} (merchant_id, id)`);
  await runner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
  await runner.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
  await runner.query(
    `CREATE POLICY tenant ON ${table} USING (merchant_id = current_setting('waco.merchant_id', true))
       WITH CHECK (merchant_id = current_setting('waco.merchant_id', true))`,
  );
  // Operators read the log across merchants, and act on the platform itself.
  await runner.query(`CREATE POLICY operators ON ${table} FOR SELECT TO waco_admin USING (true)`);
  await runner.query(
    `CREATE POLICY platform ON ${table} FOR INSERT TO waco_admin WITH CHECK (merchant_id IS NULL)`,
  );
  await runner.query(`GRANT SELECT, INSERT ON ${table} TO waco_admin`);
  await runner.query(`
    CREATE FUNCTION tenancy.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
      BEGIN RAISE EXCEPTION 'the audit log is only ever added to' USING ERRCODE = 'insufficient_privilege'; END
    $$`);
  await runner.query(
    `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION tenancy.refuse_change()`,
  );
  await runner.query(
    `CREATE TRIGGER never_emptied BEFORE TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION tenancy.refuse_change()`,
  );
}
