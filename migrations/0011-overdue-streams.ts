import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Finds overdue streams fairly. Each counts once however many items it has, one that stands still (its head is
 * deferred and not due) does not count, and when there are more than asked for, any may be among them: neither a
 * crowded stream nor a crowd of streams that cannot go on hides the others.
 */
export class OverdueStreams1700000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION journal.overdue_streams(p_now timestamptz, p_before timestamptz, p_limit integer)
      RETURNS TABLE (merchant_id text, queue text, stream text, item_id bigint)
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT due.* FROM (
          SELECT i.merchant_id, i.queue, i.stream, min(i.id) AS item_id FROM journal.items i
          WHERE i.settled_at IS NULL AND i.parked_at IS NULL AND i.due_at <= p_before
            AND i.service = replace(session_user, 'waco_', '')
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
    // Every part of the count has an index: settled rows are most of the journal.
    await runner.query(`
      CREATE OR REPLACE FUNCTION journal.backlog(p_now timestamptz)
      RETURNS TABLE (queue text, pending bigint, parked bigint, oldest_seconds double precision)
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT part.queue, sum(part.pending)::bigint, sum(part.parked)::bigint, max(part.oldest)::float8 FROM (
          SELECT i.queue, count(*) AS pending, 0 AS parked, extract(epoch FROM p_now - min(i.due_at)) AS oldest
          FROM journal.items i
          WHERE i.settled_at IS NULL AND i.parked_at IS NULL AND i.due_at <= p_now
            AND i.service = replace(session_user, 'waco_', '')
          GROUP BY 1
          UNION ALL
          SELECT i.queue, 0, count(*), 0 FROM journal.items i
          WHERE i.settled_at IS NULL AND i.parked_at IS NOT NULL
            AND i.service = replace(session_user, 'waco_', '')
          GROUP BY 1
        ) part GROUP BY 1
      $$`);
    await runner.query(
      `CREATE INDEX items_blocking ON journal.items (queue, stream, due_at)
         WHERE settled_at IS NULL AND parked_at IS NULL AND blocking`,
    );
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
