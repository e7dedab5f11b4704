import { newChargeId, newIntentId, newRefundId, stripeId } from './stripe-ids.js';
import type {
  ChargeObject,
  IntentObject,
  Metadata,
  Method,
  RefundObject,
  SessionDoc,
} from './stripe.types.js';

const DECLINED = {
  code: 'card_declined',
  decline_code: 'generic_decline',
  message: 'Your card was declined.',
  type: 'card_error',
};

/** The payment intent of a session's first attempt. */
export function newIntent(session: SessionDoc, now: number): IntentObject {
  const id = newIntentId();
  return {
    id,
    object: 'payment_intent',
    amount: session.object.amount_total,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: session.intent.application_fee_amount,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${id}_secret_${stripeId('', 25)}`,
    confirmation_method: 'automatic',
    created: now,
    currency: session.object.currency,
    customer: session.object['customer'] ?? null,
    description: session.intent.description,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    metadata: session.intent.metadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_options: { card: { request_three_d_secure: 'automatic' } },
    payment_method_types: session.object.payment_method_types,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  };
}

export interface Attempt {
  status: ChargeObject['status'];
  method: Method;
  now: number;
}

/** A charge of the intent's whole amount, and the intent after it. */
export function charge(
  intent: IntentObject,
  attempt: Attempt,
): { charge: ChargeObject; intent: IntentObject } {
  const made = newCharge(intent, attempt);
  return { charge: made, intent: intentAfter(intent, made) };
}

/** A pending charge that has become good or bad, and the intent after it. */
export function settle(
  intent: IntentObject,
  pending: ChargeObject,
  status: 'succeeded' | 'failed',
): { charge: ChargeObject; intent: IntentObject } {
  const settled = { ...pending, ...outcomeFields(status, pending.amount) };
  return { charge: settled, intent: intentAfter(intent, settled) };
}

function intentAfter(intent: IntentObject, made: ChargeObject): IntentObject {
  const paymentMethod = made['payment_method'];
  if (made.status === 'succeeded') {
    return {
      ...intent,
      amount_received: made.amount,
      last_payment_error: null,
      latest_charge: made.id,
      payment_method: paymentMethod,
      status: 'succeeded',
    };
  }
  if (made.status === 'pending') {
    return { ...intent, latest_charge: made.id, payment_method: paymentMethod, status: 'processing' };
  }
  return {
    ...intent,
    last_payment_error: { ...DECLINED, charge: made.id },
    latest_charge: made.id,
    payment_method: null,
    status: 'requires_payment_method',
  };
}

function newCharge(intent: IntentObject, { status, method, now }: Attempt): ChargeObject {
  return {
    id: newChargeId(),
    object: 'charge',
    amount: intent.amount,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: intent['application_fee_amount'] ?? null,
    balance_transaction: null,
    billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
    calculated_statement_descriptor: 'WACO SANDBOX',
    created: now,
    currency: intent.currency,
    customer: intent['customer'] ?? null,
    description: intent['description'] ?? null,
    disputed: false,
    failure_balance_transaction: null,
    fraud_details: {},
    livemode: false,
    metadata: intent.metadata,
    on_behalf_of: null,
    payment_intent: intent.id,
    payment_method: stripeId('pm_1', 23),
    payment_method_details: {
      type: 'card',
      card: {
        brand: 'visa',
        country: 'AE',
        exp_month: 12,
        exp_year: 2034,
        funding: 'credit',
        last4: status === 'failed' ? '0002' : '4242',
        network: 'visa',
        three_d_secure:
          status === 'failed' ? null : { authenticated: true, result: 'authenticated', version: '2.2.0' },
        wallet: method === 'wallet' ? { type: 'google_pay', google_pay: {} } : null,
      },
    },
    receipt_email: null,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    transfer_data: null,
    transfer_group: null,
    ...outcomeFields(status, intent.amount),
  };
}

type OutcomeFields = Pick<ChargeObject, 'amount_captured' | 'captured' | 'paid' | 'status'> & {
  failure_code: string | null;
  failure_message: string | null;
  outcome: Record<string, unknown>;
};

function outcomeFields(status: ChargeObject['status'], amount: number): OutcomeFields {
  const good = status !== 'failed';
  return {
    amount_captured: good ? amount : 0,
    captured: good,
    failure_code: good ? null : DECLINED.code,
    failure_message: good ? null : DECLINED.message,
    outcome: good
      ? { network_status: 'approved_by_network', reason: null, risk_level: 'normal', type: 'authorized' }
      : {
          network_status: 'declined_by_network',
          reason: DECLINED.decline_code,
          risk_level: 'normal',
          type: 'issuer_declined',
        },
    paid: status === 'succeeded',
    status,
  };
}

/** A refund of `amount`, and the charge after it. */
export function refund(
  from: ChargeObject,
  request: { amount: number; reason: string | null; metadata: Metadata; now: number },
): { refund: RefundObject; charge: ChargeObject } {
  const amountRefunded = from.amount_refunded + request.amount;
  return {
    refund: {
      id: newRefundId(),
      object: 'refund',
      amount: request.amount,
      balance_transaction: null,
      charge: from.id,
      created: request.now,
      currency: from.currency,
      destination_details: { card: { reference_status: 'pending', type: 'refund' }, type: 'card' },
      metadata: request.metadata,
      payment_intent: from.payment_intent,
      reason: request.reason,
      receipt_number: null,
      source_transfer_reversal: null,
      status: 'succeeded',
      transfer_reversal: null,
    },
    charge: { ...from, amount_refunded: amountRefunded, refunded: amountRefunded === from.amount },
  };
}
