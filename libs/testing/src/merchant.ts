import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { secretBinding } from '#persistence';
import { newId, parseKeyRing, seal, type KeyRing } from '#platform';

/** The master key of tests, as `WACO_MASTER_KEYS` takes it. */
export const TEST_MASTER_KEYS = `test:${createHash('sha256').update('master key of the tests').digest('base64')}`;

export interface TestMerchant {
  merchantId: string;
  channelAccountId: string;
  businessAccountId: string;
  phoneNumberId: string;
  accessToken: string;
  storeApiKey: string;
  storeWebhookSecret: string;
  stripeSecretKey: string;
  stripeWebhookSecret: string;
}

/** Puts a fully connected merchant straight into the database (`ownerUrl`), for tests that are not about onboarding. */
export async function insertTestMerchant(
  ownerUrl: string,
  options: {
    storeUrl?: string;
    currency?: string;
    status?: string;
    keys?: KeyRing;
    maxAgeSeconds?: number;
  } = {},
): Promise<TestMerchant> {
  const keys = options.keys ?? parseKeyRing(TEST_MASTER_KEYS);
  const unique = randomBytes(6).toString('hex');
  const digits = BigInt(`0x${unique}`).toString();
  const merchant: TestMerchant = {
    merchantId: newId('mer'),
    channelAccountId: newId('acc'),
    businessAccountId: `10${digits}`,
    phoneNumberId: `20${digits}`,
    accessToken: `EAA${unique}`,
    storeApiKey: `store_${unique}`,
    storeWebhookSecret: `shopsec_${unique}`,
    stripeSecretKey: `sk_test_${unique}`,
    stripeWebhookSecret: `whsec_${unique}`,
  };
  const sealed = (table: string, id: string, column: string, secret: string): string =>
    seal(secret, secretBinding(table, id, column), keys);
  const storeId = newId('sto');
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query(
      `INSERT INTO tenancy.merchants (merchant_id, slug, name, status, country, currency)
       VALUES ($1, $2, $3, $4, 'AE', $5)`,
      [
        merchant.merchantId,
        `shop-${unique}`,
        `Shop ${unique}`,
        options.status ?? 'active',
        options.currency ?? 'AED',
      ],
    );
    await client.query(
      `INSERT INTO tenancy.channel_accounts
         (id, merchant_id, kind, account_id, sender_id, display_name, catalog_id, access_token)
       VALUES ($1, $2, 'whatsapp', $3, $4, '+971500000000', $5, $6)`,
      [
        merchant.channelAccountId,
        merchant.merchantId,
        merchant.businessAccountId,
        merchant.phoneNumberId,
        `30${digits}`,
        sealed('channel_accounts', merchant.channelAccountId, 'access_token', merchant.accessToken),
      ],
    );
    await client.query(
      `INSERT INTO tenancy.store_connections
         (id, merchant_id, kind, base_url, region, api_key, webhook_secret, max_age_seconds)
       VALUES ($1, $2, 'rest', $3, 'AE', $4, $5, $6)`,
      [
        storeId,
        merchant.merchantId,
        options.storeUrl ?? 'http://127.0.0.1:9/shops/none',
        sealed('store_connections', storeId, 'api_key', merchant.storeApiKey),
        sealed('store_connections', storeId, 'webhook_secret', merchant.storeWebhookSecret),
        options.maxAgeSeconds ?? 900,
      ],
    );
    await insertPaymentAccount(client, merchant.merchantId, 'stripe', merchant, keys);
  } finally {
    await client.end();
  }
  return merchant;
}

/** One account at Stripe, under the merchant's key for it. */
export async function insertPaymentAccount(
  client: pg.Client,
  merchantId: string,
  account: string,
  secrets: Pick<TestMerchant, 'stripeSecretKey' | 'stripeWebhookSecret'>,
  keys: KeyRing = parseKeyRing(TEST_MASTER_KEYS),
): Promise<void> {
  const id = newId('pay');
  const sealed = (column: string, secret: string): string =>
    seal(secret, secretBinding('payment_providers', id, column), keys);
  await client.query(
    `INSERT INTO tenancy.payment_providers (id, merchant_id, kind, account, secret_key, webhook_secret)
     VALUES ($1, $2, 'stripe', $3, $4, $5)`,
    [
      id,
      merchantId,
      account,
      sealed('secret_key', secrets.stripeSecretKey),
      sealed('webhook_secret', secrets.stripeWebhookSecret),
    ],
  );
}
