/**
 * How a merchant connects the sandbox's vendors. Each function sets an account up at the vendor, then tells the admin API of it.
 * Each takes what `onboardMerchant` gives: callers of the admin API and of the sandbox, the merchant's path and id, the
 * stack's addresses, the merchant's secrets and its facts.
 */
export const SANDBOX_VENDORS = { channel: connectWhatsApp, payments: connectStripe, shop: openShop };

/** The business account with its number, at Meta. */
export async function openNumber({ sandbox, secrets, of }) {
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
}

/** What every way to WhatsApp asks for. */
export function idsOfNumber(of) {
  return {
    businessAccountId: of.wabaId,
    phoneNumberId: of.phoneNumber.id,
    displayPhoneNumber: of.phoneNumber.displayPhoneNumber,
    catalogId: of.catalogId,
  };
}

async function connectWhatsApp(means) {
  const { admin, sandbox, merchant, secrets, of } = means;
  await openNumber(means);
  // Each answer names the webhook address that is to be entered at the vendor.
  const { webhookUrl } = await admin.put(`${merchant}/channel-accounts/whatsapp`, {
    ...idsOfNumber(of),
    accessToken: secrets.whatsappAccessToken,
  });
  await sandbox.put(`/control/meta/apps/${of.appId}`, {
    appSecret: secrets.whatsappAppSecret,
    callbackUrl: webhookUrl,
    verifyToken: secrets.whatsappVerifyToken,
  });
  await handInTemplates(means);
}

/** One template for each purpose, at whichever channel the merchant has connected. */
export async function handInTemplates({ admin, merchant, templates }) {
  for (const [purpose, { body, parameters }] of Object.entries(templates)) {
    await admin.put(`${merchant}/templates/${purpose}`, {
      name: `waco_${purpose}`,
      language: 'en',
      category: 'utility',
      body,
      parameters,
    });
  }
}

async function connectStripe({ admin, sandbox, merchant, urls, secrets, of }) {
  const { webhookUrl } = await admin.put(`${merchant}/payment-providers/stripe`, {
    secretKey: secrets.stripeSecretKey,
    webhookSecret: secrets.stripeWebhookSecret,
  });
  await sandbox.put(`/control/stripe/accounts/${of.stripeAccount}`, {
    name: of.name,
    secretKey: secrets.stripeSecretKey,
    webhookUrl,
    webhookSecret: secrets.stripeWebhookSecret,
    publicUrl: urls.sandbox,
  });
}

/** The shop opens before it is connected: connecting it starts the first sync. */
async function openShop({ admin, sandbox, merchant, merchantId, urls, secrets, of }) {
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
}
