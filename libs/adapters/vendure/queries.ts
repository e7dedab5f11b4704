/** Everything that is asked of Vendure's Admin API. What begins with `waco` comes with the plugin. */

export interface Operation {
  name: string;
  text: string;
  /** It changes something at the shop: a lost answer leaves open whether it happened. */
  writes: boolean;
  /** It lists many things. */
  list?: boolean;
}

const PRODUCT = `
  sku variantId sequence changedAt gone title price stock available
  variant {
    name priceWithTax currencyCode
    featuredAsset { preview }
    product {
      description
      featuredAsset { preview }
      collections { id name }
      facetValues { code facet { code } }
    }
  }`;

const SHOP = 'wacoShop { currency moneyPrecision countries }';

const ORDER = `
  id code state createdAt orderPlacedAt
  customFields { wacoRef }
  fulfillments { id state method trackingCode updatedAt }`;

const HOLD = 'state id expiresAt short { sku requested available }';

const query = (name: string, text: string): Operation => ({ name, text, writes: false });
const mutation = (name: string, text: string): Operation => ({ name, text, writes: true });

export const LOG_IN = query(
  'login',
  `mutation ($username: String!, $password: String!) {
    login(username: $username, password: $password) {
      __typename
      ... on ErrorResult { errorCode }
    }
  }`,
);

export const READ_SHOP = query('shop', `query { ${SHOP} }`);

export const LIST_PRODUCTS: Operation = {
  ...query(
    'changed products',
    `query ($since: DateTime, $cursor: String, $take: Int!) {
      ${SHOP}
      wacoChangedProducts(since: $since, cursor: $cursor, take: $take) { next items { ${PRODUCT} } }
    }`,
  ),
  list: true,
};

export const READ_PRODUCTS: Operation = {
  ...query('products', `query ($skus: [String!]!) { ${SHOP} wacoProducts(skus: $skus) { ${PRODUCT} } }`),
  list: true,
};

export const READ_SHIPPING = query(
  'shipping',
  `query ($input: TestEligibleShippingMethodsInput!) {
    testEligibleShippingMethods(input: $input) { priceWithTax }
  }`,
);

export const HOLD_STOCK = mutation(
  'hold',
  `mutation ($input: WacoHoldInput!) { hold: wacoHold(input: $input) { ${HOLD} } }`,
);

export const EXTEND_HOLD = mutation(
  'extend hold',
  `mutation ($id: String!, $ttlSeconds: Int!) { hold: wacoExtendHold(id: $id, ttlSeconds: $ttlSeconds) { ${HOLD} } }`,
);

export const RELEASE_HOLD = mutation(
  'release hold',
  `mutation ($id: String!) { hold: wacoReleaseHold(id: $id) { ${HOLD} } }`,
);

export const COMMIT_HOLD = mutation(
  'commit hold',
  `mutation ($id: String!) { hold: wacoCommitHold(id: $id) { ${HOLD} } }`,
);

export const PLACE_ORDER = mutation(
  'place order',
  `mutation ($input: WacoOrderInput!) {
    wacoPlaceOrder(input: $input) { outcome order { ${ORDER} } short { sku requested available } }
  }`,
);

export const FIND_ORDER = query(
  'order',
  `query ($orderRef: String!) {
    orders(options: { take: 1, filter: { wacoRef: { eq: $orderRef } } }) { items { ${ORDER} } }
  }`,
);

export const CANCEL_ORDER = mutation(
  'cancel order',
  `mutation ($id: ID!) {
    cancelOrder(input: { orderId: $id, reason: "Cancelled in the chat", cancelShipping: true }) {
      __typename
      ... on ErrorResult { errorCode message }
    }
  }`,
);
