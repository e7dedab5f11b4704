import { h, money, PARCEL_STEPS, when } from './format.js';

const FORWARD = ['created', 'shipped', 'out_for_delivery', 'delivered'];
const BUTTONS = {
  shipped: 'Shipped',
  out_for_delivery: 'Out for delivery',
  delivered: 'Delivered',
  failed: 'Failed',
};

/** The list of orders. `act(order, event)` is called when a parcel button is pressed. */
export function orderCards(orders, act) {
  return orders.map((order) =>
    h(
      'li',
      { class: 'card order' },
      h(
        'div',
        { class: 'order-head' },
        h('h2', {}, `Order ${order.number}`),
        h('time', { datetime: order.createdAt }, when(order.createdAt)),
        h('span', { class: `status ${order.status}` }, order.status),
      ),
      h('div', { class: 'order-body' }, goods(order), parcel(order, act)),
    ),
  );
}

function goods(order) {
  const lines = order.lines.map(({ sku, quantity, unitPrice }) =>
    h(
      'div',
      { class: 'line' },
      h('img', { class: 'thumb', src: `/products/${encodeURIComponent(sku)}.svg`, alt: '' }),
      h('span', {}, order.titles[sku] ?? sku, h('small', {}, `${quantity} × ${money(unitPrice)}`)),
      h('span', { class: 'money' }, money({ ...unitPrice, minor: unitPrice.minor * quantity })),
    ),
  );
  const { name, phone } = order.customer;
  return h(
    'div',
    {},
    ...lines,
    h('div', { class: 'total-row' }, 'Paid', h('span', { class: 'money' }, money(order.total))),
    h(
      'dl',
      { class: 'facts' },
      ...fact('Customer', [name, phone].filter(Boolean).join(', ') || 'not given'),
      ...fact('Payment', `${order.payment.provider} ${order.payment.reference}`),
      ...fact('Reference', order.orderRef),
    ),
  );
}

function fact(name, value) {
  return [h('dt', {}, name), h('dd', {}, value)];
}

function parcel(order, act) {
  const current = order.fulfilments.at(-1);
  const failed = current?.status === 'failed';
  const closed = order.status === 'cancelled';
  const button = (event, label, look) =>
    h('button', { type: 'button', class: `button ${look}`, onclick: () => act(order, event) }, label);
  if (!current) {
    return h(
      'div',
      { class: 'parcel' },
      h('h3', {}, 'Parcel'),
      h('p', { class: 'step-name' }, closed ? 'The order was cancelled' : 'Not packed yet'),
      !closed && h('div', { class: 'actions' }, button('created', 'Create tracking code', 'main')),
    );
  }
  const reached = FORWARD.indexOf(failed ? 'out_for_delivery' : current.status);
  const next = Object.entries(BUTTONS).filter(
    ([event]) => current.status !== 'delivered' && (event === 'failed' || FORWARD.indexOf(event) > reached),
  );
  return h(
    'div',
    { class: 'parcel' },
    h('h3', {}, current.carrier),
    h(
      'a',
      { class: 'code', href: new URL(current.trackingUrl).pathname, target: '_blank' },
      current.trackingCode,
    ),
    h('div', { class: 'steps' }, ...FORWARD.map((_, i) => h('i', { class: stepClass(i, reached, failed) }))),
    h(
      'p',
      { class: 'step-name' },
      PARCEL_STEPS[current.status] + (current.reason ? `: ${current.reason}` : ''),
    ),
    !closed &&
      current.status !== 'delivered' &&
      h(
        'div',
        { class: 'actions' },
        ...(failed
          ? [button('created', 'Send again', 'main')]
          : next.map(([event, label], i) =>
              button(event, label, event === 'failed' ? 'bad' : i === 0 ? 'main' : ''),
            )),
      ),
  );
}

function stepClass(i, reached, failed) {
  if (failed && i === reached) return 'bad';
  return i <= reached ? 'on' : '';
}
