import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownFunction } from './support.js';

/** Leads a business account to its merchant: some webhooks (templates, account events) name no phone number. */
export class Ingest1700000000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION tenancy.route_business_account(p_business_account_id text)
      RETURNS TABLE (merchant_id text, enabled boolean, status text)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT a.merchant_id, bool_or(a.enabled), m.status
        FROM tenancy.channel_accounts a JOIN tenancy.merchants m USING (merchant_id)
        WHERE a.kind = 'whatsapp' AND a.business_account_id = p_business_account_id
        GROUP BY a.merchant_id, m.status
      $$`);
    await ownFunction(runner, 'tenancy.route_business_account(text)', 'tenancy', 'waco_router');
    await runner.query(`GRANT EXECUTE ON FUNCTION tenancy.route_business_account(text) TO waco_ingest`);
    await runner.query(
      `CREATE INDEX channel_accounts_business ON tenancy.channel_accounts (business_account_id)`,
    );
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
