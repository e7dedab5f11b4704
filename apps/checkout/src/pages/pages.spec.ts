import { createHash } from 'node:crypto';
import { ORDER_STATES, step, type Order } from '#core/checkout';
import { NOW, samplePayment, sampleQuote, sampleRequest } from '#core/checkout/testing';
import { html } from './html.js';
import { confirming, orderStatus, pricesMoved, tryAgain, unfinished, unknownLink } from './pages.js';
import { PAGE_HEADERS } from './style.js';

const HOSTILE = `"><script>alert('x')</script>&`;

function order(change: Partial<Order> = {}): Order {
  const fresh = step(null, { ...sampleRequest(), quote: hostileQuote() }, NOW)!.order;
  const { amount, occurredAt } = samplePayment();
  const payment = { paymentId: 'pi_1', sessionId: 'cs_1', amount: amount!, paidAt: occurredAt };
  return { ...fresh, payment, storeOrder: { number: '1001', orderId: 'so_1' }, ...change };
}

function hostileQuote() {
  const quote = sampleQuote();
  return { ...quote, lines: quote.lines.map((l) => ({ ...l, title: HOSTILE })) };
}

const parcel = (trackingUrl: string) => ({
  fulfilmentId: 'ful_1',
  kind: 'shipped' as const,
  sequence: 1,
  occurredAt: NOW.toISOString(),
  tracking: { carrier: HOSTILE, trackingCode: 'DXB-1', trackingUrl },
});

const everyPage = [
  unknownLink(),
  confirming(order(), HOSTILE),
  unfinished(order(), HOSTILE, '/c/token'),
  tryAgain(order(), HOSTILE, '/c/token'),
  pricesMoved(order(), [{ kind: 'price', sku: 'x', title: HOSTILE, from: sampleQuote().tax, to: sampleQuote().total }], HOSTILE),
  ...ORDER_STATES.map((state) => orderStatus(order({ state, parcels: [parcel('javascript:alert(1)')] }), HOSTILE)),
]; // prettier-ignore

describe('pages', () => {
  it('escape whatever shops, customers and couriers write', () => {
    expect(html`<p title="${HOSTILE}">${'a'}</p>`.text).toBe(
      '<p title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;">a</p>',
    );
    for (const { body } of everyPage) {
      expect(body).not.toContain('<script');
      expect(body).not.toContain('javascript:');
    }
  });

  it('carry exactly the style that their policy allows', () => {
    for (const { body } of everyPage) {
      const style = /<style>(.*?)<\/style>/s.exec(body)![1]!;
      const hash = createHash('sha256').update(style).digest('base64');
      expect(PAGE_HEADERS['content-security-policy']).toContain(`style-src 'sha256-${hash}';`);
      expect(body).not.toMatch(/ style="|<link|<img/);
    }
  });

  it('link to a courier’s page by http only', () => {
    const shipped = (url: string) =>
      orderStatus(order({ state: 'shipped', parcels: [parcel(url)] }), 'Shop').body;
    expect(shipped('https://courier.example/DXB-1')).toContain(
      'href="https://courier.example/DXB-1" rel="noopener noreferrer"',
    );
    expect(shipped('data:text/html,x')).not.toContain('href');
  });

  it('lead to a payment only where there is something to pay', () => {
    for (const state of ORDER_STATES)
      expect(orderStatus(order({ state }), 'Shop').body).not.toContain('class="button"');
    expect(unfinished(order(), 'Shop', '/c/token').body).toContain('Pay AED 198.00');
  });
});
