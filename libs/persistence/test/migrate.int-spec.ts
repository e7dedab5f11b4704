import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { until } from '#testing';
import { migrate, MIGRATIONS, SERVICE_ROLES } from '../../../migrations/index.js';

let server: pg.Client;
let name: string;
let url: string;
let owner: pg.Client;

beforeEach(async () => {
  server = new pg.Client({ connectionString: process.env.WACO_TEST_DATABASE_URL });
  await server.connect();
  name = `migrate_${randomBytes(6).toString('hex')}`;
  await server.query(`CREATE DATABASE ${name}`);
  url = of('');
  owner = new pg.Client({ connectionString: url });
  await owner.connect();
});

afterEach(async () => {
  await owner.end();
  await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await server.end();
});

function of(role: string): string {
  const found = new URL(process.env.WACO_TEST_DATABASE_URL!);
  found.pathname = `/${name}`;
  if (role) [found.username, found.password] = [role, 'test'];
  return found.href;
}

const passwords = Object.fromEntries(SERVICE_ROLES.map((role) => [role, 'test']));
const before = MIGRATIONS.filter((m) => /\d{13}$/.exec(m.name)![0] < '1700000000023');

it('a release that takes rights away from the one before it waits until that one has stopped', async () => {
  // Of the release before, what it was made of; what closes the rights is not there yet.
  await migrate({ url, migrations: before, passwords }).catch(() => undefined);
  const service = new pg.Client({ connectionString: of('waco_ingest') });
  await server.query(`ALTER ROLE waco_ingest LOGIN PASSWORD 'test'`);
  await service.connect();
  await expect(migrate({ url, migrations: MIGRATIONS, passwords })).rejects.toThrow(
    /all services stopped.*waco_ingest are connected/,
  );
  expect((await owner.query(`SELECT to_regclass('journal.locks') AS there`)).rows).toEqual([{ there: null }]);
  await service.end();
  const { ran } = await until('it has left', () =>
    migrate({ url, migrations: MIGRATIONS, passwords }).catch(() => undefined),
  );
  expect(ran.length).toBeGreaterThan(2);
  // From here on, services may be there.
  const next = new pg.Client({ connectionString: of('waco_ingest') });
  await next.connect();
  expect((await migrate({ url, migrations: MIGRATIONS, passwords })).ran).toEqual([]);
  await next.end();
}, 120_000);

it('what a role has done to itself is mended by the next one', async () => {
  await migrate({ url, migrations: MIGRATIONS, passwords });
  const policies = async (): Promise<unknown> =>
    (await owner.query(`SELECT * FROM pg_policies ORDER BY schemaname, tablename, policyname`)).rows;
  const settings = async (): Promise<unknown> =>
    (await owner.query(`SELECT rolname, rolconfig FROM pg_roles WHERE rolname LIKE 'waco%' ORDER BY 1`)).rows;
  const before = [await policies(), await settings()];
  for (const role of SERVICE_ROLES) {
    const service = new pg.Client({ connectionString: of(role) });
    await service.connect();
    await service.query(`ALTER ROLE ${role} IN DATABASE ${name} SET search_path = 'nowhere'`);
    await service.query(`ALTER ROLE ${role} IN DATABASE ${name} SET statement_timeout = 0`);
    await service.query(`ALTER ROLE ${role} SET application_name = 'mine'`);
    await service.query('DROP OWNED BY CURRENT_USER').catch(() => undefined); // some may not, as it is
    await service.end();
  }
  expect(await policies()).not.toEqual(before[0]);
  const { warnings } = await migrate({ url, migrations: MIGRATIONS, passwords });
  expect(warnings.filter((w) => w.includes('is there again')).length).toBeGreaterThan(3);
  expect([await policies(), await settings()]).toEqual(before);
  const own = `SELECT FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = $1)`;
  expect((await owner.query(own, [name])).rows).toEqual([]);
  expect((await migrate({ url, migrations: MIGRATIONS, passwords })).warnings).toEqual([]);
}, 120_000);

class DropsAPolicy1800000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP POLICY own_waco_catalog ON journal.locks');
  }
  async down(): Promise<void> {
    throw new Error('never');
  }
}
class Fails1800000000003 implements MigrationInterface {
  async up(): Promise<void> {
    throw new Error('on purpose');
  }
  async down(): Promise<void> {
    throw new Error('never');
  }
}

it('what a migration has taken away stays away, also when the one after it fails', async () => {
  await migrate({ url, migrations: MIGRATIONS, passwords });
  const isThere = async (): Promise<boolean> =>
    (await owner.query(`SELECT FROM pg_policies WHERE policyname = 'own_waco_catalog'`)).rows.length > 0;
  expect(await isThere()).toBe(true);
  const next = [...MIGRATIONS, DropsAPolicy1800000000002];
  await expect(migrate({ url, migrations: [...next, Fails1800000000003], passwords })).rejects.toThrow(
    'on purpose',
  );
  expect(await isThere()).toBe(false);
  expect((await migrate({ url, migrations: next, passwords })).warnings).toEqual([]);
  expect(await isThere()).toBe(false);
}, 120_000);

class ChangesItems1800000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE journal.items ADD COLUMN changed boolean');
  }
  async down(): Promise<void> {
    throw new Error('never');
  }
}

it('a migration that waits for a table gives way to those who use it, and comes again', async () => {
  await migrate({ url, migrations: MIGRATIONS, passwords });
  const user = new pg.Client({ connectionString: url });
  await user.connect();
  await user.query('BEGIN; SELECT count(*) FROM journal.items');
  let over = false;
  const migrating = migrate({ url, migrations: [...MIGRATIONS, ChangesItems1800000000001], passwords });
  void migrating.finally(() => (over = true));
  let longest = 0;
  for (const end = Date.now() + 7_000; Date.now() < end;) {
    const began = performance.now();
    await owner.query('SELECT count(*) FROM journal.items');
    longest = Math.max(longest, performance.now() - began);
    await new Promise((resume) => setTimeout(resume, 50));
  }
  expect([over, longest > 500]).toEqual([false, true]);
  await user.query('COMMIT');
  expect((await migrating).ran).toEqual([ChangesItems1800000000001.name]);
  await user.end();
}, 120_000);
