import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SERVICE_ROLES } from './support.js';

/**
 * Lets a statement fail its transaction, which does not wait for it, when something is not as it was seen. It takes the place of
 * `settled_once`, which nothing has called since `journal.settle`.
 */
export class AsSeen1700000000031 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION journal.expect(p_found bigint, p_wanted bigint) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
          IF p_found <> p_wanted THEN
            RAISE EXCEPTION 'somebody else was first' USING ERRCODE = 'WA412';
          END IF;
        END
      $$`);
    await runner.query(`DROP FUNCTION journal.settled_once(bigint)`);
    const expect = 'journal.expect(bigint, bigint)';
    await runner.query(`REVOKE ALL ON FUNCTION ${expect} FROM PUBLIC`);
    await runner.query(`GRANT EXECUTE ON FUNCTION ${expect} TO ${SERVICE_ROLES.join(', ')}`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
