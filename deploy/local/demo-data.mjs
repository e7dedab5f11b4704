/** The demo merchant. Ids are made up, in the forms that the platforms use. */
export const DEMO = {
  slug: 'demo',
  name: 'Dune & Thread',
  country: 'AE',
  currency: 'AED',
  shop: 'demo',
  shipping: { flatMinor: 1500, freeFromMinor: 20_000 },
  appId: '1234567890123456',
  portfolioId: '2345678901234567',
  wabaId: '102290129340398',
  catalogId: '4567890123456789',
  phoneNumber: {
    id: '106540352242922',
    displayPhoneNumber: '+971 50 555 0100',
    verifiedName: 'Dune & Thread',
  },
  stripeAccount: 'acct_wacodemo',
};

/** One approved template for each purpose that a message may fall back to; `parameters` name the facts, in order. */
export const TEMPLATES = {
  order_receipt: {
    body: 'Thank you! Your order {{1}} is confirmed and your payment of {{2}} has arrived. We will tell you when it ships.',
    parameters: ['order', 'total'],
  },
  order_shipped: {
    body: 'Good news: your order {{1}} is on its way. Its tracking code is {{2}} and we will keep you posted.',
    parameters: ['order', 'tracking_code'],
  },
  order_out_for_delivery: {
    body: 'Your order {{1}} is out for delivery and should reach you today.',
    parameters: ['order'],
  },
  order_delivered: {
    body: 'Your order {{1}} has been delivered. Thank you for shopping with us!',
    parameters: ['order'],
  },
  delivery_failed: {
    body: 'The courier could not deliver your order {{1}}. Please reply here and we will sort it out.',
    parameters: ['order'],
  },
  order_refunded: {
    body: 'We have refunded your order {{1}} with {{2}}. Your bank may take a few days to show it.',
    parameters: ['order', 'amount'],
  },
};
