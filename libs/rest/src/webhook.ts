import { type JsonBounds, JsonOutOfBounds, parseBoundedJson, verifyTimedSignature } from '#platform';
import { FieldError } from './fields.js';

export type WebhookVerdict =
  { outcome: 'verified' } | { outcome: 'refused'; reason: 'no_signature' | 'bad_signature' | 'too_old' };

/**
 * Checks a `Waco-Signature` header (`t=<unix seconds>,v1=<hex>`, several `v1` while a secret is being changed)
 * against the raw bytes. `too_old` also means: signed more than 300 seconds ahead of `now`; it is only said of a
 * signature that is right.
 */
export function verifyWebhook(
  rawBody: Buffer,
  header: string | undefined,
  secrets: readonly string[],
  now: Date,
): WebhookVerdict {
  if (!header) return { outcome: 'refused', reason: 'no_signature' };
  const verdict = verifyTimedSignature(rawBody, header, secrets, now);
  return verdict === 'verified' ? { outcome: verdict } : { outcome: 'refused', reason: verdict };
}

/** What `read` makes of a body, else which rule the body breaks, without a value of it. It never throws. */
export function readBody<T>(
  rawBody: Buffer,
  bounds: JsonBounds,
  read: (body: unknown) => T,
): { outcome: 'read'; value: T } | { outcome: 'malformed'; reason: string } {
  let body: unknown;
  try {
    body = parseBoundedJson(rawBody, bounds);
  } catch (error) {
    const reason = error instanceof JsonOutOfBounds ? error.message : 'body must be JSON';
    return { outcome: 'malformed', reason };
  }
  try {
    return { outcome: 'read', value: read(body) };
  } catch (error) {
    if (error instanceof FieldError) return { outcome: 'malformed', reason: error.message };
    throw error;
  }
}
