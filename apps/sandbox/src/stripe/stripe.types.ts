/** API objects of the simulator: the fields that integrations read, under Stripe's own names. */

export type Metadata = Record<string, string>;

export interface SessionObject {
  id: string;
  object: 'checkout.session';
  amount_subtotal: number;
  amount_total: number;
  cancel_url: string | null;
  client_reference_id: string | null;
  created: number;
  currency: string;
  customer_details: CustomerDetails | null;
  customer_email: string | null;
  expires_at: number;
  livemode: boolean;
  metadata: Metadata;
  mode: 'payment';
  payment_intent: string | null;
  payment_method_types: string[];
  payment_status: 'paid' | 'unpaid' | 'no_payment_required';
  status: 'open' | 'complete' | 'expired';
  success_url: string;
  url: string | null;
  [other: string]: unknown;
}

export interface CustomerDetails {
  address: { country: string } | null;
  email: string | null;
  name: string | null;
  phone: string | null;
  tax_exempt: 'none';
  tax_ids: [];
}

export interface LineItemObject {
  id: string;
  object: 'item';
  amount_discount: number;
  amount_subtotal: number;
  amount_tax: number;
  amount_total: number;
  currency: string;
  description: string;
  price: Record<string, unknown>;
  quantity: number;
  [other: string]: unknown;
}

export interface IntentObject {
  id: string;
  object: 'payment_intent';
  amount: number;
  amount_received: number;
  created: number;
  currency: string;
  last_payment_error: Record<string, unknown> | null;
  latest_charge: string | null;
  metadata: Metadata;
  status: 'requires_payment_method' | 'processing' | 'succeeded' | 'canceled';
  [other: string]: unknown;
}

export interface ChargeObject {
  id: string;
  object: 'charge';
  amount: number;
  amount_captured: number;
  amount_refunded: number;
  captured: boolean;
  created: number;
  currency: string;
  metadata: Metadata;
  paid: boolean;
  payment_intent: string;
  refunded: boolean;
  status: 'succeeded' | 'pending' | 'failed';
  [other: string]: unknown;
}

export interface RefundObject {
  id: string;
  object: 'refund';
  amount: number;
  charge: string;
  created: number;
  currency: string;
  metadata: Metadata;
  payment_intent: string;
  reason: string | null;
  status: 'succeeded';
  [other: string]: unknown;
}

export interface EventObject {
  id: string;
  object: 'event';
  api_version: string;
  created: number;
  data: { object: Record<string, unknown> };
  livemode: boolean;
  pending_webhooks: number;
  request: { id: string | null; idempotency_key: string | null };
  type: StripeEventType;
}

export type StripeEventType =
  | 'checkout.session.completed'
  | 'checkout.session.async_payment_succeeded'
  | 'checkout.session.async_payment_failed'
  | 'checkout.session.expired'
  | 'refund.created'
  | 'charge.refunded';

/** Stored documents: an API object and what belongs to it but is not shown in it. */
export interface Owned<T> {
  account: string;
  object: T;
}

export interface SessionDoc extends Owned<SessionObject> {
  lines: LineItemObject[];
  intent: { metadata: Metadata; description: string | null; application_fee_amount: number | null };
  pictures: (string | null)[];
}

export interface AccountDoc {
  id: string;
  name: string;
  country: string;
  secretKey: string;
  webhookUrl: string;
  webhookSecret: string;
  /** Origin of the pay page, when it is not the host that the API is called on. */
  publicUrl?: string;
}

export interface ReplayDoc {
  fingerprint: string;
  status: number;
  body: unknown;
  requestId: string;
  at: number;
}

export type Outcome = 'paid' | 'declined' | 'delayed';
export type Settlement = 'succeeded' | 'failed';
export type Method = 'card' | 'wallet';
