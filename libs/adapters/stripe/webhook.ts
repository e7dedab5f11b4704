import type Stripe from 'stripe';
import type { PaymentEvent } from '#core/checkout';
import { storable } from '#core/messaging';
import type { Notice, WebhookReader } from '#core/tenancy';
import { parseBoundedJson, verifyTimedSignature } from '#platform';
import { isId } from './ids.js';
import { parseStripeEvent } from './transformers.js';

/** A charge with all that hangs on it holds some hundred values; lists within an event have ten entries at most. */
const BODY = { values: 10_000, depth: 32 };

/**
 * Webhooks with a `Stripe-Signature` header. Several secrets may be valid at once (while one is being rolled, or when
 * several endpoints lead here): one must match. A signature more than 300 s away from the platform's clock, either way, is
 * refused. The SDK's own check bounds its age only, takes the last of several `t`, and forgives characters behind a number
 * (docs.stripe.com/webhooks#verify-manually).
 */
export const stripeWebhooks: WebhookReader<PaymentEvent> = {
  header: 'stripe-signature',
  form: /^t=[1-9]\d{0,10},(?:.*,)?v1=[0-9a-f]{64}(?:,|$)/,
  read(rawBody, signature, secrets, now) {
    const verdict = verifyTimedSignature(rawBody, signature, secrets, now, { otherSchemes: true });
    if (verdict !== 'verified') return { outcome: 'unsigned' };
    const event = readEvent(rawBody);
    return event
      ? { outcome: 'read', notices: [noticeOf(event)] }
      : { outcome: 'malformed', reason: 'the body must be a Stripe event (object, id, type)' };
  },
};

/** Undefined when it is none: not JSON of a size that Stripe sends, or of another shape. */
function readEvent(rawBody: Buffer): Stripe.Event | undefined {
  try {
    const event = parseBoundedJson(rawBody, BODY) as Partial<Stripe.Event> | null;
    const isEvent = event?.object === 'event' && isId(event.id) && isId(event.type);
    return isEvent ? (storable(event) as Stripe.Event) : undefined;
  } catch {
    return undefined;
  }
}

function noticeOf(event: Stripe.Event): Notice<PaymentEvent> {
  const said = { id: event.id, name: event.type, occurredAt: createdAt(event) };
  try {
    const payment = parseStripeEvent(event);
    return payment.kind === 'ignored' ? { ...said, ignored: payment.reason } : { ...said, event: payment };
  } catch (error) {
    // Signed, but not in Stripe's shape: sending it again would not help.
    const reason = error instanceof Error ? error.message : String(error);
    return { ...said, ignored: `not readable: ${reason}` };
  }
}

function createdAt(event: Stripe.Event): Date | undefined {
  const at = new Date(event.created * 1_000);
  return at.getTime() > 0 && at.getUTCFullYear() < 2_100 ? at : undefined;
}
