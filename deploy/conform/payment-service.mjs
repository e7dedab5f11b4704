import { randomUUID } from 'node:crypto';

const TIMEOUT_MS = 15_000;
const RUN = randomUUID().slice(0, 8);
let count = 0;

export const MERCHANT = `mer_conform${RUN}`;
export const PRICE = 8_900;
export const aed = (minor) => ({ minor, currency: 'AED' });

/** A rule does not hold; the message says what was found instead. */
export class Broken extends Error {}

/** A rule could not be looked at, because something that it builds on does not work. */
export class Unknown extends Error {}

export function check(holds, found) {
  if (!holds) throw new Broken(found);
}

export function newKey() {
  count += 1;
  return `conform_${RUN}_${count}`;
}

/** A request for a page, for an order of its own unless `change` names one. */
export function paymentRequest(change = {}) {
  count += 1;
  return {
    merchantId: MERCHANT,
    orderRef: `C${RUN.toUpperCase()}${count}`,
    amount: aed(PRICE + 2_000),
    lines: [{ title: 'Black Hoodie', quantity: 1, unitPrice: aed(PRICE) }],
    shipping: aed(2_000),
    tax: aed(0),
    returnUrl: 'https://waco.example/c/token/return',
    cancelUrl: 'https://waco.example/c/token/back',
    expiresAt: new Date(Date.now() + 31 * 60_000).toISOString(),
    ...change,
  };
}

/** A payment service, called as Waco calls it. */
export class PaymentService {
  constructor(baseUrl, apiKey) {
    this.baseUrl = baseUrl.replace(/\/+$/, '');
    this.apiKey = apiKey;
  }

  /** @throws Broken when there is no answer, or none that is an object of JSON. */
  async call(method, path, { body, key, apiKey = this.apiKey } = {}) {
    const name = `${method} ${path}`;
    const answer = await fetch(this.baseUrl + path, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        accept: 'application/json',
        ...(apiKey && { authorization: `Bearer ${apiKey}` }),
        ...(key && { 'idempotency-key': key }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    }).catch((error) => {
      throw new Broken(`${name} has no answer: ${error.cause?.message ?? error.message}`);
    });
    const text = await answer.text();
    const type = (answer.headers.get('content-type') ?? '').split(';')[0];
    const parsed = objectIn(text);
    if (!parsed) throw new Broken(`${name} is answered ${answer.status} with what is no object of JSON`);
    return { name, status: answer.status, type, body: parsed };
  }

  create(body, key = newKey()) {
    return this.call('POST', '/v1/payments', { body, key });
  }

  read(id) {
    return this.call('GET', `/v1/payments/${id}`);
  }

  cancel(id) {
    return this.call('POST', `/v1/payments/${id}/cancel`);
  }

  refund({ id, orderRef }, amount, key = newKey()) {
    const body = { merchantId: MERCHANT, orderRef, ...(amount && { amount }), reason: 'requested' };
    return this.call('POST', `/v1/payments/${id}/refunds`, { body, key });
  }

  /** What a customer does, through the test paths. */
  act(id, verb, outcome) {
    return this.call('POST', `/v1/test/payments/${id}/${verb}`, { body: { outcome } });
  }

  /** A payment that is open, or has been led to where it should be. @throws Unknown when that does not work. */
  async given(...acts) {
    const answer = await this.create(paymentRequest()).catch(toUnknown);
    if (![200, 201].includes(answer.status)) throw new Unknown(`no page opens: ${said(answer)}`);
    for (const [verb, outcome] of acts) {
      const done = await this.act(answer.body.id, verb, outcome).catch(toUnknown);
      if (done.status !== 200) throw new Unknown(`the test path does not do it: ${said(done)}`);
    }
    return answer.body;
  }
}

function objectIn(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined; // no JSON: said of the call
  }
}

function toUnknown(error) {
  throw error instanceof Broken ? new Unknown(error.message) : error;
}

export function said({ name, status, body }) {
  return `${name} is answered ${status}${body?.code ? ` ${body.code}` : ''}`;
}

export function checkStatus(answer, ...statuses) {
  check(statuses.includes(answer.status), `${said(answer)}, not ${statuses.join(' or ')}`);
  return answer.body;
}

/** A problem document with this status and code. */
export function checkRefused(answer, status, code) {
  check(answer.status === status && answer.body?.code === code, `${said(answer)}, not ${status} ${code}`);
  check(
    answer.type === 'application/problem+json',
    `${answer.name} refuses as ${answer.type}, not application/problem+json`,
  );
  const { type, title } = answer.body;
  check(typeof type === 'string' && typeof title === 'string', `${said(answer)} without type and title`);
  check(answer.body.status === status, `${said(answer)} with status ${answer.body.status} in its body`);
}

export function same(a, b) {
  return a?.minor === b?.minor && a?.currency === b?.currency;
}
