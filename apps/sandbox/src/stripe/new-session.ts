import { amountText, decimalsOf, smallestCharge } from './currency.js';
import type { Params } from './params.js';
import { StripeError } from './stripe-error.js';
import { newLineItemId, newPriceId, newSessionId, stripeId } from './stripe-ids.js';
import type { LineItemObject, SessionDoc, SessionObject } from './stripe.types.js';

const SHORTEST_S = 30 * 60;
const LONGEST_S = 24 * 3600;
const LARGEST_AMOUNT = 99_999_999;

/** Accepted and shown again, without an effect on the pay page. */
const SHOWN = ['billing_address_collection', 'customer_creation', 'locale', 'submit_type'];

/** Accepted without any effect. */
const IGNORED = [
  'adaptive_pricing',
  'after_expiration',
  'allow_promotion_codes',
  'automatic_tax',
  'branding_settings',
  'consent_collection',
  'custom_text',
  'excluded_payment_method_types',
  'expand',
  'integration_identifier',
  'payment_method_options',
  'phone_number_collection',
  'shipping_address_collection',
  'wallet_options',
];

/**
 * Makes the session that `POST /v1/checkout/sessions` asks for. `now` is unix seconds, `origin` where the pay
 * page lives. @throws StripeError as the real API refuses.
 */
export function newSession(params: Params, account: string, now: number, origin: string): SessionDoc {
  const mode = params.choice('mode', ['payment', 'setup', 'subscription']);
  if (mode !== 'payment') {
    if (mode === undefined) params.required('mode', undefined);
    throw params.invalid('mode', 'The sandbox simulates mode `payment` only');
  }
  const uiMode = params.choice('ui_mode', ['hosted_page', 'hosted', 'embedded_page', 'elements']);
  if (uiMode === 'embedded_page' || uiMode === 'elements') {
    throw params.invalid('ui_mode', 'The sandbox simulates ui_mode `hosted_page` only');
  }
  const successUrl = params.required('success_url', params.url('success_url'));
  const expiresAt = readExpiry(params, now);
  const { lines, pictures, currency } = readLines(params);
  const total = lines.reduce((sum, line) => sum + line.amount_total, 0);
  refuseAmount(total, currency);
  const id = newSessionId();
  const intent = params.nested('payment_intent_data');
  const intentFacts = {
    metadata: intent?.metadata() ?? {},
    description: intent?.text('description', { max: 1000 }) ?? null,
    application_fee_amount: intent?.integer('application_fee_amount') ?? null,
  };
  intent?.ignore('capture_method', 'receipt_email', 'statement_descriptor', 'statement_descriptor_suffix');
  intent?.done();
  const methods = params.texts('payment_method_types');
  const session: SessionObject = {
    ...constantFields(),
    id,
    object: 'checkout.session',
    amount_subtotal: total,
    amount_total: total,
    cancel_url: params.url('cancel_url') ?? null,
    client_reference_id: params.text('client_reference_id', { max: 200 }) ?? null,
    created: now,
    currency,
    customer: params.text('customer') ?? null,
    customer_details: null,
    customer_email: params.text('customer_email', { max: 800 }) ?? null,
    expires_at: expiresAt,
    livemode: false,
    metadata: params.metadata(),
    mode: 'payment',
    payment_intent: null,
    payment_method_types: methods.length > 0 ? methods : ['card'],
    payment_status: 'unpaid',
    status: 'open',
    success_url: successUrl,
    url: `${origin}/pay/${id}`,
  };
  for (const name of SHOWN) if (params.has(name)) session[name] = params.text(name);
  params.ignore(...IGNORED);
  params.done();
  return { account, object: session, lines, intent: intentFacts, pictures };
}

function readExpiry(params: Params, now: number): number {
  const at = params.integer('expires_at') ?? now + LONGEST_S;
  if (at - now < SHORTEST_S) {
    throw params.invalid(
      'expires_at',
      'The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.',
    );
  }
  if (at - now > LONGEST_S) {
    throw params.invalid(
      'expires_at',
      'The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.',
    );
  }
  return at;
}

function readLines(params: Params): {
  lines: LineItemObject[];
  pictures: (string | null)[];
  currency: string;
} {
  const given = params.list('line_items') ?? [];
  if (given.length === 0) params.required('line_items', undefined);
  if (given.length > 100) throw params.invalid('line_items', 'You can pass up to 100 line items');
  const read = given.map(readLine);
  const currency = read[0]!.line.currency;
  const other = read.find(({ line }) => line.currency !== currency);
  const wanted = params.text('currency')?.toLowerCase();
  if (other || (wanted && wanted !== currency)) {
    throw params.invalid(
      'line_items',
      `All line items must have the same currency: ${currency} and ${wanted ?? other!.line.currency} were given`,
    );
  }
  return { lines: read.map((r) => r.line), pictures: read.map((r) => r.picture), currency };
}

function readLine(params: Params): { line: LineItemObject; picture: string | null } {
  const priceId = params.text('price');
  if (priceId) {
    throw new StripeError(`No such price: '${priceId}'`, {
      code: 'resource_missing',
      param: params.nameOf('price'),
    });
  }
  const price = params.required('price_data', params.nested('price_data'));
  const currency = price.requiredText('currency').toLowerCase();
  if (decimalsOf(currency) === undefined) {
    throw price.invalid('currency', `Invalid currency: ${currency}. Stripe does not currently support it`);
  }
  const unitAmount = price.required('unit_amount', price.integer('unit_amount'));
  if (unitAmount < 0 || unitAmount > LARGEST_AMOUNT) {
    throw price.invalid('unit_amount', `Invalid integer: ${unitAmount}; must be from 0 to ${LARGEST_AMOUNT}`);
  }
  const product = price.required('product_data', price.nested('product_data'));
  const name = product.requiredText('name', { max: 1500 });
  const picture = product.texts('images')[0] ?? null;
  product.metadata();
  product.ignore('description', 'tax_code', 'unit_label');
  product.done();
  price.ignore('tax_behavior');
  price.done();
  const quantity = params.required('quantity', params.integer('quantity'));
  if (quantity < 1 || quantity > 999_999) {
    throw params.invalid(
      'quantity',
      'This value must be greater than or equal to 1.',
      'parameter_invalid_integer',
    );
  }
  const metadata = params.metadata();
  params.done();
  const amount = unitAmount * quantity;
  return {
    picture,
    line: {
      id: newLineItemId(),
      object: 'item',
      adjustable_quantity: null,
      amount_discount: 0,
      amount_subtotal: amount,
      amount_tax: 0,
      amount_total: amount,
      currency,
      description: name,
      metadata,
      price: priceObject(currency, unitAmount),
      quantity,
    },
  };
}

function priceObject(currency: string, unitAmount: number): Record<string, unknown> {
  return {
    id: newPriceId(),
    object: 'price',
    active: false,
    billing_scheme: 'per_unit',
    currency,
    livemode: false,
    metadata: {},
    product: stripeId('prod_', 14),
    recurring: null,
    tax_behavior: 'unspecified',
    type: 'one_time',
    unit_amount: unitAmount,
    unit_amount_decimal: String(unitAmount),
  };
}

function refuseAmount(total: number, currency: string): void {
  const smallest = smallestCharge(currency);
  if (total < smallest) {
    throw new StripeError(
      `The Checkout Session's total amount due must add up to at least ${amountText(smallest, currency)}`,
      { code: 'amount_too_small', beforeRunning: true },
    );
  }
  if (total > LARGEST_AMOUNT) {
    throw new StripeError(`The Checkout Session's total amount must be no more than ${LARGEST_AMOUNT}`, {
      code: 'amount_too_large',
      beforeRunning: true,
    });
  }
  // Card networks settle these currencies with two decimals: https://docs.stripe.com/currencies#three-decimal
  if (decimalsOf(currency) === 3 && total % 10 !== 0) {
    throw new StripeError(`Amounts in ${currency.toUpperCase()} must be a multiple of 10 minor units`, {
      code: 'invalid_charge_amount',
      beforeRunning: true,
    });
  }
}

function constantFields(): Record<string, unknown> {
  return {
    adaptive_pricing: { enabled: false },
    after_expiration: null,
    allow_promotion_codes: null,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    currency_conversion: null,
    custom_fields: [],
    custom_text: {
      after_submit: null,
      shipping_address: null,
      submit: null,
      terms_of_service_acceptance: null,
    },
    customer_creation: 'if_required',
    discounts: [],
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    locale: null,
    origin_context: null,
    payment_link: null,
    payment_method_collection: 'if_required',
    payment_method_configuration_details: null,
    payment_method_options: { card: { request_three_d_secure: 'automatic' } },
    permissions: null,
    phone_number_collection: { enabled: false },
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    submit_type: null,
    subscription: null,
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: 'hosted_page',
    wallet_options: null,
  };
}
