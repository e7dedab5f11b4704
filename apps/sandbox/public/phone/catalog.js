import { money, product, products } from './api.js';
import { h, icon } from './dom.js';
import { openSheet, closeSheet } from './sheet.js';

/**
 * Lets the customer choose products and send them as a cart.
 * `sections`: `[{title?, skus}]`, or nothing for everything the shop sells.
 */
export async function openCatalog({ title, shop, sections, send }) {
  const groups = await loadGroups(shop, sections);
  const cart = new Map();
  const button = h('button', { class: 'primary', type: 'button', disabled: true }, 'Choose something');
  const refresh = () => {
    const count = [...cart.values()].reduce((sum, entry) => sum + entry.quantity, 0);
    button.disabled = count === 0;
    button.textContent =
      count === 0
        ? 'Choose something'
        : `Send cart · ${count} ${count === 1 ? 'item' : 'items'} · ${total(cart)}`;
  };
  button.addEventListener('click', () => {
    closeSheet();
    send([...cart.values()].map(({ sku, quantity, price }) => ({ sku, quantity, price })));
  });
  const empty = groups.every((group) => group.items.length === 0);
  openSheet({
    title,
    body: empty
      ? [h('p', { class: 'hint' }, 'This business shows no products.')]
      : groups.flatMap((group) => [
          group.title && h('h3', { dir: 'auto' }, group.title),
          ...group.items.map((item) => itemRow(item, cart, refresh)),
        ]),
    foot: empty ? undefined : button,
  });
}

async function loadGroups(shop, sections) {
  if (!sections) return [{ items: await products(shop) }];
  return Promise.all(
    sections.map(async (section) => ({
      title: section.title,
      items: await Promise.all(
        section.skus.map(async (sku) => (await product(shop, sku)) ?? { sku, title: sku, price: undefined }),
      ),
    })),
  );
}

function itemRow(item, cart, changed) {
  const count = h('output', { 'aria-label': `Quantity of ${item.title}` }, '0');
  const step = (by) => {
    const quantity = Math.max(0, Math.min(99, (cart.get(item.sku)?.quantity ?? 0) + by));
    if (quantity === 0) cart.delete(item.sku);
    else cart.set(item.sku, { ...item, quantity });
    count.textContent = String(quantity);
    stepper.classList.toggle('none', quantity === 0);
    changed();
  };
  const stepButton = (name, by, label) =>
    h(
      'button',
      { type: 'button', 'aria-label': `${label} ${item.title}`, onclick: () => step(by) },
      icon(name),
    );
  const stepper = h(
    'div',
    { class: 'stepper none' },
    stepButton('minus', -1, 'Less of'),
    count,
    stepButton('plus', 1, 'More of'),
  );
  return h(
    'div',
    { class: 'item' },
    item.imageUrl
      ? h('img', { src: item.imageUrl, alt: '', loading: 'lazy' })
      : h('span', { class: 'noimage' }),
    h(
      'div',
      {},
      h('b', { dir: 'auto' }, item.title),
      h('span', { class: 'money' }, money(item.price)),
      item.available === 0 && h('span', { class: 'sold' }, ' · sold out'),
    ),
    stepper,
  );
}

function total(cart) {
  const entries = [...cart.values()].filter((entry) => entry.price);
  const currency = entries[0]?.price.currency;
  if (!currency || entries.some((entry) => entry.price.currency !== currency)) return '';
  return money({
    minor: entries.reduce((sum, entry) => sum + entry.price.minor * entry.quantity, 0),
    currency,
  });
}
