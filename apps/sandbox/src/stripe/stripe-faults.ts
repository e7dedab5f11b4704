import { Injectable } from '@nestjs/common';
import { StripeError } from './stripe-error.js';

/** What goes wrong with one of the next API calls. */
export type StripeFault = (
  | { kind: 'error'; status: number; code?: string }
  /** The call is carried out, and the connection is cut instead of an answer. */
  | { kind: 'reset-after-apply' }
  /** The call is carried out, and its answer comes this much later. */
  | { kind: 'delay'; ms: number }
) & {
  /** Only a call whose path starts with this takes the fault: `/v1/refunds`. */
  path?: string;
};

/** Faults that a test has ordered, taken in order; gone with the process. */
@Injectable()
export class StripeFaults {
  next: StripeFault[] = [];

  take(path: string): StripeFault | undefined {
    const at = this.next.findIndex((fault) => fault.path === undefined || path.startsWith(fault.path));
    return at < 0 ? undefined : this.next.splice(at, 1)[0];
  }
}

/**
 * The refusal of an ordered error. A 500 counts as "the call ran and failed", which the real API keeps for the
 * idempotency key; anything else as refused in front of it: https://docs.stripe.com/api/idempotent_requests
 */
export function orderedError(status: number, code: string | undefined): StripeError {
  const type = status >= 500 ? 'api_error' : status === 402 ? 'card_error' : 'invalid_request_error';
  return new StripeError('The sandbox was told to fail this request', {
    status,
    type,
    code: code ?? (status === 429 ? 'rate_limit' : undefined),
    beforeRunning: status !== 500,
  });
}
