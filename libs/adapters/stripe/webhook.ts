import Stripe from 'stripe';
import { parseBoundedJson } from '#platform';

/** Stripe's own limit on the age of a signature, in seconds (docs.stripe.com/webhooks#replay-attacks). */
const TOLERANCE_SECONDS = 300;
/** A charge with all that hangs on it holds some hundred values; lists within an event have ten entries at most. */
const BODY = { values: 10_000, depth: 32 };

export type StripeEvent = Stripe.Event;

export type VerifiedWebhook =
  | { outcome: 'verified'; event: StripeEvent }
  | { outcome: 'refused'; reason: 'no_signature' | 'bad_signature' | 'too_old' | 'not_an_event' };

/**
 * Verifies the `Stripe-Signature` header on the raw bytes of a webhook and reads its event. Several secrets may be
 * valid at once (while one is being rolled, or when several endpoints lead here): one must match.
 * `now` is the platform's clock; a signature more than 300 s away from it, either way, is refused.
 */
export function verifyStripeWebhook(
  rawBody: Buffer,
  header: string | undefined,
  secrets: readonly string[],
  now: Date,
): VerifiedWebhook {
  if (!header) return { outcome: 'refused', reason: 'no_signature' };
  let refusal: 'bad_signature' | 'too_old' = 'bad_signature';
  for (const secret of secrets.filter((s) => s.trim() !== '')) {
    try {
      Stripe.webhooks.signature!.verifyHeader(
        rawBody,
        header,
        secret,
        TOLERANCE_SECONDS,
        undefined,
        now.getTime(),
      );
    } catch (error) {
      if (/tolerance/i.test((error as Error).message)) refusal = 'too_old';
      continue; // another secret may match
    }
    if (signedAhead(header, now)) return { outcome: 'refused', reason: 'too_old' };
    return readEvent(rawBody);
  }
  return { outcome: 'refused', reason: refusal };
}

/** The SDK bounds a signature's age only; one from the future is no better. */
function signedAhead(header: string, now: Date): boolean {
  const signedAt = Number(/(?:^|,)t=(\d+)/.exec(header)?.[1]);
  return signedAt - now.getTime() / 1_000 > TOLERANCE_SECONDS;
}

/** Ids have up to 255 characters (docs.stripe.com/upgrades, "backwards-compatible changes"). */
function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 255;
}

function readEvent(rawBody: Buffer): VerifiedWebhook {
  try {
    const event = parseBoundedJson(rawBody, BODY) as Partial<StripeEvent> | null;
    if (event?.object === 'event' && isId(event.id) && isId(event.type)) {
      return { outcome: 'verified', event: event as StripeEvent };
    }
  } catch {
    // signed, but not JSON of a size that Stripe sends: refused below like any other body that is no event
  }
  return { outcome: 'refused', reason: 'not_an_event' };
}
