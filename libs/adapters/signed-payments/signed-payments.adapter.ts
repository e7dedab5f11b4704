import type {
  HostedPayment,
  HostedPaymentRequest,
  PaymentProviderPort,
  PaymentStatus,
  RefundRequest,
  RefundResult,
} from '#core/checkout';
import { unspelledId } from '#core/messaging';
import { PortError } from '#core/tenancy';
import type { GuardedFetch, UrlPolicy } from '#platform';
import { callRest, FieldError, malformed, type RestAnswer, type RestCall, type RestConnection } from '#rest';
import {
  paymentBody,
  refundBody,
  toAccount,
  toHostedPayment,
  toPaymentStatus,
  toRefundId,
  type SignedPaymentsAccount,
} from './transformers.js';

export interface SignedPaymentsConnection {
  /** Any path it has is kept; a slash at the end does not matter. */
  baseUrl: string;
  apiKey: string;
  /** For one call, body included, in milliseconds. */
  timeoutMs: number;
  /** The address is the merchant's word: the platform's guarded client, outside tests. */
  fetch: GuardedFetch;
}

export interface SignedPaymentsOptions extends SignedPaymentsConnection {
  /** What the address of a page may be. Unset: https, on a public host. */
  urls?: UrlPolicy;
}

/** One merchant's account at any payment service that speaks the payment contract (payment-contract.openapi.yaml). */
export class SignedPayments implements PaymentProviderPort {
  constructor(private readonly options: SignedPaymentsOptions) {}

  async createHostedPayment(request: HostedPaymentRequest): Promise<HostedPayment> {
    const { idempotencyKey } = request;
    const body = paymentBody(request);
    const call: RestCall = { method: 'POST', path: '/v1/payments', body, idempotencyKey, writes: true };
    const { urls = { allowPrivate: false } } = this.options;
    return exchange(this.options, call, [], (a) => toHostedPayment(a.body, request, urls));
  }

  async fetchStatus(sessionId: string): Promise<PaymentStatus> {
    const call: RestCall = { method: 'GET', path: pathOf(sessionId), writes: false };
    return exchange(this.options, call, ['not_found'], (a) => toPaymentStatus(a.body, sessionId));
  }

  async cancel(sessionId: string): Promise<PaymentStatus> {
    const call: RestCall = { method: 'POST', path: `${pathOf(sessionId)}/cancel`, writes: true };
    return exchange(this.options, call, ['not_found'], (a) => toPaymentStatus(a.body, sessionId));
  }

  async refund(request: RefundRequest): Promise<RefundResult> {
    const { paymentId, idempotencyKey } = request;
    const path = `${pathOf(paymentId)}/refunds`;
    const call: RestCall = { method: 'POST', path, body: refundBody(request), idempotencyKey, writes: true };
    return exchange(this.options, call, ['not_found', 'already_refunded'], (a): RefundResult => {
      if (a.code === 'already_refunded') return { outcome: 'already' };
      return { outcome: 'refunded', refundId: toRefundId(a.body, request) };
    });
  }
}

/** Whose account it is, and whether for real money: the cheapest proof that address and key are right. */
export function probeSignedPayments(connection: SignedPaymentsConnection): Promise<SignedPaymentsAccount> {
  const call: RestCall = { method: 'GET', path: '/v1/account', writes: false };
  return exchange(connection, call, [], (a) => toAccount(a.body));
}

/** @param expected codes of refusals that `read` is given, or that say that the payment is not known. */
async function exchange<T>(
  { baseUrl, apiKey, timeoutMs, fetch }: SignedPaymentsConnection,
  call: RestCall,
  expected: readonly string[],
  read: (answer: RestAnswer) => T,
): Promise<T> {
  const connection: RestConnection = {
    baseUrl,
    apiKey,
    timeoutMs,
    fetch,
    userAgent: 'waco-payments-adapter/1',
  };
  const answer = await callRest(connection, call, [...expected, 'request_in_progress']);
  if (answer.code === 'not_found') {
    throw new PortError('rejected', 'not_found', `${call.method} payment: there is none with this id`);
  }
  // An earlier call with the key is not done yet: asked again, it says what came of that one.
  if (answer.code === 'request_in_progress') {
    const kind = call.writes ? 'indeterminate' : 'transient';
    throw new PortError(kind, answer.code, `${call.method} ${call.path}: the same call is in progress`);
  }
  try {
    return read(answer);
  } catch (error) {
    if (error instanceof FieldError) throw malformed(call, error.message, error);
    throw error;
  }
}

function pathOf(paymentId: string): string {
  return `/v1/payments/${encodeURIComponent(unspelledId(paymentId))}`;
}
