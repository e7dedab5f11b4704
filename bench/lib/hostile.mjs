// A process of its own: a merchant that does its worst to a platform that it shares with others. It is told what to do
// from now on by messages, `{ shop, apiPerSecond, webhooksPerSecond }`, and answers each with what came of it so far.
import { createHmac, randomBytes } from 'node:crypto';
import { Agent, createServer, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const PAGE = 200;
/** Customers of its own who write in one webhook. */
const MESSAGES = 10;
const AT_ONCE = 64;
const SLOW_MS = 3_000;

/** How the shop answers, by name. */
const SHOPS = {
  /** As a shop should. */
  good: (_request, response) => response.end('{"products":[],"nextCursor":null}'),
  slow: async (_request, response) => {
    await sleep(SLOW_MS);
    response.end('{"products":[],"nextCursor":null}');
  },
  /** Never the last page; an answer that never ends. */
  endless: async ({ url }, response) => {
    if (url.includes('/products')) return response.end(page(`p${pages++}`, 20));
    response.write('{');
    for (; !response.destroyed; await sleep(100)) response.write(' ');
  },
  huge: ({ url }, response) =>
    response.end(url.includes('/products') ? page(`h${pages++}`, 19_000) : `{"a":"${'x'.repeat(16 << 20)}"}`),
  erroring: ({ url }, response) => {
    const kind = pages++ % 4;
    if (kind === 0) return response.socket.destroy();
    if (kind === 1) return response.writeHead(500).end('<html>');
    if (kind === 2) return response.end('{"products":[{"sku":1}],"nextCursor":null');
    response.end(url.includes('/products') ? '{"products":[],"nextCursor":"again"}' : '[]');
  },
};
let pages = 0;

function page(cursor, descriptionLength) {
  const description = 'long and longer '.repeat(descriptionLength / 16);
  const products = Array.from({ length: PAGE }, (_, i) => ({
    ...{ sku: `${cursor}-${i}`, title: `Thing ${cursor} ${i}`, description },
    ...{ category: { id: 'c', title: 'C' }, imageUrl: null, price: { minor: 100, currency: 'AED' } },
    ...{ available: 5, regions: null, sequence: pages, updatedAt: new Date().toISOString(), deleted: false },
  }));
  return JSON.stringify({ products, nextCursor: cursor });
}

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
const counts = {};
let doing = { shop: 'good', apiPerSecond: 0, webhooksPerSecond: 0 };
let under = 0;

process.once('message', (setting) => void start(setting));
process.once('disconnect', () => process.exit());

async function start(setting) {
  const server = createServer((incoming, response) => {
    incoming.resume();
    response.setHeader('content-type', 'application/json');
    void SHOPS[doing.shop](incoming, response);
  });
  await new Promise((done) => server.listen(setting.shopPort, '127.0.0.1', done));
  process.on('message', (next) => {
    process.send({ counts: { ...counts } });
    for (const name of Object.keys(counts)) delete counts[name];
    doing = next;
  });
  process.send('ready');
  void at(
    () => doing.apiPerSecond,
    () => callApi(setting),
  );
  void at(
    () => doing.webhooksPerSecond,
    () => postWebhook(setting),
  );
}

/** So often a second, without waiting for answers; what would be more than so many at once is left out. */
async function at(rate, act) {
  for (let due = performance.now(); ;) {
    const perSecond = rate();
    due = Math.max(due + 1_000 / (perSecond || 10), performance.now() - 1_000);
    await sleep(Math.max(0, due - performance.now()));
    if (perSecond === 0) continue;
    if (under >= AT_ONCE) count('not sent');
    else void act();
  }
}

let calls = 0;
function callApi({ adminUrl, merchantId, keys, store }) {
  const of = `/v1/merchants/${merchantId}`;
  const turns = [
    ['GET', `${of}/messages?limit=200`],
    ['GET', `${of}/threads?limit=200&q=4`],
    ['PUT', `${of}/store`, store],
    ['GET', `${of}/webhooks?limit=200`],
    ['POST', `${of}/replay`, { from: new Date(Date.now() - 86_400_000).toISOString(), dryRun: true }],
    ['POST', `${of}/store/test`, {}],
    ['GET', `${of}/readiness`],
  ];
  const [method, path, body] = turns[calls % turns.length];
  return send('api', new URL(path, adminUrl), {
    ...{ method, body: body && JSON.stringify(body) },
    headers: {
      authorization: `Bearer ${keys[calls++ % keys.length]}`,
      'idempotency-key': randomBytes(16).toString('hex'),
      ...(body && { 'content-type': 'application/json' }),
    },
  });
}

/** Messages of customers of its own: they ask for a price, so that the shop is asked. */
function postWebhook({ webhookUrl, appSecret, merchant, sku }) {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const messages = Array.from({ length: MESSAGES }, () => {
    const from = `97158${String(Math.floor(Math.random() * 1e7)).padStart(7, '0')}`;
    const id = `wamid.${randomBytes(16).toString('base64url')}`;
    const order = {
      catalog_id: '1',
      product_items: [{ product_retailer_id: sku, quantity: 1, item_price: 1, currency: 'AED' }],
    };
    return { from, id, timestamp, type: 'order', order };
  });
  const value = {
    messaging_product: 'whatsapp',
    metadata: {
      display_phone_number: merchant.displayPhoneNumber,
      phone_number_id: merchant.phoneNumberId,
    },
    contacts: messages.map(({ from }) => ({ wa_id: from, profile: { name: 'Crowd' } })),
    messages,
  };
  const entry = [{ id: merchant.wabaId, changes: [{ field: 'messages', value }] }];
  const body = JSON.stringify({ object: 'whatsapp_business_account', entry });
  const signature = `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}`;
  return send('webhook', new URL(webhookUrl), {
    ...{ method: 'POST', body },
    headers: { 'content-type': 'application/json', 'x-hub-signature-256': signature },
  });
}

function send(kind, url, { method, headers, body }) {
  under += 1;
  return new Promise((done) => {
    const over = (status) => {
      if (!open) return;
      open = false;
      under -= 1;
      count(`${kind} ${status}`);
      done();
    };
    let open = true;
    const call = request(url, { method, headers, agent, timeout: 20_000 }, (answer) => {
      answer.resume();
      answer.on('end', () => over(answer.statusCode));
      answer.on('error', () => over(0));
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => over(0));
    call.end(body);
  });
}

function count(what) {
  counts[what] = (counts[what] ?? 0) + 1; // `what`: the kind of request, and the status
}
