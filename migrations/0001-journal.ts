import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createRole, ownFunction, SERVICE_ROLES } from './support.js';

/** The journal: inbox, outbox and idempotency guard of every service. */
export class Journal1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const role of SERVICE_ROLES) await createRole(runner, role);
    // Sees, across merchants, which streams have work and how old it is: never a payload.
    await createRole(runner, 'waco_dispatcher');

    await runner.query(`CREATE SCHEMA journal`);
    await runner.query(`GRANT USAGE ON SCHEMA journal TO waco_dispatcher, ${SERVICE_ROLES.join(', ')}`);
    await runner.query(`
      CREATE TABLE journal.items (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        merchant_id text,
        service text NOT NULL,
        queue text NOT NULL,
        stream text NOT NULL,
        name text NOT NULL,
        source text NOT NULL,
        external_id text NOT NULL,
        payload json NOT NULL,
        occurred_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        due_at timestamptz NOT NULL,
        expedited boolean NOT NULL DEFAULT false,
        blocking boolean NOT NULL DEFAULT false,
        attempts integer NOT NULL DEFAULT 0,
        redrives integer NOT NULL DEFAULT 0,
        outcome text,
        reason text,
        settled_at timestamptz,
        parked_at timestamptz,
        CONSTRAINT items_once UNIQUE NULLS NOT DISTINCT (merchant_id, source, external_id)
      )`);
    await runner.query(
      `CREATE INDEX items_pending ON journal.items (queue, stream, occurred_at, id)
         WHERE settled_at IS NULL AND parked_at IS NULL`,
    );
    await runner.query(
      `CREATE INDEX items_overdue ON journal.items (service, due_at) WHERE settled_at IS NULL AND parked_at IS NULL`,
    );
    await runner.query(
      `CREATE INDEX items_dead ON journal.items (merchant_id, parked_at)
         WHERE settled_at IS NULL AND parked_at IS NOT NULL`,
    );

    await runner.query(`ALTER TABLE journal.items ENABLE ROW LEVEL SECURITY`);
    await runner.query(`ALTER TABLE journal.items FORCE ROW LEVEL SECURITY`);
    // The gateway writes for many merchants in one insert and reads nothing back.
    await runner.query(`GRANT INSERT ON journal.items TO waco_ingest`);
    await runner.query(`CREATE POLICY gateway ON journal.items FOR INSERT TO waco_ingest WITH CHECK (true)`);
    // A service emits work for any service, for the merchant of its transaction, and sees what is its own to do.
    for (const role of SERVICE_ROLES.filter((r) => r !== 'waco_ingest')) {
      await runner.query(`GRANT SELECT, INSERT, UPDATE ON journal.items TO ${role}`);
      await runner.query(
        `CREATE POLICY emit_${role} ON journal.items FOR INSERT TO ${role}
           WITH CHECK (merchant_id = current_setting('waco.merchant_id', true))`,
      );
      const own = role === 'waco_admin' ? 'true' : `service = '${role.replace('waco_', '')}'`;
      for (const verb of ['SELECT', 'UPDATE']) {
        await runner.query(
          `CREATE POLICY ${verb.toLowerCase()}_${role} ON journal.items FOR ${verb} TO ${role}
             USING (${own} AND merchant_id = current_setting('waco.merchant_id', true))`,
        );
      }
    }

    await runner.query(
      `GRANT SELECT (id, merchant_id, service, queue, stream, due_at, blocking, expedited, occurred_at, settled_at, parked_at)
         ON journal.items TO waco_dispatcher`,
    );
    await runner.query(`CREATE POLICY dispatch ON journal.items FOR SELECT TO waco_dispatcher USING (true)`);
    await runner.query(`
      CREATE FUNCTION journal.overdue_streams(p_now timestamptz, p_before timestamptz, p_limit integer)
      RETURNS TABLE (merchant_id text, queue text, stream text, item_id bigint)
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT i.merchant_id, i.queue, i.stream, min(i.id) FROM (
          SELECT * FROM (SELECT merchant_id, queue, stream, id FROM journal.items
            WHERE settled_at IS NULL AND parked_at IS NULL AND due_at <= p_before
              AND service = replace(session_user, 'waco_', '')
            ORDER BY due_at LIMIT p_limit) due
        ) i GROUP BY 1, 2, 3
      $$`);
    await runner.query(`
      CREATE FUNCTION journal.backlog(p_now timestamptz)
      RETURNS TABLE (queue text, pending bigint, parked bigint, oldest_seconds double precision)
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT i.queue, count(*) FILTER (WHERE i.parked_at IS NULL AND i.due_at <= p_now),
          count(*) FILTER (WHERE i.parked_at IS NOT NULL),
          coalesce(extract(epoch FROM p_now - min(i.due_at) FILTER (WHERE i.parked_at IS NULL AND i.due_at <= p_now)), 0)
        FROM journal.items i
        WHERE i.settled_at IS NULL AND i.service = replace(session_user, 'waco_', '')
        GROUP BY 1
      $$`);
    for (const signature of [
      'journal.overdue_streams(timestamptz, timestamptz, integer)',
      'journal.backlog(timestamptz)',
    ]) {
      await ownFunction(runner, signature, 'journal', 'waco_dispatcher');
      await runner.query(`GRANT EXECUTE ON FUNCTION ${signature} TO ${SERVICE_ROLES.join(', ')}`);
    }
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
