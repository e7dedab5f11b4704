import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createRole, ownFunction } from './support.js';

/**
 * When each shop is read next stands in a column, and a replica claims what is due. Until then each of them asked the
 * journal for every shop every minute, which was a row a minute and merchant that said "nothing changed".
 * `tenancy.merchants_with_store` may still be called by the catalog's role: the release before this one does.
 */
export class DueSyncs1700000000030 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE catalog.sync_cursors ADD COLUMN next_sync_at timestamptz NOT NULL DEFAULT '-infinity',
        ADD COLUMN failures integer NOT NULL DEFAULT 0`);
    await runner.query(`
      COMMENT ON COLUMN catalog.sync_cursors.next_sync_at IS 'when the schedule reads the shop next; while it does: when it is taken for dead';
      COMMENT ON COLUMN catalog.sync_cursors.failures IS 'syncs that failed since one went well'`);
    await runner.query(`CREATE INDEX sync_cursors_due ON catalog.sync_cursors (next_sync_at)`);
    // Claims shops that are due, whosever they are; sees of them that they are due, and nothing else.
    await createRole(runner, 'waco_scheduler');
    await runner.query(`GRANT USAGE ON SCHEMA catalog, tenancy TO waco_scheduler`);
    await runner.query(`
      GRANT SELECT (merchant_id, next_sync_at, turn_until), INSERT (merchant_id, next_sync_at), UPDATE (next_sync_at)
        ON catalog.sync_cursors TO waco_scheduler;
      GRANT SELECT (merchant_id, status) ON tenancy.merchants TO waco_scheduler;
      GRANT SELECT (merchant_id) ON tenancy.store_connections TO waco_scheduler;
      CREATE POLICY find_due ON catalog.sync_cursors FOR SELECT TO waco_scheduler USING (true);
      CREATE POLICY claim_due ON catalog.sync_cursors FOR UPDATE TO waco_scheduler USING (true);
      CREATE POLICY begin ON catalog.sync_cursors FOR INSERT TO waco_scheduler WITH CHECK (true);
      CREATE POLICY schedule ON tenancy.merchants FOR SELECT TO waco_scheduler USING (true);
      CREATE POLICY schedule ON tenancy.store_connections FOR SELECT TO waco_scheduler USING (true)`);
    await runner.query(`
      CREATE FUNCTION catalog.claim_due_syncs(p_now timestamptz, p_until timestamptz, p_limit integer)
      RETURNS TABLE (merchant_id text)
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
          v_claimed integer;
        BEGIN
          RETURN QUERY
            WITH due AS MATERIALIZED (
              SELECT c.merchant_id FROM catalog.sync_cursors c
              WHERE c.next_sync_at <= p_now AND (c.turn_until IS NULL OR c.turn_until <= p_now)
                AND EXISTS (SELECT FROM tenancy.merchants m WHERE m.merchant_id = c.merchant_id AND m.status = 'active')
                AND EXISTS (SELECT FROM tenancy.store_connections s WHERE s.merchant_id = c.merchant_id)
              ORDER BY c.next_sync_at LIMIT p_limit FOR UPDATE OF c SKIP LOCKED
            )
            UPDATE catalog.sync_cursors c SET next_sync_at = p_until FROM due
            WHERE c.merchant_id = due.merchant_id RETURNING c.merchant_id;
          GET DIAGNOSTICS v_claimed = ROW_COUNT;
          -- A shop that was just connected has no cursor yet.
          RETURN QUERY
            INSERT INTO catalog.sync_cursors AS c (merchant_id, next_sync_at)
              SELECT s.merchant_id, p_until FROM tenancy.store_connections s JOIN tenancy.merchants m USING (merchant_id)
              WHERE m.status = 'active'
                AND NOT EXISTS (SELECT FROM catalog.sync_cursors k WHERE k.merchant_id = s.merchant_id)
              LIMIT p_limit - v_claimed
            ON CONFLICT DO NOTHING RETURNING c.merchant_id;
        END
      $$`);
    const signature = 'catalog.claim_due_syncs(timestamptz, timestamptz, integer)';
    await ownFunction(runner, signature, 'catalog', 'waco_scheduler');
    await runner.query(`GRANT EXECUTE ON FUNCTION ${signature} TO waco_catalog`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
