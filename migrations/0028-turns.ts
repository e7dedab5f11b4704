import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noServiceRuns, SERVICE_ROLES } from './support.js';

/**
 * A turn asks the catalog while it is taken: what it was told is kept with the item. The thread of a line is looked up
 * before the turn begins, by the line.
 */
export class Turns1700000000028 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Those of before ask questions that nobody would answer, and do not know jobs that those of after give them.
    await noServiceRuns(runner);
    const [{ open }] = (await runner.query(
      `SELECT count(*)::int AS open FROM journal.items WHERE settled_at IS NULL AND parked_at IS NULL
         AND name IN ('conversation.ask-catalog.v1', 'conversation.record-answer.v1')`,
    )) as [{ open: number }];
    if (open > 0) {
      throw new Error(
        `${open} questions to the catalog are open, and this release does not know them: start the services of before without the gateway, wait for some seconds, stop them, and migrate again`,
      );
    }
    await runner.query(`ALTER TABLE journal.items ADD COLUMN evidence json`);
    await runner.query(
      `COMMENT ON COLUMN journal.items.evidence IS 'what was asked and answered while the item was applied'`,
    );
    await runner.query(`
      CREATE FUNCTION journal.settle(p_ids bigint[], p_outcomes text[], p_reasons text[], p_now timestamptz, p_evidence json[])
      RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
          FOR i IN 1 .. pg_catalog.cardinality(p_ids) LOOP
            UPDATE journal.items SET settled_at = p_now, outcome = p_outcomes[i], reason = p_reasons[i], evidence = p_evidence[i]
            WHERE id = p_ids[i] AND settled_at IS NULL;
            IF NOT FOUND THEN
              RAISE EXCEPTION 'the item had been settled' USING ERRCODE = 'WA409';
            END IF;
          END LOOP;
        END
      $$`);
    const settle = 'journal.settle(bigint[], text[], text[], timestamptz, json[])';
    await runner.query(`REVOKE ALL ON FUNCTION ${settle} FROM PUBLIC`);
    await runner.query(`GRANT EXECUTE ON FUNCTION ${settle} TO ${SERVICE_ROLES.join(', ')}`);
    // What a merchant has in a bulk queue.
    await runner.query(
      `CREATE INDEX items_in_bulk ON journal.items (merchant_id, queue, due_at)
       WHERE settled_at IS NULL AND parked_at IS NULL AND queue IN ('products', 'statuses')`,
    );
    await runner.query(`CREATE INDEX threads_by_stream ON conversation.threads (merchant_id, stream)`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
