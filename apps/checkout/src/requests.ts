import { sellableLines, type CartLine, type OrderRequest } from '#core/catalog';
import type { HostedPaymentRequest, Order, PaymentEvent, PaymentStatus } from '#core/checkout';
import { cleared, formsOf, phoneOf, type Cleared } from '#core/messaging';
import { providerKindOf } from '#core/tenancy';

/** What we ask of others for an order. The same order gives the same request: repeats carry the same key. */
export function linesOf(order: Order): CartLine[] {
  return sellableLines(order.accepted).map(({ sku, quantity }) => ({ sku, quantity }));
}

/** Stable while the attempt is: also when the answer to the first call was lost. */
export function hostedPaymentRequest(order: Order, publicUrl: string): Cleared<HostedPaymentRequest> {
  const { merchantId, orderRef, session, token } = order;
  if (!session || !token) throw new Error(`order ${orderRef} asks for no payment page`);
  const landing = `${publicUrl}/c/${token}/return`;
  return cleared({
    merchantId,
    orderRef,
    quote: order.accepted,
    expiresAt: session.expiresAt,
    returnUrl: landing,
    cancelUrl: landing,
    idempotencyKey: `${merchantId}:${orderRef}:${session.attempt}`,
  });
}

/** The paid order as the shop wants it. */
export function orderRequest(order: Order, reservationId: string): Cleared<OrderRequest> {
  const { account, payment, person } = order;
  const phone = phoneOf(person);
  if (!payment || account === null) throw new Error(`order ${order.orderRef} is not paid`);
  return cleared({
    orderRef: order.orderRef,
    reservationId,
    customer: {
      ...(person.name && { name: person.name }),
      // In the form that can be dialled.
      ...(phone && { phone: `+${formsOf(phone)[0]}` }),
    },
    lines: sellableLines(order.accepted).map(({ sku, quantity, unitPrice }) => ({
      sku,
      quantity,
      unitPrice,
    })),
    total: payment.amount,
    payment: {
      provider: providerKindOf(account),
      reference: payment.paymentId ?? payment.sessionId!,
      paidAt: payment.paidAt,
    },
  });
}

/** What a look-up says, as the event that its webhook would be. */
export function paidEvent(
  order: Order,
  status: Extract<PaymentStatus, { status: 'paid' }>,
  now: Date,
): PaymentEvent {
  const { sessionId, paymentId, amount } = status;
  return {
    kind: 'paid',
    eventId: `lookup_${sessionId}_paid`,
    orderRef: order.orderRef,
    sessionId,
    paymentId,
    amount,
    occurredAt: now.toISOString(),
  };
}
