import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SERVICE_ROLES } from './support.js';

/** Items that are applied in one transaction are settled in one statement: it fails unless each of them was open. */
export class SettleMany1700000000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION journal.settled_once(bigint)`);
    await runner.query(`
      CREATE FUNCTION journal.settled_once(p_settled bigint, p_items bigint DEFAULT 1) RETURNS void
      LANGUAGE plpgsql SET search_path = pg_catalog AS $$
        BEGIN
          IF p_settled <> p_items THEN
            RAISE EXCEPTION 'an item had been settled' USING ERRCODE = 'WA409';
          END IF;
        END
      $$`);
    await runner.query(`REVOKE ALL ON FUNCTION journal.settled_once(bigint, bigint) FROM PUBLIC`);
    await runner.query(
      `GRANT EXECUTE ON FUNCTION journal.settled_once(bigint, bigint) TO ${SERVICE_ROLES.join(', ')}`,
    );
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
