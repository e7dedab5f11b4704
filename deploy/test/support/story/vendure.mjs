import { randomBytes } from 'node:crypto';
import {
  addToVendure,
  collectInVendure,
  furnishVendure,
  moveInVendure,
  packInVendure,
  startVendure,
} from '#testing';
import { CATEGORY, GOODS } from '../../../local/story-world.mjs';

/** Free, as the sandbox's shop sends what the story's carts are worth. */
const SHIPPING = 0;

/**
 * A real Vendure server with the story's goods: how a merchant connects it, and how a story meets it. `road` carries
 * its webhooks, `clock` is the stack's; the clock of its database is nobody's to move.
 */
export function vendureShop({ road, clock }) {
  const webhookSecret = randomBytes(24).toString('base64url');
  const variantIds = new Map();
  const parcels = new Map();
  let server;

  async function connect({ admin, merchant, merchantId, of }) {
    const url = `${road.url}/webhooks/vendure/${merchantId}`;
    server = await startVendure({ url, secret: webhookSecret }, clock);
    await furnishVendure(server.admin, SHIPPING);
    const productIds = [];
    for (const goods of GOODS) {
      const { productId, variantId } = await addToVendure(server.admin, goods);
      productIds.push(productId);
      variantIds.set(goods.sku, variantId);
    }
    await collectInVendure(server.admin, CATEGORY, productIds);
    await admin.put(`${merchant}/store`, {
      kind: 'vendure',
      region: of.country,
      baseUrl: server.baseUrl,
      country: of.country,
      username: server.username,
      password: server.password,
      webhookSecret,
    });
  }

  const change = (sku, to) =>
    server.admin(
      'mutation ($input: [UpdateProductVariantInput!]!) { updateProductVariants(input: $input) { id } }',
      { input: [{ id: variantIds.get(sku), ...to }] },
    );
  const move = (state) => (ref) => moveInVendure(server.admin, parcels.get(ref), state);

  return {
    connect,
    price: (sku, minor) => change(sku, { price: minor }),
    /** Vendure counts what it has sold and not sent as on hand. */
    stock: async (sku, available) => {
      const { rows } = await server.database.query(
        'SELECT "stockAllocated" AS allocated FROM stock_level WHERE "productVariantId" = $1',
        [variantIds.get(sku)],
      );
      await change(sku, { stockOnHand: available + rows[0].allocated });
    },
    courier: {
      created: async (ref) => {
        const parcel = {
          method: 'Aramex',
          trackingCode: `DXB-${randomBytes(3).toString('hex').toUpperCase()}`,
        };
        parcels.set(ref, await packInVendure(server.admin, ref, parcel));
      },
      moving: move('Shipped'),
      delivered: move('Delivered'),
    },
    movingWords: 'on its way',
    orders: async (ref) => {
      const { orders } = await server.admin(
        'query ($ref: String!) { orders(options: { filter: { wacoRef: { eq: $ref } } }) { totalItems } }',
        { ref },
      );
      return orders.totalItems;
    },
    holds: async (ref) => {
      const { rows } = await server.database.query(
        `SELECT status FROM waco_hold WHERE "orderRef" = $1
           AND (status = 'committed' OR (status = 'held' AND "expiresAt" > clock_timestamp()))`,
        [ref],
      );
      return rows.map(({ status }) => status);
    },
    stop: () => server?.stop(),
  };
}
