import type { InboundContent, OutboundContent } from '#core/messaging';
import { Chat, wordsOf } from './testing/thread-script.js';
import type { Phase } from './state.js';

const PARCEL = { carrier: 'Aramex', trackingCode: 'AX1', eta: '2026-11-24T20:30:00+04:00' };
let chat: Chat;
beforeEach(() => {
  chat = new Chat();
});

const ids = (content: OutboundContent): string[] =>
  content.type === 'list'
    ? content.sections.flatMap((s) => s.rows.map((r) => r.id))
    : content.type === 'buttons'
      ? content.buttons.map((b) => b.id)
      : [];

it('a purchase, event by event', () => {
  const paid = (): OutboundContent[] => chat.pay();
  const fact = (kind: 'tracking_created' | 'shipped' | 'out_for_delivery') => () =>
    chat.fact({ kind, tracking: PARCEL });
  const table: [string, () => OutboundContent[], Phase, RegExp][] = [
    ['greets', () => chat.text('hi'), 'browsing', /Welcome to \*Dune & Date\*.*See categories/s],
    ['looks at a category', () => chat.tap('cat|all'), 'browsing', /\*Everything\*\n3 products .*Black Hoodie\nAED 89.00 · in stock/s],
    ['searches', () => chat.text('hoodie under 100'), 'browsing', /“hoodie”.*Arc Lamp\nAED 450.00 · only 3 left/s],
    ['looks at one', () => chat.tap('prod|HOODIE'), 'browsing', /\*Black Hoodie\*\nAED 89.00 · in stock\nAdd to cart/],
    ['adds it', () => chat.tap('add|HOODIE'), 'building_cart', /1 × Black Hoodie: AED 89.00\n\nDelivery: AED 20.00\n\*Total: AED 109.00\*/],
    ['changes the cart', () => chat.tap('edit_cart'), 'building_cart', /1 × AED 89.00/],
    ['picks the line', () => chat.tap('line|HOODIE'), 'building_cart', /You have 1 in your cart.*3\nAED 267.00.*Remove it/s],
    ['takes two', () => chat.tap('qty|HOODIE|2'), 'building_cart', /2 × Black Hoodie: AED 178.00/],
    ['adds another', () => chat.tap('add|TEE'), 'building_cart', /1 × White Tee: AED 31.00\n\nDelivery: AED 20.00\n\*Total: AED 229.00\*/],
    ['checks out', () => chat.tap('checkout'), 'awaiting_payment', /^$/],
    ['gets the link', () => chat.fact({ kind: 'ready_to_pay', quote: chat.order().quote, url: 'https://pay.test/1', payBefore: chat.at(9e5) }), 'awaiting_payment', /2 × Black Hoodie.*Total: AED 229.00.*Pay AED 229.00/s],
    ['fails to pay', () => chat.fact({ kind: 'payment_failed' }), 'awaiting_payment', /nothing was charged/],
    ['pays', paid, 'awaiting_fulfilment', /Paid: thank you.*DD-1001.*Total: AED 229.00/s],
    ['is packed', fact('tracking_created'), 'awaiting_fulfilment', /DD-1001 is packed\. Aramex, tracking code \*AX1\*\.\nExpected: Tue 24 Nov/],
    ['is shipped', fact('shipped'), 'awaiting_fulfilment', /DD-1001 is on its way/],
    ['asks', () => chat.text('where is my order?'), 'awaiting_fulfilment', /DD-1001\*: on its way.\nAramex, tracking code AX1\nExpected: Tue 24 Nov/],
    ['is out', fact('out_for_delivery'), 'awaiting_fulfilment', /out for delivery today/],
    ['is delivered', () => chat.fact({ kind: 'delivered', tracking: PARCEL, deliveredAt: chat.at(0) }), 'browsing', /has been delivered/],
    ['asks for the cart', () => chat.text('cart'), 'browsing', /Your cart is empty/],
  ]; // prettier-ignore
  for (const [name, act, phase, said] of table) {
    expect([name, wordsOf(act())]).toEqual([name, expect.stringMatching(said)]);
    expect([name, chat.state.phase]).toEqual([name, phase]);
  }
  expect(chat.effects.map((e) => e.kind)).toEqual(['request_checkout']);
});

describe('a price that moves', () => {
  it('between list and product is pointed out, once', () => {
    chat.tap('cat|all');
    chat.shop.change('HOODIE', { price: 9_900 });
    expect(wordsOf(chat.tap('prod|HOODIE'))).toContain('now costs AED 99.00 (was AED 89.00)');
    expect(wordsOf(chat.tap('prod|HOODIE'))).not.toContain('was AED');
  });

  it('between product and cart is pointed out', () => {
    chat.tap('prod|HOODIE');
    chat.shop.change('HOODIE', { price: 7_900 });
    expect(wordsOf(chat.tap('add|HOODIE'))).toContain('now costs AED 79.00 (was AED 89.00)');
  });

  it('between cart and checkout is told, and asked about again', () => {
    chat.tap('add|HOODIE');
    chat.tap('checkout');
    chat.shop.change('HOODIE', { price: 9_900 });
    const quote = chat.shop.quote(chat.state.cart);
    const from = { minor: 8_900, currency: 'AED' };
    const changes = [{ kind: 'price' as const, sku: 'HOODIE', title: 'Black Hoodie', from, to: { ...from, minor: 9_900 } }];
    const [asked] = chat.fact({ kind: 'changed', quote, changes });
    expect(wordsOf([asked!])).toMatch(/now costs AED 99.00 \(was AED 89.00\).*Total: AED 119.00.*Shall I go on/s);
    expect(ids(asked!)).toEqual(['checkout', 'edit_cart', 'cancel']);
    expect(chat.state).toMatchObject({ phase: 'confirming_changes', order: null });
    expect(chat.effects.filter((e) => e.kind === 'request_checkout')).toHaveLength(1);
    // Told once: the cart does not say it again.
    expect(wordsOf(chat.tap('cart'))).not.toContain('was AED');
    expect(chat.text('yes')).toEqual([]);
    expect(chat.order().quote.total.minor).toBe(11_900);
    expect(chat.state).toMatchObject({ phase: 'awaiting_payment', orders: [{ status: 'requested' }, { status: 'cancelled' }] });
  }); // prettier-ignore

  it('since the phone’s own cart saw it is pointed out, in its decimals', () => {
    const cart = (seenPrice: number): InboundContent => ({
      type: 'cart',
      catalogId: 'c',
      lines: [{ sku: 'HOODIE', quantity: 1, seenPrice }],
    });
    expect(wordsOf(chat.send(cart(79.9)))).toContain('now costs AED 89.00 (was AED 79.90)');
    for (const strange of [89, Number.NaN, -1, 1e300]) {
      chat = new Chat();
      expect(wordsOf(chat.send(cart(strange)))).not.toContain('was');
    }
  });
});

describe('stock that runs short', () => {
  it('clamps the cart to what is left and prices it anew', () => {
    chat.tap('add|LAMP');
    const said = wordsOf(chat.tap('qty|LAMP|5'));
    expect(said).toMatch(/\*Arc Lamp\*: only 3 left\n\n3 × Arc Lamp: AED 1,350.00/);
    expect(chat.state.cart).toEqual([{ sku: 'LAMP', quantity: 3 }]);
    expect(chat.asked).toHaveLength(3);
  });

  it('takes what is sold out from the cart, and says so', () => {
    chat.tap('add|LAMP');
    chat.tap('add|TEE');
    chat.shop.change('LAMP', { available: 0 });
    expect(wordsOf(chat.tap('cart'))).toMatch(/\*Arc Lamp\* is sold out\n\n1 × White Tee/);
    chat.shop.change('TEE', { available: 0 });
    expect(wordsOf(chat.tap('cart'))).toMatch(/White Tee\* is sold out\nYour cart is empty/);
    expect(chat.state).toMatchObject({ phase: 'browsing', cart: [], shown: null });
  });

  it('between cart and checkout clamps, prices anew and asks again', () => {
    chat.tap('qty|LAMP|3');
    chat.tap('checkout');
    chat.shop.change('LAMP', { available: 1 });
    const quote = chat.shop.quote(chat.state.cart);
    const said = wordsOf(chat.fact({ kind: 'changed', quote, changes: [{ kind: 'stock', sku: 'LAMP', title: 'Arc Lamp', wanted: 3, available: 1, reason: 'insufficient_stock' }] }));
    expect(said).toMatch(/only 1 left\n\n1 × Arc Lamp: AED 450.00.*Total: AED 470.00/s);
    expect(chat.state.phase).toBe('confirming_changes');
    chat.tap('checkout');
    expect(chat.order().quote.lines).toMatchObject([{ sku: 'LAMP', quantity: 1 }]);
  }); // prettier-ignore

  it('all of it between cart and checkout leaves an empty cart', () => {
    chat.tap('add|LAMP');
    chat.tap('checkout');
    chat.shop.change('LAMP', { available: 0 });
    const quote = chat.shop.quote(chat.state.cart);
    const said = wordsOf(chat.fact({ kind: 'changed', quote, changes: [{ kind: 'stock', sku: 'LAMP', title: 'Arc Lamp', wanted: 1, available: 0, reason: 'out_of_stock' }] }));
    expect(said).toMatch(/sold out.*Your cart is empty/s);
    expect(chat.state).toMatchObject({ phase: 'browsing', cart: [], order: null });
  }); // prettier-ignore

  it('does not ask a shop for ever that has enough and says too few', () => {
    chat.shop.change('LAMP', { available: 50, reason: 'insufficient_stock' });
    expect(wordsOf(chat.tap('add|LAMP'))).toContain('Your cart is empty');
  });

  it('is not offered: neither in lists nor as a product', () => {
    for (const sku of chat.shop.products.keys()) chat.shop.change(sku, { available: 0 });
    expect(wordsOf(chat.tap('cat|all'))).toContain('I found nothing for “Everything”');
    expect(wordsOf(chat.text('black hoodie'))).toContain('I found nothing for “black hoodie”');
    expect(wordsOf(chat.tap('prod|HOODIE'))).toContain('*Black Hoodie* has just sold out');
    expect(wordsOf(chat.tap('prod|GONE'))).toContain('*GONE* has just sold out');
  });
});

describe('while payment is awaited', () => {
  beforeEach(() => {
    chat.tap('add|LAMP');
  });

  it('checking out twice makes one order and repeats its link', () => {
    chat.tap('checkout');
    expect(wordsOf(chat.tap('checkout'))).toContain('One moment');
    const { orderRef, quote } = chat.order();
    chat.fact({ kind: 'ready_to_pay', quote, url: 'https://pay.test/1', payBefore: chat.at(1_800_000) });
    for (const again of [chat.tap('checkout'), chat.text('pay'), chat.tap('cart')]) {
      expect(again).toMatchObject([{ type: 'link', url: 'https://pay.test/1', header: `Order ${orderRef}` }]);
    }
    expect(chat.effects.filter((e) => e.kind === 'request_checkout')).toHaveLength(1);
  });

  it('its own hold does not make the cart look sold out', () => {
    chat.toLink();
    chat.shop.change('LAMP', { available: 0 });
    expect(chat.tap('cart')).toMatchObject([{ type: 'link' }]);
    expect(chat.state.cart).toEqual([{ sku: 'LAMP', quantity: 1 }]);
  });

  it('another cart calls the order off', () => {
    const { orderRef } = chat.toLink();
    chat.tap('add|TEE');
    expect(chat.effects.filter((e) => e.kind === 'cancel_order')).toEqual([{ kind: 'cancel_order', orderRef }]);
    expect(chat.state).toMatchObject({ phase: 'building_cart', order: null, orders: [{ status: 'cancelled' }] });
    expect(wordsOf(chat.text('my orders'))).toContain('I have no order of yours yet');
  }); // prettier-ignore

  it('cancelling keeps the cart', () => {
    chat.toLink();
    expect(wordsOf(chat.text('cancel'))).toContain('I stopped the checkout');
    expect(chat.state).toMatchObject({ phase: 'building_cart', cart: [{ sku: 'LAMP' }], order: null });
    expect(wordsOf(chat.text('cancel'))).toContain('there is nothing to stop');
  });

  it('looking around keeps the order', () => {
    chat.toLink();
    chat.tap('cat|all');
    chat.tap('prod|TEE');
    expect(chat.state).toMatchObject({ phase: 'awaiting_payment', order: { ref: chat.order().orderRef } });
  });

  it('an expired order gives the cart back', () => {
    chat.toLink();
    expect(wordsOf(chat.fact({ kind: 'expired' }))).toContain('Your cart is still here');
    expect(chat.state).toMatchObject({
      phase: 'building_cart',
      order: null,
      orders: [{ status: 'expired' }],
    });
    chat.toLink();
    expect(chat.state.orders.map((o) => o.status)).toEqual(['ready_to_pay', 'expired']);
  });

  it('a shop that does not answer gives the cart back and offers to try again', () => {
    chat.tap('checkout');
    const [said] = chat.fact({ kind: 'unavailable' });
    expect(ids(said!)).toEqual(['checkout']);
    expect(chat.state).toMatchObject({ phase: 'building_cart', order: null });
  });

  it('an order that cannot be paid gives the cart back and does not blame the shop’s prices', () => {
    chat.tap('checkout');
    const [said] = chat.fact({ kind: 'unavailable', why: 'payment' });
    expect(wordsOf([said!])).toContain('payment is not possible');
    expect(ids(said!)).toEqual(['cart', 'menu']);
    expect(chat.state).toMatchObject({ phase: 'building_cart', order: null });
  });

  it('a refund for want of stock ends the order', () => {
    chat.toLink();
    const { total } = chat.order().quote;
    expect(wordsOf(chat.fact({ kind: 'refunded', total, reason: 'out_of_stock' }))).toContain('AED 470.00 is on its way back');
    expect(chat.state).toMatchObject({ phase: 'building_cart', order: null, orders: [{ status: 'refunded' }] });
  }); // prettier-ignore

  it('a refund ends the order being paid also while an earlier one is on its way', () => {
    chat.fact({ kind: 'shipped', tracking: { carrier: 'Aramex', trackingCode: 'AX1' } }, 'WEARLIER');
    chat.toLink();
    chat.fact({ kind: 'refunded', total: chat.order().quote.total, reason: 'out_of_stock' });
    expect(chat.state).toMatchObject({ phase: 'building_cart', order: null });
  });
});

describe('facts that come late, twice or out of the blue', () => {
  const total = { minor: 100, currency: 'AED' };
  beforeEach(() => {
    chat.tap('add|HOODIE');
    chat.toLink();
  });

  it('paid after the customer went back to shopping: receipt, and the new cart stays', () => {
    const { orderRef, quote } = chat.order();
    chat.tap('add|TEE');
    const paid = { kind: 'paid' as const, number: 'DD-7', quote, total: quote.total, paidAt: chat.at(0) };
    expect(wordsOf(chat.fact(paid, orderRef))).toContain('Order DD-7');
    expect(chat.state).toMatchObject({
      phase: 'building_cart',
      orders: [{ number: 'DD-7', status: 'paid' }],
    });
    expect(chat.state.cart).toHaveLength(2);
    expect(wordsOf(chat.text('cancel my order'))).toContain('Order DD-7 is paid');
  });

  it('an older fact does not turn a paid order back', () => {
    chat.pay();
    const state = chat.state;
    for (const kind of ['expired', 'unavailable', 'payment_failed'] as const) {
      expect(chat.fact({ kind })).toEqual([]);
      expect(chat.state.orders[0]).toMatchObject({ status: 'paid', number: 'DD-1001' });
    }
    const { quote } = chat.order();
    chat.fact({ kind: 'ready_to_pay', quote, url: 'https://pay.test/x', payBefore: chat.at(1) });
    expect(chat.fact({ kind: 'changed', quote, changes: [] })).toEqual([]);
    expect(chat.state).toEqual(state);
  });

  it('a parcel does not go back, and a second parcel has a way of its own', () => {
    chat.pay();
    chat.fact({ kind: 'out_for_delivery', tracking: PARCEL });
    expect(chat.fact({ kind: 'shipped', tracking: PARCEL })).toEqual([]);
    expect(chat.fact({ kind: 'out_for_delivery', tracking: PARCEL })).toEqual([]);
    expect(wordsOf(chat.fact({ kind: 'shipped', tracking: { ...PARCEL, trackingCode: 'AX2' } }))).toContain('AX2');
  }); // prettier-ignore

  it('news of the parcel before the receipt loses neither', () => {
    chat.fact({ kind: 'shipped', tracking: PARCEL });
    expect(wordsOf(chat.pay())).toContain('Order DD-1001');
    expect(chat.state).toMatchObject({ phase: 'awaiting_fulfilment', order: null, cart: [] });
    expect(chat.state.orders).toMatchObject([{ status: 'shipped', number: 'DD-1001' }]);
    expect(chat.pay()).toEqual([]);
  });

  it('the refund of a second payment does not end the order', () => {
    chat.pay();
    expect(wordsOf(chat.fact({ kind: 'refunded', total, reason: 'duplicate_payment' }))).toContain('paid twice');
    expect(chat.state).toMatchObject({ phase: 'awaiting_fulfilment', orders: [{ status: 'paid' }] });
    expect(chat.fact({ kind: 'shipped', tracking: PARCEL })).toHaveLength(1);
    chat.fact({ kind: 'refunded', total, reason: 'cancelled' });
    expect(chat.state).toMatchObject({ phase: 'browsing', orders: [{ status: 'refunded' }] });
    expect(chat.fact({ kind: 'delivered', tracking: PARCEL, deliveredAt: chat.at(0) })).toEqual([]);
  }); // prettier-ignore

  it('a delivery does not end the wait for another order', () => {
    const first = chat.order().orderRef;
    chat.pay('DD-1');
    chat.tap('add|TEE');
    chat.toLink();
    chat.fact({ kind: 'delivered', tracking: PARCEL, deliveredAt: chat.at(0) }, first);
    expect(chat.state).toMatchObject({ phase: 'awaiting_payment', order: { ref: chat.order().orderRef } });
    chat.pay('DD-2');
    expect(chat.state.phase).toBe('awaiting_fulfilment');
  });

  it('of an unknown order: only what concerns money or a parcel is told', () => {
    const state = chat.state;
    const { quote } = chat.order();
    for (const kind of ['expired', 'unavailable', 'payment_failed'] as const)
      expect(chat.fact({ kind }, 'WOTHER')).toEqual([]);
    expect(chat.fact({ kind: 'changed', quote, changes: [] }, 'WOTHER')).toEqual([]);
    expect(chat.state).toEqual(state);
    expect(wordsOf(chat.fact({ kind: 'shipped', tracking: PARCEL }, 'WOTHER'))).toContain('WOTHER is on its way');
    expect(wordsOf(chat.fact({ kind: 'refunded', total, reason: 'cancelled' }, 'WTHIRD'))).toContain('AED 1.00');
    expect(chat.state.order).toEqual(state.order);
    expect(chat.state.phase).toBe('awaiting_payment');
  }); // prettier-ignore
});
