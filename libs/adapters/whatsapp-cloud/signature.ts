import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

const HEADER = /^sha256=([0-9a-f]{64})$/;

/**
 * Verifies `X-Hub-Signature-256` (`sha256=<lowercase hex HMAC-SHA256 of the raw body, keyed with the app secret>`) in
 * constant time. Every secret is tried, so that one can be changed, and so that merchants may bring their own app.
 * A valid signature says "Meta", not which merchant: the app's secret is shared by all of them.
 */
export function verifyMetaSignature(
  rawBody: Buffer,
  header: string | undefined,
  secrets: readonly string[],
): boolean {
  const given = HEADER.exec(header ?? '')?.[1];
  if (!given) return false;
  const digest = Buffer.from(given, 'hex');
  let valid = false;
  for (const secret of secrets) {
    // An empty secret would let anybody sign.
    if (secret === '') continue;
    const expected = createHmac('sha256', secret).update(rawBody).digest();
    valid = timingSafeEqual(expected, digest) || valid;
  }
  return valid;
}

/** The header that Meta would send with `body`. */
export function signMetaWebhook(body: Buffer | string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/**
 * The verification call that Meta makes before it accepts a callback address: returns the challenge that must go
 * back alone, with status 200; undefined when the call is not Meta's (answer 403).
 */
export function answerHandshake(query: unknown, verifyToken: string): string | undefined {
  const q = (query ?? {}) as Record<string, unknown>;
  const token = q['hub.verify_token'];
  const challenge = q['hub.challenge'];
  if (q['hub.mode'] !== 'subscribe' || typeof token !== 'string' || typeof challenge !== 'string')
    return undefined;
  // The documented challenge is a number; nothing that a browser could run is ever sent back.
  if (!/^[\w.-]{1,256}$/.test(challenge) || verifyToken === '') return undefined;
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(token), hash(verifyToken)) ? challenge : undefined;
}
