import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SERVICE_ROLES } from './support.js';

/**
 * Several items that are applied in one transaction are settled by one call, each by its id: a list of ids in a
 * statement may be looked for in an index that begins with the merchant, all of it. And what is overdue is asked for in
 * other words than what a stream waits for: to a planner that takes the backlog for small, reading the whole index of
 * one is as good as looking into that of the other.
 */
export class JournalPlans1700000000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION journal.settle(p_ids bigint[], p_outcomes text[], p_reasons text[], p_now timestamptz)
      RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
          FOR i IN 1 .. pg_catalog.cardinality(p_ids) LOOP
            UPDATE journal.items SET settled_at = p_now, outcome = p_outcomes[i], reason = p_reasons[i]
            WHERE id = p_ids[i] AND settled_at IS NULL;
            IF NOT FOUND THEN
              RAISE EXCEPTION 'the item had been settled' USING ERRCODE = 'WA409';
            END IF;
          END LOOP;
        END
      $$`);
    const settle = 'journal.settle(bigint[], text[], text[], timestamptz)';
    await runner.query(`REVOKE ALL ON FUNCTION ${settle} FROM PUBLIC`);
    await runner.query(`GRANT EXECUTE ON FUNCTION ${settle} TO ${SERVICE_ROLES.join(', ')}`);

    await runner.query(`DROP INDEX journal.items_overdue`);
    await runner.query(
      `CREATE INDEX items_overdue ON journal.items ((service || ''), due_at)
         WHERE coalesce(settled_at, parked_at) IS NULL`,
    );
    await runner.query(`
      CREATE OR REPLACE FUNCTION journal.overdue_streams(p_now timestamptz, p_before timestamptz, p_limit integer)
      RETURNS TABLE (merchant_id text, queue text, stream text, item_id bigint)
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT due.* FROM (
          SELECT i.merchant_id, i.queue, i.stream, min(i.id) AS item_id FROM journal.items i
          WHERE coalesce(i.settled_at, i.parked_at) IS NULL AND i.due_at <= p_before
            AND i.service || '' = replace(session_user, 'waco_', '')
          GROUP BY 1, 2, 3
          -- What is expedited goes before a head that is not due.
          HAVING bool_or(i.expedited) OR NOT EXISTS (
            SELECT FROM journal.items b
            WHERE b.queue = i.queue AND b.stream = i.stream AND b.merchant_id IS NOT DISTINCT FROM i.merchant_id
              AND b.settled_at IS NULL AND b.parked_at IS NULL AND b.blocking AND b.due_at > p_now
              AND b.occurred_at <= min(i.occurred_at)
          )
        ) due ORDER BY random() LIMIT p_limit
      $$`);
    await runner.query(`
      CREATE OR REPLACE FUNCTION journal.backlog(p_now timestamptz)
      RETURNS TABLE (queue text, pending bigint, parked bigint, oldest_seconds double precision)
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT part.queue, sum(part.pending)::bigint, sum(part.parked)::bigint, max(part.oldest)::float8 FROM (
          SELECT i.queue, count(*) AS pending, 0 AS parked, extract(epoch FROM p_now - min(i.due_at)) AS oldest
          FROM journal.items i
          WHERE coalesce(i.settled_at, i.parked_at) IS NULL AND i.due_at <= p_now
            AND i.service || '' = replace(session_user, 'waco_', '')
          GROUP BY 1
          UNION ALL
          SELECT i.queue, 0, count(*), 0 FROM journal.items i
          WHERE i.settled_at IS NULL AND i.parked_at IS NOT NULL
            AND i.service || '' = replace(session_user, 'waco_', '')
          GROUP BY 1
        ) part GROUP BY 1
      $$`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
