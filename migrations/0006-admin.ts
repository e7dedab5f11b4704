import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownFunction } from './support.js';

/** What the admin API needs besides the tenancy tables: idempotency keys, and whose dead letters there are. */
export class Admin1700000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE tenancy.idempotency_keys (
        caller text NOT NULL,
        key_hash text NOT NULL,
        merchant_id text,
        request_hash text NOT NULL,
        status smallint,
        response text,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (caller, key_hash)
      )`);
    await runner.query(`CREATE INDEX idempotency_keys_age ON tenancy.idempotency_keys (created_at)`);
    await runner.query(`ALTER TABLE tenancy.idempotency_keys ENABLE ROW LEVEL SECURITY`);
    await runner.query(`ALTER TABLE tenancy.idempotency_keys FORCE ROW LEVEL SECURITY`);
    // Keys belong to a caller; an operator's call need not belong to any merchant.
    await runner.query(
      `CREATE POLICY callers ON tenancy.idempotency_keys TO waco_admin USING (true) WITH CHECK (true)`,
    );
    await runner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON tenancy.idempotency_keys TO waco_admin`);

    // Operators look at dead letters before they know the merchant: ids only, the rows stay behind its policy.
    await runner.query(`
      CREATE FUNCTION journal.dead_letters(p_before bigint, p_limit integer)
      RETURNS TABLE (merchant_id text, item_id bigint)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT i.merchant_id, i.id FROM journal.items i
        WHERE i.settled_at IS NULL AND i.parked_at IS NOT NULL AND i.merchant_id IS NOT NULL AND i.id < p_before
        ORDER BY i.id DESC LIMIT p_limit
      $$`);
    await runner.query(`
      CREATE FUNCTION journal.dead_letter_owner(p_item bigint) RETURNS text
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT i.merchant_id FROM journal.items i
        WHERE i.id = p_item AND i.settled_at IS NULL AND i.parked_at IS NOT NULL
      $$`);
    for (const signature of ['journal.dead_letters(bigint, integer)', 'journal.dead_letter_owner(bigint)']) {
      await ownFunction(runner, signature, 'journal', 'waco_dispatcher');
      await runner.query(`GRANT EXECUTE ON FUNCTION ${signature} TO waco_admin`);
    }
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
