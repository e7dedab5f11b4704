import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Customer, http } from './customer.mjs';
import { CATEGORY, GOODS, sandboxWorld } from './story-world.mjs';

const [HOODIE, ZIP, SAND, NAVY] = GOODS.map(({ sku }) => sku);
const CALM = { copies: [1, 1], shuffle: false, maxDelayMs: 0 };
const DAY_MS = 24 * 3_600_000;

/**
 * Plays a whole purchase against a running stack and checks every step of it: a customer on the sandbox's phone, a
 * merchant in the shop's back office, a courier, and a day that passes.
 *
 * @param {{ urls: Record<string, string>, merchant: { phoneNumberId: string, shop: string } }} stack
 *   The phone is the sandbox's; its shop, payments and ways of webhooks may be others, as `world`.
 * @param {{ tell?: (line: string) => void, before?: (step: string) => Promise<void> | void, patienceMs?: number,
 *   chaos?: { copies: [number, number], shuffle: boolean, maxDelayMs: number } }} options
 *   `before` runs before each step (to kill something, for example); `chaos` is how webhooks are delivered.
 * The platform's clock ends a day ahead and stays there: time, like in life, does not go back.
 * @throws Error at the first thing that is not so.
 */
export async function playStory({ urls, merchant, world = sandboxWorld({ urls, merchant }) }, options = {}) {
  const { tell = () => {}, before = () => {}, patienceMs = 20_000, chaos } = options;
  const { shop, payments, webhooks } = world;
  const sandbox = http(urls.sandbox);
  const step = async (name, play) => {
    await before(name);
    await play();
    tell(`✓ ${name}`);
  };
  const aed = (minor) => `AED ${(minor / 100).toFixed(2)}`;
  const has = (message, part) =>
    assert.ok(message.text.includes(part), `“${part}” is not in: ${message.text}`);

  await webhooks.travel(chaos ?? CALM);
  for (const { sku, priceMinor, available } of GOODS) {
    await shop.stock(sku, available);
    await shop.price(sku, priceMinor);
  }
  const customer = await Customer.create(sandbox, merchant.phoneNumberId, { name: 'Aisha', patienceMs });
  const ledger = async () => {
    const { accepted } = await sandbox.get(`/control/meta/ledger?phoneNumberId=${merchant.phoneNumberId}`);
    return accepted;
  };
  const sentBefore = (await ledger()).length;
  let menu, category, products, cart, link, ref, receipt;

  await step('"hi" is answered with a welcome and the categories of the shop', async () => {
    await customer.write('hi');
    menu = await customer.next('a list of categories', (m) => m.kind === 'list');
    has(menu, 'Welcome');
    category = menu.rows.find((row) => row.id.startsWith('cat|') && row.title === CATEGORY)?.id;
    assert.ok(category, `the menu has no ${CATEGORY}`);
  });

  await step('a category shows products with the price and stock of this second', async () => {
    await customer.tap(menu, category);
    products = await customer.next('a list of hoodies', (m) => m.kind === 'list');
    assert.ok(products.rows.find((row) => row.id === `prod|${HOODIE}`)?.description.includes(aed(8_900)));
    assert.ok(products.rows.some((row) => row.id === `prod|${SAND}`));
  });

  await step('the shop changes a price and sells out an item: the next message knows', async () => {
    await shop.price(HOODIE, 8_400);
    await shop.stock(SAND, 0);
    await customer.tap(menu, category);
    products = await customer.next('the list again', (m) => m.kind === 'list');
    assert.ok(products.rows.find((row) => row.id === `prod|${HOODIE}`)?.description.includes(aed(8_400)));
    assert.ok(!products.rows.some((row) => row.id === `prod|${SAND}`), 'a sold-out item is still offered');
  });

  await step('"black hoodie under 100" is a catalog query', async () => {
    await customer.write('black hoodie under 100');
    const found = await customer.next('search results', (m) => m.kind === 'list');
    assert.ok(found.rows.some((row) => row.id === `prod|${HOODIE}`));
    assert.ok(!found.rows.some((row) => row.id === `prod|${ZIP}`), 'a hoodie over 100 is offered');
  });

  const put = async (sku) => {
    await customer.tap(products, `prod|${sku}`);
    const card = await customer.next('the product', (m) => m.buttons.some((b) => b.id === `add|${sku}`));
    await customer.tap(card, `add|${sku}`);
    return customer.next('the cart', (m) => m.buttons.some((b) => b.id === 'checkout'));
  };
  const setQuantity = async (sku, quantity) => {
    await customer.tap(cart, 'edit_cart');
    const lines = await customer.next('the lines', (m) => m.rows.some((row) => row.id === `line|${sku}`));
    await customer.tap(lines, `line|${sku}`);
    const choices = await customer.next('quantities', (m) =>
      m.rows.some((row) => row.id === `qty|${sku}|${quantity}`),
    );
    await customer.tap(choices, `qty|${sku}|${quantity}`);
    return customer.next('the cart', (m) => m.buttons.some((b) => b.id === 'checkout'));
  };

  await step('two products go into the cart by lists and buttons', async () => {
    cart = await put(HOODIE);
    has(cart, aed(8_400));
    cart = await put(NAVY);
    has(cart, aed(8_400));
    has(cart, aed(9_500));
  });

  await step('a quantity is changed, one product is removed', async () => {
    cart = await setQuantity(HOODIE, 2);
    has(cart, aed(16_800));
    cart = await setQuantity(NAVY, 0);
    assert.ok(!cart.text.includes('Navy'), 'the removed product is still in the cart');
  });

  await step('a native cart builds a cart as well, and a stale price is pointed out', async () => {
    await customer.sendCart([
      { sku: HOODIE, quantity: 2, price: { minor: 8_900, currency: 'AED' } },
      { sku: ZIP, quantity: 1, price: { minor: 14_900, currency: 'AED' } },
    ]);
    cart = await customer.next('the cart', (m) => m.buttons.some((b) => b.id === 'checkout'));
    has(cart, `now costs ${aed(8_400)} (was ${aed(8_900)})`);
    has(cart, `Total: ${aed(2 * 8_400 + 14_900)}`);
  });

  await step('a price that moves before checkout is told and asked about, nothing is charged', async () => {
    await shop.price(ZIP, 15_100);
    await customer.tap(cart, 'checkout');
    const changed = await customer.next('the change', (m) => m.text.includes('Something changed'));
    has(changed, `now costs ${aed(15_100)} (was ${aed(14_900)})`);
    await customer.tap(changed, 'checkout');
  });

  await step('checkout holds the stock and posts one link', async () => {
    link = await customer.next('the link', (m) => m.kind === 'cta_url');
    has(link, `Total: ${aed(31_900)}`);
    ref = /Order (\w+)/.exec(link.text)?.[1];
    assert.ok(ref, 'the link names no order');
    assert.ok(link.url.startsWith(`${urls.checkout}/c/`));
    assert.deepEqual(await shop.holds(ref), ['held']);
  });

  await step('the link leads to the payment page of the provider', async () => {
    const opened = await open(link.url);
    assert.equal(opened.status, 303, `the link answered ${opened.status}`);
    const page = new URL(opened.headers.get('location'));
    assert.ok(payments.isPage(page), `${page.href} is no page of the provider`);
    assert.equal(
      (await open(link.url)).headers.get('location'),
      page.href,
      'a second opening made a second session',
    );
    await payments.pay(page);
  });

  await step('paid once in the shop, the hold committed, the receipt in the thread', async () => {
    receipt = await customer.next('the receipt', (m) => m.text.includes('Paid'));
    has(receipt, aed(31_900));
    assert.equal(await shop.orders(ref), 1);
    assert.deepEqual(await shop.holds(ref), ['committed']);
    assert.deepEqual(await payments.of(ref), { pages: 1, payments: 1 });
    const again = await open(link.url);
    assert.equal(again.status, 200, 'a used link must show the order');
    assert.ok((await again.text()).includes(ref));
  });

  await step('tracking comes by itself', async () => {
    await shop.courier.created(ref);
    const tracked = await customer.next('the tracking code', (m) => m.text.includes('tracking code'));
    const code = /tracking code \*?([A-Z0-9-]+)/.exec(tracked.text)?.[1];
    assert.ok(code, 'no tracking code');
    await shop.courier.moving(ref);
    const { movingWords } = shop;
    await customer.next(movingWords, (m) => m.text.includes(movingWords) && m.kind === 'text');
    await customer.write('Where is my order?');
    const answer = await customer.next('an answer', (m) => m.text.includes(movingWords));
    has(answer, code);
  });

  await step('a day later the delivery goes out as an approved template', async () => {
    await arrived(webhooks); // none travels for a day
    await sandbox.post('/control/clock', { advanceMs: DAY_MS + 3_600_000 });
    await shop.courier.delivered(ref);
    const delivered = await customer.next('the template', (m) => m.kind === 'template');
    assert.match(delivered.template, /delivered/);
  });

  await step('nothing was said twice', async () => {
    await settled(webhooks);
    const sent = (await ledger()).slice(sentBefore).map((send) => send.bizOpaqueCallbackData);
    assert.equal(new Set(sent).size, sent.length, 'a message was sent twice');
    assert.equal(await shop.orders(ref), 1);
    assert.deepEqual(await payments.of(ref), { pages: 1, payments: 1 });
  });

  await webhooks.travel(CALM);
  return { customerId: customer.customerId, orderRef: ref };
}

/** Opens a link as a phone would, again while nobody answers. */
async function open(url) {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(url, { redirect: 'manual' });
      if (response.status < 500 || attempt === 40) return response;
    } catch (error) {
      if (attempt === 40) throw error;
    }
    await sleep(250);
  }
}

/** Waits until no webhook is under way any more. */
async function arrived(webhooks) {
  for (let i = 0; i < 100 && (await webhooks.underWay()) > 0; i++) await sleep(200);
}

/** Waits until nothing more is to be expected. */
async function settled(webhooks) {
  await arrived(webhooks);
  await sleep(1_500);
}
