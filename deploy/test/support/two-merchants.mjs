import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Customer, http } from '../../local/customer.mjs';
import { onboardMerchant } from '../../local/demo.mjs';
import { DEMO, TEMPLATES } from '../../local/demo-data.mjs';

const HOODIE = 'HOODIE-BLK';
const digits = (length) => Array.from({ length }, () => randomInt(1, 10)).join('');

/** What a new merchant brings: its word in every field that takes text, and secrets of its own. */
export function newMerchant(secrets, word) {
  const own = {
    ...secrets,
    whatsappAccessToken: `EAAG${randomBytes(24).toString('base64url')}`,
    stripeSecretKey: `sk_test_${randomBytes(24).toString('hex')}`,
    stripeWebhookSecret: `whsec_${randomBytes(24).toString('hex')}`,
    shopApiKey: `shop_${randomBytes(24).toString('base64url')}`,
    shopWebhookSecret: randomBytes(24).toString('base64url'),
  };
  const of = {
    ...DEMO,
    slug: `slug-${word}`,
    name: `Name ${word}`,
    shop: `shop-${word}`,
    wabaId: digits(15),
    catalogId: digits(16),
    phoneNumber: {
      id: digits(15),
      displayPhoneNumber: `+971 50 ${randomInt(100, 999)} ${randomInt(1_000, 9_999)}`,
      verifiedName: `Verified ${word}`,
    },
    stripeAccount: `acct_${word}`,
  };
  return { secrets: own, of };
}

/**
 * A merchant in the sandbox. Both merchants are behind one Meta app, in one country, with products of the same SKUs: what
 * tells them apart is nothing but who they are.
 */
export async function openMerchant({ urls, secrets }, word) {
  const { secrets: own, of } = newMerchant(secrets, word);
  const templates = Object.fromEntries(
    Object.entries(TEMPLATES).map(([purpose, { body, parameters }]) => [
      purpose,
      { body: `${body} Yours, ${word}.`, parameters },
    ]),
  );
  const merchant = await onboardMerchant({ urls, secrets: own, of, templates });
  const sandbox = http(urls.sandbox);
  const office = `/shops/${of.shop}/backoffice`;
  const { products } = await sandbox.get(`${office}/products`);
  for (const { sku, title } of products) {
    await sandbox.patch(`${office}/products/${sku}`, { title: `${title} ${word}`.slice(0, 200) });
  }
  const admin = adminApi(urls.admin, secrets.operatorKey);
  const { body: key } = await admin('POST', `/v1/merchants/${merchant.merchantId}/api-keys`, {
    name: `Key ${word}`,
  });
  return { ...merchant, word, secrets: own, apiKey: key.key, api: adminApi(urls.admin, key.key) };
}

/** The admin API with one key: answers as they come, whatever their status. */
export function adminApi(baseUrl, key) {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        'idempotency-key': randomBytes(8).toString('hex'),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
      redirect: 'manual',
    });
    const text = await response.text();
    let parsed;
    try {
      parsed = JSON.parse(text);
    } catch {
      parsed = undefined; // a page, or nothing
    }
    return { status: response.status, text, body: parsed };
  };
}

/** A purchase from the first word to the parcel, in the merchant's own words and the customer's (`own`). */
export async function purchase(
  { urls },
  { word, phoneNumberId, shop },
  { patienceMs = 60_000, own = word } = {},
) {
  const sandbox = http(urls.sandbox);
  const customer = await Customer.create(sandbox, phoneNumberId, { name: `Customer ${own}`, patienceMs });
  await customer.write('hi');
  await customer.next('a welcome', (m) => m.text.includes(word));
  await customer.write(`black hoodie ${own}`);
  await customer.next('search results');
  await customer.write(`my address is ${own} street, do you have gift wrapping?`);
  await customer.next('an answer');
  const link = await checkOut(customer);
  const opened = await fetch(link.url, { redirect: 'manual' });
  const page = new URL(opened.headers.get('location'));
  await sandbox.post(`${page.pathname}/complete`, { outcome: 'paid' });
  await customer.next('the receipt', (m) => m.text.includes('Paid'));
  const orderRef = /Order (\w+)/.exec(link.text)?.[1];
  const courier = (event, more) =>
    sandbox.post(`/shops/${shop}/backoffice/orders/${orderRef}/courier`, { event, ...more });
  await courier('created');
  await customer.next('the tracking code', (m) => m.text.includes('tracking code'));
  await courier('out_for_delivery');
  await courier('failed', { reason: `nobody at ${own} street` });
  await customer.next('the failed delivery', (m) => m.text.includes('could not'));
  const shown = await (await fetch(link.url, { redirect: 'manual' })).text();
  return { customer, orderRef, link: link.url, shown };
}

/** From a cart to the link, through as many questions as there are: prices and delivery may have moved. */
export async function checkOut(customer) {
  await customer.sendCart([{ sku: HOODIE, quantity: 1, price: { minor: 8_900, currency: 'AED' } }]);
  for (;;) {
    const message = await customer.next(
      'the cart or the link',
      (m) => m.kind === 'cta_url' || m.buttons.some((b) => b.id === 'checkout'),
    );
    if (message.kind === 'cta_url') return message;
    await customer.tap(message, 'checkout');
  }
}

/** Waits until no webhook is under way and no service has due work. */
export async function untilQuiet({ urls }, database) {
  const sandbox = http(urls.sandbox);
  for (let quiet = 0; quiet < 3; await sleep(300)) {
    const { waiting } = await sandbox.get('/control/chaos');
    const { rows } = await database.query(
      `SELECT count(*)::int AS due FROM journal.items
       WHERE settled_at IS NULL AND parked_at IS NULL AND due_at <= now()`,
    );
    quiet = waiting === 0 && rows[0].due === 0 ? quiet + 1 : 0;
  }
}
