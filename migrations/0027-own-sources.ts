import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SERVICE_ROLES } from './support.js';

/** How an item begins: nobody adds one that has been tried, or given up, already. */
const NEW = 'attempts = 0 AND endings = 0 AND redrives = 0 AND parked_at IS NULL';

/**
 * An item's key is taken by whoever adds it first, and held up by who has not committed yet. So services add work under
 * the source `job` only, and the gateway what came from outside: neither can take, or hold, a key of the other's. The admin
 * may do both.
 */
export class OwnSources1700000000027 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER POLICY gateway ON journal.items WITH CHECK (source <> 'job' AND ${NEW})`);
    for (const role of SERVICE_ROLES.filter((r) => r !== 'waco_ingest')) {
      // Out of the quarantine, an operator gives an item to its merchant as it came: under its own key.
      const source = role === 'waco_admin' ? 'true' : `source = 'job'`;
      await runner.query(
        `ALTER POLICY emit_${role} ON journal.items
           WITH CHECK (merchant_id = current_setting('waco.merchant_id', true) AND ${source} AND settled_at IS NULL AND ${NEW})`,
      );
    }
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
