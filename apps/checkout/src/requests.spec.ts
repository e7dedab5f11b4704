import { personOf } from '#core/messaging';
import type { Order } from '#core/checkout';
import { orderRequest } from './requests.js';

const order = (phone?: string): Order =>
  ({
    orderRef: 'W1',
    person: personOf({ phone, name: 'Bia' }),
    payment: { paymentId: 'pi_1', amount: 100, currency: 'BRL', paidAt: '2026-11-27T10:00:00.000Z' },
    accepted: { lines: [] },
  }) as unknown as Order;

describe('what the shop is told of the customer', () => {
  it.each([
    ['971501234567', '+971501234567'],
    ['551176543210', '+5511976543210'],
    ['5215587654321', '+525587654321'],
    ['541187654322', '+5491187654322'],
  ])('is the number that can be dialled: %s', (known, phone) => {
    expect(orderRequest(order(known), 'res_1').customer).toEqual({ name: 'Bia', phone });
  });

  it('is no number when none is known', () => {
    expect(orderRequest(order(), 'res_1').customer).toEqual({ name: 'Bia' });
  });
});
