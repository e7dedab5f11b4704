import {
  assertSchemaCompatibility,
  LATEST_SCHEMA_VERSION,
  runMigrations,
  SchemaMigrationRequiredError,
} from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { recordPolicies, restorePolicies } from './policies.js';
import { QUEUE_ROLE, SCHEMAS, secure } from './secure.js';
import { createRole } from './support.js';

export interface MigrateOptions {
  /** Connection of the database's owner (superuser, or one who may create roles). */
  url: string;
  migrations: (new () => object)[];
  /** Passwords by role; a role that is named may log in. */
  passwords?: Readonly<Record<string, string>>;
  /** Also prepare BullMQ's PostgreSQL backend, in schema `bullmq` of this database, for these of its queues. */
  queues?: readonly string[];
  /** Also make room for the development sandbox: schema `sandbox`, role `waco_sandbox`. */
  sandbox?: boolean;
}

/**
 * Who waits to change a table holds up all who come after to use it. So a migration waits for a moment only, gives way, and
 * comes again.
 */
const LOCK_TIMEOUT = '2s';
const TRIES = 20;
const PAUSE_MS = 1_000;

export interface Migrated {
  /** Names of the migrations that were run. */
  ran: string[];
  /** What this server does not allow its owner to close, and what was found damaged and mended, in words. */
  warnings: string[];
}

/**
 * Brings a database up to date: roles, schemas, tables, policies, rights. Runs once at a time whoever calls it and may
 * be repeated at will.
 * @throws Error when a table is in use all the time for a minute, or a migration fails: that one is rolled back.
 */
export async function migrate(options: MigrateOptions): Promise<Migrated> {
  const turn = await takeTurn(options.url);
  const owner = new pg.Client({ connectionString: options.url, options: `-c lock_timeout=${LOCK_TIMEOUT}` });
  const source = new DataSource({
    type: 'postgres',
    url: options.url,
    migrations: options.migrations as never,
    migrationsTableName: 'waco_migrations',
    migrationsTransactionMode: 'each',
    extra: { options: `-c lock_timeout=${LOCK_TIMEOUT}` },
  });
  try {
    await owner.connect();
    await source.initialize();
    const ran: string[] = [];
    const restored = await patiently(() => restorePolicies(owner));
    await patiently(async () => ran.push(...(await source.runMigrations()).map((m) => m.name)));
    await prepareRoles(source, options);
    if (options.queues) await prepareQueue(owner);
    const warnings = await patiently(() => secure(owner, { queues: options.queues }));
    await patiently(() => recordPolicies(owner, Object.keys(SCHEMAS)));
    for (const [role, password] of Object.entries(options.passwords ?? {})) {
      await owner.query(
        `ALTER ROLE ${pg.escapeIdentifier(role)} LOGIN PASSWORD ${pg.escapeLiteral(password)}`,
      );
    }
    warnings.push(
      ...restored.map((policy) => `${policy} was missing, and is there again: a role has given it up`),
    );
    return { ran, warnings };
  } finally {
    if (source.isInitialized) await source.destroy();
    await owner.end();
    await turn.end();
  }
}

/** Again as long as it is a table in use that it waits for. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let left = TRIES; ; left--) {
    try {
      return await work();
    } catch (error) {
      const { code } =
        (error as { driverError?: { code?: string } }).driverError ?? (error as { code?: string });
      if (code !== LOCK_NOT_AVAILABLE || left === 1) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

const LOCK_NOT_AVAILABLE = '55P03';

/** Holds a table that nobody but the owner can lock, until the connection ends. */
async function takeTurn(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const create = 'CREATE TABLE IF NOT EXISTS public.waco_migration_turn ()';
  // Of two that create it at once, one is told that it is there.
  await client.query(create).catch(() => client.query(create));
  await client.query('BEGIN');
  await client.query('LOCK TABLE public.waco_migration_turn IN ACCESS EXCLUSIVE MODE');
  return client;
}

/** Only when there is something to do: BullMQ's migrator wants a table for itself that services read. */
async function prepareQueue(owner: pg.Client): Promise<void> {
  const version = await assertSchemaCompatibility(owner, 'bullmq').catch((error: unknown) => {
    if (error instanceof SchemaMigrationRequiredError) return 0;
    throw error;
  });
  if (version < LATEST_SCHEMA_VERSION) await runMigrations(owner, 'bullmq');
}

async function prepareRoles(source: DataSource, { sandbox }: MigrateOptions): Promise<void> {
  const runner = source.createQueryRunner();
  await createRole(runner, QUEUE_ROLE);
  if (sandbox) {
    await createRole(runner, 'waco_sandbox');
    await runner.query(`CREATE SCHEMA IF NOT EXISTS sandbox`);
    await runner.query(`GRANT USAGE, CREATE ON SCHEMA sandbox TO waco_sandbox`);
  }
  await runner.release();
}
