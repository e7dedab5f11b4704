import Stripe from 'stripe';
import { PortError, type PortErrorKind } from '#core/tenancy';

/** The connection never came about, so the call never reached Stripe. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** `writes`: the call changes something, so a lost answer leaves open whether it happened. */
export function toPortError(error: unknown, call: string, writes: boolean): PortError {
  if (error instanceof PortError) return error;
  if (!(error instanceof Stripe.errors.StripeError)) {
    throw new Error(`${call}: not an answer of Stripe`, { cause: error });
  }
  const { kind, code } = classify(error, writes);
  const retryAfterMs = Number(error.headers?.['retry-after']) * 1_000 || undefined;
  return new PortError(kind, code, `${call}: ${error.message}`, retryAfterMs, { cause: error });
}

function classify(error: Stripe.errors.StripeError, writes: boolean): { kind: PortErrorKind; code: string } {
  const code = error.code ?? error.type;
  const lost: PortErrorKind = writes ? 'indeterminate' : 'transient';
  if (error instanceof Stripe.errors.StripeConnectionError) {
    const cause = (error.detail as { code?: unknown } | undefined)?.code;
    const neverSent = typeof cause === 'string' && NEVER_SENT.has(cause);
    return { kind: neverSent ? 'transient' : lost, code: neverSent ? 'unreachable' : 'no_answer' };
  }
  if (error instanceof Stripe.errors.StripeRateLimitError) return { kind: 'rate-limited', code };
  if (error instanceof Stripe.errors.StripeAuthenticationError) return { kind: 'misconfigured', code };
  if (error instanceof Stripe.errors.StripePermissionError) return { kind: 'misconfigured', code };
  // Another call with the same key is under way: docs.stripe.com/error-low-level#idempotency
  if (error.statusCode === 409) return { kind: 'transient', code };
  // Kept under the idempotency key and replayed with it: docs.stripe.com/api/idempotent_requests
  if (error.statusCode === undefined || error.statusCode >= 500) return { kind: lost, code: 'server_error' };
  return { kind: 'rejected', code };
}
