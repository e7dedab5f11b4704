import type { VendorAnswer } from '../world/vendor-errors.js';
import { newRequestId } from './stripe-ids.js';

/** What Stripe answers when it refuses: https://docs.stripe.com/api/errors */
export interface StripeErrorBody {
  error: {
    type: string;
    code?: string;
    message: string;
    param?: string;
    decline_code?: string;
    doc_url?: string;
  };
}

interface Options {
  status?: number;
  type?: string;
  code?: string;
  param?: string;
  /** Refused before anything ran: such an answer is not kept for the idempotency key. */
  beforeRunning?: boolean;
}

export class StripeError extends Error {
  readonly status: number;
  readonly beforeRunning: boolean;
  readonly body: StripeErrorBody;

  constructor(message: string, options: Options = {}) {
    super(message);
    const { status = 400, type = 'invalid_request_error', code, param, beforeRunning = false } = options;
    this.status = status;
    this.beforeRunning = beforeRunning;
    this.body = {
      error: {
        ...(code && { code, doc_url: `https://docs.stripe.com/error-codes/${code.replaceAll('_', '-')}` }),
        message,
        ...(param && { param }),
        type,
      },
    };
  }
}

export function missing(kind: string, id: string, param = 'id'): StripeError {
  return new StripeError(`No such ${kind}: '${id}'`, { status: 404, code: 'resource_missing', param });
}

export function unrecognized(method: string, path: string): StripeError {
  const message = `Unrecognized request URL (${method}: ${path}). The sandbox does not simulate it.`;
  return new StripeError(message, { status: 404, beforeRunning: true });
}

/** The answer to a request that reached no handler, or broke one. */
export function stripeFailure(method: string, path: string, status: number): VendorAnswer {
  const error = failure(method, path, status);
  return { status: error.status, body: error.body, headers: { 'request-id': newRequestId() } };
}

function failure(method: string, path: string, status: number): StripeError {
  if (status === 404) return unrecognized(method, `/v1${path}`);
  if (status >= 500) return new StripeError('An unknown error occurred', { status, type: 'api_error' });
  if (status === 413) return new StripeError('The request body is too large.', { status });
  return new StripeError(
    'Invalid request (check that your POST content type is application/x-www-form-urlencoded).',
  );
}
