import { amount, h, minorOf } from './format.js';

/**
 * The table of products, made once for each product and then only updated, so that a field somebody types in is
 * never replaced under their hands. `change(sku, body)` saves and resolves to the changed product.
 */
export class ProductTable {
  constructor(root, change) {
    this.root = root;
    this.change = change;
    this.rows = new Map();
    this.groups = new Map();
  }

  show(products, search) {
    for (const product of products) {
      const row = this.rows.get(product.sku) ?? this.add(product);
      row.update(product);
      const text = `${product.title} ${product.sku} ${product.category.title}`.toLowerCase();
      row.node.hidden = !text.includes(search);
    }
    for (const { heading, list } of this.groups.values()) {
      const any = [...list.children].some((row) => !row.hidden);
      heading.hidden = list.hidden = !any;
    }
  }

  add(product) {
    const row = productRow(product, this.change);
    this.rows.set(product.sku, row);
    this.group(product.category).append(row.node);
    return row;
  }

  group({ id, title }) {
    let group = this.groups.get(id);
    if (!group) {
      group = { heading: h('h2', { class: 'category' }, title), list: h('div', { class: 'card rows' }) };
      this.groups.set(id, group);
      this.root.append(group.heading, group.list);
    }
    return group.list;
  }
}

function productRow(first, change) {
  let product = first;
  const title = h('span', { class: 'title' });
  const price = h('input', { inputmode: 'decimal', 'aria-label': `Price of ${first.title}` });
  const stock = h('input', { inputmode: 'numeric', 'aria-label': `Units of ${first.title}` });
  const sellOut = h('button', { type: 'button', class: 'button' }, 'Sell out');

  const update = (next) => {
    product = next;
    title.replaceChildren(product.title, h('span', { class: 'sku' }, product.sku, ...stockNote(product)));
    reset(price, amount(product.price));
    reset(stock, String(product.available));
    sellOut.disabled = product.available === 0;
  };
  const save = async (input, body) => {
    input.classList.remove('wrong');
    if (!body) return input.classList.add('wrong');
    try {
      update(await change(product.sku, body));
      input.classList.add('saved');
      setTimeout(() => input.classList.remove('saved'), 1200);
    } catch {
      input.classList.add('wrong'); // the page shows why
    }
  };
  price.addEventListener('change', () => {
    const minor = minorOf(price.value, product.price.currency);
    void save(price, minor !== null && { price: { minor, currency: product.price.currency } });
  });
  stock.addEventListener('change', () => {
    void save(stock, /^\d{1,6}$/.test(stock.value.trim()) && { available: Number(stock.value) });
  });
  for (const input of [price, stock]) {
    input.addEventListener('keydown', (event) => event.key === 'Enter' && input.blur());
    input.addEventListener('focus', () => input.select());
  }
  sellOut.addEventListener('click', () => void save(stock, { available: 0 }));

  const node = h(
    'div',
    { class: 'product' },
    h('img', {
      class: 'thumb',
      src: `/products/${encodeURIComponent(first.sku)}.svg`,
      alt: '',
      loading: 'lazy',
    }),
    title,
    h('label', { class: 'field price' }, h('span', {}, first.price.currency), price),
    h('label', { class: 'field' }, h('span', {}, 'In stock'), stock),
    sellOut,
  );
  return { node, update };
}

function reset(input, value) {
  if (document.activeElement === input) return;
  input.value = value;
  input.classList.remove('wrong');
}

function stockNote({ available, held }) {
  const notes = [];
  if (available === 0) notes.push(' · ', h('b', { class: 'out' }, 'sold out'));
  else if (available <= 3) notes.push(' · ', h('b', { class: 'low' }, `only ${available} left`));
  if (held > 0) notes.push(` · ${held} held`);
  return notes;
}
