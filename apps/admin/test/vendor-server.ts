import { createServer, type Server } from 'node:http';
import type { AdminUnderTest } from './support.js';

export const SECRETS = {
  accessToken: 'EAAG-access-token-9f31',
  apiKey: 'shop-api-key-9f32',
  shopSecret: 'shop-webhook-secret-9f33',
  stripeKey: 'sk_test_secret9f34',
  stripeSecret: 'whsec_secret9f35',
};

/** Each number of the tests has a business account of its own: one belongs to one merchant. */
export const businessAccountOf = (phoneNumberId: string): string => `7${phoneNumberId}`;

/** Answers as Meta, Stripe and a shop do for the few calls that onboarding makes, and checks the keys. */
export function vendorServer(): Promise<{
  server: Server;
  url: string;
  templates: Map<string, object>;
  calls: string[];
  /** Business accounts to which no app is subscribed before somebody asks for it. */
  unsubscribed: Set<string>;
  /** At Stripe; undefined: the key may not read them. */
  setEndpoints(given: object[] | undefined): void;
}> {
  const templates = new Map<string, object>();
  const templatesBy360 = new Map<string, object>();
  const calls: string[] = [];
  const unsubscribed = new Set<string>();
  let endpoints: object[] | undefined;
  /** Numbers of the one business account that there is. */
  const numbers = new Set<string>();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const path = request.url!.split('?')[0]!;
      calls.push(`${request.method} ${path}`);
      const answer = (status: number, json: object): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
      };
      const bearer = request.headers.authorization;
      const refused = {
        error: { code: 190, message: `Malformed access token ${bearer}`, type: 'OAuthException' },
      };
      if (path.startsWith('/graph/') && bearer !== `Bearer ${SECRETS.accessToken}`)
        return answer(401, refused);
      if (path === '/v1/configs/templates' && request.method === 'GET') {
        const known = [...templatesBy360.values()];
        return answer(200, { waba_templates: known, count: known.length, total: known.length });
      }
      if (path === '/v1/configs/templates') {
        const { name, language } = JSON.parse(body) as Record<string, string>;
        templatesBy360.set(`${name}/${language}`, { name, language, status: 'approved' });
        return answer(201, { name, language, status: 'submitted' });
      }
      if (path.endsWith('/message_templates') && request.method === 'GET') {
        return answer(200, { data: [...templates.values()], paging: {} });
      }
      if (path.endsWith('/message_templates')) {
        const { name, language, category } = JSON.parse(body) as Record<string, string>;
        templates.set(`${name}/${language}`, { id: '1', name, language, category, status: 'APPROVED' });
        return answer(200, { id: '1', status: 'APPROVED', category });
      }
      if (path.endsWith('/phone_numbers')) {
        const its = [...numbers]
          .filter((id) => path.includes(`/${businessAccountOf(id)}/`))
          .map((id) => ({ id }));
        return answer(200, { data: its });
      }
      if (path.endsWith('/subscribed_apps')) {
        const account = path.split('/').at(-2)!;
        if (request.method === 'POST') unsubscribed.delete(account);
        const app = { whatsapp_business_api_data: { id: 'app-of-the-token' } };
        return answer(200, { success: true, data: unsubscribed.has(account) ? [] : [app] });
      }
      if (path.endsWith('/app')) return answer(200, { id: 'app-of-the-token' });
      if (path === '/v1/webhook_endpoints') {
        return endpoints === undefined ? answer(403, {}) : answer(200, { object: 'list', data: endpoints });
      }
      numbers.add(path.split('/').at(-1)!);
      if (path.startsWith('/graph/'))
        return answer(200, { display_phone_number: '+971', verified_name: 'x' });
      if (path === '/v1/account') return answer(bearer === `Bearer ${SECRETS.stripeKey}` ? 200 : 401, {});
      if (path === '/shop/v1/products' && bearer === `Bearer ${SECRETS.apiKey}`) {
        return answer(200, { products: [PRODUCT], nextCursor: null });
      }
      return answer(401, { code: 'unauthorized', title: 'no' });
    });
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      resolve({
        server,
        url: `http://127.0.0.1:${port}`,
        templates,
        calls,
        unsubscribed,
        setEndpoints: (given) => (endpoints = given),
      });
    }),
  );
}

const PRODUCT = {
  sku: 'HOODIE-BLK',
  title: 'Black Hoodie',
  description: '',
  category: { id: 'hoodies', title: 'Hoodies' },
  imageUrl: 'https://shop.example.com/h.jpg',
  price: { minor: 8900, currency: 'AED' },
  available: 14,
  regions: null,
  sequence: 1,
  updatedAt: '2026-11-21T08:00:00.000Z',
  deleted: false,
};

/** Connects number, Stripe account and shop of a merchant, with keys that the vendors take. */
export async function connect(
  admin: AdminUnderTest,
  vendorUrl: string,
  merchantId: string,
  phoneNumberId: string,
) {
  const put = (path: string, body: object) =>
    admin.call('PUT', `/v1/merchants/${merchantId}/${path}`, { body });
  const whatsApp = await put('channel-accounts/whatsapp', {
    businessAccountId: businessAccountOf(phoneNumberId),
    phoneNumberId,
    displayPhoneNumber: '+971 50 555 0100',
    catalogId: '4567890123456789',
    accessToken: SECRETS.accessToken,
  });
  const stripe = await put('payment-providers/stripe', {
    secretKey: SECRETS.stripeKey,
    webhookSecret: SECRETS.stripeSecret,
  });
  const store = await put('store', {
    baseUrl: `${vendorUrl}/shop/`,
    region: 'AE',
    apiKey: SECRETS.apiKey,
    webhookSecret: SECRETS.shopSecret,
  });
  return { whatsApp, stripe, store };
}
