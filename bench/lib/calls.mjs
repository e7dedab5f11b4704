import { createHmac, randomUUID } from 'node:crypto';

/** Calls of the admin API with one key: `(method, path, body) => { status, body }`; a text is sent as it is. */
export function callAdmin(baseUrl, key) {
  return (method, path, body) =>
    answerOf(`${baseUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        'idempotency-key': randomUUID(),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: typeof body === 'object' ? JSON.stringify(body) : body,
    });
}

/** `{ status, body }`; status 0 when there was no answer. */
export async function answerOf(url, options) {
  try {
    const response = await fetch(url, {
      ...options,
      redirect: 'manual',
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    return { status: response.status, body: valueOf(text) ?? {} };
  } catch {
    return { status: 0, body: {} };
  }
}

/** Undefined when it is no JSON. */
export function valueOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const hmac = (secret, body) => createHmac('sha256', secret).update(body).digest('hex');

/** The header with which shops and Stripe sign. */
export function dated(secret, body) {
  const t = Math.floor(Date.now() / 1_000);
  const v1 = createHmac('sha256', secret).update(`${t}.`).update(body).digest('hex');
  return `t=${t},v1=${v1}`;
}
