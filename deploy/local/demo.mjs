import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEMO, TEMPLATES } from './demo-data.mjs';
import { SANDBOX_VENDORS } from './sandbox-vendors.mjs';
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
 * `vendors` says how its channel, its payments and its shop are connected, the sandbox's unless told otherwise.
 * @throws Problem naming the call that failed.
 */
export async function onboardMerchant({ urls, secrets, of, templates, vendors = {} }) {
  const { channel, payments, shop } = { ...SANDBOX_VENDORS, ...vendors };
  const admin = caller(urls.admin, { authorization: `Bearer ${secrets.operatorKey}` });
  const sandbox = caller(urls.sandbox);
  const merchantId = await createMerchant(admin, of);
  const merchant = `/v1/merchants/${merchantId}`;
  const means = { admin, sandbox, merchant, merchantId, urls, secrets, of, templates };
  await channel(means);
  await payments(means);
  await shop(means);
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
    post: (path, body, headers) => call('POST', path, body, headers),
    put: (path, body) => call('PUT', path, body),
    exists: (path) =>
      call('GET', path).then(
        () => true,
        () => false,
      ),
  };
}
