import pg from 'pg';
import { FieldBox, secretBinding, type SealedFields } from '#persistence';
import { openSecretBox, parseKeyRing } from '#platform';
import { createTestDatabase, insertTestMerchant, TEST_MASTER_KEYS, type TestDatabase } from '#testing';

let database: TestDatabase;
let owner: pg.Client;
const box = openSecretBox(parseKeyRing(TEST_MASTER_KEYS));
const fields = new FieldBox(box);

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
});
afterAll(async () => {
  await owner?.end();
  await database?.drop();
});

const TABLE = 'store_connections';

async function storeOf(merchantId: string): Promise<SealedFields & Record<string, unknown>> {
  const { rows } = await owner.query(
    `SELECT id, settings, credentials, base_url AS "baseUrl", api_key AS "apiKey", webhook_secret AS "webhookSecret"
     FROM tenancy.store_connections WHERE merchant_id = $1`,
    [merchantId],
  );
  return rows[0];
}

async function write(id: string, settings: Record<string, string>, credentials: Record<string, string>) {
  const row: Record<string, unknown> = await fields.seal(TABLE, id, { settings, credentials, before: true });
  await owner.query(
    `UPDATE tenancy.store_connections
     SET settings = $2, credentials = $3, base_url = $4, api_key = $5, webhook_secret = $6 WHERE id = $1`,
    [id, row.settings, row.credentials, row.baseUrl, row.apiKey, row.webhookSecret],
  );
}

/** As a process of the release before writes a new key. */
async function writeAsBefore(id: string, apiKey: string, settings = ''): Promise<void> {
  const sealed = await box.seal(apiKey, secretBinding(TABLE, id, 'api_key'));
  await owner.query('BEGIN');
  if (settings) await owner.query(`SELECT set_config('${settings}', 'on', true)`);
  await owner.query(`UPDATE tenancy.store_connections SET api_key = $2 WHERE id = $1`, [id, sealed]);
  await owner.query('COMMIT');
}

describe('what a merchant gave for a vendor', () => {
  it('is read from the columns of before, where there is no document yet', async () => {
    const { merchantId, storeApiKey, storeWebhookSecret } = await insertTestMerchant(database.ownerUrl, {
      storeUrl: 'https://shop.example',
    });
    expect(await fields.open(TABLE, await storeOf(merchantId))).toEqual({
      baseUrl: 'https://shop.example',
      apiKey: storeApiKey,
      webhookSecret: storeWebhookSecret,
    });
  });

  it('is one document, and the columns of before say the same as far as they can', async () => {
    const { merchantId } = await insertTestMerchant(database.ownerUrl);
    const { id } = await storeOf(merchantId);
    const given = { baseUrl: 'https://new.example', channel: 'uae' };
    const secrets = { apiKey: 'key-2', webhookSecret: 'secret-2', second: 'factor' };
    await write(id, given, secrets);
    const row = await storeOf(merchantId);
    expect(await fields.open(TABLE, row)).toEqual({ ...given, ...secrets });
    expect(row.settings).toEqual(given);
    expect(JSON.stringify(row)).not.toMatch(/key-2|secret-2|factor/);
    expect(await fields.open(TABLE, { ...row, settings: {}, credentials: null })).toEqual({
      baseUrl: 'https://new.example',
      apiKey: 'key-2',
      webhookSecret: 'secret-2',
    });
  });

  it('is what a process of the release before wrote last, unless it was sealed under another key only', async () => {
    const { merchantId } = await insertTestMerchant(database.ownerUrl);
    const { id } = await storeOf(merchantId);
    await write(id, { baseUrl: 'https://a.example' }, { apiKey: 'key-2', webhookSecret: 'secret-2' });
    await writeAsBefore(id, 'key-2', 'waco.rotation');
    expect((await storeOf(merchantId)).credentials).not.toBeNull();
    await writeAsBefore(id, 'key-3');
    const row = await storeOf(merchantId);
    expect(row.credentials).toBeNull();
    expect(await fields.open(TABLE, row)).toMatchObject({ apiKey: 'key-3', webhookSecret: 'secret-2' });
    await write(id, { baseUrl: 'https://b.example' }, { apiKey: 'key-4', webhookSecret: 'secret-4' });
    expect(await fields.open(TABLE, await storeOf(merchantId))).toMatchObject({ apiKey: 'key-4' });
  });

  it('is in its document alone, of a vendor that the release before does not know', async () => {
    const { merchantId } = await insertTestMerchant(database.ownerUrl);
    const { id } = await storeOf(merchantId);
    await owner.query(`UPDATE tenancy.store_connections SET kind = 'acme' WHERE id = $1`, [id]);
    const given = { settings: { baseUrl: 'https://a.example' }, credentials: { apiKey: 'a', password: 'p' } };
    const row = await fields.seal(TABLE, id, { ...given, before: false });
    expect(row).toMatchObject({ baseUrl: null, apiKey: null, webhookSecret: null });
    await owner.query(
      `UPDATE tenancy.store_connections SET settings = $2, credentials = $3, api_key = NULL, webhook_secret = NULL
       WHERE id = $1`,
      [id, row.settings, row.credentials],
    );
    // Whatever a process of the release before does to its columns.
    await writeAsBefore(id, 'another');
    expect(await fields.open(TABLE, await storeOf(merchantId))).toMatchObject({ apiKey: 'a', password: 'p' });
  });

  it('shows an address that a process of the release before wrote', async () => {
    const shop = { storeUrl: 'https://before.example' };
    const { merchantId } = await insertTestMerchant(database.ownerUrl, shop);
    expect((await storeOf(merchantId)).settings).toEqual({ baseUrl: 'https://before.example' });
    await owner.query(
      `UPDATE tenancy.store_connections SET base_url = 'https://moved.example' WHERE merchant_id = $1`,
      [merchantId],
    );
    expect((await storeOf(merchantId)).settings).toEqual({ baseUrl: 'https://moved.example' });
  });

  it('opens in its own row only', async () => {
    const [a, b] = [await insertTestMerchant(database.ownerUrl), await insertTestMerchant(database.ownerUrl)];
    const { id } = await storeOf(a.merchantId);
    await write(id, {}, { apiKey: 'key-a', webhookSecret: 'secret-a' });
    const { credentials } = await storeOf(a.merchantId);
    const other = await storeOf(b.merchantId);
    await expect(fields.open(TABLE, { ...other, credentials })).rejects.toThrow();
  });
});
