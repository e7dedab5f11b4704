import { pickWebhook, tapWebhook, textWebhook } from './customers.mjs';
import { SKU } from './shoppers.mjs';

/** A greeting, a category, a search and an addition to the cart. Each is answered with one message. */
const SAID = [
  (message) => textWebhook({ ...message, text: 'hi' }),
  (message) => pickWebhook({ ...message, row: 'cat|hoodies', title: 'Hoodies & Sweatshirts' }),
  (message) => textWebhook({ ...message, text: 'black hoodie under 100' }),
  (message) => tapWebhook({ ...message, button: `add|${SKU}`, title: 'Add to cart' }),
];

/** What a customer says of all that shoppers say, in the order in which they say it: a quarter of each. */
export const sayMixed = (message) => SAID[message.k % SAID.length](message);
