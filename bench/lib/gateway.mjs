import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { freePort } from './servers.mjs';

export const APP_SECRET = randomBytes(16).toString('hex');

/**
 * The gateway as it is deployed: its own process, its own database role, a merchant with one WhatsApp account, Redis as
 * its queue. `account` names the merchant's ids as webhooks carry them.
 */
export async function startGateway(servers, { database, nodeFlags = [], env = {} }) {
  const { insertTestMerchant, TEST_MASTER_KEYS } = await import('../../dist/libs/testing/src/index.js');
  const merchant = await insertTestMerchant(database.url());
  const port = await freePort();
  const process = await servers.start('ingest-gateway', 'dist/apps/ingest-gateway/main.js', {
    port,
    nodeFlags,
    env: {
      NODE_ENV: 'production',
      LOG_LEVEL: 'warn',
      PORT: String(port),
      DATABASE_URL: database.url('waco_ingest'),
      QUEUE_URL: servers.redis.url,
      WACO_MASTER_KEYS: TEST_MASTER_KEYS,
      WHATSAPP_VERIFY_TOKEN: randomBytes(16).toString('hex'),
      WHATSAPP_APP_SECRETS: APP_SECRET,
      ...env,
    },
  });
  const { businessAccountId, phoneNumberId } = merchant;
  return { process, port, merchant, account: { businessAccountId, phoneNumberId } };
}

export async function connect(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}
