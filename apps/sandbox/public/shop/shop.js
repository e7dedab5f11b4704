import { h, when } from './format.js';
import { orderCards } from './orders.js';
import { ProductTable } from './products.js';

const base = `/shops/${location.pathname.split('/')[2]}/backoffice`;
const $ = (id) => document.getElementById(id);
const EVERY_MS = 2000;

let tab = 'orders';
let shownOrders = '';
let shownHolds = '';
let toastTimer;

async function api(method, path, body) {
  const response = await fetch(base + path, {
    method,
    headers: body && { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.detail ?? answer.title ?? `The shop answered ${response.status}`);
  return answer;
}

function problem(text) {
  $('problem').textContent = text ?? '';
  $('problem').hidden = !text;
}

function toast(text) {
  $('toast').textContent = text;
  $('toast').hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => ($('toast').hidden = true), 2200);
}

const table = new ProductTable($('products'), async (sku, body) => {
  try {
    const product = await api('PATCH', `/products/${encodeURIComponent(sku)}`, body);
    problem();
    toast(`${product.title} saved`);
    return product;
  } catch (error) {
    problem(error.message);
    throw error;
  }
});

async function act(order, event) {
  try {
    await api('POST', `/orders/${encodeURIComponent(order.orderRef)}/courier`, { event });
    problem();
    toast(`Order ${order.number} updated, the customer will hear of it`);
  } catch (error) {
    problem(error.message);
  }
  await loadOrders();
}

async function loadOrders() {
  const { orders } = await api('GET', '/orders');
  const text = JSON.stringify(orders);
  if (text === shownOrders) return; // leaves focus and hover alone
  shownOrders = text;
  $('orders').replaceChildren(...orderCards(orders, act));
  $('orders-empty').hidden = orders.length > 0;
  const waiting = orders.filter((o) => o.status === 'paid').length;
  $('orders-count').textContent = waiting > 0 ? String(waiting) : '';
}

async function loadProducts() {
  const { shop, products } = await api('GET', '/products');
  document.title = `${shop.name}: back office`;
  $('name').textContent = shop.name;
  $('logo').textContent = shop.name.trim().charAt(0).toUpperCase();
  table.show(products, $('search').value.trim().toLowerCase());
  const gone = products.filter((p) => p.available === 0).length;
  $('products-note').textContent =
    `${products.length} products, ${gone} sold out. The chat knows of a change at once.`;
}

async function loadHolds() {
  const { reservations } = await api('GET', '/reservations');
  const held = reservations.filter((r) => r.status === 'held');
  $('holds-count').textContent = held.length > 0 ? String(held.length) : '';
  const recent = reservations.slice(0, 50);
  const text = JSON.stringify(recent);
  if (text === shownHolds) return;
  shownHolds = text;
  $('holds').replaceChildren(...recent.map(holdRow));
  $('holds-empty').hidden = recent.length > 0;
}

function holdRow({ status, lines, expiresAt, orderRef }) {
  const goods = lines.map(({ sku, quantity }) => `${quantity} × ${sku}`).join(', ');
  const until = status === 'held' ? `until ${when(expiresAt)}, ` : '';
  return h(
    'li',
    { class: 'card hold' },
    h('div', {}, goods, h('span', { class: 'ref' }, `${until}for ${orderRef}`)),
    h('span', { class: `status ${status}` }, status),
  );
}

function show(name) {
  tab = name;
  for (const button of document.querySelectorAll('nav button')) {
    button.setAttribute('aria-pressed', String(button.dataset.tab === tab));
  }
  for (const section of document.querySelectorAll('main > section'))
    section.hidden = section.id !== `tab-${tab}`;
  history.replaceState(null, '', `#${tab}`);
}

async function refresh() {
  if (document.hidden) return;
  try {
    await Promise.all([loadOrders(), loadProducts(), loadHolds()]);
  } catch (error) {
    problem(error.message);
  }
}

for (const button of document.querySelectorAll('nav button')) {
  button.addEventListener('click', () => show(button.dataset.tab));
}
$('search').addEventListener('input', () => void loadProducts());
const wanted = location.hash.slice(1);
show(['orders', 'products', 'holds'].includes(wanted) ? wanted : 'orders');
void refresh();
setInterval(() => void refresh(), EVERY_MS);
