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
