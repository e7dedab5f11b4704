import type Stripe from 'stripe';
import { addMoney, money, sellableLines, subtotal, type Quote } from '#core/catalog';
import type { HostedPaymentRequest } from '#core/checkout';
import { PortError } from '#core/tenancy';
import { isChargeable, toStripeAmount } from './currency.js';
import { MERCHANT_KEY, ORDER_KEY } from './transformers.js';

/**
 * What `POST /v1/checkout/sessions` is asked for. The same request gives the same parameters, as the idempotency key
 * demands. @throws PortError `rejected` when Stripe could not charge exactly the quote's total.
 */
export function sessionParams(request: HostedPaymentRequest): Stripe.Checkout.SessionCreateParams {
  const { quote } = request;
  const sum = addMoney(addMoney(subtotal(quote), quote.tax), quote.shipping);
  if (sum.minor !== quote.total.minor || !isChargeable(quote.total)) {
    throw new PortError(
      'rejected',
      'amount_not_chargeable',
      `order ${request.orderRef}: total cannot be charged`,
    );
  }
  const metadata = { [ORDER_KEY]: request.orderRef, [MERCHANT_KEY]: request.merchantId };
  return {
    mode: 'payment',
    client_reference_id: request.orderRef,
    line_items: lineItems(quote),
    metadata,
    payment_intent_data: { metadata, description: `Order ${request.orderRef}` },
    success_url: request.returnUrl,
    cancel_url: request.cancelUrl,
    expires_at: Math.floor(new Date(request.expiresAt).getTime() / 1_000),
    // The customer was told one price in one currency: it is the one to pay.
    adaptive_pricing: { enabled: false },
  };
}

function lineItems(quote: Quote): Stripe.Checkout.SessionCreateParams.LineItem[] {
  const currency = quote.currency.toLowerCase();
  const item = (name: string, unitMinor: number, quantity: number, imageUrl?: string) => ({
    quantity,
    price_data: {
      currency,
      unit_amount: toStripeAmount(money(unitMinor, quote.currency)),
      product_data: {
        name: name.slice(0, 250),
        // Stripe fetches pictures itself, and only from the open web.
        ...(imageUrl?.startsWith('https://') && { images: [imageUrl] }),
      },
    },
  });
  return [
    ...sellableLines(quote).map((l) => item(l.title || l.sku, l.unitPrice.minor, l.quantity, l.imageUrl)),
    ...(quote.shipping.minor > 0 ? [item('Delivery', quote.shipping.minor, 1)] : []),
    ...(quote.tax.minor > 0 ? [item('Tax', quote.tax.minor, 1)] : []),
  ];
}
