import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Names are as Node gives them, in lower case. */
export const DIALOG360_SIGNATURE_HEADER = 'x-360dialog-signature';
/** The custom header that we have 360dialog send. */
export const DIALOG360_SECRET_HEADER = 'x-waco-webhook-secret';

/** The documents show the digest alone; a scheme before it, as Meta has it, does no harm. */
const SIGNATURE = /^(?:sha256=)?([0-9a-f]{64})$/i;

/** What protects the webhooks of one number. Each list holds what is valid now, so that one can be changed. */
export interface Dialog360WebhookSecrets {
  /** The last part of the address. */
  pathTokens: readonly string[];
  /** The values of the custom header. */
  headerSecrets: readonly string[];
  /** The platform's secret, of partners only: when there is one, a webhook must be signed with it as well. */
  platformSecrets?: readonly string[];
}

export interface Dialog360Webhook {
  rawBody: Buffer;
  pathToken: string | undefined;
  headers: Readonly<Record<string, string | undefined>>;
}

/**
 * Whether a webhook is 360dialog's: it came to the address that only 360dialog was told, with the header that only
 * 360dialog was told, and for a partner signed. The first two say nothing of the body, which TLS alone protects.
 */
export function verifyDialog360Webhook(
  { rawBody, pathToken, headers }: Dialog360Webhook,
  { pathTokens, headerSecrets, platformSecrets = [] }: Dialog360WebhookSecrets,
): boolean {
  // All are compared, so that the time tells nothing of which was wrong.
  const address = isOneOf(pathToken, pathTokens);
  const header = isOneOf(headers[DIALOG360_SECRET_HEADER], headerSecrets);
  const signed =
    platformSecrets.length === 0 ||
    verifyDialog360Signature(rawBody, headers[DIALOG360_SIGNATURE_HEADER], platformSecrets);
  return address && header && signed;
}

/**
 * Verifies `x-360dialog-signature` (hex HMAC-SHA256 of the raw body, keyed with the platform's secret) in constant time.
 * Source: docs.360dialog.com/partner/onboarding/webhook-events-and-setup/signature-validation
 */
export function verifyDialog360Signature(
  rawBody: Buffer,
  header: string | undefined,
  secrets: readonly string[],
): boolean {
  const given = SIGNATURE.exec(header ?? '')?.[1];
  if (!given) return false;
  const digest = Buffer.from(given, 'hex');
  let valid = false;
  for (const secret of secrets) {
    // An empty secret would let anybody sign.
    if (secret === '') continue;
    valid = timingSafeEqual(hmac(rawBody, secret), digest) || valid;
  }
  return valid;
}

/** The header that 360dialog would send with `body`. */
export function signDialog360Webhook(body: Buffer | string, secret: string): string {
  return hmac(body, secret).toString('hex');
}

/** Compares hashes: they have one length, whatever was given. */
function isOneOf(given: string | undefined, secrets: readonly string[]): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  const asked = hash(given ?? '');
  let found = false;
  for (const secret of secrets) {
    if (secret === '') continue;
    found = timingSafeEqual(hash(secret), asked) || found;
  }
  return found;
}

function hmac(body: Buffer | string, secret: string): Buffer {
  return createHmac('sha256', secret).update(body).digest();
}
