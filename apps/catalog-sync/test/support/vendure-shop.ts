import { CONTRACT_GOODS } from '#core/catalog/testing';
import {
  addToVendure,
  furnishVendure,
  moveInVendure,
  packInVendure,
  startVendure,
  type VendureAdmin,
  type VendureGoods,
  type VendureServer,
  type VendureWebhook,
} from '#testing';

/** A real Vendure shop that sells in AED and in AE. */
export interface VendureShop {
  server: VendureServer;
  /** By SKU. */
  variantIds: ReadonlyMap<string, string>;
  /** The goods of the store contract as they are in the beginning, and no holds. */
  reset(): Promise<void>;
  add(goods: VendureGoods): Promise<{ productId: string; variantId: string }>;
  change(sku: string, to: { priceMinor?: number; available?: number }): Promise<void>;
  ship(orderRef: string, parcel?: { method: string; trackingCode: string }): Promise<void>;
  /** An order that the shop's people have typed in, ready to be paid: its id. */
  typeIn(sku: string): Promise<string>;
  /** What Vendure itself counts as allocated. */
  allocated(sku: string): Promise<number>;
  /** Its clock is the database's, which cannot be moved: all that happened is moved into the past. */
  advance(ms: number): Promise<void>;
}

const PAST = '1 hour';
const CHANGES = ['product', 'product_variant', 'product_variant_price', 'stock_level'];

export async function openVendureShop(webhook?: VendureWebhook): Promise<VendureShop> {
  const server = await startVendure(webhook);
  const { admin, database } = server;
  await furnishVendure(admin, 2_000);
  const variantIds = await fill(admin);
  const shift = async (interval: string): Promise<void> => {
    for (const table of CHANGES) {
      await database.query(`UPDATE ${table} SET "updatedAt" = "updatedAt" - $1::interval`, [interval]);
    }
    await database.query(`UPDATE waco_hold SET "expiresAt" = "expiresAt" - $1::interval`, [interval]);
  };
  return {
    server,
    variantIds,
    reset: async () => {
      await database.query('DELETE FROM waco_hold');
      for (const { sku, priceMinor, available } of CONTRACT_GOODS) {
        const id = variantIds.get(sku);
        await database.query(
          `UPDATE stock_level SET "stockOnHand" = $2, "stockAllocated" = 0, "updatedAt" = now()
           WHERE "productVariantId" = $1`,
          [id, available],
        );
        await database.query(
          `UPDATE product_variant_price SET price = $2, "updatedAt" = now() WHERE "variantId" = $1`,
          [id, priceMinor],
        );
      }
      await shift(PAST);
    },
    add: (goods) => addToVendure(admin, goods),
    change: async (sku, { priceMinor, available }) => {
      const input = [{ id: variantIds.get(sku), price: priceMinor, stockOnHand: available }];
      await admin(
        'mutation ($input: [UpdateProductVariantInput!]!) { updateProductVariants(input: $input) { id } }',
        { input },
      );
    },
    ship: async (orderRef, parcel = { method: 'Aramex', trackingCode: 'AX1' }) =>
      moveInVendure(admin, await packInVendure(admin, orderRef, parcel), 'Shipped'),
    typeIn: (sku) => typeIn(admin, variantIds.get(sku)!),
    allocated: async (sku) => {
      const { rows } = await database.query<{ pieces: number }>(
        'SELECT "stockAllocated" AS pieces FROM stock_level WHERE "productVariantId" = $1',
        [variantIds.get(sku)],
      );
      return rows[0]!.pieces;
    },
    advance: (ms) => shift(`${ms} milliseconds`),
  };
}

/** The goods, by SKU the ids of their variants. */
async function fill(admin: VendureAdmin): Promise<Map<string, string>> {
  const { createFacet } = await admin<{ createFacet: { values: { id: string }[] } }>(
    'mutation ($input: CreateFacetInput!) { createFacet(input: $input) { values { id } } }',
    {
      input: {
        code: 'sold-in',
        isPrivate: true,
        translations: [{ languageCode: 'en', name: 'Sold in' }],
        values: [{ code: 'ae', translations: [{ languageCode: 'en', name: 'AE' }] }],
      },
    },
  );
  const ids = new Map<string, string>();
  const inEmirates = createFacet.values.map((value) => value.id);
  for (const goods of CONTRACT_GOODS) {
    const { variantId } = await addToVendure(admin, goods, goods.regions ? inEmirates : []);
    ids.set(goods.sku, variantId);
  }
  return ids;
}

async function typeIn(admin: VendureAdmin, variantId: string): Promise<string> {
  const { order } = await admin<{ order: { id: string } }>('mutation { order: createDraftOrder { id } }');
  const { methods } = await admin<{ methods: { id: string }[] }>(
    `mutation ($id: ID!, $item: AddItemToDraftOrderInput!, $customer: CreateCustomerInput!, $address: CreateAddressInput!) {
      addItemToDraftOrder(orderId: $id, input: $item) { __typename }
      setCustomerForDraftOrder(orderId: $id, input: $customer) { __typename }
      setDraftOrderShippingAddress(orderId: $id, input: $address) { id }
    }`,
    {
      id: order.id,
      item: { productVariantId: variantId, quantity: 1 },
      customer: { emailAddress: `of-${order.id}@shop.example`, firstName: 'Omar', lastName: 'Said' },
      address: { streetLine1: 'Corniche 1', countryCode: 'AE' },
    },
  ).then(() =>
    admin<{ methods: { id: string }[] }>(
      'query ($id: ID!) { methods: eligibleShippingMethodsForDraftOrder(orderId: $id) { id } }',
      { id: order.id },
    ),
  );
  await admin(
    `mutation ($id: ID!, $method: ID!) {
      setDraftOrderShippingMethod(orderId: $id, shippingMethodId: $method) { __typename }
      transitionOrderToState(id: $id, state: "ArrangingPayment") { __typename }
    }`,
    { id: order.id, method: methods[0]!.id },
  );
  return order.id;
}
