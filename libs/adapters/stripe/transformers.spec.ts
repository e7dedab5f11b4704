import type Stripe from 'stripe';
import { money, type Quote } from '#core/catalog';
import type { HostedPaymentRequest } from '#core/checkout';
import { sampleQuote } from '#core/checkout/testing';
import { fromStripeAmount, isChargeable, toStripeAmount } from './currency.js';
import { sessionParams } from './session-params.js';
import { toPaymentStatus } from './transformers.js';

describe('amounts in Stripe’s units', () => {
  it.each([
    [money(8_900, 'AED'), 8_900],
    [money(1_250, 'KWD'), 1_250],
    [money(500, 'JPY'), 500],
    [money(500, 'UGX'), 50_000],
    [money(500, 'ISK'), 50_000],
    [money(50_000, 'MGA'), 500],
  ])('%j is %d', (amount, units) => {
    expect(toStripeAmount(amount)).toBe(units);
    expect(fromStripeAmount(units, amount.currency.toLowerCase())).toEqual(amount);
  });

  it('are refused when Stripe cannot charge them exactly', () => {
    expect(isChargeable(money(1_250, 'KWD'))).toBe(true);
    expect(isChargeable(money(1_255, 'KWD'))).toBe(false);
    expect(isChargeable(money(0, 'AED'))).toBe(false);
    expect(() => toStripeAmount(money(1, 'MGA'))).toThrow(RangeError);
  });
});

const request = (quote: Quote): HostedPaymentRequest => ({
  merchantId: 'mer_1',
  orderRef: 'W7K3M9QX',
  quote,
  idempotencyKey: 'mer_1:W7K3M9QX:1',
  returnUrl: 'https://pay.example/c/t/return',
  cancelUrl: 'https://pay.example/c/t/return',
  expiresAt: '2026-11-21T10:31:00.000Z',
});

describe('the session that Stripe is asked for', () => {
  it('adds up to the quote and carries order and merchant everywhere', () => {
    const params = sessionParams(request(sampleQuote()));
    const sum = params.line_items!.reduce((n, l) => n + l.price_data!.unit_amount! * l.quantity!, 0);
    expect(sum).toBe(19_800);
    const metadata = { waco_order: 'W7K3M9QX', waco_merchant: 'mer_1' };
    expect(params).toMatchObject({
      metadata,
      payment_intent_data: { metadata },
      client_reference_id: 'W7K3M9QX',
    });
    expect(params.expires_at).toBe(1_795_257_060);
    expect(params.line_items!.map((l) => l.price_data!.product_data!.name)).toEqual([
      'Black Hoodie',
      'Delivery',
    ]);
  });

  it('leaves out what the shop cannot sell, and refuses a total that does not add up', () => {
    const quote = sampleQuote();
    expect(() => sessionParams(request({ ...quote, total: money(19_801, 'AED') }))).toThrow(
      expect.objectContaining({ kind: 'rejected', code: 'amount_not_chargeable' }),
    );
    const short = { ...quote, lines: quote.lines.map((l) => ({ ...l, reason: 'out_of_stock' as const })), total: quote.shipping }; // prettier-ignore
    expect(sessionParams(request(short)).line_items).toHaveLength(1);
  });
});

it('a session’s state is read as what it means for the order', () => {
  const of = (status: string, payment_status: string) =>
    toPaymentStatus({ id: 'cs_1', status, payment_status, payment_intent: { id: 'pi_1' }, amount_total: 5, currency: 'aed' } as Stripe.Checkout.Session); // prettier-ignore
  expect(of('open', 'unpaid')).toEqual({ status: 'open', sessionId: 'cs_1' });
  expect(of('expired', 'unpaid')).toEqual({ status: 'expired', sessionId: 'cs_1' });
  expect(of('complete', 'unpaid')).toMatchObject({ status: 'pending' });
  expect(of('complete', 'paid')).toEqual({ status: 'paid', sessionId: 'cs_1', paymentId: 'pi_1', amount: money(5, 'AED') }); // prettier-ignore
});
