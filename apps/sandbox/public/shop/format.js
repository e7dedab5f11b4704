/** Small things that both pages of the shop need. */

export function decimalsOf(currency) {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits;
}

export function amount(money) {
  const digits = decimalsOf(money.currency);
  return (money.minor / 10 ** digits).toFixed(digits);
}

export function money(value) {
  return `${value.currency} ${amount(value)}`;
}

/** Minor units of what a person typed, or null when it is not an amount. */
export function minorOf(text, currency) {
  const digits = decimalsOf(currency);
  const clean = text.trim().replaceAll(',', '');
  if (!/^\d{1,7}(\.\d+)?$/.test(clean)) return null;
  const minor = Number(clean) * 10 ** digits;
  return Math.abs(minor - Math.round(minor)) < 1e-6 ? Math.round(minor) : null;
}

export function when(iso) {
  const date = new Date(iso);
  const day = date.toLocaleDateString('en', { day: 'numeric', month: 'short' });
  return `${day}, ${date.toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit', hour12: false })}`;
}

/** `h('p', { class: 'x' }, 'text', node)` */
export function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== false));
  return node;
}

export const PARCEL_STEPS = {
  created: 'Packed, tracking code made',
  shipped: 'Shipped',
  out_for_delivery: 'Out for delivery',
  delivered: 'Delivered',
  failed: 'Delivery failed',
};
