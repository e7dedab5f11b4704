import type Stripe from 'stripe';
import { isId } from './ids.js';
import { parseBoundedJson, verifyTimedSignature } from '#platform';

/** A charge with all that hangs on it holds some hundred values; lists within an event have ten entries at most. */
const BODY = { values: 10_000, depth: 32 };

export type StripeEvent = Stripe.Event;

export type VerifiedWebhook =
  | { outcome: 'verified'; event: StripeEvent }
  | { outcome: 'refused'; reason: 'no_signature' | 'bad_signature' | 'too_old' | 'not_an_event' };

/**
 * Verifies the `Stripe-Signature` header on the raw bytes of a webhook and reads its event. Several secrets may be
 * valid at once (while one is being rolled, or when several endpoints lead here): one must match.
 * `now` is the platform's clock; a signature more than 300 s away from it, either way, is refused. The SDK's own check
 * bounds its age only, takes the last of several `t`, and forgives characters behind a number
 * (docs.stripe.com/webhooks#verify-manually).
 */
export function verifyStripeWebhook(
  rawBody: Buffer,
  header: string | undefined,
  secrets: readonly string[],
  now: Date,
): VerifiedWebhook {
  if (!header) return { outcome: 'refused', reason: 'no_signature' };
  const verdict = verifyTimedSignature(rawBody, header, secrets, now, { otherSchemes: true });
  return verdict === 'verified' ? readEvent(rawBody) : { outcome: 'refused', reason: verdict };
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
