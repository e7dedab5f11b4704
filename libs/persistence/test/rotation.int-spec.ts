import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { jest } from '@jest/globals';
import pg from 'pg';
import { DataSource } from 'typeorm';
import {
  Directory,
  rotateSecrets,
  SEALED_COLUMNS,
  secretBinding,
  TENANCY_ENTITIES,
  Tenants,
} from '#persistence';
import { openKeyRing, openSecretBox, parseKeyRing, seal, unseal } from '#platform';
import { createTestDatabase, type TestDatabase } from '#testing';

jest.setTimeout(240_000);

const MERCHANTS = 2_000;
/** A shop's and a channel's are as the release before keeps them, a payment account's in both ways. */
const SECRETS_EACH = 6;
/** Of a shop's and of a channel's. */
const DOCUMENTS_MADE = 2;
const newKey = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;
const [OLD, NEW, LATER] = [newKey('old'), newKey('new'), newKey('later')];

let database: TestDatabase;
let owner: pg.Client;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  folder = mkdtempSync(join(tmpdir(), 'waco-rotation-'));
  await insertMerchants();
});
afterAll(async () => {
  await owner?.end();
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** Twelve thousand secrets, sealed under the old key. */
async function insertMerchants(): Promise<void> {
  const ring = parseKeyRing(OLD);
  const sealed = (table: string, column: string, prefix: string): string[] =>
    ids.map((id) => seal(`secret ${column} of ${id}`, secretBinding(table, prefix + id, column), ring));
  const ids = Array.from({ length: MERCHANTS }, (_, i) => String(i).padStart(5, '0'));
  await owner.query(
    `INSERT INTO tenancy.merchants (merchant_id, slug, name, country, currency)
     SELECT 'mer_' || id, 'shop-' || id, 'Shop', 'AE', 'AED' FROM unnest($1::text[]) id`,
    [ids],
  );
  await owner.query(
    `INSERT INTO tenancy.channel_accounts
       (id, merchant_id, kind, business_account_id, phone_number_id, display_phone_number, access_token)
     SELECT 'acc_' || id, 'mer_' || id, 'whatsapp', id, id, '+971', token
     FROM unnest($1::text[], $2::text[]) AS t(id, token)`,
    [ids, sealed('channel_accounts', 'access_token', 'acc_')],
  );
  await owner.query(
    `INSERT INTO tenancy.store_connections (id, merchant_id, kind, base_url, region, api_key, webhook_secret)
     SELECT 'sto_' || id, 'mer_' || id, 'rest', 'https://shop.example', 'AE', a, b
     FROM unnest($1::text[], $2::text[], $3::text[]) AS t(id, a, b)`,
    [
      ids,
      sealed('store_connections', 'api_key', 'sto_'),
      sealed('store_connections', 'webhook_secret', 'sto_'),
    ],
  );
  await owner.query(
    `INSERT INTO tenancy.payment_providers (id, merchant_id, kind, account, credentials, secret_key, webhook_secret)
     SELECT 'pay_' || id, 'mer_' || id, 'stripe', 'stripe', c, a, b
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS t(id, c, a, b)`,
    [
      ids,
      ids.map((id) =>
        seal(documentOf(id), secretBinding('payment_providers', `pay_${id}`, 'credentials'), ring),
      ),
      sealed('payment_providers', 'secret_key', 'pay_'),
      sealed('payment_providers', 'webhook_secret', 'pay_'),
    ],
  );
}

/** The credentials of a payment account, a shop, a channel's account. */
function documentOf(id: string, table = 'payment_providers'): string {
  const fields: Record<string, Record<string, string>> = {
    payment_providers: { secretKey: 'secret_key', webhookSecret: 'webhook_secret' },
    store_connections: { apiKey: 'api_key', webhookSecret: 'webhook_secret' },
    channel_accounts: { accessToken: 'access_token' },
  };
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(fields[table]!).map(([field, column]) => [field, `secret ${column} of ${id}`]),
    ),
  );
}

/** Documents that the command makes of what the release before keeps in columns. */
const isMade = ({ table, column }: (typeof SEALED_COLUMNS)[number]): boolean =>
  column === 'credentials' && table !== 'payment_providers';

/** How many secrets stand under which key, over all sealed columns; without the documents that were made. */
async function byKey(): Promise<Record<string, number>> {
  const all = SEALED_COLUMNS.filter((column) => !isMade(column)).map(
    ({ table, column }) => `SELECT ${column} AS sealed FROM tenancy.${table}`,
  );
  const { rows } = await owner.query<{ key: string; count: number }>(
    `SELECT split_part(sealed, '.', 2) AS key, count(*)::int FROM (${all.join(' UNION ALL ')}) s
     WHERE sealed IS NOT NULL GROUP BY 1`,
  );
  return Object.fromEntries(rows.map((row) => [row.key, row.count]));
}

/** The command as a person runs it. `npm test` builds before it runs this. */
function command(keysFile: string): ChildProcess & { said: () => string } {
  const child = fork(join(process.cwd(), 'dist/apps/admin/src/rotate-keys.cli.js'), [], {
    execArgv: [],
    env: { ...process.env, DATABASE_URL: database.url('waco_admin'), WACO_MASTER_KEYS_FILE: keysFile },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let text = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (text += chunk));
  return Object.assign(child, { said: () => text });
}

async function open(role: 'waco_checkout' | 'waco_outbound' | 'waco_admin'): Promise<DataSource> {
  return new DataSource({
    type: 'postgres',
    url: database.url(role),
    entities: TENANCY_ENTITIES,
    poolSize: 8,
  }).initialize();
}

/** As a secret store's agent replaces it: whole or not at all. */
function replaceKeys(file: string, ...keys: string[]): void {
  writeFileSync(`${file}.new`, keys.join('\n'));
  renameSync(`${file}.new`, file);
}

const pick = (): string => String(Math.floor(Math.random() * MERCHANTS)).padStart(5, '0');

it('puts 12,000 secrets under a new key while services read and write them, killed and started again', async () => {
  const file = join(folder, 'keys');
  replaceKeys(file, OLD, NEW);
  const [checkout, outbound, admin] = [
    await open('waco_checkout'),
    await open('waco_outbound'),
    await open('waco_admin'),
  ];
  const keys = openKeyRing({ WACO_MASTER_KEYS_FILE: file });
  const box = openSecretBox(keys);
  const counted = { opened: 0, written: 0 };
  const failures: string[] = [];
  const load = { running: true };
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    while (load.running) await work().catch((error: Error) => failures.push(error.message));
  };
  // A directory remembers for five seconds: each look-up here has a new one.
  const readers = Array.from({ length: 4 }, () =>
    attempt(async () => {
      const id = pick();
      const directory = new Directory(checkout, new Tenants(checkout), box);
      const store = await directory.store(`mer_${id}`);
      const payments = await directory.paymentProvider(`mer_${id}`, 'stripe');
      const account = await new Directory(outbound, new Tenants(outbound), box).channelAccount(
        `mer_${id}`,
        `acc_${id}`,
      );
      const secrets = [
        [store!.fields.apiKey, 'api_key'],
        [store!.fields.webhookSecret, 'webhook_secret'],
        [payments!.fields.secretKey, 'secret_key'],
        [payments!.fields.webhookSecret, 'webhook_secret'],
        [account!.fields.accessToken, 'access_token'],
      ];
      for (const [secret, column] of secrets) {
        if (secret !== `secret ${column} of ${id}`) throw new Error(`${column} of ${id} is another secret`);
        counted.opened++;
      }
    }),
  );
  // An admin that stores connections anew meanwhile, under the key that is current in its eyes.
  const tenants = new Tenants(admin);
  const writer = attempt(async () => {
    const id = pick();
    const sealed = await box.seal(
      `secret api_key of ${id}`,
      secretBinding('store_connections', `sto_${id}`, 'api_key'),
    );
    await tenants.transaction(`mer_${id}`, (tx) =>
      tx.query(`UPDATE tenancy.store_connections SET api_key = $2 WHERE id = $1`, [`sto_${id}`, sealed]),
    );
    counted.written++;
  });

  try {
    expect(await byKey()).toEqual({ old: MERCHANTS * SECRETS_EACH });
    replaceKeys(file, NEW, OLD);
    let kills = 0;
    for (const share of [0.1, 0.3, 0.6]) {
      const run = command(file);
      const exited = once(run, 'exit');
      while (((await byKey()).new ?? 0) < share * MERCHANTS * SECRETS_EACH && run.exitCode === null) {
        await new Promise((resume) => setTimeout(resume, 10));
      }
      run.kill('SIGKILL');
      await exited;
      if (run.signalCode === 'SIGKILL') kills++;
      const now = await byKey();
      expect(now.old! + now.new!).toBe(MERCHANTS * SECRETS_EACH);
    }
    expect(kills).toBe(3);
    const last = command(file);
    const [code] = (await once(last, 'exit')) as [number];
    expect([code, last.said()]).toEqual([0, expect.stringContaining('every secret is under new')]);
  } finally {
    load.running = false;
    await Promise.all([...readers, writer]);
    await Promise.all([checkout, outbound, admin].map((source) => source.destroy()));
  }
  expect(failures).toEqual([]);
  expect(counted.opened).toBeGreaterThan(1_000);
  expect(counted.written).toBeGreaterThan(100);
  expect(await byKey()).toEqual({ new: MERCHANTS * SECRETS_EACH });
});

it('then the old key can go: every secret opens without it, and each row has its document', async () => {
  // As long as the release before writes a row, its columns count.
  const admin = await open('waco_admin');
  const { converted } = await rotateSecrets(admin, openSecretBox(parseKeyRing(NEW)));
  await admin.destroy();
  expect(converted).toBeLessThan(MERCHANTS);
  const ring = parseKeyRing(NEW);
  let opened = 0;
  for (const { table, column, id } of SEALED_COLUMNS) {
    const { rows } = await owner.query<{ id: string; sealed: string }>(
      `SELECT ${id} AS id, ${column} AS sealed FROM tenancy.${table} WHERE ${column} IS NOT NULL`,
    );
    for (const row of rows) {
      const secret = unseal(row.sealed, secretBinding(table, row.id, column), ring);
      const of = row.id.replace(/^\w+_/, '');
      expect(secret).toBe(column === 'credentials' ? documentOf(of, table) : `secret ${column} of ${of}`);
      opened++;
    }
  }
  expect(opened).toBe(MERCHANTS * (SECRETS_EACH + DOCUMENTS_MADE));
});

it('changes nothing when it is run again, and rotates answers that are kept for repeated requests', async () => {
  const admin = await open('waco_admin');
  const box = openSecretBox(parseKeyRing(NEW));
  const contents = async (): Promise<unknown> =>
    (await owner.query(`SELECT id, access_token, xmin::text FROM tenancy.channel_accounts ORDER BY id`)).rows;
  const before = await contents();
  expect(await rotateSecrets(admin, box)).toEqual({
    keyId: 'new',
    converted: 0,
    rotated: 0,
    overtaken: 0,
    unreadable: [],
  });
  expect(await contents()).toEqual(before);

  const binding = secretBinding('idempotency_keys', 'key_1/hash', 'response');
  await owner.query(
    `INSERT INTO tenancy.idempotency_keys (caller, key_hash, request_hash, response, created_at)
     VALUES ('key_1', 'hash', 'request', $1, now()), ('key_1', 'running', 'request', NULL, now())`,
    [seal('{"key":"shown once"}', binding, parseKeyRing(OLD))],
  );
  const both = openSecretBox(parseKeyRing(`${NEW},${OLD}`));
  expect(await rotateSecrets(admin, both)).toMatchObject({ rotated: 1, unreadable: [] });
  const { rows } = await owner.query(`SELECT response FROM tenancy.idempotency_keys WHERE key_hash = 'hash'`);
  expect(unseal(rows[0].response, binding, parseKeyRing(NEW))).toBe('{"key":"shown once"}');
  await admin.destroy();
});

it('names what does not open, leaves it as it is, and goes on with the rest', async () => {
  const admin = await open('waco_admin');
  await owner.query(
    `UPDATE tenancy.channel_accounts SET access_token = b.access_token
     FROM tenancy.channel_accounts b WHERE channel_accounts.id = 'acc_00007' AND b.id = 'acc_00008'`,
  );
  const both = openSecretBox(parseKeyRing(`${LATER},${NEW}`));
  const result = await rotateSecrets(admin, both);
  expect(result).toEqual({
    keyId: 'later',
    converted: 0,
    rotated: MERCHANTS * (SECRETS_EACH + DOCUMENTS_MADE) - 1,
    overtaken: 0,
    unreadable: ['channel_accounts/acc_00007/access_token'],
  });
  expect(await byKey()).toEqual({ later: MERCHANTS * SECRETS_EACH, new: 1 });
  await admin.destroy();
});

it('knows every column that holds sealed values', async () => {
  const { rows: columns } = await owner.query<{ table: string; column: string }>(
    `SELECT table_schema || '.' || table_name AS table, column_name AS column FROM information_schema.columns
     WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND data_type IN ('text', 'json', 'jsonb')`,
  );
  const sealed: string[] = [];
  for (const { table, column } of columns) {
    const { rowCount } = await owner.query(
      `SELECT 1 FROM ${table} WHERE "${column}"::text ~ 'v1\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]{60,}\\.' LIMIT 1`,
    );
    if (rowCount) sealed.push(`${table}.${column}`);
  }
  expect(sealed.length).toBeGreaterThanOrEqual(SECRETS_EACH);
  const known = SEALED_COLUMNS.map((c) => `tenancy.${c.table}.${c.column}`);
  expect(sealed.filter((column) => !known.includes(column))).toEqual([]);
});
