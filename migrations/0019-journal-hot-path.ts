import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SERVICE_ROLES } from './support.js';

/**
 * The journal's hot statements: one that settles an item for the second time fails by itself, without a trip to ask;
 * and looking for a stream's items can use no index but its own. Row-level security adds `service = …` to every
 * statement, so an index that begins with the service looks as good to a planner as one that begins with the stream,
 * and reads the whole backlog of the service.
 */
export class JournalHotPath1700000000019 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION journal.settled_once(p_settled bigint) RETURNS void
      LANGUAGE plpgsql SET search_path = pg_catalog AS $$
        BEGIN
          IF p_settled <> 1 THEN
            RAISE EXCEPTION 'the item had been settled' USING ERRCODE = 'WA409';
          END IF;
        END
      $$`);
    await runner.query(`REVOKE ALL ON FUNCTION journal.settled_once(bigint) FROM PUBLIC`);
    await runner.query(
      `GRANT EXECUTE ON FUNCTION journal.settled_once(bigint) TO ${SERVICE_ROLES.join(', ')}`,
    );
    await runner.query(`DROP INDEX journal.items_overdue`);
    await runner.query(
      `CREATE INDEX items_overdue ON journal.items ((service || ''), due_at)
         WHERE settled_at IS NULL AND parked_at IS NULL`,
    );
    await runner.query(`
      CREATE OR REPLACE FUNCTION journal.overdue_streams(p_now timestamptz, p_before timestamptz, p_limit integer)
      RETURNS TABLE (merchant_id text, queue text, stream text, item_id bigint)
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT due.* FROM (
          SELECT i.merchant_id, i.queue, i.stream, min(i.id) AS item_id FROM journal.items i
          WHERE i.settled_at IS NULL AND i.parked_at IS NULL AND i.due_at <= p_before
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
          WHERE i.settled_at IS NULL AND i.parked_at IS NULL AND i.due_at <= p_now
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
