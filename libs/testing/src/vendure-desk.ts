import { until } from './until.js';
import type { VendureServer } from './vendure.js';

/** What the people of a Vendure shop do, as its administrator. */
export type VendureAdmin = VendureServer['admin'];

export interface VendureGoods {
  sku: string;
  title: string;
  priceMinor: number;
  available: number;
}

async function create(admin: VendureAdmin, mutation: string, type: string, input: object): Promise<string> {
  const answer = await admin<{ made: { id: string } }>(
    `mutation ($input: ${type}!) { made: ${mutation}(input: $input) { id } }`,
    { input },
  );
  return answer.made.id;
}

const named = (name: string, more: object = {}) => ({
  translations: [{ languageCode: 'en', name, ...more }],
});

const argument = (name: string, value: unknown) => ({ name, value: String(value) });

/** Countries, tax, one way of shipping and the channel's settings: the shop sells in AED, to AE and OM. */
export async function furnishVendure(admin: VendureAdmin, shippingMinor: number): Promise<void> {
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
  await create(admin, 'createShippingMethod', 'CreateShippingMethodInput', {
    code: 'courier',
    fulfillmentHandler: 'manual-fulfillment',
    checker: { code: 'default-shipping-eligibility-checker', arguments: [argument('orderMinimum', 0)] },
    calculator: {
      code: 'default-shipping-calculator',
      arguments: [
        argument('rate', shippingMinor),
        argument('includesTax', 'include'),
        argument('taxRate', 5),
      ],
    },
    ...named('Courier', { description: '' }),
  });
}

/** A product with one variant. */
export async function addToVendure(
  admin: VendureAdmin,
  { sku, title, priceMinor, available }: VendureGoods,
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

/** A collection is known by its products when this returns: Vendure fills it in the background. */
export async function collectInVendure(
  admin: VendureAdmin,
  title: string,
  productIds: string[],
): Promise<void> {
  const id = await create(admin, 'createCollection', 'CreateCollectionInput', {
    filters: [
      {
        code: 'product-id-filter',
        arguments: [argument('productIds', JSON.stringify(productIds)), argument('combineWithAnd', false)],
      },
    ],
    ...named(title, { slug: title.toLowerCase().replace(/\W+/g, '-'), description: '' }),
  });
  await until('the collection has its products', async () => {
    const { collection } = await admin<{ collection: { productVariants: { totalItems: number } } }>(
      'query ($id: ID!) { collection(id: $id) { productVariants { totalItems } } }',
      { id },
    );
    return collection.productVariants.totalItems >= productIds.length;
  });
}

/** Hands the whole order over to a courier: the id of the parcel, which is still in the shop. */
export async function packInVendure(
  admin: VendureAdmin,
  orderRef: string,
  parcel: { method: string; trackingCode: string },
): Promise<string> {
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
  return made.id;
}

export async function moveInVendure(
  admin: VendureAdmin,
  parcelId: string,
  state: 'Shipped' | 'Delivered',
): Promise<void> {
  await admin(
    'mutation ($id: ID!, $state: String!) { transitionFulfillmentToState(id: $id, state: $state) { __typename } }',
    { id: parcelId, state },
  );
}
