import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { migrate, MIGRATIONS, SERVICE_ROLES } from '../../../migrations/index.js';
import { showTable } from '../../../migrations/support.js';
import { createTestDatabase } from '#testing';

const id = randomBytes(4).toString('hex');
const [plain, name] = [`plain_${id}`, `plain_owner_${id}`];
const passwords = Object.fromEntries(SERVICE_ROLES.map((role) => [role, 'test']));
const isBefore = (number: string) => (m: { name: string }) => /\d{13}$/.exec(m.name)![0] < number;

let server: pg.Client;

beforeAll(async () => {
  // All roles are there, and their owner's.
  await (await createTestDatabase()).drop();
  server = new pg.Client({ connectionString: process.env.WACO_TEST_DATABASE_URL });
  await server.connect();
  await server.query(`CREATE ROLE ${plain} LOGIN CREATEROLE PASSWORD 'test'`);
  const { rows } = await server.query<{ role: string }>(
    `SELECT rolname AS role FROM pg_roles WHERE rolname LIKE 'waco\\_%'`,
  );
  for (const { role } of rows) await server.query(`GRANT ${role} TO ${plain} WITH ADMIN OPTION`);
  await server.query(`CREATE DATABASE ${name} OWNER ${plain}`);
});

afterAll(async () => {
  await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await server.query(`DROP OWNED BY ${plain}`);
  await server.query(`DROP ROLE ${plain}`);
  await server.end();
});

function of(role = ''): string {
  const url = new URL(process.env.WACO_TEST_DATABASE_URL!);
  url.pathname = `/${name}`;
  if (role) [url.username, url.password] = [role, 'test'];
  return url.href;
}

it('a migration by an owner who is no superuser reaches the rows of every merchant', async () => {
  const former = MIGRATIONS.filter(isBefore('1700000000032'));
  await migrate({ url: of(plain), migrations: former, passwords });
  const superuser = new pg.Client({ connectionString: of() });
  await superuser.connect();
  try {
    await superuser.query(
      `INSERT INTO tenancy.merchants (merchant_id, slug, name, country, currency) VALUES ('mer_1', 'one', 'One', 'AE', 'AED')`,
    );
    await superuser.query(`
      INSERT INTO tenancy.store_connections
        (id, merchant_id, kind, base_url, region, api_key, webhook_secret, max_age_seconds)
      VALUES ('sto_1', 'mer_1', 'rest', 'https://shop.example', 'AE', 'sealed', 'sealed', 900)`);
    await superuser.query(`
      INSERT INTO tenancy.channel_accounts
        (id, merchant_id, kind, business_account_id, phone_number_id, display_phone_number, access_token)
      VALUES ('acc_1', 'mer_1', 'whatsapp', '102', '106', '+971', 'sealed')`);
    await migrate({ url: of(plain), migrations: MIGRATIONS, passwords });
    const { rows } = await superuser.query(
      `SELECT settings, relforcerowsecurity AS forced FROM tenancy.store_connections, pg_class
       WHERE pg_class.oid = 'tenancy.store_connections'::regclass`,
    );
    expect(rows).toEqual([{ settings: { baseUrl: 'https://shop.example' }, forced: true }]);
    const accounts = await superuser.query(
      `SELECT account_id, sender_id, display_name FROM tenancy.channel_accounts`,
    );
    expect(accounts.rows).toEqual([{ account_id: '102', sender_id: '106', display_name: '+971' }]);
  } finally {
    await superuser.end();
  }
}, 120_000);

class ShowsMore1800000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE outbound.early_statuses ADD COLUMN shown_later text`);
    const columns = ['merchant_id', 'channel_message_id', 'status', 'received_at', 'shown_later'];
    await showTable(runner, 'outbound.early_statuses', columns);
  }
  async down(): Promise<void> {
    throw new Error('never');
  }
}

it('a later migration shows a column more of a table, to those who see its view already', async () => {
  await migrate({ url: of(plain), migrations: [...MIGRATIONS, ShowsMore1800000000001], passwords });
  const admin = new pg.Client({ connectionString: of('waco_admin') });
  await admin.connect();
  try {
    const { fields } = await admin.query(`SELECT * FROM outbound.early_statuses_seen`);
    expect(fields.map((field) => field.name)).toContain('shown_later');
  } finally {
    await admin.end();
  }
}, 120_000);
