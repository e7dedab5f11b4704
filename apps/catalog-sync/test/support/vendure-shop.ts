import { CONTRACT_GOODS } from '#core/catalog/testing';
import { startVendure, type VendureServer, type VendureWebhook } from '#testing';

/** A real Vendure shop that sells in AED and in AE. */
export interface VendureShop {
  server: VendureServer;
  /** By SKU. */
  variantIds: ReadonlyMap<string, string>;
  /** The goods of the store contract as they are in the beginning, and no holds. */
  reset(): Promise<void>;
  add(goods: Goods): Promise<{ productId: string; variantId: string }>;
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
  await furnish(admin);
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
    add: (goods) => add(admin, goods),
    change: async (sku, { priceMinor, available }) => {
      const input = [{ id: variantIds.get(sku), price: priceMinor, stockOnHand: available }];
      await admin(
        'mutation ($input: [UpdateProductVariantInput!]!) { updateProductVariants(input: $input) { id } }',
        { input },
      );
    },
    ship: (orderRef, parcel = { method: 'Aramex', trackingCode: 'AX1' }) => ship(admin, orderRef, parcel),
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

type Admin = VendureServer['admin'];

async function create(admin: Admin, mutation: string, type: string, input: object): Promise<string> {
  const answer = await admin<{ made: { id: string } }>(
    `mutation ($input: ${type}!) { made: ${mutation}(input: $input) { id } }`,
    { input },
  );
  return answer.made.id;
}

const named = (name: string, more: object = {}) => ({
  translations: [{ languageCode: 'en', name, ...more }],
});

/** Countries, tax, shipping and the channel's settings. */
async function furnish(admin: Admin): Promise<void> {
  const memberIds: string[] = [];
  for (const [code, name] of [
    ['AE', 'United Arab Emirates'],
    ['OM', 'Oman'],
  ]) {
    memberIds.push(
      await create(admin, 'createCountry', 'CreateCountryInput', { code, enabled: true, ...named(name!) }),
    );
  }
  const zoneId = await create(admin, 'createZone', 'CreateZoneInput', { name: 'Gulf', memberIds });
  const categoryId = await create(admin, 'createTaxCategory', 'CreateTaxCategoryInput', {
    name: 'Standard',
    isDefault: true,
  });
  await create(admin, 'createTaxRate', 'CreateTaxRateInput', {
    name: 'VAT',
    enabled: true,
    value: 5,
    categoryId,
    zoneId,
  });
  const { activeChannel } = await admin<{ activeChannel: { id: string } }>('{ activeChannel { id } }');
  await admin('mutation ($input: UpdateChannelInput!) { updateChannel(input: $input) { __typename } }', {
    input: {
      id: activeChannel.id,
      pricesIncludeTax: true,
      availableCurrencyCodes: ['AED'],
      defaultCurrencyCode: 'AED',
      defaultTaxZoneId: zoneId,
      defaultShippingZoneId: zoneId,
    },
  });
  const argument = (name: string, value: unknown) => ({ name, value: String(value) });
  await create(admin, 'createShippingMethod', 'CreateShippingMethodInput', {
    code: 'courier',
    fulfillmentHandler: 'manual-fulfillment',
    checker: { code: 'default-shipping-eligibility-checker', arguments: [argument('orderMinimum', 0)] },
    calculator: {
      code: 'default-shipping-calculator',
      arguments: [argument('rate', 2_000), argument('includesTax', 'include'), argument('taxRate', 5)],
    },
    ...named('Courier', { description: '' }),
  });
}

interface Goods {
  sku: string;
  title: string;
  priceMinor: number;
  available: number;
}

async function add(
  admin: Admin,
  { sku, title, priceMinor, available }: Goods,
  facetValueIds: string[] = [],
): Promise<{ productId: string; variantId: string }> {
  const productId = await create(admin, 'createProduct', 'CreateProductInput', {
    facetValueIds,
    ...named(title, { slug: sku.toLowerCase(), description: `<p>${title}, soft &amp; warm.</p>` }),
  });
  const { made } = await admin<{ made: { id: string }[] }>(
    'mutation ($input: [CreateProductVariantInput!]!) { made: createProductVariants(input: $input) { id } }',
    { input: [{ productId, sku, price: priceMinor, stockOnHand: available, ...named(title) }] },
  );
  return { productId, variantId: made[0]!.id };
}

/** The goods, by SKU the ids of their variants. */
async function fill(admin: Admin): Promise<Map<string, string>> {
  const { createFacet } = await admin<{ createFacet: { values: { id: string }[] } }>(
    'mutation ($input: CreateFacetInput!) { createFacet(input: $input) { values { id } } }',
    {
      input: {
        code: 'sold-in',
        isPrivate: true,
        ...named('Sold in'),
        values: [{ code: 'ae', ...named('AE') }],
      },
    },
  );
  const ids = new Map<string, string>();
  const inEmirates = createFacet.values.map((value) => value.id);
  for (const goods of CONTRACT_GOODS) {
    const { variantId } = await add(admin, goods, goods.regions ? inEmirates : []);
    ids.set(goods.sku, variantId);
  }
  return ids;
}

async function ship(
  admin: Admin,
  orderRef: string,
  parcel: { method: string; trackingCode: string },
): Promise<void> {
  const { orders } = await admin<{
    orders: { items: { lines: { id: string; quantity: number }[] }[] };
  }>(
    `query ($ref: String!) {
      orders(options: { filter: { wacoRef: { eq: $ref } } }) { items { lines { id quantity } } }
    }`,
    { ref: orderRef },
  );
  const lines = orders.items[0]!.lines.map(({ id, quantity }) => ({ orderLineId: id, quantity }));
  const { made } = await admin<{ made: { id: string } }>(
    `mutation ($input: FulfillOrderInput!) {
      made: addFulfillmentToOrder(input: $input) {
        ... on Fulfillment { id }
        ... on ErrorResult { errorCode message }
      }
    }`,
    {
      input: {
        lines,
        handler: {
          code: 'manual-fulfillment',
          arguments: Object.entries(parcel).map(([name, value]) => ({ name, value })),
        },
      },
    },
  );
  await admin(
    'mutation ($id: ID!) { transitionFulfillmentToState(id: $id, state: "Shipped") { __typename } }',
    { id: made.id },
  );
}

async function typeIn(admin: Admin, variantId: string): Promise<string> {
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
