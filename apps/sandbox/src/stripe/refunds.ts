import { Injectable } from '@nestjs/common';
import { amountText } from './currency.js';
import type { Params } from './params.js';
import { refund } from './payment-objects.js';
import { StripeBooks, type Cause } from './stripe-books.js';
import { StripeError } from './stripe-error.js';
import type { ChargeObject, RefundObject } from './stripe.types.js';

const REASONS = ['duplicate', 'fraudulent', 'requested_by_customer'] as const;

/** Gives money back, never more than was taken. */
@Injectable()
export class Refunds {
  constructor(private readonly books: StripeBooks) {}

  create(account: string, params: Params, cause: Cause): RefundObject {
    const from = this.chargeOf(account, params);
    const amount = params.integer('amount');
    const reason = params.choice('reason', REASONS) ?? null;
    const metadata = params.metadata();
    params.ignore('expand', 'refund_application_fee', 'reverse_transfer');
    params.done();
    const left = from.amount - from.amount_refunded;
    if (left === 0) {
      throw new StripeError(`Charge ${from.id} has already been refunded.`, {
        code: 'charge_already_refunded',
      });
    }
    const wanted = amount ?? left;
    if (wanted < 1) throw params.invalid('amount', 'Invalid positive integer', 'parameter_invalid_integer');
    if (wanted > left) {
      throw new StripeError(
        `Refund amount (${amountText(wanted, from.currency)}) is greater than unrefunded amount on charge ` +
          `(${amountText(left, from.currency)})`,
        { param: 'amount' },
      );
    }
    const made = refund(from, { amount: wanted, reason, metadata, now: this.books.now() });
    this.books.refunds.put(made.refund.id, { account, object: made.refund });
    this.books.charges.put(made.charge.id, { account, object: made.charge });
    this.books.emit(account, 'refund.created', made.refund, cause);
    this.books.emit(account, 'charge.refunded', made.charge, cause);
    return made.refund;
  }

  private chargeOf(account: string, params: Params): ChargeObject {
    const chargeId = params.text('charge');
    const intentId = params.text('payment_intent');
    if (chargeId && intentId) {
      throw new StripeError('You may only specify one of these parameters: charge, payment_intent.', {
        beforeRunning: true,
      });
    }
    if (chargeId)
      return goodCharge(this.books.owned(this.books.charges, 'charge', account, chargeId, 'charge').object);
    if (!intentId) {
      throw new StripeError(
        'One of the following params should be provided for this request: payment_intent or charge.',
        {
          beforeRunning: true,
        },
      );
    }
    const intent = this.books.owned(
      this.books.intents,
      'payment_intent',
      account,
      intentId,
      'payment_intent',
    ).object;
    const latest = intent.latest_charge ? this.books.charges.get(intent.latest_charge)?.object : undefined;
    if (intent.status !== 'succeeded' || !latest) {
      throw new StripeError(`This PaymentIntent (${intentId}) does not have a successful charge to refund.`);
    }
    return latest;
  }
}

function goodCharge(charge: ChargeObject): ChargeObject {
  if (charge.status === 'succeeded') return charge;
  throw new StripeError(`Charge ${charge.id} has not succeeded and cannot be refunded.`);
}
