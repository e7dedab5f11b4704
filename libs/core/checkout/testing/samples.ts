import type { Quote } from '#core/catalog';
import { personOf } from '../../messaging/index.js';
import type { OrderEvent } from '../events.js';
import type { PaymentEvent } from '../payment-event.js';

export const NOW = new Date('2026-11-21T10:00:00.000Z');

export function at(minutes: number): Date {
  return new Date(NOW.getTime() + minutes * 60_000);
}

/** Two black hoodies and their delivery: AED 198.00. */
export function sampleQuote(unitMinor = 8_900, available = 14): Quote {
  const aed = (minor: number) => ({ minor, currency: 'AED' });
  return {
    source: 'live',
    quotedAt: NOW.toISOString(),
    validUntil: at(10).toISOString(),
    currency: 'AED',
    lines: [
      {
        sku: 'HOODIE-BLK',
        title: 'Black Hoodie',
        quantity: 2,
        unitPrice: aed(unitMinor),
        available,
        maxQuantity: available,
      },
    ],
    tax: aed(0),
    shipping: aed(2_000),
    total: aed(2 * unitMinor + 2_000),
  };
}

export function sampleRequest(): Extract<OrderEvent, { type: 'requested' }> {
  return {
    type: 'requested',
    merchantId: 'mer_1',
    orderRef: 'W7K3M9QX',
    threadId: 'thr_1',
    threadStream: 'thread/acc_1/971501234567',
    person: personOf({ phone: '971501234567', name: 'Aisha Khan' }),
    quote: sampleQuote(),
    nonce: 'nonce-1',
  };
}

export function samplePayment(change: Partial<PaymentEvent> = {}): PaymentEvent {
  return {
    kind: 'paid',
    eventId: 'evt_1',
    orderRef: 'W7K3M9QX',
    merchantId: 'mer_1',
    sessionId: 'cs_1',
    paymentId: 'pi_1',
    amount: sampleQuote().total,
    occurredAt: at(5).toISOString(),
    ...change,
  };
}
