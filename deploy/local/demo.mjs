import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEMO, TEMPLATES } from './demo-data.mjs';
import { Problem } from './settings.mjs';

const READY_LIMIT_MS = 60_000;

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

  const merchant = await onboardMerchant({ urls, secrets, of: DEMO, templates: TEMPLATES });
  writeFileSync(file, `${JSON.stringify({ version, merchant }, null, 2)}\n`, { mode: 0o600 });
  return merchant;
}

/**
 * Any merchant, in the form of {@link DEMO}, with secrets of its own; those of the Meta app may be shared by many.
 * @throws Problem naming the call that failed.
 */
export async function onboardMerchant({ urls, secrets, of, templates }) {
  const admin = caller(urls.admin, { authorization: `Bearer ${secrets.operatorKey}` });
  const sandbox = caller(urls.sandbox);
  const merchantId = await createMerchant(admin, of);
  const merchant = `/v1/merchants/${merchantId}`;
  await sandbox.put(`/control/meta/wabas/${of.wabaId}`, {
    appId: of.appId,
    portfolioId: of.portfolioId,
    accessToken: secrets.whatsappAccessToken,
    name: of.name,
    phoneNumbers: [of.phoneNumber],
    tier: 'TIER_2K',
    catalogId: of.catalogId,
    shop: of.shop,
  });
  // Each answer names the webhook address that is to be entered at the vendor.
  const whatsapp = await admin.put(`${merchant}/channel-accounts/whatsapp`, {
    businessAccountId: of.wabaId,
    phoneNumberId: of.phoneNumber.id,
    displayPhoneNumber: of.phoneNumber.displayPhoneNumber,
    catalogId: of.catalogId,
    accessToken: secrets.whatsappAccessToken,
  });
  await sandbox.put(`/control/meta/apps/${of.appId}`, {
    appSecret: secrets.whatsappAppSecret,
    callbackUrl: whatsapp.webhookUrl,
    verifyToken: secrets.whatsappVerifyToken,
  });
  for (const [purpose, { body, parameters }] of Object.entries(templates)) {
    await admin.put(`${merchant}/templates/${purpose}`, {
      name: `waco_${purpose}`,
      language: 'en',
      category: 'utility',
      body,
      parameters,
    });
  }
  const stripe = await admin.put(`${merchant}/payment-providers/stripe`, {
    secretKey: secrets.stripeSecretKey,
    webhookSecret: secrets.stripeWebhookSecret,
  });
  await sandbox.put(`/control/stripe/accounts/${of.stripeAccount}`, {
    name: of.name,
    secretKey: secrets.stripeSecretKey,
    webhookUrl: stripe.webhookUrl,
    webhookSecret: secrets.stripeWebhookSecret,
    publicUrl: urls.sandbox,
  });
  // The shop opens before it is connected: connecting it starts the first sync.
  await sandbox.put(`/control/shops/${of.shop}`, {
    name: of.name,
    currency: of.currency,
    apiKey: secrets.shopApiKey,
    webhookUrl: `${urls.gateway}/webhooks/store/${merchantId}`,
    webhookSecret: secrets.shopWebhookSecret,
    seed: 'demo',
    publicUrl: urls.sandbox,
    shipping: of.shipping,
  });
  await admin.put(`${merchant}/store`, {
    baseUrl: `${urls.sandbox}/shops/${of.shop}`,
    region: of.country,
    apiKey: secrets.shopApiKey,
    webhookSecret: secrets.shopWebhookSecret,
  });
  await untilReady(admin, merchant);

  return {
    merchantId,
    name: of.name,
    phoneNumberId: of.phoneNumber.id,
    wabaId: of.wabaId,
    shop: of.shop,
    stripeAccount: of.stripeAccount,
  };
}

async function createMerchant(admin, of) {
  for (let cursor = ''; cursor !== null;) {
    const { items, nextCursor } = await admin.get(`/v1/merchants?limit=200${cursor && `&cursor=${cursor}`}`);
    const known = items.find((merchant) => merchant.slug === of.slug);
    if (known) return known.merchantId;
    cursor = nextCursor;
  }
  const { slug, name, country, currency } = of;
  const body = { slug, name, country, currency, language: 'en' };
  return (await admin.post('/v1/merchants', body, { 'idempotency-key': `onboard-${randomUUID()}` }))
    .merchantId;
}

/** Ready: the vendors answer, templates are approved and the catalog has read the whole shop. */
async function untilReady(admin, merchant) {
  for (const deadline = Date.now() + READY_LIMIT_MS; ; await sleep(300)) {
    const { steps } = await admin.get(`${merchant}/readiness`);
    // Whoever opens the phone sends the first message: a test before that would stand in an empty chat.
    if (steps.every((step) => step.ok || step.step === 'test_message')) return;
    if (Date.now() < deadline) continue;
    const open = steps.filter((step) => !step.ok).map((step) => `${step.step}: ${step.missing}`);
    throw new Problem(`${merchant} does not get ready: ${open.join('; ')}`);
  }
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
