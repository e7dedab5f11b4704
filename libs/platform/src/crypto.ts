import { createHmac, timingSafeEqual } from 'node:crypto';

/** Compares two strings in constant time; different lengths are simply unequal. */
export function safeEqual(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Lowercase hex HMAC-SHA256. */
export function hmacSha256(secret: string, data: Buffer | string): string {
  return createHmac('sha256', secret).update(data).digest('hex');
}

/**
 * Whether a text is the one base64url spelling of its bytes. Decoders forgive padding, foreign characters and unused
 * bits of the last character, so that many texts stand for the same bytes.
 */
export function isBase64url(text: string): boolean {
  return Buffer.from(text, 'base64url').toString('base64url') === text;
}
