import { runMigrations } from 'bullmq';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { createRole, SERVICE_ROLES } from './support.js';

export interface MigrateOptions {
  /** Connection of the database's owner (superuser, or one who may create roles). */
  url: string;
  migrations: (new () => object)[];
  /** Passwords by role; a role that is named may log in. */
  passwords?: Readonly<Record<string, string>>;
  /** Also prepare BullMQ's PostgreSQL backend, in schema `bullmq` of this database. */
  queue?: boolean;
  /** Also make room for the development sandbox: schema `sandbox`, role `waco_sandbox`. */
  sandbox?: boolean;
}

const MIGRATION_LOCK = 7_229_101;

/**
 * Brings a database up to date: roles, schemas, tables, policies. Runs once at a time whoever calls it and may be
 * repeated at will. Returns the names of the migrations it ran.
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const lock = new pg.Client({ connectionString: options.url });
  await lock.connect();
  await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
  const source = await new DataSource({
    type: 'postgres',
    url: options.url,
    migrations: options.migrations as never,
    migrationsTableName: 'waco_migrations',
    migrationsTransactionMode: 'each',
  }).initialize();
  try {
    const ran = await source.runMigrations();
    if (options.queue) await prepareQueueSchema(lock, source);
    if (options.sandbox) await prepareSandbox(source);
    for (const [role, password] of Object.entries(options.passwords ?? {})) {
      await lock.query(
        `ALTER ROLE ${pg.escapeIdentifier(role)} LOGIN PASSWORD ${pg.escapeLiteral(password)}`,
      );
    }
    return ran.map((m) => m.name);
  } finally {
    await source.destroy();
    await lock.end();
  }
}

/**
 * The queue's own role: BullMQ makes a sequence per queue as it goes, which its maker owns. Services switch to this
 * role on their queue connections, and have none of its rights elsewhere.
 */
async function prepareQueueSchema(client: pg.Client, source: DataSource): Promise<void> {
  await runMigrations(client, 'bullmq');
  const runner = source.createQueryRunner();
  await createRole(runner, 'waco_queue');
  await runner.release();
  await client.query(`GRANT waco_queue TO ${SERVICE_ROLES.join(', ')}`);
  await client.query(`GRANT USAGE, CREATE ON SCHEMA bullmq TO waco_queue`);
  await client.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA bullmq TO waco_queue`);
  await client.query(`GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA bullmq TO waco_queue`);
  await client.query(`GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA bullmq TO waco_queue`);
}

async function prepareSandbox(source: DataSource): Promise<void> {
  const runner = source.createQueryRunner();
  await createRole(runner, 'waco_sandbox');
  await runner.query(`CREATE SCHEMA IF NOT EXISTS sandbox`);
  await runner.query(`GRANT USAGE, CREATE ON SCHEMA sandbox TO waco_sandbox`);
  await runner.release();
}
