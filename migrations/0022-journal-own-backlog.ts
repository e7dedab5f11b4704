import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What is overdue, and how much waits, is looked for among a service's own items only. The name of a role has a
 * collation of its own ("C"), and an index of texts is of no use to a comparison with one of those: each service read
 * the backlog of all, every second. And of what is overdue, each merchant gets its turn: when there is more than is asked
 * for, one with little is not left out for another's backlog.
 */
export class JournalOwnBacklog1700000000022 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE OR REPLACE FUNCTION journal.overdue_streams(p_now timestamptz, p_before timestamptz, p_limit integer)
      RETURNS TABLE (merchant_id text, queue text, stream text, item_id bigint)
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT due.* FROM (
          SELECT i.merchant_id, i.queue, i.stream, min(i.id) AS item_id FROM journal.items i
          WHERE coalesce(i.settled_at, i.parked_at) IS NULL AND i.due_at <= p_before
            AND i.service || '' = replace(session_user, 'waco_', '') COLLATE "default"
          GROUP BY 1, 2, 3
          -- What is expedited goes before a head that is not due.
          HAVING bool_or(i.expedited) OR NOT EXISTS (
            SELECT FROM journal.items b
            WHERE b.queue = i.queue AND b.stream = i.stream AND b.merchant_id IS NOT DISTINCT FROM i.merchant_id
              AND b.settled_at IS NULL AND b.parked_at IS NULL AND b.blocking AND b.due_at > p_now
              AND b.occurred_at <= min(i.occurred_at)
          )
        ) due
        ORDER BY row_number() OVER (PARTITION BY due.merchant_id, due.queue ORDER BY random()) LIMIT p_limit
      $$`);
    await runner.query(`
      CREATE OR REPLACE FUNCTION journal.backlog(p_now timestamptz)
      RETURNS TABLE (queue text, pending bigint, parked bigint, oldest_seconds double precision)
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT part.queue, sum(part.pending)::bigint, sum(part.parked)::bigint, max(part.oldest)::float8 FROM (
          SELECT i.queue, count(*) AS pending, 0 AS parked, extract(epoch FROM p_now - min(i.due_at)) AS oldest
          FROM journal.items i
          WHERE coalesce(i.settled_at, i.parked_at) IS NULL AND i.due_at <= p_now
            AND i.service || '' = replace(session_user, 'waco_', '') COLLATE "default"
          GROUP BY 1
          UNION ALL
          SELECT i.queue, 0, count(*), 0 FROM journal.items i
          WHERE i.settled_at IS NULL AND i.parked_at IS NOT NULL
            AND i.service || '' = replace(session_user, 'waco_', '') COLLATE "default"
          GROUP BY 1
        ) part GROUP BY 1
      $$`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
