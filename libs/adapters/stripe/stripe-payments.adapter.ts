import Stripe from 'stripe';
import type {
  HostedPayment,
  HostedPaymentRequest,
  PaymentProviderPort,
  PaymentStatus,
  RefundRequest,
  RefundResult,
} from '#core/checkout';
import { PortError } from '#core/tenancy';
import { toStripeAmount } from './currency.js';
import { toPortError } from './errors.js';
import { sessionParams } from './session-params.js';
import { idOf, MERCHANT_KEY, ORDER_KEY, toPaymentStatus } from './transformers.js';

export interface StripeOptions {
  secretKey: string;
  /** Root of another server that speaks Stripe's API, e.g. `http://localhost:3100`; unset: Stripe itself. */
  baseUrl?: string;
}

/** One merchant's own Stripe account. */
export class StripePayments implements PaymentProviderPort {
  private readonly stripe: Stripe;

  constructor(options: StripeOptions) {
    this.stripe = new Stripe(options.secretKey, {
      ...serverOf(options.baseUrl),
      maxNetworkRetries: 1,
      timeout: 8_000,
      telemetry: false,
    });
  }

  async createHostedPayment(request: HostedPaymentRequest): Promise<HostedPayment> {
    const params = sessionParams(request);
    const { id, url } = await this.write('create session', () =>
      this.stripe.checkout.sessions.create(params, { idempotencyKey: request.idempotencyKey }),
    );
    if (!url) throw new PortError('rejected', 'no_url', `session ${id} has no page`);
    return { sessionId: id, url };
  }

  async fetchStatus(sessionId: string): Promise<PaymentStatus> {
    try {
      return toPaymentStatus(await this.stripe.checkout.sessions.retrieve(sessionId));
    } catch (error) {
      throw toPortError(error, 'read session', false);
    }
  }

  async cancel(sessionId: string): Promise<PaymentStatus> {
    try {
      return toPaymentStatus(await this.stripe.checkout.sessions.expire(sessionId));
    } catch (error) {
      // A session that is not open any more is refused: what it is instead matters.
      const refused = error instanceof Stripe.errors.StripeInvalidRequestError && error.statusCode === 400;
      if (refused) return this.fetchStatus(sessionId);
      throw toPortError(error, 'expire session', true);
    }
  }

  async refund(request: RefundRequest): Promise<RefundResult> {
    const { merchantId, orderRef, amount, idempotencyKey } = request;
    const target = await this.refundTarget(request.paymentId);
    try {
      const refund = await this.write('refund', () =>
        this.stripe.refunds.create(
          {
            ...target,
            ...(amount && { amount: toStripeAmount(amount) }),
            reason: request.duplicate ? 'duplicate' : 'requested_by_customer',
            metadata: { [ORDER_KEY]: orderRef, [MERCHANT_KEY]: merchantId },
          },
          { idempotencyKey },
        ),
      );
      return { outcome: 'refunded', refundId: refund.id };
    } catch (error) {
      if (error instanceof PortError && error.code === 'charge_already_refunded')
        return { outcome: 'already' };
      throw error;
    }
  }

  /** A payment may be known by its session only, when the event named nothing else. */
  private async refundTarget(paymentId: string): Promise<{ payment_intent: string } | { charge: string }> {
    if (paymentId.startsWith('ch_')) return { charge: paymentId };
    if (!paymentId.startsWith('cs_')) return { payment_intent: paymentId };
    const session = await this.stripe.checkout.sessions.retrieve(paymentId).catch((error: unknown) => {
      throw toPortError(error, 'read session', false);
    });
    const intent = idOf(session.payment_intent);
    if (!intent) throw new PortError('rejected', 'nothing_paid', `session ${paymentId} took no money`);
    return { payment_intent: intent };
  }

  private async write<T>(call: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw toPortError(error, call, true);
    }
  }
}

function serverOf(baseUrl: string | undefined): Stripe.StripeConfig {
  if (!baseUrl) return {};
  const { protocol, hostname, port } = new URL(baseUrl);
  const scheme = protocol === 'http:' ? 'http' : 'https';
  return { protocol: scheme, host: hostname, port: port || (scheme === 'http' ? 80 : 443) };
}
