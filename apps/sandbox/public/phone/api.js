/** The phone's JSON API. Every call throws an Error whose message can be shown. */

async function call(method, path, body) {
  const isJson = body !== undefined && !(body instanceof FormData);
  const response = await fetch(path, {
    method,
    headers: isJson ? { 'content-type': 'application/json' } : {},
    body: isJson ? JSON.stringify(body) : body,
  });
  const text = await response.text();
  const answer = text ? JSON.parse(text) : undefined;
  if (response.ok) return answer;
  const reason = answer?.detail ?? answer?.message ?? response.statusText;
  throw new Error(Array.isArray(reason) ? reason.join('; ') : reason);
}

const threadPath = (who, where) =>
  `/phone/api/threads/${encodeURIComponent(who)}/${encodeURIComponent(where)}`;

export const api = {
  businesses: () => call('GET', '/phone/api/businesses'),
  customers: () => call('GET', '/phone/api/customers'),
  createCustomer: (body) => call('POST', '/phone/api/customers', body),
  thread: (who, where) => call('GET', threadPath(who, where)),
  send: (who, where, body) => call('POST', `${threadPath(who, where)}/messages`, body),
  mediaRules: () => call('GET', '/phone/api/media'),
  /** `form` has the file and perhaps a caption. */
  sendMedia: (who, where, form) => call('POST', `${threadPath(who, where)}/media`, form),
  read: (who, where) => call('POST', `${threadPath(who, where)}/read`),
  events: (who, where) => new EventSource(`${threadPath(who, where)}/events`),
  clock: () => call('GET', '/control/clock'),
};

const known = new Map();

/** A product as its shop shows it to anyone, or undefined when the shop does not know it (or is not there). */
export function product(shop, sku) {
  const path = `/shops/${encodeURIComponent(shop ?? '')}/public/products/${encodeURIComponent(sku)}`;
  if (!shop) return Promise.resolve(undefined);
  if (!known.has(path))
    known.set(
      path,
      call('GET', path).catch(() => undefined),
    );
  const found = known.get(path);
  // Prices and stock move: what was looked up is only good for a moment.
  setTimeout(() => known.delete(path), 5_000);
  return found;
}

/** Everything on sale; empty when the shop is not there. */
export async function products(shop) {
  if (!shop) return [];
  try {
    return (await call('GET', `/shops/${encodeURIComponent(shop)}/public/products`)).products;
  } catch {
    return [];
  }
}

export function money(price) {
  if (!price) return '';
  const format = new Intl.NumberFormat('en', { style: 'currency', currency: price.currency });
  const digits = format.resolvedOptions().maximumFractionDigits;
  const amount = price.minor / 10 ** digits;
  const whole = Number.isInteger(amount) ? { minimumFractionDigits: 0 } : {};
  return new Intl.NumberFormat('en', {
    style: 'currency',
    currency: price.currency,
    currencyDisplay: 'code',
    ...whole,
  }).format(amount);
}
