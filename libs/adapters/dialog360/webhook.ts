import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * The custom header that 360dialog is told to send, in lower case. It says nothing of the body, which TLS alone protects:
 * 360dialog signs for its partners only. Source: docs.360dialog.com/docs/messaging/webhook
 */
export const DIALOG360_SECRET_HEADER = 'x-waco-webhook-secret';

/** Whether a header holds one of the secrets. All hashes are compared, so that the time tells nothing. */
export function isDialog360Secret(given: string, secrets: readonly string[]): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  const asked = hash(given);
  let found = false;
  for (const secret of secrets) {
    // An empty secret would let anybody in.
    if (secret === '') continue;
    found = timingSafeEqual(hash(secret), asked) || found;
  }
  return found;
}
