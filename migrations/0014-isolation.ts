import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createRole, SERVICE_ROLES } from './support.js';

/** Roles of services own nothing, functions with rights look nothing up in temporary schemas, merges stay findable. */
export class Isolation1700000000014 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await viewsOfNobody(runner);
    await fixSearchPaths(runner);
    // Row-level security comes before any condition that PostgreSQL does not know to be silent, so no index on the
    // array itself can be used. Merged threads are few: one of these finds them.
    await runner.query(
      `CREATE INDEX threads_merged ON conversation.threads (merchant_id) WHERE former_ids <> '{}'`,
    );
    await runner.query(`DROP INDEX conversation.threads_former_ids`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}

/**
 * A view shows rows by its owner's rights. Row-level security holds this owner like everybody, nobody connects as it,
 * and no service can alter what it owns.
 */
async function viewsOfNobody(runner: QueryRunner): Promise<void> {
  await createRole(runner, 'waco_viewer');
  await runner.query(`GRANT waco_viewer TO CURRENT_USER`);
  const views = (await runner.query(
    `SELECT schemaname AS schema, viewname AS name FROM pg_views WHERE viewowner = ANY ($1)`,
    [[...SERVICE_ROLES]],
  )) as { schema: string; name: string }[];
  for (const { schema, name } of views) {
    await runner.query(`GRANT USAGE, CREATE ON SCHEMA ${schema} TO waco_viewer`);
    await runner.query(`ALTER VIEW ${schema}.${name} OWNER TO waco_viewer`);
    await runner.query(`REVOKE CREATE ON SCHEMA ${schema} FROM waco_viewer`);
  }
  await runner.query(`GRANT SELECT ON conversation.threads, outbound.messages TO waco_viewer`);
}

/** Without a mention, the temporary schema of the caller is searched first. */
async function fixSearchPaths(runner: QueryRunner): Promise<void> {
  const functions = (await runner.query(
    `SELECT p.oid::regprocedure::text AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE p.prosecdef AND n.nspname IN ('journal', 'tenancy', 'outbound', 'checkout', 'conversation', 'catalog')`,
  )) as { name: string }[];
  for (const { name } of functions) {
    await runner.query(`ALTER FUNCTION ${name} SET search_path = pg_catalog, pg_temp`);
  }
}
