// A payment page that speaks the payment contract, to start your own from. Plain Node, no packages, nothing on disk.
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { isDeepStrictEqual } from 'node:util';

const { API_KEY = '', WEBHOOK_URL = '', WEBHOOK_SECRET = '' } = process.env;
const { HOST = '127.0.0.1', PORT = '4020', ACCOUNT_NAME = 'Example shop' } = process.env;
/** `live` once real money is taken. The paths under /v1/test/ are gone then. */
const MODE = 'test';
/** Two, with a space between them, while one is being changed. */
const secrets = WEBHOOK_SECRET.split(' ');
if (![API_KEY, ...secrets].every((secret) => /^[\x21-\x7e]{8,2048}$/.test(secret))) {
  throw new Error('API_KEY and WEBHOOK_SECRET must have 8 to 2048 printable characters');
}
/** Where customers reach this server. */
let publicUrl = process.env.PUBLIC_URL;

/** By id. A real service keeps these, the keys and the unsent webhooks in a database, in one transaction. */
const payments = new Map();
/** The same, by what is secret in the address of their page. */
const pages = new Map();
/** By path and idempotency key: the body of the first call, and what it was answered. */
const answered = new Map();

class Problem extends Error {
  constructor(status, code, title, detail) {
    super(title);
    this.body = { type: `urn:waco:payments:${code.replaceAll('_', '-')}`, title, status, code, detail };
  }
}
const invalid = (detail) => new Problem(400, 'invalid_request', 'The request is not valid', detail);
const newId = (prefix) => `${prefix}_${randomBytes(15).toString('base64url')}`;

// ── Payments ──────────────────────────────────────────────────────────────────────────────────────────────────────

function openPayment(body) {
  const { merchantId, orderRef, lines, returnUrl, cancelUrl, expiresAt } = body;
  const amount = toMoney(body.amount, 'amount', 1);
  const [shipping, tax] = [toMoney(body.shipping, 'shipping'), toMoney(body.tax, 'tax')];
  for (const [field, value] of Object.entries({ merchantId, orderRef })) {
    if (!isText(value, 128)) throw invalid(`${field} must be a text of 1 to 128 characters`);
  }
  for (const [field, value] of Object.entries({ returnUrl, cancelUrl })) {
    if (!isText(value, 2_000) || !/^https?:/.test(value) || !URL.canParse(value)) {
      throw invalid(`${field} must be an http(s) address`);
    }
  }
  if (!Array.isArray(lines) || lines.length > 100) throw invalid('lines must be a list of at most 100');
  const prices = lines.map((line, i) => {
    if (!isText(line?.title, 250)) throw invalid(`lines[${i}].title must be a text of 1 to 250 characters`);
    const { quantity } = line;
    if (!Number.isSafeInteger(quantity) || quantity < 1)
      throw invalid(`lines[${i}].quantity must be at least 1`);
    return { ...toMoney(line.unitPrice, `lines[${i}].unitPrice`), quantity };
  });
  const parts = [...prices, { ...shipping, quantity: 1 }, { ...tax, quantity: 1 }];
  if (parts.some((part) => part.currency !== amount.currency))
    throw invalid('all money must be of one currency');
  if (parts.reduce((sum, part) => sum + part.minor * part.quantity, 0) !== amount.minor) {
    throw invalid('amount must be the sum of lines, shipping and tax');
  }
  const ahead = isText(expiresAt, 40) ? Date.parse(expiresAt) - Date.now() : NaN;
  const least = MODE === 'live' ? 5 * 60_000 : 0;
  if (!(ahead > least && ahead <= 86_400_000)) throw invalid('expiresAt must be 5 minutes to 24 hours ahead');

  // The address is the customer's key to the page: not the id, which other people see.
  const token = randomBytes(24).toString('base64url');
  const refunded = { minor: 0, currency: amount.currency };
  const shown = { id: newId('pay'), status: 'open', url: `${publicUrl}/p/${token}`, merchantId, orderRef, amount, refunded, expiresAt }; // prettier-ignore
  const payment = { shown, token, lines, shipping, tax, returnUrl, cancelUrl };
  payments.set(shown.id, payment);
  pages.set(token, payment);
  return shown;
}

/** As it is now: its time may have passed since the last look. */
function current(payment) {
  if (payment.shown.status === 'open' && Date.parse(payment.shown.expiresAt) <= Date.now()) {
    become(payment, 'expired');
  }
  return payment;
}

function find(id) {
  const payment = payments.get(id);
  if (!payment) throw new Problem(404, 'not_found', 'No such payment');
  return current(payment);
}

/** The one place where a payment changes. Where real money is taken, take it before, and only if it is open. */
function become(payment, status, type = status) {
  payment.shown = { ...payment.shown, status };
  send({
    id: newId('evt'),
    type: `payment.${type}`,
    occurredAt: new Date().toISOString(),
    data: payment.shown,
  });
}

function cancel(payment) {
  if (payment.shown.status === 'open') become(payment, 'expired');
  return payment.shown;
}

function refund(payment, body) {
  const { shown } = payment;
  const asked = body.amount === undefined ? undefined : toMoney(body.amount, 'amount', 1);
  if (asked && asked.currency !== shown.amount.currency)
    throw invalid('amount.currency must be the payment’s');
  if (shown.status !== 'paid') throw new Problem(409, 'not_paid', 'Nothing was paid');
  const left = shown.amount.minor - shown.refunded.minor;
  if (left === 0) throw new Problem(409, 'already_refunded', 'All of it has been given back');
  if (asked && asked.minor > left) {
    throw new Problem(409, 'refund_exceeds_payment', 'There is less left than that');
  }
  const amount = asked ?? { minor: left, currency: shown.amount.currency };
  const refunded = { ...shown.refunded, minor: shown.refunded.minor + amount.minor };
  payment.shown = { ...shown, refunded };
  become(payment, 'paid', 'refunded');
  return { id: newId('ref'), status: 'succeeded', paymentId: shown.id, amount };
}

function toMoney(value, field, least = 0) {
  const { minor, currency } = value ?? {};
  if (!Number.isSafeInteger(minor) || minor < least || minor > 1e12) {
    throw invalid(`${field}.minor must be a whole number of at least ${least}`);
  }
  if (!/^[A-Z]{3}$/.test(currency)) throw invalid(`${field}.currency must be an ISO 4217 code`);
  return { minor, currency };
}

function isText(value, longest) {
  return typeof value === 'string' && value !== '' && value.length <= longest;
}

// ── Webhooks ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Sends an event until it is received, for a day. The body stays the same; each try is signed anew. */
function send(event) {
  if (!WEBHOOK_URL) return;
  const body = JSON.stringify(event);
  const attempt = async (tries) => {
    const time = Math.floor(Date.now() / 1_000);
    const signatures = secrets.map((secret) => {
      return `v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`;
    });
    const headers = {
      'content-type': 'application/json',
      'waco-signature': [`t=${time}`, ...signatures].join(','),
    };
    const options = {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
    };
    const received = await fetch(WEBHOOK_URL, options).then(
      (response) => response.ok,
      () => false, // not reached: tried again like any other failure
    );
    // After 1 s, 2 s, 4 s, … an hour at most between two.
    const pauseMs = Math.min(1_000 * 2 ** tries, 3_600_000);
    if (!received && tries < 36) setTimeout(() => void attempt(tries + 1), pauseMs);
  };
  void attempt(0);
}

// ── The API ───────────────────────────────────────────────────────────────────────────────────────────────────────

const ROUTES = [
  ['GET', /^\/v1\/account$/, () => [200, { name: ACCOUNT_NAME, mode: MODE }]],
  ['POST', /^\/v1\/payments$/, (call) => once(call, () => openPayment(call.body))],
  ['GET', /^\/v1\/payments\/([\w.-]+)$/, ({ id }) => [200, find(id).shown]],
  ['POST', /^\/v1\/payments\/([\w.-]+)\/cancel$/, ({ id }) => [200, cancel(find(id))]],
  [
    'POST',
    /^\/v1\/payments\/([\w.-]+)\/refunds$/,
    (call) => once(call, () => refund(find(call.id), call.body)),
  ],
  ...(MODE === 'test'
    ? [
        ['POST', /^\/v1\/test\/payments\/([\w.-]+)\/pay$/, ({ id, body }) => [200, testPay(find(id), body)]],
        [
          'POST',
          /^\/v1\/test\/payments\/([\w.-]+)\/settle$/,
          ({ id, body }) => [200, testSettle(find(id), body)],
        ],
      ]
    : []),
];

/** Does a thing once for each key. Nothing waits between look-up and doing, so that no second call comes between. */
function once({ path, key, body }, doIt) {
  if (!key) throw new Problem(400, 'idempotency_key_required', 'This call needs an Idempotency-Key');
  if (key.length > 255) throw invalid('Idempotency-Key must have at most 255 characters');
  const known = answered.get(`${path} ${key}`);
  if (known && !isDeepStrictEqual(known.body, body)) {
    throw new Problem(422, 'idempotency_key_reused', 'The key was used with another body');
  }
  if (known) return [201, known.answer];
  const answer = doIt();
  answered.set(`${path} ${key}`, { body, answer });
  return [201, answer];
}

function testPay(payment, { outcome }) {
  if (!['paid', 'declined', 'pending'].includes(outcome))
    throw invalid('outcome must be paid, declined or pending');
  if (payment.shown.status !== 'open') throw new Problem(409, 'not_open', 'The payment is not open');
  if (outcome !== 'declined') become(payment, outcome);
  return payment.shown;
}

function testSettle(payment, { outcome }) {
  if (!['paid', 'failed'].includes(outcome)) throw invalid('outcome must be paid or failed');
  if (payment.shown.status !== 'pending') throw new Problem(409, 'not_pending', 'The payment is not pending');
  become(payment, outcome);
  return payment.shown;
}

async function answerApi(request, path) {
  const hash = (text) => createHash('sha256').update(text).digest();
  const given = hash(request.headers.authorization ?? '');
  if (!timingSafeEqual(given, hash(`Bearer ${API_KEY}`))) {
    throw new Problem(401, 'unauthorized', 'The API key is missing or not valid');
  }
  for (const [method, pattern, act] of ROUTES) {
    const match = method === request.method && pattern.exec(path);
    if (!match) continue;
    const body = method === 'POST' ? await readBody(request) : {};
    return act({ id: match[1], path, key: request.headers['idempotency-key'], body });
  }
  throw new Problem(404, 'not_found', 'No such path');
}

async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > 262_144) throw invalid('the body must be smaller');
    chunks.push(chunk);
  }
  if (size === 0) return {};
  let body;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw invalid('the body must be JSON');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw invalid('the body must be an object');
  return body;
}

// ── The page ──────────────────────────────────────────────────────────────────────────────────────────────────────

function answerPage(request, response, path) {
  const [, token, action] = /^\/p\/([\w-]{32})(\/pay)?$/.exec(path) ?? [];
  const payment = pages.get(token);
  if (!payment) return show(response, 404, '<h1>There is no such page</h1>');
  const { status } = current(payment).shown;
  if (request.method === 'POST' && action) {
    // A second click comes here as well: it leads back, and takes nothing.
    if (status === 'open') become(payment, 'paid');
    if (status !== 'expired') return void response.writeHead(303, { location: payment.returnUrl }).end();
  }
  show(response, 200, status === 'open' ? invitation(payment) : farewell(payment));
}

function invitation({ shown, token, lines, shipping, tax, cancelUrl }) {
  const extras = [['Delivery', shipping], ['Tax', tax]].filter(([, money]) => money.minor > 0); // prettier-ignore
  return `<h1>${escaped(ACCOUNT_NAME)}</h1>
    <ul>${lines.map((l) => `<li>${l.quantity} × ${escaped(l.title)}, ${formatted(l.unitPrice)} each</li>`).join('')}
    ${extras.map(([name, money]) => `<li>${name}: ${formatted(money)}</li>`).join('')}</ul>
    <p>Order ${escaped(shown.orderRef)}. This page takes no real money.</p>
    <form method="post" action="/p/${token}/pay"><button>Pay ${formatted(shown.amount)}</button></form>
    <p><a href="${escaped(cancelUrl)}">Turn back</a></p>`;
}

function farewell({ shown, returnUrl }) {
  const words = { paid: 'Paid', pending: 'Your payment is on its way', failed: 'The payment failed', expired: 'This page is over' }; // prettier-ignore
  return `<h1>${words[shown.status]}</h1><p><a href="${escaped(returnUrl)}">Go back</a></p>`;
}

function show(response, status, html) {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
  });
  const style =
    'body{font:18px system-ui;max-width:28em;margin:2em auto;padding:0 1em}button{font:inherit;padding:.6em 2em}';
  response.end(`<!doctype html><html lang="en"><meta charset="utf-8">
    <meta name="viewport" content="width=device-width"><title>Payment</title><style>${style}</style>${html}</html>`);
}

function escaped(text) {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function formatted({ minor, currency }) {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

// ── The server ────────────────────────────────────────────────────────────────────────────────────────────────────

const server = createServer((request, response) => {
  const [path] = request.url.split('?');
  if (!path.startsWith('/v1/')) return answerPage(request, response, path);
  const answer = (status, body, type = 'application/json') =>
    response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
  answerApi(request, path).then(
    ([status, body]) => answer(status, body),
    (error) => {
      const problem =
        error instanceof Problem ? error : new Problem(500, 'server_error', 'Something went wrong');
      if (problem !== error) process.stderr.write(`${error.stack}\n`);
      answer(problem.body.status, problem.body, 'application/problem+json');
    },
  );
});

// Pages end by themselves, also when nobody looks at them.
setInterval(() => payments.forEach(current), 500).unref();
server.listen(Number(PORT), HOST, () => {
  publicUrl ??= `http://${HOST}:${server.address().port}`;
  process.stdout.write(`payment page on ${publicUrl}\n`);
});
