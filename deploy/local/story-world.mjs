import { http } from './customer.mjs';

/** What the story buys and looks at. Every shop that it is played in must have this, in AED and sold in AE. */
export const CATEGORY = 'Hoodies & Sweatshirts';
export const GOODS = [
  { sku: 'HOODIE-BLK', title: 'Black Hoodie', priceMinor: 8_900, available: 12 },
  { sku: 'HOODIE-BLK-ZIP', title: 'Black Heavyweight Zip Hoodie', priceMinor: 14_900, available: 12 },
  { sku: 'HOODIE-SND', title: 'Sand Oversized Hoodie', priceMinor: 11_900, available: 12 },
  { sku: 'HOODIE-NVY', title: 'Navy Pullover Hoodie', priceMinor: 9_500, available: 12 },
];

/**
 * Those whom a story meets besides Waco, when all of them are the sandbox's. A story in another world is given objects
 * of the same form:
 * - `shop`: its people and its courier. `courier.moving` is the parcel's way between `created` and `delivered`, and
 *   `movingWords` what the customer is told of it. `orders` and `holds` are those of one order reference.
 * - `payments`: what takes the money, behind a page. `pay` is the customer on that page.
 * - `webhooks`: how they travel, and how many are under way.
 */
export function sandboxWorld({ urls, merchant }) {
  const sandbox = http(urls.sandbox);
  return {
    shop: sandboxShop(sandbox, merchant.shop),
    payments: stripe(sandbox),
    webhooks: sandboxWebhooks(sandbox),
  };
}

function sandboxShop(sandbox, shop) {
  const office = `/shops/${shop}/backoffice`;
  const change = (sku, to) => sandbox.patch(`${office}/products/${sku}`, to);
  const courier = (event) => (ref) => sandbox.post(`${office}/orders/${ref}/courier`, { event });
  return {
    price: (sku, minor) => change(sku, { price: { minor, currency: 'AED' } }),
    stock: (sku, available) => change(sku, { available }),
    courier: {
      created: courier('created'),
      moving: courier('out_for_delivery'),
      delivered: courier('delivered'),
    },
    movingWords: 'out for delivery',
    orders: async (ref) => {
      const { orders } = await sandbox.get(`${office}/orders`);
      return orders.filter((order) => order.orderRef === ref).length;
    },
    holds: async (ref) => {
      const { reservations } = await sandbox.get(`${office}/reservations`);
      return reservations
        .filter((r) => r.orderRef === ref && !['released', 'expired'].includes(r.status))
        .map((r) => r.status);
    },
  };
}

function stripe(sandbox) {
  return {
    isPage: (url) => /^\/pay\/cs_/.test(url.pathname),
    pay: (url) => sandbox.post(`${url.pathname}/complete`, { outcome: 'paid' }),
    of: async (ref) => {
      const { sessions, payments } = await sandbox.get('/control/stripe/ledger');
      const pages = sessions.filter((s) => s.client_reference_id === ref);
      const paid = payments.filter((p) => pages.some((page) => page.id === p.session));
      return { pages: pages.length, payments: paid.length };
    },
  };
}

export function sandboxWebhooks(sandbox) {
  return {
    travel: (how) => sandbox.put('/control/chaos', how),
    underWay: async () => (await sandbox.get('/control/chaos')).waiting,
  };
}
